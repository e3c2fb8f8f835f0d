"""The HTTP side: vendor endpoints with fault injection, result downloads, and the control surface."""
