"""Layers as files, and sessions as scripts and recipes."""
