"""Waiting for generations: whose status is requested next and when, and what is decided after each answer."""
