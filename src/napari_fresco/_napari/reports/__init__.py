"""Reports on results: how far to trust them, what was filled, how large a pixel is."""
