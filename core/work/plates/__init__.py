"""Plates at places (门牌): a code to scan, what anybody may see behind it, and what citizens report there."""
