"""What the mid-frequency stage believes, with unit and meaning; where no source is named, chosen on generated heads and photos."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["MidWeights"]


@dataclass(frozen=True)
class MidWeights:
    """What the stage believes about the world; lengths in mm, colours as log ratios."""

    identity: float = 0.15
    """Deviation of each identity coefficient from the coarse fit."""
    broad: float = 1.0
    """Deviation of the broad offset where the skin may move freely, mm."""
    fine: float = 0.6
    """Deviation of the fine offset along the normal there, mm."""
    albedo: float = 0.15
    """Deviation of slow log albedo."""
    photo: float = 0.06
    """Residual of log brightness that is nothing special."""
    patch: float = 80.0
    """mm^2 of skin that count as one independent measurement of brightness."""
    bright: float = 0.30
    """Residual of a vertex that is brighter than predicted at which it weighs only a quarter."""
    dark: float = 0.18
    """The same of a darker one. Cast shadows, hair and pores darken, so it is less."""
    landmark: float = 6.0
    """Independent error of a landmark, mm."""
    landmark_common: float = 10.0
    """Error that neighbouring landmarks share, mm."""
    contour: float = 1.5
    """Error of the photo's border of the face, mm."""
    turn: float = 0.02
    """Error of the coarse pose's rotation, radians."""
    shift: float = 1.5
    """Error of the coarse pose across the picture, mm."""
    depth: float = 0.03
    """Error of the coarse pose along the view, as a share of the distance."""
    part: float = 0.0
    """Error of the place of an eye, a brow, a lip or the face as a region (:mod:`.terms.parts`), mm; 0 leaves it out."""
    steps: int = 8
    """Gauss-Newton steps at standard quality."""
    least_steps: int = 3
    """Steps that are taken at least."""
    settled: float = 0.02
    """Largest move of a skin vertex in a step that ends the fit, mm."""
    most_move: float = 4.0
    """Largest move of a skin vertex that one step may make, mm."""
    light: float = 1e-3
    """Precision of the light: next to nothing is believed about it."""
    landmark_reach: float = 35.0
    """Distance over which landmarks share their error, mm."""
    landmark_far: float = 5.0
    """Residual at which a landmark's own error has doubled, mm: one that is far off is hidden, or simply wrong."""
    cell: float = 40.0
    """Area around a vertex beyond which more of it says no more, mm^2."""
    facing: tuple[float, float] = (0.2, 0.4)
    """Cosine to the view from which on a vertex tells of light, and by how much more it does so in full."""
    clean: tuple[float, float] = (0.5, 0.4)
    """Share of bare skin around a vertex from which on it tells of light, and by how much more it does so in full."""
    burnt: tuple[float, float] = (0.97, 0.07)
    """Linear value of the brightest channel at which a vertex is burnt out, and how far below it begins to be."""
