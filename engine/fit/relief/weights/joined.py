"""How the reliefs of several photos come together: every number that was chosen, with unit and meaning."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["JoinedWeights"]


@dataclass(frozen=True)
class JoinedWeights:
    """How the heights of several photos come together; wavelengths and reaches are millimetres on the skin."""

    most_views: int = 6
    """Photos that relief is read from: those that together show most of the face, from the front."""
    slanted: float = 2.0
    """Power of the cosine to the line of sight by which a photo counts ..."""
    fine: float = 2.0
    """... and that of its pixels per millimetre, up to those of the picture that relief is read from."""
    others_folds: tuple[float, float] = (0.05, 0.25)
    """Difference of the chance of a fold by a photo's facial actions from the first photo's, between which what it shows there
    ceases to count: a smile has folds of its own."""
    ladder_mm: tuple[float, ...] = (10.0, 14.0, 20.0, 28.0)
    """Wavelengths that part what the mesh carries: each part is added where the photos' matches have measured no waves as
    short."""
    doubt_mm: tuple[float, float] = (25.0, 25.0)
    """Deviations over which photos are compared, for what the mesh carries and for the rest: within less, chance decides."""
    doubted: tuple[float, float] = (0.3, 0.3)
    """Share that is left of either where photos do not agree at all ..."""
    agreed: tuple[float, float] = (1.5, 1.5)
    """... and where they agree wholly: what several photos show alike is surer than what one does."""
