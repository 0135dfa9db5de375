"""What is believed of skin that no photo shows, and how the maps are painted."""

from __future__ import annotations

from dataclasses import dataclass

from .photos import Range

__all__ = [
    "CompletionWeights",
    "FieldWeights",
    "GrainWeights",
    "LevelWeights",
    "NoiseWeights",
    "PadWeights",
    "PaintWeights",
    "ReliefWeights",
    "ScalpWeights",
    "WAVES_MM",
]

WAVES_MM = (8.0, 4.0, 2.0, 1.0, 0.5, 0.25)
"""Wavelengths at which spectra are given, mm."""


@dataclass(frozen=True)
class LevelWeights:
    """How skin that no photo shows is levelled with what is seen beside it. Heights are mm above the eyes."""

    range: Range = (0.97, 1.04)
    """How much darker and brighter than the even level of the skin the rim of what is seen may be."""
    dark_skin: float = 0.8
    """Perceptual brightness, over the even level, below which skin above the mouth is taken to lie in shadow."""
    darkest: float = 0.2
    """Least brightness over the even level that the shadow of a cap or a fringe is believed to have."""
    lift: float = 0.6
    """How much of that shadow is lifted, as a power."""
    lift_height: Range = (-30.0, -22.0)
    """Height from which on shadow is lifted; below, dark skin may be a beard."""
    drift_range: Range = (0.75, 1.8)
    """Least and largest factor of the level."""
    smooth_mm: float = 4.0
    """Length over which the factor is smoothed, mm."""
    beside: Range = (0.2, 0.8)
    """How safely inside the face a vertex lies that counts as beside the hair, and that does not."""
    beside_height: Range = (4.0, 14.0)
    """Height over which hair beside the skin begins to count."""
    level_floor: float = 0.3
    """Least brightness over the even level that is raised to it."""
    least: float = 0.95
    """Share of the even level that skin beside hair keeps at least."""
    most: float = 1.08
    """Brightness over the even level from which on nothing is raised further."""
    most_power: float = 0.7
    """How far what is brighter than that is lowered, as a power."""
    known: float = 0.02
    """Sight of a vertex from which on those limits hold."""
    end_smooth_mm: float = 1.5
    """Length over which the limited factor is smoothed, mm."""
    unseen: float = 1e-4
    """Weight of the factor where nothing is seen."""
    end_unseen: float = 1e-2
    """The same of the limited factor."""


@dataclass(frozen=True)
class CompletionWeights:
    """What stands in for skin that no photo shows."""

    near_mm: float = 10.0
    """Length over which seen skin vouches for the skin beside it, mm."""
    near_gain: float = 1.6
    """Factor of that, up to 1."""
    feather_mm: float = 4.5
    """Standard deviation of the fade from photographed to completed skin, mm."""
    feather: Range = (0.4, 1.0)
    """Mean sight around a texel at which the photo begins to show, and at which it shows wholly."""
    hairline_mm: float = 9.0
    """Length over which the scalp's hair fades, mm."""
    rim: float = 0.06
    """Sight of a vertex below which nothing is believed: the few texels at the rim of what is seen are the worst."""
    difference_mm: float = 12.0
    """Length over which the difference between left and right goes on where only one side is seen, mm."""
    difference_prior: float = 0.01
    """Weight of no difference, against a vertex that is seen on both sides."""
    borrowed: float = 0.5
    """Say of the other side, against that of what is seen."""
    strength: float = 60.0
    """Weight of a well seen vertex in the membrane: weights are sharpened, a doubtful one is mostly membrane."""
    membrane_mm: float = 3.0
    """Length over which the membrane is smooth, mm."""
    lips: tuple[float, float, float] = (0.90, 0.70, 0.76)
    """Linear colour of lips that no photo shows, over the skin's."""
    lips_seen: float = 0.3
    """Sight of a vertex of the lips from which on it has its own colour."""
    lips_shown: float = 0.25
    """Share of the lips that must be seen for the others to have their colour."""
    membrane_prior: float = 0.02
    """Weight of the colour far from anything seen."""


@dataclass(frozen=True)
class NoiseWeights:
    """How noise of a given spectrum is made, and how the spectrum of an image is measured, by octaves."""

    seed: int = 20
    """Number of the pattern."""
    seeds: int = 31
    """Difference between the numbers of two patterns' first octaves."""
    cells: float = 2.2
    """Cells of the lattice per wavelength."""
    interpolated: float = 0.55
    """Deviation that interpolation leaves of the lattice's: it halves the variance along each axis by about a quarter."""
    shown_texels: float = 1.8
    """Texels per wave at which a map begins to show an octave; from twice that on it shows all of it."""
    inside: float = 0.7
    """Least weight of texels that are measured."""
    least_texels: int = 200
    """With fewer of them nothing is measured."""
    wave_sigma: float = 5.0
    """Wavelength of an octave over the standard deviation of the Gaussians that separate it."""
    least_sigma: float = 0.35
    """Least such deviation that a map can hold, texels."""
    sharp_sigma: float = 0.8
    """Deviation below which the finer side of an octave is the map itself, texels."""
    band: tuple[float, float] = (0.7, 1.4)
    """Factors of the deviation on the finer and the coarser side of an octave."""
    mad_sigma: float = 1.4826
    """Standard deviation of a Gaussian over its median absolute deviation."""


@dataclass(frozen=True)
class GrainWeights:
    """Grain of completed skin, relative to its base, at :data:`WAVES_MM`."""

    floor: tuple[float, ...] = (0.004, 0.006, 0.008, 0.010, 0.012, 0.010)
    """Deviation that skin has even where the photo is too coarse to show it."""
    ceiling: tuple[float, ...] = (0.02, 0.025, 0.03, 0.035, 0.035, 0.03)
    """Largest deviation that is believed."""
    missing: float = 0.75
    """Deviation of an octave that could not be measured, over that of the next coarser one."""
    resolved_px: float = 2.0
    """Wave, in pixels of the photo, from which on the photo shows it; half an octave further it shows it well."""
    finest_mm: float = 3.0
    """Waves from this length on are never added to what is photographed, mm."""
    tint: tuple[float, float, float] = (0.85, 1.05, 1.1)
    """Grain of each channel: it is a little redder than it is dark: blood, not soot."""
    scalp: float = 0.1
    """Weight of the scalp from which on texels are not measured."""


@dataclass(frozen=True)
class ScalpWeights:
    """Hair that is painted: on the scalp, and brows that no photo shows. Spectra are deviations at WAVES_MM."""

    seen: float = 0.2
    """Least sight of the scalp that tells of hair, whatever lies before it."""
    member: float = 0.9
    """Least weight of the scalp's part there."""
    least_texels: int = 1500
    """With fewer of them the hair has the brows' colour."""
    bald: Range = (0.7, 0.9)
    """Share of bare skin on the scalp at which hair thins, and at which there is none."""
    least_hairy: int = 40
    """With fewer texels of hair its colour is the brows'."""
    dark: float = 0.6
    """Share of the darkest texels of hair that tell its colour: the others are gloss."""
    brow_dark: float = 0.3
    """The same of the brows' pixels."""
    range: tuple[float, float] = (0.006, 0.45)
    """Least and largest linear value of hair."""
    default: tuple[float, float, float] = (0.035, 0.026, 0.020)
    """Linear colour of brows where the photo shows none that can be believed."""
    bluest: float = 1.15
    """Largest blue over red of hair: a cap is bluer or greener than hair ever is."""
    greenest: float = 1.2
    """Largest green over red of hair."""
    brightest: float = 0.5
    """Largest luminance of hair: a cap may be brighter than skin."""
    least_brow: int = 12
    """With fewer pixels brows tell no colour."""
    brow_rim_mm: float = 1.5
    """How far around what lies over a brow, and around the brow itself, neither hair nor skin is told, mm."""
    brow_share: float = 0.2
    """Share of the brows' outlines that must show for their density to be told."""
    brow_usual: float = 0.45
    """Mean opacity of drawn brows within the brows' outlines."""
    brow_least: float = 0.3
    """Least density of drawn brows, of the usual one."""
    brow_hair: float = 0.35
    """Luminance of brows over the skin's from which on they tell nothing of the hair on the scalp."""
    bare_share: float = 0.5
    """Value of the skin mask from which on the scalp is bare."""
    none: float = 0.02
    """Weight of hair, or of a brow, below which nothing is drawn."""
    surely_bare: float = 0.98
    """How surely skin is bare where nothing is drawn."""
    frayed: tuple[float, float] = (4.0, 0.2)
    """How much more the hairline is ragged in the middle of its edge (times share and rest of the scalp), and how much
    everywhere."""
    edge: Range = (0.08, 1.1)
    """Weight of the scalp at which hair begins, and at which it is dense."""
    density: float = 0.50
    """Mean opacity of close-cropped hair."""
    density_noise: float = 0.30
    """How much single hairs change it."""
    most: float = 0.9
    """Largest opacity."""
    ragged: tuple[float, ...] = (0.05, 0.07, 0.07, 0.05, 0.03, 0)
    """Spectrum of the hairline."""
    fine: tuple[float, ...] = (0.02, 0.05, 0.14, 0.30, 0.35, 0.30)
    """Spectrum of the hair."""
    power: float = 0.45
    """Power of linear colours in which hair and skin are mixed: fine dark hairs do not grey the skin then."""
    brow_edge: Range = (0.05, 1.0)
    """Weight of a brow's part at which it begins, and at which it is dense."""
    brow_body: float = 0.58
    """Opacity of a brow between its hairs, where their shade lies."""
    brow_hairs: float = 0.45
    """How much single hairs change it."""
    brow_most: float = 0.75
    """Largest opacity of a brow."""
    brow_frayed: float = 0.15
    """How much single hairs fray a brow's edge."""
    brow_along: tuple[tuple[float, float, float], ...] = ((0.22, 0.0, 0.0), (0.10, 1.0, 0.0), (0.15, 0.0, 0.3))
    """(3, 3) what mm across, up and forwards become in the noise of hairs: they run along the brow, outwards and a little
    upwards."""
    brow_spectrum: tuple[float, ...] = (0, 0, 0.05, 0.14, 0.22, 0.18)
    """Spectrum of a brow."""
    brow_skin: float = 0.55
    """Largest colour of a brow over that of the skin beneath."""


@dataclass(frozen=True)
class ReliefWeights:
    """Where skin may have relief, and how much."""

    pores: tuple[float, ...] = (0.0, 0.0, 0.004, 0.009, 0.012, 0.010)
    """Pore-scale relief that is added everywhere, mm, at WAVES_MM."""
    pores_beside_measured: tuple[float, ...] = (0.0, 0.0, 0.0, 0.003, 0.006, 0.010)
    """The same where the fit has read wrinkles: what is coarser than pores would be wrong there."""
    finest_read_mm: float = 0.8
    """Shortest wave that the fit reads, mm: where the photo shows the surface and is fine enough, no such pores are added."""
    lips: float = 0.65
    """Share of the relief that lips do not have."""
    scalp: float = 0.7
    """Share that the scalp does not have."""
    ears: float = 0.8
    """Share that ears do not have."""
    completed: float = 0.5
    """Relief of completed skin over that of photographed skin."""
    seam: float = 3.2
    """How much weaker relief is where photo and completion meet."""
    shading_mm: float = 1.6
    """Deviation of the brightness around that shading is read against, mm."""
    shading_most: float = 0.4
    """Largest log brightness that counts as shading."""
    shading_texels: float = 40.0
    """Largest deviation of the brightness around, texels."""
    dimmest: float = 0.05
    """Least shading over its mean: the fitted light knows no shadows."""
    lean: float = 0.15
    """Step of the normal by which the change of shading is measured."""
    seen: float = 0.5
    """Share of the photo from which on a texel tells the skin's usual brightness."""
    sample: tuple[int, int] = (4, 4096)
    """Every n-th texel is looked at for that, and how many count."""
    largest: int = 4096
    """Side of the largest map on which the relief is computed: it has no waves that this map could not hold, and larger maps
    are interpolated."""
    band_mm: tuple[float, float, float, float] = (0.25, 0.4, 4.0, 7.0)
    """Gain rises between the first two wavelengths and falls between the last two, mm."""
    beside_measured_mm: tuple[float, float, float, float] = (0.25, 0.4, 0.6, 1.2)
    """The same where the fit has read folds and wrinkles from the photo's shading."""
    band_px: tuple[float, float] = (2.2, 3.6)
    """The same rise in pixels of the photo: shorter waves are its sampling lattice and its compression."""
    depth: float = 0.12
    """Depth of a wave of 1 mm that darkens the skin by a factor e, mm."""
    limit: float = 0.08
    """No octave is deeper than about this share of its wavelength."""
    bump: float = 0.5
    """Height of bumps over the depth of creases: bumps may be bright hair or gloss."""
    pigment: float = 0.05
    """Change of log(R/B) at which a dark spot counts half as pigment."""
    damping: float = 0.1
    """Added to the squared change of log shading per unit of slope: where the light tells little, slopes stay small."""
    poisson: float = 0.5
    """Share of the relief that comes from slopes, where there is light to read them from."""
    noise: float = 0.006
    """Log-luminance changes of an octave below this are sensor and JPEG noise."""
    wave_texels: float = 3.0
    """Wavelength of the finest octave, texels."""
    tint_texels: float = 1.0
    """Standard deviation over which an octave's change of hue is smoothed, texels."""
    least_side: int = 16
    """Side of the map below which there is no coarser octave, texels."""


@dataclass(frozen=True)
class FieldWeights:
    """Softness of the analysis map's fields, standard deviations in its texels."""

    share: float = 0.6
    """Softness of the photos' shares."""
    gain: float = 0.8
    """Softness of the gain."""
    bare: float = 2.0
    """Softness of what is seen to be bare."""
    features: float = 1.5
    """Softness of brows and eyes."""
    lips: float = 1.0
    """Softness of the lips."""
    fold: float = 0.8
    """Softness of the gain that took the shade out of folds."""


@dataclass(frozen=True)
class PaintWeights:
    """How texels are composed from photo and completion."""

    photo_floor: float = 0.003
    """Share of the photo, or of the mirrored photo, below which it is not looked up."""
    near: float = 0.25
    """How near something seen a vertex must be to count as completed rather than guessed."""
    borrowed: float = 0.3
    """Share of the mirrored photo from which on a texel counts as completed."""
    seen: float = 0.5
    """Share of the photo from which on a texel counts as seen."""
    share_floor: float = 0.02
    """Share of one of several photos below which it is not looked up."""
    darkest: float = 0.02
    """Least perceptual colour of skin."""
    confidence: float = 0.5
    """Confidence of completed skin, against 1 of skin that is seen."""
    bare: float = 2.0
    """Factor of the photo's share, up to 1, by which skin that is seen bare keeps hair off."""


@dataclass(frozen=True)
class PadWeights:
    """How colours go on beyond the islands' borders."""

    whole: int = 2048
    """Side of the largest map that is filled at once, texels; larger ones by bands of as many texels."""
    halo: int = 64
    """Share of the side, as one over it, up to which the nearest texel of a larger map is repeated."""
    far: int = 1024
    """Side of the copy that fills what lies farther away, texels."""
    remembered: int = 4
    """Searches that are kept for the next map."""
