"""Figures and records as documents (文书): docx, xlsx."""
