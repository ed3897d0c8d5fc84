"""What the numbers SAY (数说): reads, and the one write that seals a publication."""
