"""What the relief stage believes: every number that was chosen, with unit and meaning.

Wavelengths, reaches and sizes are millimetres on the skin; brightness is a natural logarithm.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .joined import JoinedWeights

__all__ = [
    "WEIGHTS",
    "BandWeights",
    "ChannelWeights",
    "FoldPlaceWeights",
    "FullWeights",
    "GateWeights",
    "LightWeights",
    "PictureWeights",
    "ReliefWeights",
    "SolveWeights",
    "SplitWeights",
    "TrustWeights",
]


@dataclass(frozen=True)
class PictureWeights:
    """The piece of the photo that relief is read from."""

    pixels_per_mm: float = 2.6
    """Pixels per millimetre that a finer photo is reduced to; a coarser one keeps its own."""
    margin_px: int = 6
    """Pixels around the face."""
    least_px: int = 48
    """Shorter side of the picture below which there is no relief, pixels."""
    scalp: float = 0.5
    """Share of the scalp from which on a vertex does not count as face."""
    neck: float = 0.9
    """Share of the neck from which on a vertex does not count as face."""
    behind_mm: float = -40.0
    """Place on the template (z) behind which a vertex does not count as face, mm."""
    darkest: float = 1.5e-3
    """Least linear light of which a hue is told."""
    steepest: float = 0.12
    """Least cosine between the surface and the line of sight at which lengths in the picture are told."""


@dataclass(frozen=True)
class LightWeights:
    """The light that the smooth head leaves for relief to explain."""

    grey: tuple[float, float, float] = (0.5, 0.4, 0.1)
    """Weights of red, green and blue: red light enters skin deepest, but is the least mottled."""
    burnt_grey: tuple[float, float, float] = (0.0, 0.9, 0.1)
    """The same where the photo's red is burnt out."""
    burnt: float = 0.985
    """Red (sRGB) that counts as burnt out."""
    burnt_share: float = 0.03
    """Share of burnt skin from which on red is not used."""
    floor: float = 0.03
    """Added to brightness and shading before their logarithm, of the skin's median."""
    dimmest: float = 0.06
    """Least shading, of the skin's median."""
    scale: float = 0.6
    """Relative residual at which a pixel has lost three quarters of its weight; wider than elsewhere, or the dark half of a
    face is not part of the light."""
    steps: int = 8
    """Re-weightings."""
    used: float = 0.3
    """Trust from which on a pixel counts."""
    every: int = 7
    """Every n-th pixel is used."""
    facing: tuple[float, float] = (0.25, 0.6)
    """Cosine to the line of sight between which pixels begin to count."""
    most: float = 1.2
    """Largest difference of log brightness from what the light explains."""
    dimmest_bent: float = 0.08
    """Least light on a bent surface, of the skin's median."""


@dataclass(frozen=True)
class TrustWeights:
    """Where brightness tells shape."""

    skin: tuple[float, float] = (0.4, 0.9)
    """Share of bare skin between which trust rises."""
    rim_mm: float = 2.0
    """Deviation over which the skin's rim is softened: hair and rims of glasses cast a shade on the skin beside them."""
    rim: tuple[float, float] = (0.7, 0.98)
    """Softened share of bare skin between which trust rises."""
    facing: tuple[float, float] = (0.35, 0.65)
    """Cosine to the line of sight between which trust rises: beside the face's outline the light is least true."""
    scalp: tuple[float, float] = (0.3, 0.9)
    """Share of the scalp between which trust falls."""
    beside: tuple[float, float] = (0.1, 0.6)
    """Share of ears and neck between which trust falls."""
    lips: tuple[float, float] = (0.2, 0.8)
    """Share of the model's lips between which trust falls."""
    eyes: tuple[float, float] = (0.3, 0.9)
    """Share of the model's eyes between which trust falls."""
    brows: tuple[float, float] = (0.2, 0.8)
    """Share of the model's brows between which trust falls."""
    feature_mm: float = 1.2
    """Width around the photo's brows, eyes, mouth and nostrils where nothing is believed."""
    lip_mm: float = 0.8
    """Width around the photo's lips where nothing is believed."""
    soft_mm: float = 0.6
    """Deviation over which borders of features are softened."""
    burnt: tuple[float, float] = (0.97, 0.998)
    """Value (sRGB) between which pixels are burnt out."""
    burnt_mm: float = 0.3
    """Deviation over which burnt pixels are looked for."""
    hue_mm: float = 0.5
    """Deviation over which hues are smoothed at least."""
    hue_px: float = 1.5
    """The same in pixels of the photo: files keep hues coarsely."""
    hue_clip: tuple[float, float] = (-1.0, 4.0)
    """Least and largest log(R/B) that is a hue."""
    high_mm: float = 7.0
    """Deviation of the hue and brightness around, which are taken out."""
    plain: float = 0.5
    """Largest change of log brightness from which the photo's own slope of hue is told."""
    slope: tuple[float, float] = (-0.6, 0.1)
    """Least and largest change of log(R/B) per log brightness: shade reddens skin."""
    hue: float = 0.10
    """Change of log(R/B) beyond that slope at which trust is halved."""
    hue_noise: float = 3.0
    """The same in medians of the photo's own."""
    folds_hue: float = 0.6
    """Share of that loss that is forgiven where folds are usual: they are redder than skin."""
    folds: float = 1.6
    """Factor of the chance of a fold for that, up to 1."""
    edge_mm: float = 1.6
    """Deviation over which edges of cast shadows are looked for."""
    edge_step: float = 2.5
    """Width of an edge in those deviations."""
    edge: tuple[float, float] = (0.55, 0.95)
    """Change of log brightness across it between which trust falls: no fold has such an edge."""
    edge_grow_mm: float = 0.8
    """How far an edge's distrust reaches beyond it."""
    grain_mm: float = 0.5
    """Deviation below which brightness is stubble's grain."""
    grain_around_mm: float = 2.0
    """Deviation over which grain is measured."""
    grain: float = 1.6
    """Grain over the face's median from which on it counts as stubble."""
    grain_power: float = 2.0
    """Loss of trust per squared excess of grain."""
    below: tuple[float, float] = (-22.0, -34.0)
    """Height on the template between which stubble may begin, mm."""
    sure: float = 0.5
    """Trust from which on a pixel counts for medians."""


@dataclass(frozen=True)
class FoldPlaceWeights:
    """Where faces fold. Offsets are mm on the left half of the template from a landmark: x outwards, y up."""

    nasolabial: tuple[tuple[int, float, float], ...] = ((358, 2, 6), (358, 8, -5), (291, 9, 7), (291, 12, -4))
    """From the wing of the nose past the corner of the mouth."""
    marionette: tuple[tuple[int, float, float], ...] = ((291, 4, -3), (291, 6, -10), (291, 5, -18))
    """From the corner of the mouth down."""
    bag: tuple[tuple[int, float, float], ...] = ((453, 0, -3), (450, 0, -4), (448, 3, -2))
    """Below the eye."""
    crow: tuple[tuple[int, float, float], ...] = ((263, 9, 8), (263, 11, 0), (263, 9, -8))
    """Beside the outer corner of the eye; its lines radiate from the eye."""
    frown: tuple[tuple[int, float, float], ...] = ((8, 4, 16), (8, 4, 4))
    """Between the brows."""
    chin: tuple[tuple[int, float, float], ...] = ((17, 0, -8), (17, 16, -4))
    """Between lower lip and chin, from the middle outwards."""
    cheek: tuple[tuple[int, float, float], ...] = ((425, 6, -4),)
    """Middle of the cheek, which folds in a smile."""
    width: tuple[float, ...] = (6.0, 5.0, 5.0, 8.0, 6.0, 5.0, 14.0)
    """Deviation across these places, in their order, mm."""
    chance: tuple[float, ...] = (0.7, 0.8, 0.8, 0.65, 0.7, 0.9, 0.3)
    """Chance of a fold on a face at rest, in their order."""
    smile: tuple[float, ...] = (0.6, 0.0, 0.0, 0.4, 0.0, 0.0, 0.8)
    """More of it per smile."""
    squint: tuple[float, ...] = (0.3, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0)
    """More of it per squint (of the cheek for the first, else of the eye)."""
    brow: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.0)
    """More of it per lowered brow."""
    most: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.8)
    """Largest chance."""
    eye: tuple[int, float, float] = (263, -8, 0)
    """Where the lines beside the eye radiate from."""
    radiates: float = 6.0
    """How much these directions count against those of the other places."""
    radiates_mm: float = 9.0
    """Deviation over which they do."""
    forehead: tuple[int, float] = (9, 18.0)
    """Landmark and height above it of the forehead's middle, mm."""
    forehead_half: tuple[float, float] = (32.0, 12.0)
    """Half the width and height where it folds, mm."""
    forehead_soft: tuple[float, float] = (8.0, 6.0)
    """Deviations beyond that, mm."""
    forehead_chance: tuple[float, float] = (0.6, 0.7)
    """Chance of a fold at rest, and more of it per raised brow."""
    forehead_level: float = 6.0
    """How much its level direction counts."""
    points: int = 16
    """Points along a place."""


@dataclass(frozen=True)
class ActionWeights:
    """What of the folds the facial actions explain."""

    explains: float = 1.6
    """How much more of a fold than of its chance an action explains."""
    most: float = 0.95
    """Most of a fold that all actions explain."""
    full: float = 0.5
    """Value of an action in the photo from which on all that it explains leaves the face at rest."""
    side_mm: float = 8.0
    """Distance from the middle at which a side's action explains all of that side."""
    least_chance: float = 1e-3
    """Least chance that is divided by, and least share that makes a corrective."""


@dataclass(frozen=True)
class SolveWeights:
    """The height that explains brightness best."""

    rounds: int = 2
    """Gauss-Newton rounds."""
    levels: tuple[int, ...] = (4, 2, 1)
    """Reductions of the picture, coarse to fine."""
    iterations: tuple[int, ...] = (30, 14, 7)
    """Steps of conjugate gradients at each."""
    plain_iterations: tuple[int, ...] = (14, 8, 5)
    """The same for the plain solve, which weighs all skin alike."""
    slow_mm: float = 6.0
    """Deviation of the brightness around, which is taken out: slow pigment and errors of the light."""
    height: float = 0.035
    """Weight of squared height, per mm^2."""
    outside: float = 30.0
    """How much more it weighs outside of trust."""
    outside_at: float = 0.6
    """Softened trust from which on it weighs no more."""
    outside_mm: float = 1.0
    """Deviation of that softening."""
    bend: float = 0.03
    """Weight of the squared Laplacian, mm^2."""
    along: float = 0.5
    """Weight of the squared slope along a fold."""
    robust: float = 0.15
    """Log brightness left unexplained at which a pixel has lost three quarters of its weight."""
    robust_dark: float = 1.6
    """The same for what is darker, over that: shadows and creases are darker than any slope."""
    robust_first: float = 2.5
    """The same in the first round, over that."""
    recess: tuple[float, float] = (0.2, 0.2)
    """Darkness per mm below the skin around, for each of the two reaches: what lies deep sees less of the sky."""
    recess_mm: tuple[float, float] = (0.7, 1.5)
    """Deviations of the skin around."""
    recess_folds: float = 1.5
    """Factor of the chance of a fold for that, up to 1."""


@dataclass(frozen=True)
class BandWeights:
    """Bands of wavelength: 6 to 20, 2 to 6 and below 2 mm."""

    waves_mm: tuple[float, float, float] = (20.0, 6.0, 2.0)
    """Longest wavelength of each band."""
    deviation: float = 0.187
    """Deviation of the filter that halves a wave, over its length."""


@dataclass(frozen=True)
class ChannelWeights:
    """What the relief network sees, and in which units. It was trained on these: train it anew when they change."""

    pixels_per_mm: float = 2.6
    """Pixels per millimetre of its grid."""
    multiple: int = 16
    """What its sides are multiples of, pixels."""
    margin_mm: float = 4.0
    """Width around trusted skin that it sees, mm."""
    least_trust: float = 0.02
    """Trust from which on skin is trusted."""
    slow_mm: float = 6.0
    """Deviation of the brightness around."""
    slow: float = 0.3
    """Unit of the log brightness around."""
    left: float = 0.15
    """Unit of log brightness against that around."""
    height: tuple[float, float, float] = (0.15, 0.05, 0.02)
    """Units of heights, by band, mm."""
    lean: float = 1.0
    """Unit of the change of log brightness per slope."""
    hue: float = 0.1
    """Unit of log hues against those around."""
    place_mm: float = 50.0
    """Unit of places on the template."""
    residual: float = 0.15
    """Unit of what the light leaves unexplained."""
    farthest: float = 6.0
    """Units beyond which anything is that far."""
    most_gain: float = 2.0
    """Largest factor that the network gives a solved height."""
    doubt: tuple[float, float] = (-5.0, 3.0)
    """Least and largest logarithm of the squared error that it expects, in units of heights."""


@dataclass(frozen=True)
class GateWeights:
    """How a believed height ends."""

    deepest: tuple[float, float, float] = (1.5, 0.45, 0.10)
    """Greatest depth of each band, mm."""
    bump: float = 0.7
    """Greatest height over it."""
    rim_mm: float = 0.8
    """Deviation over which trust is softened."""
    rim: float = 0.5
    """Softened trust from which on height is kept whole."""
    residual: float = 0.25
    """Log brightness that the light leaves unexplained from which on less is believed."""
    least: float = 0.4
    """Least share that is believed then."""
    signal: tuple[float, float] = (0.21, 0.27)
    """Height of the longest band over its expected error, both over the whole face, between which belief rises. Smooth heads of
    other makers have 0.14 to 0.24, heads with wrinkles 0.3 to 0.5, photos of people 0.24 to 0.47."""
    least_signal: float = 0.1
    """Share that is believed below it."""
    resolved_px: tuple[float, float] = (2.2, 3.6)
    """A band's longest wave in pixels of the photo between which it begins to be believed: what is shorter is its sampling
    lattice and its compression."""
    small_px_mm: tuple[float, float] = (0.5, 2.0)
    """Pixels of the photo per millimetre between which it begins to be believed at all: a face 120 pixels wide has 0.85, and
    blocks of compression as wide as its folds."""


@dataclass(frozen=True)
class SplitWeights:
    """How height goes to the mesh and the map."""

    mesh_mm: float = 6.0
    """Shortest wave that the mesh carries."""
    rim_mm: float = 1.5
    """Deviation over which trust is softened for the mesh."""
    rim: float = 0.4
    """Softened trust from which on the mesh carries all of it."""
    same_mm: float = 4.0
    """Largest difference of depth between a point and the surface that the photo shows there, mm."""
    shade: float = 0.4
    """Largest change of log brightness that a photo's colours are freed of."""
    mirrored: float = 0.5
    """Share of the other half's height where the photo shows none."""


@dataclass(frozen=True)
class FullWeights:
    """How strong becomes what the network tells. By band."""

    around_mm: tuple[float, float, float] = (5.0, 2.5, 1.2)
    """Deviations over which heights are compared with the error that the network expects, mm."""
    faint: tuple[float, float, float] = (0.05, 0.05, 0.035)
    """Height over that error up to which nothing is kept ..."""
    sure: tuple[float, float, float] = (0.25, 0.25, 0.175)
    """... and from which on all is: between them lie bumps and paint, which agree with the truth by 0.1 to 0.4."""
    power: float = 0.4
    """How far a height gets the deviation that the truth has where such is told: 0 keeps the mean of what is possible, 1 gives
    all of it. Normals on known relief are best from 0.4 to 0.5, those of heads of another maker (d07) with less."""
    most: float = 3.0
    """Largest factor for that."""
    line_mm: tuple[float, float, float] = (2.0, 1.5, 0.6)
    """Deviations over which heights are averaged along their own lines, mm."""
    turn_mm: tuple[float, float, float] = (2.5, 1.2, 0.6)
    """Deviations over which the direction of a line is told, mm."""


@dataclass(frozen=True)
class ReliefWeights:
    """All of the stage."""

    picture: PictureWeights = field(default_factory=PictureWeights)
    light: LightWeights = field(default_factory=LightWeights)
    trust: TrustWeights = field(default_factory=TrustWeights)
    places: FoldPlaceWeights = field(default_factory=FoldPlaceWeights)
    actions: ActionWeights = field(default_factory=ActionWeights)
    solve: SolveWeights = field(default_factory=SolveWeights)
    bands: BandWeights = field(default_factory=BandWeights)
    channels: ChannelWeights = field(default_factory=ChannelWeights)
    full: FullWeights = field(default_factory=FullWeights)
    gate: GateWeights = field(default_factory=GateWeights)
    split: SplitWeights = field(default_factory=SplitWeights)
    joined: JoinedWeights = field(default_factory=JoinedWeights)


WEIGHTS = ReliefWeights()
"""What is shipped."""
