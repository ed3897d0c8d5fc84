"""WHAT is done (三城核心): declared campaigns, the work, the figures, and the faces that show them."""
