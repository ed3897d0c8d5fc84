"""Editions on the pages (测评体系版本): which runs when, what a new one changes, a district's own from a workbook."""
