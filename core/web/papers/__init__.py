"""Pages of notices (文书)."""
