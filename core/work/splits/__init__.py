"""Task decomposition (任务分解): the clauses of an edition split over the units, with points that add up."""
