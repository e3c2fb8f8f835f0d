"""ToAPIs."""
