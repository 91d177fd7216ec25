"""The production form on one machine."""
