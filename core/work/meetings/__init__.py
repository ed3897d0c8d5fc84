"""Meetings (会议): planned, held, minuted; their agenda, attendance, and decisions that become tasks."""
