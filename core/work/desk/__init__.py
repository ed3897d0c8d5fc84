"""Findings as lists, and what waits for whom (台账与待办)."""
