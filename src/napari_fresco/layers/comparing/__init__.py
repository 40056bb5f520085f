"""Layers held against each other, and the view of them."""
