"""What there is, as plain data: cloud, directory, network and machine."""
