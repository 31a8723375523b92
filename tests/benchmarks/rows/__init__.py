"""One file for each group of rows of the table; `GROUPS` names them in the order of the table."""
