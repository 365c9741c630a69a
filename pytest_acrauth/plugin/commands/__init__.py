"""Runs that are no tests: explaining a text, listing scenarios; and the emulator of a run."""
