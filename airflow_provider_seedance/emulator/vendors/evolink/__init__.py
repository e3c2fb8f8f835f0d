"""EvoLink."""
