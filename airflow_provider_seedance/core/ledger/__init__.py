"""What was bought, by whom, for how much: one row of a SQL database for each intent."""
