"""How the networks that tell people and parts apart look at a face."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PartWeights"]


@dataclass(frozen=True)
class PartWeights:
    """The squares that are looked at; the part network learnt from such squares."""

    crops: tuple[tuple[float, float], ...] = ((1.5, 1.0), (2.3, 0.6))
    """Half sides of the squares, face widths, and how much each counts."""
    close_reach: float = 0.72
    """Half side of the square around the face alone, face widths."""
    close_weight: float = 20.0
    """How much it counts in the face ..."""
    close_beside: float = 1.0
    """... and beside it ..."""
    close_fade: float = 0.15
    """... from so many face widths on."""
    close_border: float = 0.08
    """Share of its side over which that falls to nothing."""
    rim_near: float = 0.55
    """Rims of glasses are looked for from here on around the middle of an eye, widths of the eye ..."""
    rim_far: float = 1.15
    """... to here."""
    lens_far: float = 0.8
    """A lens is looked for up to here."""
    glasses_from: float = 0.25
    """Share of the way around the eyes from which on rims are glasses: photos without have at most 0.1, thin wires 0.37 on."""
    frames_worn: float = 2.5
    """Factor on the chance of frames in a face that wears glasses ..."""
    frames_absent: float = 0.4
    """... and in one that does not."""
    lens_from: float = 0.3
    """Share of the eyes' surroundings from which on lenses are dark: photos without have at most 0.01."""
    below: float = 0.25
    """The squares' centre lies this many face heights below the oval's centre: head and shoulders."""
    soft: float = 0.7
    """Blur of brows, eyes and lips as places, pixels of the places' maps."""
    kept: int = 8
    """Faces whose parts are kept (5 MB each)."""
