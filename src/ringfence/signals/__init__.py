"""What devices say: how it comes in, and what becomes of it."""
