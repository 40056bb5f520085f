"""Measures of how far a result can be trusted."""
