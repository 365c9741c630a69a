"""What teams write: the fixture ``acr``, and the markers."""
