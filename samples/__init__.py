"""Sample rosters with identities that cannot exist."""
