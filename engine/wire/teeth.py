"""Sizes of teeth, for the albedo that the engine paints and the material that the add-on builds over it."""

from __future__ import annotations

__all__ = ["NECK_TINT", "TOOTH_WIDTHS"]

TOOTH_WIDTHS = {"upper": (8.5, 6.6, 7.6, 7.0, 6.8, 10.0, 9.5), "lower": (5.4, 5.9, 6.8, 7.0, 7.2, 11.0, 10.5)}
"""Mesio-distal widths in mm of each jaw, from the middle outwards (Wheeler's Dental Anatomy, rounded)."""

NECK_TINT = (0.88, 0.79, 0.64)
"""Enamel is thin at the neck and lets the dentine's yellow through: factors of its linear colour."""
