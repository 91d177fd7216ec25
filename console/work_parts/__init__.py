"""The parts of My work."""
