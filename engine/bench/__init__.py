"""Benchmarks: commands that print figures. ``digest`` and ``hair`` know limits and exit with 1; the others never fail."""
