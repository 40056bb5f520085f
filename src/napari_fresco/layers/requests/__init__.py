"""Requests: what a run is told, read from layers, and written as code or as a recipe."""
