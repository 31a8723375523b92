"""Tests, one room for each room of the house."""
