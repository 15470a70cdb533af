"""Use cases. Each takes a viewer, owns its transaction, and returns frozen dataclasses."""
