"""Comparing two images: swipe, grid, profile, kept estimates."""
