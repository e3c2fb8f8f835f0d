"""Paying once: what identifies a request, and what is on record about it."""
