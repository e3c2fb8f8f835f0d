"""AnyFast."""
