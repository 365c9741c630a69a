"""What can go wrong: symptoms that can be seen, documented causes, and the questions that tell them apart."""
