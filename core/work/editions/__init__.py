"""Editions of a campaign's standard here (测评体系版本): which holds when, what a new one changes, a district's own."""
