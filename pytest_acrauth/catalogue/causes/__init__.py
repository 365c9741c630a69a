"""The documented causes, one module for each family, each beside the questions that only it asks."""
