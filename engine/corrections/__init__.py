"""Correcting a head by hand: pins, locks, sliders, masks and switches on top of a fit (docs/develop/corrections.md)."""
