"""Paper (纸质表): blank sheets to print and fill, and typing a filled one in."""
