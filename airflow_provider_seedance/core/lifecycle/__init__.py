"""One generation from a caller's view: how its wait ends, its delivery, its cancellation, its rescue."""
