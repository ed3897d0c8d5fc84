"""Pages of visits (检查)."""
