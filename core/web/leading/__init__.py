"""The page of a leader (领导一页)."""
