"""Tools for working on this package. Not part of the distribution."""
