"""Where solvers run: devices, networks in tiles, denoisers, and the loop that drives a solver."""
