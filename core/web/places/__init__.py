"""Pages of the places that are assessed (点位)."""
