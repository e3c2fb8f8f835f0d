"""BytePlus ModelArk and Volcengine Ark."""
