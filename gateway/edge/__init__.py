"""Sockets, clocks, secrets and settings: the floor that touches the world and carries the stories."""
