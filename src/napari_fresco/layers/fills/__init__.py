"""Fills of losses: the layer that grows by them, their runs, and the documents of them."""
