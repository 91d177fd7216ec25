"""The parts of the batch's pages, one module for each."""
