"""Cards, daily ranks and the negative list (亮牌与负面清单)."""
