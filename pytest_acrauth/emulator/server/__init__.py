"""Sockets, TLS and names: the world, reachable on loopback."""
