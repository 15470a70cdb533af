"""The nouns of the product as mapped classes, and the permission catalogue. No queries live here."""
