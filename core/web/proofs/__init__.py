"""Pages of looking again, and of those who put things right without an account (核验)."""
