"""Who somebody is, proven: passwords, codes, invitations, sessions, keys and tokens."""
