"""Masks of damage: drawn, proposed, learned from strokes, and edited."""
