"""What a user has set, and where the console was left: small files of their own."""
