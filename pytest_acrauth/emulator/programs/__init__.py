"""The programs of the emulated machine, answering for a world."""
