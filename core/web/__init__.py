"""The pages (页面)."""
