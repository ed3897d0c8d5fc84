"""Pages of sealed draws (密封抽样)."""
