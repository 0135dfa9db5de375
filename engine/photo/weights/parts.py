"""How the networks that tell people and parts apart look at a face."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PartWeights"]


@dataclass(frozen=True)
class PartWeights:
    """The squares that are looked at; the part network learnt from such squares."""

    crops: tuple[tuple[float, float], ...] = ((1.5, 1.0), (2.3, 0.6))
    """Half sides of the squares, face widths, and how much each counts."""
    below: float = 0.25
    """The squares' centre lies this many face heights below the oval's centre: head and shoulders."""
    soft: float = 0.7
    """Blur of brows, eyes and lips as places, pixels of the places' maps."""
    kept: int = 8
    """Faces whose parts are kept (1.7 MB each)."""
