"""Notices, the escalation ladder and in-app notes (文书与提醒)."""
