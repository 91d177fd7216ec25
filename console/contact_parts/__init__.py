"""The parts of the quick contact record."""
