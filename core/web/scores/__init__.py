"""Pages of figures, publications, reports and the city's comparison (得分)."""
