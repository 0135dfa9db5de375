"""What every stage of the fit believes, as numbers with unit and meaning; where no source is named, chosen on generated heads
and photos."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["WEIGHTS", "FitWeights", "SkinFieldWeights", "StepWeights", "VeiledWeights", "WindowWeights"]


@dataclass(frozen=True)
class WindowWeights:
    """The square window around a face that the landmark network looks at."""

    margin: float = 1.5
    """Side of the window over the longer side of the landmarks' box."""
    coarse: float = 0.6
    """Pixels of the window per pixel of the photo below which the photo is reduced by area first."""
    spare: float = 1.25
    """Pixels of the reduced photo per pixel of the window then."""


@dataclass(frozen=True)
class StepWeights:
    """A Newton step within bounds."""

    damping: float = 1e-6
    """Share of the diagonal that is added to it, so that every system has a solution."""
    rounds: int = 8
    """How often unknowns that would leave their bounds are fixed and the others solved again."""


@dataclass(frozen=True)
class SkinFieldWeights:
    """Random fields on the skin, and where they move. Places are in model axes: z before the middle of the eyes, y above it."""

    broad_reach: float = 80.0
    """Distance at which the correlation of the broad offset has fallen to about 0.1, mm."""
    fine_reach: float = 26.0
    """The same distance for the fine offset along the normal, mm."""
    albedo_reach: float = 60.0
    """The same distance for slow log albedo, mm."""
    broad_controls: int = 44
    """Number of control vertices of the broad offset."""
    fine_controls: int = 260
    """Number of control vertices of the fine offset."""
    albedo_controls: int = 44
    """Number of control vertices of slow log albedo."""
    asymmetry: float = 0.45
    """Deviation of the asymmetric part of an offset relative to its symmetric part."""
    least_deviation: float = 0.1
    """Deviation, over the largest, of vertices that may be control vertices."""
    relevant: float = 1e-6
    """Variance, over the largest, of directions of a field that are kept."""
    back_mm: tuple[float, float] = (-60.0, 40.0)
    """z from which on the head moves, and over how much it comes to move in full, mm."""
    scalp: float = 1.0
    """Share of the move that the scalp does not have."""
    neck: float = 0.6
    """Share that the neck does not have."""
    ears: float = 0.6
    """Share that ears do not have."""
    least: float = 0.02
    """Least move."""
    broad_rounds: int = 6
    """How often the broad move is averaged with the neighbours'."""
    fine_eyes: float = 0.6
    """Share of the fine move that eyes do not have."""
    fine_lips: float = 0.5
    """Share of the fine move that lips do not have."""
    fine_least: float = 0.01
    """Least fine move of these."""
    fine_neck: float = 0.9
    """Share of the rest that the neck does not have, for the fine move; as much for ears."""
    fine_rounds: int = 3
    """How often the fine move is averaged with the neighbours'."""
    trust_lips: float = 0.85
    """How little the colour of lips may be explained by their normals."""
    trust_eyes: float = 0.9
    """The same of lids."""
    trust_brows: float = 0.8
    """The same of brows."""
    trust_ears: float = 0.9
    """The same of ears."""
    trust_neck: float = 0.7
    """The same of the neck."""
    trust_rounds: int = 1
    """How often these parts are averaged with their neighbours, for that."""
    outline_rounds: int = 2
    """How often lips are averaged with their neighbours where the outline is the face's."""
    outline_mm: tuple[float, float] = (-105.0, 15.0)
    """z from which on the outline is the face's, and over how much it comes to be, mm."""
    outline_height: float = 20.0
    """y up to which it is, mm."""


@dataclass(frozen=True)
class VeiledWeights:
    """How little is believed where something lies over the face; shares are of a landmark's surroundings that are hidden."""

    doubt: float = 60.0
    """How much larger the variance of a hidden landmark is, as a factor."""
    landmark: tuple[float, float] = (0.3, 0.8)
    """Share from which on the head's own point begins to take a landmark's place, and at which it has taken it."""
    action: tuple[float, float] = (0.6, 0.85)
    """The same of the landmarks that show a facial action: of a mouth of which half is seen all is fitted."""
    opening: tuple[float, float] = (0.3, 0.6)
    """The same of the inner lips, which show how far the jaw is open."""
    action_sigma: float = 0.05
    """Deviation of a hidden action from its guess."""
    surface: float = 0.6
    """Value of the face's mask where something lies over it: between skin and not, so that it makes no outline."""


@dataclass(frozen=True)
class FitWeights:
    """All of them."""

    window: WindowWeights = field(default_factory=WindowWeights)
    step: StepWeights = field(default_factory=StepWeights)
    skin: SkinFieldWeights = field(default_factory=SkinFieldWeights)
    veiled: VeiledWeights = field(default_factory=VeiledWeights)
    most_miss: float = 0.1
    """Median distance of a coarse head's landmarks to those of the photo, over the face's width, above which it is none whatever
    the detector says."""
    unsure_miss: tuple[float, float] = (0.032, 0.06)
    """The same from which on the detector must be sure, and from which on it must be as sure as of any face. Photos, drawings and
    pictures in odd colours of which it is not lie at 0.02 to 0.029; cats, cups and clocks at 0.035 to 0.28."""
    sure: tuple[float, float] = (0.7, 0.75)
    """Least score of the detector at these two: photos and renders up to 60 degrees have 0.77 to 0.95, people with sunglasses and
    a mask at once 0.71 to 0.82; cats, cups and clocks 0.33 to 0.73."""
    most_left: float = 0.5
    """Log brightness of a vertex that the light leaves unexplained, at most, in the mean that is told of a fit."""


WEIGHTS = FitWeights()
"""What is believed unless something else is given."""
