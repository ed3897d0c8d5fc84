"""Pages of units, their charts and areas (机构)."""
