"""The user's own media: read and hashed, checked against what the vendor takes, and brought to it."""
