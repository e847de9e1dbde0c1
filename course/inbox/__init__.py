"""What came in: files, whose they are, and their cells put in order."""
