"""Pure functions from a record to the cells that a table shows of it, a kind a file."""
