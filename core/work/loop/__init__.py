"""The life of a finding: one table of steps, one place where it changes (闭环)."""
