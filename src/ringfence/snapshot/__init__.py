"""The snapshot document: everything about access in one file that people and programs can read."""
