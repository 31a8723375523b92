"""One file for each group of rows of the table; `GROUPS` in tests/benchmarks/__main__.py is their order."""
