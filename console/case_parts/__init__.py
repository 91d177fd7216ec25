"""The parts of a case's page, one module for each."""
