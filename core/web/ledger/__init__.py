"""Pages of findings: lists, one finding, its steps (台账)."""
