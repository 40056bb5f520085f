"""Damage and guides that lie over an image: labels, outlines, lines, strokes."""
