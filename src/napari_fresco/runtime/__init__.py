"""Where solvers run: networks in tiles, denoisers, and the loop that drives a solver."""
