"""The runtime of solvers: networks in tiles, denoisers, and the loop that drives a solver."""
