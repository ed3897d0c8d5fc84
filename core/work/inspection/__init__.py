"""Visits, their answers, photos and corrections (检查)."""
