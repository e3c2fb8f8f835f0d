"""AnyFast, a gateway that puts Ark's task into an envelope of its own."""

NAME = "anyfast"
