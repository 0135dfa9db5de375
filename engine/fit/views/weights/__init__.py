"""What the joint fit of several photos believes, with unit and meaning.

Where a docstring names no source, the number was chosen on heads of known shape in several photos (docs on accuracy) and by
looking at real ones. "Frame pixels" are those in which a view is worked on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from .cameras import CameraWeights, FrameWeights, LensWeights, MatchWeights, OrderWeights, PlaceWeights, SamePersonWeights
from .motion import MotionWeights
from .surface import (
    Bending,
    CloudWeights,
    CoefficientWeights,
    DoubtWeights,
    EyeWeights,
    LandmarkWeights,
    LightWeights,
    OutlineWeights,
    SurfaceWeights,
)

__all__ = [
    "Bending",
    "CameraWeights",
    "CloudWeights",
    "CoefficientWeights",
    "SamePersonWeights",
    "DoubtWeights",
    "EyeWeights",
    "FrameWeights",
    "LandmarkWeights",
    "LensWeights",
    "LightWeights",
    "MatchWeights",
    "MotionWeights",
    "OrderWeights",
    "OutlineWeights",
    "PlaceWeights",
    "Round",
    "SurfaceWeights",
    "WEIGHTS",
    "ViewsWeights",
]


@dataclass(frozen=True)
class Round:
    """How much the mesh is believed in one round, and how freely it moves."""

    face_px: float
    """Largest width of the face in the frames, pixels."""
    fine: bool
    """Whether matches are worked out to the last pixel, and lids and lips laid on those of the photo."""
    least_ncc: float
    """Normalised cross-correlation that a match must reach."""
    start_px: float
    """Residual at which a match has lost three quarters of its weight at first, frame pixels."""
    robust_mm: float
    """Distance from the surface at which a point has lost three quarters of its weight, mm."""
    stiffness: float
    """Weight of the offset's squared bending, against the weight of one point."""
    membrane: float
    """Weight of its squared gradient."""
    rim_reach_mm: float
    """How far from the head's outline that of the photo is looked for, mm."""
    rim_scale_mm: float
    """Distance at which an outline has lost three quarters of its weight, mm."""
    moves: bool
    """Whether the face is let move between the photos."""


_SMALL_PX = 250.0
"""Enough for cameras, and for whether two photos show one head (:mod:`.same_person` has limits for this size)."""
_ROUNDS = (
    Round(_SMALL_PX, False, 0.5, 4.0, 6.0, 100.0, 1.0, 30.0, 25.0, False),
    Round(_SMALL_PX, False, 0.65, 1.5, 1.5, 2.0, 0.05, 10.0, 8.0, True),
    Round(np.inf, True, 0.65, 1.0, 1.0, 0.25, 0.02, 7.0, 5.0, True),
)
"""The rounds of the standard quality, coarse to fine."""


@dataclass(frozen=True)
class ViewsWeights:
    """All of them."""

    face_px: dict[str, float] = field(default_factory=lambda: {"draft": 300.0, "standard": 420.0, "high": 700.0})
    """Width of the face in the frames of each quality, pixels."""
    rounds: dict[str, tuple[Round, ...]] = field(
        default_factory=lambda: {"draft": _ROUNDS[::2], "standard": _ROUNDS, "high": (*_ROUNDS, _ROUNDS[-1])}
    )
    """Rounds of each quality."""
    frame: FrameWeights = field(default_factory=FrameWeights)
    camera: CameraWeights = field(default_factory=CameraWeights)
    lens: LensWeights = field(default_factory=LensWeights)
    order: OrderWeights = field(default_factory=OrderWeights)
    match: MatchWeights = field(default_factory=MatchWeights)
    same_person: SamePersonWeights = field(default_factory=SamePersonWeights)
    motion: MotionWeights = field(default_factory=MotionWeights)
    doubt: DoubtWeights = field(default_factory=DoubtWeights)
    cloud: CloudWeights = field(default_factory=CloudWeights)
    coefficients: CoefficientWeights = field(default_factory=CoefficientWeights)
    surface: SurfaceWeights = field(default_factory=SurfaceWeights)
    eyes: EyeWeights = field(default_factory=EyeWeights)
    landmarks: LandmarkWeights = field(default_factory=LandmarkWeights)
    outline: OutlineWeights = field(default_factory=OutlineWeights)
    place: PlaceWeights = field(default_factory=PlaceWeights)
    light: LightWeights = field(default_factory=LightWeights)


WEIGHTS = ViewsWeights()
"""What is believed unless something else is given."""
