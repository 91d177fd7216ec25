"""Parts of the pages about people: their sessions, tokens, stand-ins, channels, accounts."""
