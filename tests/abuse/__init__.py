"""Attacks on the four running services, and beside each a client that behaves well: it is served and loses nothing."""
