"""Paintings and cells, stroke by stroke."""
