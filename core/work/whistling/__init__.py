"""An area calls departments to a place (吹哨报到)."""
