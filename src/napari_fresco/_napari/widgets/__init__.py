"""Widgets that all panels are built of, and what they need from Qt and napari."""
