"""The window: its panels, docked and found again, and the tour through them."""
