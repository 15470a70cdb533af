"""Engines, transactions and migrations; what differs between SQLite and PostgreSQL stays in here."""
