"""Looking again at what was closed, and who puts it right without an account (核验)."""
