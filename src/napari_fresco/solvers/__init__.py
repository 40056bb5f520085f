"""Solvers: generators of steps, one module per family of methods."""
