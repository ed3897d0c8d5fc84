"""Pages of whistles (吹哨报到)."""
