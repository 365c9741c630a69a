"""What was seen, concluded: from a transcript or from text to symptoms and causes. No I/O."""
