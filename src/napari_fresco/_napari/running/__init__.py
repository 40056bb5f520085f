"""Runs from a panel: the button, its progress, what can be done with results, folders."""
