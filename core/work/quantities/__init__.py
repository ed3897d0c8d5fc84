"""Quantities (工作量): what was put in, done and brought about, by kind, unit of measure, qualifier, scope and period."""
