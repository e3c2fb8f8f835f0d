"""The journal of a batch: a write-ahead log of its rows, in which each change is durable before it is acted on."""
