"""Sign-on: accounts, passwords, second factors, sessions, and tokens of machines."""
