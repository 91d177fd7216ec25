"""The printed file of a person (一人一档) as PDF: what it says, and how it is set on pages."""
