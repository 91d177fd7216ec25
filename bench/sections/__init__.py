"""The sections of the benchmark, in the order in which they run."""

SECTIONS = ("commands", "life", "history", "cold", "workers", "burst", "morning", "ledger")
