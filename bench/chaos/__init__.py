"""Faults at seeded random moments under a load of commands, and a judge who looks at what is left."""
