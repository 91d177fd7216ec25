"""The command line `zhuhang`."""
