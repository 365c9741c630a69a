"""What is collected and judged: the built-in checks, and how diagnoses become the failure of a test."""
