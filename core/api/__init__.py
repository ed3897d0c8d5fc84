"""The API (接口)."""
