"""The rooms of meetings (会议各室)."""
