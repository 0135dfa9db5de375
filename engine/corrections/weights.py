"""What a re-fit believes, with unit and meaning; where no source is named, chosen on generated heads."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "WEIGHTS",
    "CorrectionWeights",
    "EaseWeights",
    "ErrorWeights",
    "HoldWeights",
    "PoseWeights",
    "SliderWeights",
    "VoteWeights",
]


@dataclass(frozen=True)
class ErrorWeights:
    """How a fitted head is still wrong: what people differ in, and smooth fields that they do not explain."""

    identity: float = 0.7
    """Deviation of the identity's error, as a share of how people differ."""
    measured: float = 0.7
    """Deviation of it as a share of what fits of generated heads are wrong by."""
    person_variance: float = 0.2
    """Variance of identity coefficients beyond the modes of people, as in the coarse stage."""
    identity_reach_mm: float = 75.0
    """Distance over which errors that people's statistics explain go together; none beyond it."""
    local: tuple[tuple[float, float, float], ...] = ((2.0, 0.3, 60.0), (1.0, 0.6, 18.0))
    """Smooth fields: deviation along the surface and across it in mm, and distance in mm beyond which nothing goes together.
    Fits of generated heads are 2.4 mm wrong along the surface and 1.5 mm across it, and identities explain most of the latter."""
    slope_rounds: int = 6
    """Averages with the neighbours' that give the slope of the face without its folds."""
    normal_mm: float = 12.0
    """How many mm apart two places count whose normals are at a right angle, over the root of two: lips that touch, and the two
    sides of an ear, do not go together."""
    action: float = 0.08
    """Deviation of each facial action's value."""
    least_scale: float = 0.2
    """Least factor of the variance of all of these: where the pins ask for little, the fit is good."""
    most_scale: float = 400.0
    """Most by which the variance of all of these is raised where the pins ask for more."""


@dataclass(frozen=True)
class PoseWeights:
    """How wrong a photo's camera may be."""

    turn: tuple[float, float, float] = (0.05, 0.016, 0.008)
    """Deviation of the turn about the camera's axes, radians: nodding is what one photo tells least (2.8, 0.9 and 0.5 degrees
    off on 19 heads whose cameras are known)."""
    shift_mm: float = 0.7
    """Deviation of the shift across the line of sight, mm; measured on the same heads, as is the next."""
    depth: float = 0.013
    """Deviation of the distance at a known focal length, as a share of it."""
    focal: float = 0.15
    """Deviation of the logarithm of a free focal length; the head keeps its size in the picture."""
    step: float = 2.0
    """Most that a camera moves in one step, deviations."""
    alone: float = 10.0
    """By how much these deviations are raised where nothing but cameras may move."""


@dataclass(frozen=True)
class HoldWeights:
    """What stays where it is."""

    from_mm: float = 34.0
    """Distance from the nearest pin at which the head begins to be held, mm."""
    to_mm: float = 40.0
    """Distance from which it is held altogether, mm."""
    far_mm: float = 0.1
    """What actions may move there, root mean square over the vertices, mm."""
    far_count: float = 400.0
    """How many measurements of that these vertices count as."""
    jaw_band_mm: float = 22.0
    """The jaw reaches that far from the landmarks of the face's outline below the mouth, mm."""
    above_mouth_mm: float = 10.0
    """It ends that far above the middle of the mouth, mm."""
    part: float = 0.5
    """Least weight of a part at its vertices."""
    lock_rounds: int = 2
    """Averages with the neighbours' that make the border of a lock soft."""


@dataclass(frozen=True)
class EaseWeights:
    """How a move that turns triangles over is spread over what lies around them, so that little of it is lost."""

    least_area: float = 0.25
    """A triangle that keeps less of its area, seen along its normal before, has turned over."""
    rounds: int = 30
    """Most rounds."""
    rings: int = 5
    """Vertices around such a triangle that ease it."""
    fade: float = 0.6
    """Weight of each next ring of them."""
    average: float = 0.7
    """Share of the neighbours' mean in a vertex's move, twice a round."""
    normal_mm: float = 0.0
    """In place of :attr:`ErrorWeights.normal_mm` where nothing else helps: lips that go together narrow a mouth without folding."""


@dataclass(frozen=True)
class VoteWeights:
    """When a pin is outvoted by others that it contradicts."""

    from_px: float = 2.0
    """Pixels from which on a firm pin is missed by more than what people and noise are off by."""
    near_mm: float = 40.0
    """A pin can be the reason that another is missed which lies no farther away, mm: no pin reaches farther."""
    candidates: int = 3
    """How many of the least likely pins are tried."""
    clear: float = 1.1
    """By which factor the pin that is outvoted must be less likely than the next one that could be, in squared deviations."""
    apart: float = 9.0
    """Number of these by which it must be farther off, too: of two numbers, one in a hundred is as far off."""
    share: int = 2
    """One of so many pins may be outvoted."""
    helps: float = 0.5
    """Without a pin that is outvoted, the others that were missed are off by at most this share of what they were."""
    scale_mm: float = 1.0
    """A pin that the others are this far against counts with twice its deviation."""


@dataclass(frozen=True)
class SliderWeights:
    """What a slider may move."""

    person_variance: float = 1.0
    """Variance of identity coefficients beyond the modes of people: a slider may go where few people are."""
    near_mm: float = 15.0
    """Distance from what is measured up to which the head moves freely, mm."""
    fade_mm: float = 40.0
    """Over which it is held more and more, mm."""
    elsewhere_mm: float = 0.3
    """Root mean square of what moves elsewhere, mm."""
    count: float = 400.0
    """How many measurements of that the vertices count as."""
    lock_gain: float = 100.0
    """How much more a locked vertex counts."""
    extremes: int = 12
    """How many vertices stand for an end of the skull or of an ear."""
    ear: float = 0.1
    """Most weight of an ear at what counts as skull."""
    alike: float = 1e-3
    """Sliders that are set together and measure the same but for this share are one."""
    pinned_mm: float = 0.1
    """What a slider may move a pinned place, mm."""


@dataclass(frozen=True)
class CorrectionWeights:
    """All of them."""

    error: ErrorWeights = field(default_factory=ErrorWeights)
    pose: PoseWeights = field(default_factory=PoseWeights)
    hold: HoldWeights = field(default_factory=HoldWeights)
    ease: EaseWeights = field(default_factory=EaseWeights)
    vote: VoteWeights = field(default_factory=VoteWeights)
    slider: SliderWeights = field(default_factory=SliderWeights)
    steps: int = 7
    """Gauss-Newton steps: perspective and the bounds of actions are all that is not linear."""
    met_px: float = 1.0
    """A pin that is farther off is told of, pixels."""
    well_met: float = 0.9
    """Up to this share of it a pin is not asked for again."""
    firm_mm: float = 0.5
    """Pins of a greater deviation may be missed, mm."""
    again: int = 3
    """How often what pins miss is asked for again."""
    helps: float = 0.9
    """It helped where what is missed is at most this share of what it was."""
    format_px: float = 2.0
    """By how much of its shorter side's pixels a picture's format may differ from the photo's: it was rounded."""


WEIGHTS = CorrectionWeights()
"""What the engine uses."""
