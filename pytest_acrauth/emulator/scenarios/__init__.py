"""What can be done to a world, by the id of the failure mode that it brings about."""
