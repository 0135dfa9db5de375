"""DF_MVR: one face from three views."""
