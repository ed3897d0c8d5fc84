"""Findings that come in without a form, and which of them are the same (上报)."""
