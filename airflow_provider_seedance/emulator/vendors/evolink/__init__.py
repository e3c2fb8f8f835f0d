"""EvoLink, where nine model ids share one create path and the id chooses tier and mode."""

NAME = "evolink"
