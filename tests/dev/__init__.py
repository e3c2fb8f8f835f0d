"""Tests of what the project is developed with."""
