"""The sections of the benchmark, in the order in which they run."""

SECTIONS = ("commands", "life", "ledger")
