"""Images with named axes, their intensity ranges, and the way to working units; torch-free."""
