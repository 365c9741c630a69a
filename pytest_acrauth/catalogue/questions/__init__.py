"""What can be asked to tell causes apart, where it serves several families of causes, and how answers are judged."""
