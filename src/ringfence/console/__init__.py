"""The Textual console: everything that is drawn, and not one query."""
