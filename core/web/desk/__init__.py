"""The first pages, and what waits for whom (今日与待办)."""
