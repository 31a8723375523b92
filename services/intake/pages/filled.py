"""A procedure's form as applicants' pages show it and as it was typed."""

from contracts.catalogue.drawn import PREFIX, Item, items, read

__all__ = ["PREFIX", "Item", "items", "read"]
