"""What is taken out of everything that a run prints: secrets, and ids and addresses where that is asked for."""
