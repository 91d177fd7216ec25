"""Parts of the supervisors' pages."""
