"""Callbacks of vendors: whom one is for, whether it is the vendor's, and whether it is true."""
