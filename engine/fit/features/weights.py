"""What is believed of ears, gaze, jaw, lids, the mouth's sides and eye sockets, as numbers with unit and meaning; where no source is named, chosen by
looking at photos."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["WEIGHTS", "EarWeights", "FeatureWeights", "GazeWeights", "JawWeights", "LidWeights", "SideWeights", "SocketWeights"]


@dataclass(frozen=True)
class EarWeights:
    """How ears are found and placed. Five numbers place an ear: its turn about the upright axis through the root (radians), its
    place outwards, upwards and forwards (mm), and its log size."""

    px_per_mm: float = 1.4
    """Resolution of the window in which an ear is searched for, pixels per mm."""
    side: int = 140
    """Side of that window, pixels."""
    face_mm: float = 40.0
    """The face's skin teaches the colour of skin up to this distance from the model's ear, mm."""
    near_mm: float = 22.0
    """Nothing farther than this from the model's ear belongs to the ear, mm."""
    hair_mm: float = 6.0
    """Distance from the model's ear from which on what is not skin on the head teaches what is not skin, mm."""
    least_pixels: int = 60
    """An ear is found only where at least this many pixels each show the model's ear, the face's skin and things that are not
    skin."""
    scalp: float = 0.3
    """Weight of the scalp from which on a triangle is the scalp's."""
    root: float = 0.85
    """Where the root is: quantile of the ear's depth from which on its vertices are the front."""
    soft_rounds: int = 3
    """How often the ear's weight is averaged with the neighbours'."""
    bare: tuple[float, float] = (0.1, 0.9)
    """Value of the skin mask below which a pixel is not skin, and above which it is."""
    dark: float = 0.01
    """Added to linear colours."""
    color: tuple[float, float, float] = (-0.25, 0.12, 0.0)
    """Mean of an ear's log green, log red to green and log blue to green, less the face's: blood shows in ears."""
    color_spread: tuple[float, float, float] = (0.5, 0.14, 0.12)
    """Deviation of these values."""
    least_spread: tuple[float, float, float] = (0.15, 0.05, 0.05)
    """Least standard deviation of these values within one part of a colour distribution."""
    parts: int = 4
    """Gaussians of a colour distribution."""
    place_mm: tuple[float, float, float] = (-2.0, 2.0, 12.0)
    """Distances beyond the model's ear at which the place says ear or not, mm."""
    place_odds: tuple[float, float, float] = (1.0, 0.5, -1.5)
    """Log odds of an ear there."""
    bare_odds: float = 2.0
    """Log odds that the skin mask adds where it says skin."""
    most_odds: float = 6.0
    """Largest log odds."""
    soft_mm: float = 0.8
    """Standard deviation by which the odds are smoothed, mm."""
    beside_px: float = 1.0
    """Standard deviation by which the skin that was found is smoothed, pixels."""
    least_area: float = 0.35
    """Least area of skin beside the face that counts as an ear, in areas of the model's ear."""
    most_area: float = 3.0
    """Largest area of skin beside the face that counts as an ear, in the same unit."""
    sigma: tuple[float, ...] = (0.17, 2.5, 3.5, 4.0, 0.07)
    """Standard deviations of the five numbers: people's ears around the average's."""
    alike: tuple[float, ...] = (0.8, 0.7, 0.8, 0.8, 0.9)
    """Correlation between the two sides."""
    least: tuple[float, ...] = (-0.08, -3.0, -8.0, -10.0, -0.17)
    """Smallest value of each of the five numbers: an ear can hardly lie closer to the head than the average's."""
    most: tuple[float, ...] = (0.40, 6.0, 8.0, 10.0, 0.17)
    """Largest value of each of the five numbers: an ear can stand far out."""
    rim_mm: float = 1.5
    """Standard deviation of the photo's border of the ear, mm."""
    patch_mm: float = 10.0
    """Length of border that counts as one measurement, mm."""
    robust_mm: float = 6.0
    """Distance between the model's rim and the photo's at which a point has lost three quarters of its weight, mm."""
    inwards_mm: float = 8.0
    """The photo's rim is searched for as far as this inside the model's rim, mm."""
    outwards_mm: float = 14.0
    """The photo's rim is searched for as far as this outside the model's rim, mm."""
    step_mm: float = 0.5
    """Distance between two places of that search, mm."""
    outline_px: float = 2.0
    """Standard deviation of the Gaussian by which the outline's direction is found, pixels."""
    free_mm: tuple[float, ...] = (2.0, 4.0)
    """Distances beyond the rim at which no other skin of the head may lie, mm: there no border can be seen."""
    beside_mm: tuple[float, ...] = (2.0, 4.0, 6.0)
    """Distances beyond the border at which it is examined what begins there, mm."""
    least_rim_mm: float = 15.0
    """Length of visible rim below which a window tells nothing about the ear, mm."""
    steps: int = 8
    """Gauss-Newton steps in which the ears are placed."""


@dataclass(frozen=True)
class GazeWeights:
    """How far both eyes look outwards at rest."""

    rest: tuple[float, float] = (0.15, 0.45)
    """Bounds of the common part, as shares of the full action: what is beyond may be an eye that was seen badly."""
    usual: float = 0.3
    """The common part of people: of 17 photos the mean."""
    crossed: tuple[float, float] = (0.1, 0.3)
    """How far inwards of these bounds eyes look that begin to count as crossed, and that do, which tells nothing of the rest."""


@dataclass(frozen=True)
class JawWeights:
    """How far jaw and lips open the mouth, and where the rows of teeth are."""

    closed_sigma: float = 0.015
    """Spread of a closed jaw's opening, as a share of the full action."""
    open_sigma: float = 0.4
    """Further spread per unit of opening: how far open is better known from the landmarks."""
    bite: float = 0.2
    """Share of the mouth's opening by which the edge of the upper teeth lies above the lower lip in a grin."""
    grin_mm: float = 4.0
    """Lips that are less far apart speak; from twice that on they grin, mm."""
    closed_jaw: float = 0.25
    """Opening of the jaw, as a share of the full action, from which on the rows of teeth do not count as closed."""
    most_mm: float = 6.0
    """Largest move of a row of teeth up or down, mm."""
    front_mm: float = 6.0
    """Depth behind a row's foremost vertex up to which its vertices count as its front, mm."""
    beside_mm: float = 7.0
    """Distance to the side of a point of the lips up to which teeth lie behind it, mm."""
    behind_lips_mm: float = 2.0
    """Depth from the lips' inner edges to the teeth behind them, mm: lips lie on teeth."""
    overjet_mm: float = 1.5
    """Depth from the upper row's edge back to the lower row's, mm."""
    most_forward_mm: float = 6.0
    """Largest move of a row of teeth forwards, mm."""
    aside: tuple[float, float] = (0.03, 0.2)
    """Shift of the jaw aside, as a share of the full action, up to which its row of teeth stays as it is, and from which on it is
    held behind the lower lip."""
    behind_skin_mm: float = 2.0
    """Depth of the mouth's cavity behind the skin that is kept then, mm."""
    near_skin_mm: float = 8.0
    """Distance from skin within which that is done, and most of it, mm."""
    beside_lips_mm: float = 14.0
    """Distance from the middle from which on teeth are kept behind the skin, too, mm."""
    hanging_mm: float = 1.0
    """Move of a vertex of the teeth with the open jaw from which on it belongs to the lower row, mm (sum over the axes)."""


@dataclass(frozen=True)
class LidWeights:
    """When each eye is closed as far as it was seen."""

    differ: tuple[float, float] = (0.25, 0.5)
    """Difference of both eyes' scores of a blink from which on they count as different, and from which on each has its own."""
    closed: float = 0.8
    """Value of the action at which lids touch."""


@dataclass(frozen=True)
class SideWeights:
    """What is believed of one-sided smiles and of mouths drawn to a side or puckered."""

    differ: tuple[float, float] = (0.1, 0.35)
    """Difference of the scores of both corners' smiles from which on they count as different, and from which on each corner has
    its share."""
    drawn: float = 0.1
    """Score of a mouth drawn to a side up to which it is none: turned faces have that."""
    drawn_gain: float = 2.5
    """Value of the action per score beyond."""
    pucker: float = 0.55
    """Score up to which lips are not puckered, but full."""
    pucker_gain: float = 1.8
    """Value of the action per score beyond."""


@dataclass(frozen=True)
class SocketWeights:
    """How eye sockets lie against the eyeballs."""

    inner: tuple[float, float, float] = (3.5, 7.0, 1.5)
    """At the inner corner: how far the flesh reaches over the eyeball, and how far from the corner it begins and is complete,
    mm."""
    outer: tuple[float, float, float] = (2.0, 5.0, 1.0)
    """The same at the outer corner, mm."""
    rows_mm: tuple[float, float] = (0.9, 2.2)
    """How deep in the eyeball's sphere the flesh's surface and its underside lie, mm. Subdivision would flatten a fold of one
    row."""


@dataclass(frozen=True)
class FeatureWeights:
    """All of them."""

    ears: EarWeights = field(default_factory=EarWeights)
    gaze: GazeWeights = field(default_factory=GazeWeights)
    jaw: JawWeights = field(default_factory=JawWeights)
    lids: LidWeights = field(default_factory=LidWeights)
    sides: SideWeights = field(default_factory=SideWeights)
    sockets: SocketWeights = field(default_factory=SocketWeights)


WEIGHTS = FeatureWeights()
"""What is believed unless something else is given."""
