"""Large ledgers and large mornings: what grows with the number of cases, and what must not."""
