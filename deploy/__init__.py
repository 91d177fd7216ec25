"""How an installation is put on machines."""
