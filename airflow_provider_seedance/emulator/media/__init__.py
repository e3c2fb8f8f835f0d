"""Media files: what is known of inputs, and how the sample files and finished videos are drawn and encoded."""
