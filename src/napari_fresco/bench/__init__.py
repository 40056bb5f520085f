"""Benchmarks of speed; quality is measured by the scripts in the repository's benchmarks folder."""
