"""Rosters that come in, and the ledger and files that go out."""
