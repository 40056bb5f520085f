"""Layers as images: their kinds, their pixels and axes, their places and parts."""
