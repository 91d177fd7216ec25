"""What the API, the console and the command line answer."""
