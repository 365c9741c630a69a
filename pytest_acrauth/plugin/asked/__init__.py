"""What a person asked for: options and settings, the readiness file, and the plan that comes of them."""
