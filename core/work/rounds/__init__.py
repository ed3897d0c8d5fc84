"""Rounds (督查轮次): planned, drawn, walked, and - when they are secret - released."""
