"""Units, their charts, areas and grids, and how they change (机构)."""
