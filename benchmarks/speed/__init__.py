"""How fast networks and solvers run here: ``python -m benchmarks.speed``."""
