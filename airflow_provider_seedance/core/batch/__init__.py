"""Many videos from one task: which row is next, what is known of each, and what it costs."""
