"""Azure's services, answering for a world."""
