"""The places that are assessed (点位)."""
