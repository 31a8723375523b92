"""Fault runs: the whole house under load while its parts are killed, frozen, wiped and doubled."""
