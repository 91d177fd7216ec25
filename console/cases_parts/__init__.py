"""The parts of the list of cases."""
