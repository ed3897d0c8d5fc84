"""Who answers for a finding, and by when (派遣)."""
