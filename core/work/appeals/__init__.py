"""Appeals (申诉): against a finding or a figure; raised, decided by another party, carried out at once."""
