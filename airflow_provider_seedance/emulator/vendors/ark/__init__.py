"""The Ark protocol, which ModelArk serves directly and AnyFast serves inside an envelope of its own."""
