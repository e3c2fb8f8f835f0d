"""The journal of a batch: what is known of each row, on disk before what follows from it."""
