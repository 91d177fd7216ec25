"""Moving an installation from the embedded form to servers of its own: rows, keys, files and open workflows."""
