"""Who may see what: the one reader of grants. Everything that lists, counts, opens or exports goes through here."""
