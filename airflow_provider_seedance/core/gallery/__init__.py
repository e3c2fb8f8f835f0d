"""What the gallery shows: cards made of records, the filters in its address, and parts of files."""
