"""The parts of the training classes' pages."""
