"""Whether places are up to standard (点位达标): per site and campaign, from visits and findings, never typed, never stored."""
