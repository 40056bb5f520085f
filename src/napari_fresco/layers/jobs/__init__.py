"""Runs beside the window: restoring, sweeping, simulating, evaluating."""
