"""The identity leg: Entra tokens, each method by its own way."""
