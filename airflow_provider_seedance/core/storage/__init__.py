"""Paths and object stores: whole files, atomically, at places that templates name."""
