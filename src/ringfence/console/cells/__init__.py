"""Pure functions from what the services tell to the cells and lines that are drawn of it."""
