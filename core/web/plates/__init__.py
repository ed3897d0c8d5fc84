"""Plates on the pages (门牌): issuing and printing them, and what stands behind one for whoever scans it."""
