"""Diagnoses in words. No I/O."""
