"""ToAPIs, where a task can be looked up by the caller's own id, and where webhooks are signed."""

NAME = "toapis"
