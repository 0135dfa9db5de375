"""What the texture believes about skin, light and photos, as numbers with unit and meaning.

Where a docstring names no source, the number was chosen by looking at the heads of photos that differ in light, age, skin and
hair; it is a taste that stands where nothing was measured. Pairs are the beginning and the end of a smooth step.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "WEIGHTS",
    "AlignWeights",
    "BalanceWeights",
    "CompletionWeights",
    "DarkWeights",
    "EvenWeights",
    "FlatWeights",
    "GlossWeights",
    "GrainWeights",
    "HairWeights",
    "HighlightWeights",
    "LevelWeights",
    "LipWeights",
    "MaskWeights",
    "MergeWeights",
    "PaintWeights",
    "ReliefWeights",
    "ShadingWeights",
    "SightWeights",
    "StrandWeights",
    "TextureWeights",
]

Range = tuple[float, float]


@dataclass(frozen=True)
class DarkWeights:
    """What is too dark for skin: hair, its shadow, moles."""

    passes: int = 2
    """How often the skin's level and what lies on it are worked out in turns."""
    gloss_doubt: float = 0.95
    """How much a highlight loses of its say about the skin's level."""
    dark: float = 0.05
    """How surely a texel must be too dark for skin to belong to a spot."""
    rim: float = 0.5
    """How well a texel is seen at least that is not at the rim of the skin."""
    rim_mm: float = 1.5
    """A spot that lies nearer than this to the rim is hair and no mole, mm."""
    largest_mole_mm: float = 6.0
    """A spot that is wider is no mole, mm."""


@dataclass(frozen=True)
class GlossWeights:
    """How highlights are replaced by the diffuse skin around them."""

    spread_mm: float = 0.8
    """Standard deviation by which a highlight reaches beyond what is recognised of it, mm."""
    strength: float = 1.15
    """Factor of a highlight's share after that, so that its middle is replaced wholly."""
    least: float = 0.05
    """Highlights below this share are left as they are."""
    around_mm: float = 3.0
    """Standard deviation of the surroundings whose colour is taken, mm."""
    around_floor: float = 0.05
    """Weight of the smooth level of the skin, against surroundings that are all clean."""
    local_mm: float = 0.7
    """Standard deviation of what is replaced, mm: pores stay on it."""
    range: Range = (0.15, 1.1)
    """Least and largest gain."""
    plain_mm: float = 2.0
    """Texels per mm where no clean skin tells the map's density."""


@dataclass(frozen=True)
class LipWeights:
    """How highlights on the lips are replaced by the lips' own colour."""

    member: Range = (0.5, 0.3)
    """Least weight of the lips, and least sight, of texels that tell the lips' colour."""
    least_texels: int = 50
    """With fewer of them the lips are left as they are."""
    own: float = 1.1
    """The lips' colour over the median of their texels, which lie in the mouth's shade."""
    brighter: Range = (1.05, 1.35)
    """Brightness over the lips' own at which a highlight begins, and at which it is one."""
    whiter: Range = (0.9, 1.2)
    """Blue over red, against the lips' own, at which a highlight begins, and at which it is one."""
    inside: Range = (0.6, 1.0)
    """Weight of the lips from which on highlights are replaced, and at which wholly."""
    soft_mm: float = 0.5
    """Standard deviation of a highlight's border, mm."""
    soft_gain: float = 1.3
    """Factor of its share after that."""
    power: float = 0.85
    """How much of a highlight goes, as a power of the ratio of colours."""
    darkest: float = 0.2
    """Least gain."""


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


@dataclass(frozen=True)
class GrainWeights:
    """Grain of completed skin, relative to its base, at :data:`engine.texture.paint.grain.WAVES_MM`."""

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


@dataclass(frozen=True)
class MaskWeights:
    """Which pixels of a photo are good for texture."""

    lips_mm: float = 1.5
    """How far around the lips pixels are kept whatever the skin mask says, mm; as much around brows."""
    eyes_mm: float = 4.0
    """The same around the eyes, mm."""
    nose_mm: float = 1.0
    """The same around the tip of the nose, mm."""
    rim_mm: Range = (3.0, 6.0)
    """Distance from the rim of the skin over which pixels begin to be used, mm: strands of hair and their shadow reach over
    the rim of what the segmentation calls skin."""
    lids_mm: tuple[float, float] = (1.0, 1.4)
    """How far beyond the eyes, and how much farther upwards, lashes are left out, mm."""
    open_mm: float = 1.5
    """Distance between the lips from which on the mouth is open, mm."""
    mouth_mm: float = 0.6
    """How far beyond the inner lips an open mouth is left out, mm."""
    soft_mm: float = 0.6
    """Standard deviation of the mask's border, mm."""
    inner_mm: float = 9.0
    """Distance from the face's outline from which on a pixel is safely inside, mm."""
    inner_rim_mm: tuple[float, float] = (2.5, 7.0)
    """Distance from the rim of the skin at which safety begins, and over how much it grows, mm."""


@dataclass(frozen=True)
class SightWeights:
    """How well a photo sees a texel."""

    facing: tuple[float, float] = (0.18, 0.42)
    """Cosine to the view at which skin begins to be seen, and over how much it comes to be seen well."""
    facing_power: float = 1.5
    """Power of that."""
    central: Range = (0.3, 0.65)
    """Cosine to the view over which light stops being doubtful: at grazing angles the fitted light is least true."""
    brows: float = 0.6
    """Weight of the model's brows against those of the photo."""
    feature_mm: float = 2.0
    """How far around their contours brows and eyes reach, mm."""
    above_eyes_mm: float = 1.5
    """How much farther eyes reach upwards, mm."""
    lips_mm: float = 0.8
    """How far around their contour lips reach, mm."""
    certain_mm: float = 0.6
    """How far around a brow dark things surely belong to it, mm: just above it may be a fringe."""


@dataclass(frozen=True)
class ShadingWeights:
    """How the light that the fit found is divided out."""

    range: Range = (0.55, 1.7)
    """Light over its median that is believed at most: a quadratic of the normal knows no shadows."""
    power: float = 0.85
    """How much of it goes, as a power."""


@dataclass(frozen=True)
class FlatWeights:
    """How slow changes of brightness and hue over the skin are taken out. Logarithms of linear colours."""

    length_mm: float = 14.0
    """Length over which a change counts as slow, mm."""
    stray: tuple[float, float] = (0.12, 0.20)
    """Deviation from the slow colour at which a brighter, and a darker, vertex has lost three quarters of its say."""
    trust_mm: float = 6.0
    """Length over which trust in the other side is smoothed, mm."""
    odd: float = 0.1
    """Share that is kept of the difference between left and right."""
    even_brightness: float = 0.25
    """Share that is kept of symmetric changes of brightness."""
    even_hue: float = 0.4
    """Share that is kept of symmetric changes of hue."""
    most_brightness: float = 0.15
    """Largest change of brightness that is kept: a forehead in the shadow of a cap is not a dark forehead."""
    most_hue: float = 0.12
    """Largest change of hue that is kept."""
    most: float = 1.2
    """Largest correction."""
    shadow_mm: float = 4.0
    """Width of shadows that are narrower than what counts as slow, mm."""
    shadow_floor: float = 0.06
    """Darkness that skin may have by itself."""
    shadow_lift: float = 0.85
    """Share of such a shadow that is lifted."""
    shadow_most: float = 0.8
    """Largest lift."""
    shadow_hue: Range = (0.0, 0.2)
    """log(B/R) over that of the skin around from which on darkness is a beard rather than a shadow, and at which it is."""


@dataclass(frozen=True)
class BalanceWeights:
    """The range in which human skin lies, and how far a photo is moved into it."""

    red: tuple[float, float] = (0.62, 0.17)
    """Mean and spread of log(R/G) of linear skin albedo from very light to very dark."""
    blue: tuple[float, float] = (-0.45, 0.16)
    """The same for log(B/G)."""
    beyond: float = 0.2
    """Share that is kept of what lies more than one spread off the mean."""
    pink: float = 0.08
    """How far both together may lie above their means."""
    pink_share: float = 0.4
    """Share of what lies above that is taken out of each."""
    luminance: tuple[float, float] = (0.07, 0.42)
    """Least and largest luminance of skin."""
    too_bright: float = 0.3
    """Share, as a power, that is kept of luminance above the largest."""
    too_dark: float = 0.4
    """Share, as a power, that is kept of luminance below the least."""
    teeth: float = 0.53
    """Luminance of enamel in the lips' shade."""
    shaded_teeth: float = 1.2
    """Teeth that are hardly brighter than the skin lie in deeper shade and tell nothing."""


@dataclass(frozen=True)
class HighlightWeights:
    """What counts as a highlight, against the skin around it."""

    brighter: Range = (1.15, 1.55)
    """Brightness at which a highlight begins, and at which it is one, where it is whiter, too."""
    whiter: Range = (1.03, 1.25)
    """Blue over red at which it begins, and at which it is one."""
    burnt: Range = (0.80, 0.97)
    """Least channel of the photo at which a pixel begins to be burnt out, and at which it is."""
    burnt_brighter: Range = (1.05, 1.25)
    """Brightness of burnt-out pixels at which they begin to be a highlight, and at which they are one."""
    very: Range = (1.6, 2.4)
    """Brightness that is a highlight whatever its hue."""


@dataclass(frozen=True)
class HairWeights:
    """Brightness over that of the skin around at which something is surely, and no longer, too dark for skin."""

    safe: Range = (0.28, 0.5)
    """In the middle of the face."""
    feared: Range = (0.62, 0.92)
    """Where hair and shadow are to be feared."""


@dataclass(frozen=True)
class MergeWeights:
    """How several photos become one texture. Differences are of log colours."""

    wide_mm: float = 20.0
    """Length of the field that evens out the light, mm."""
    narrow_mm: float = 6.0
    """Length of the field that brings all photos to one slow colour, mm."""
    agreement: float = 0.12
    """Difference to the other photos at which a photo has lost half its say."""
    unlike: Range = (0.42, 0.68)
    """Likeness of a photo that is not believed at all, and of one that is."""
    likeness: float = 0.75
    """Likeness at which a photo counts in full for the detail."""
    other_expression_mm: float = 4.0
    """Difference by expression at which a photo has lost two thirds of its say, mm."""
    label_mm: float = 4.0
    """Length over which neighbours take their detail from one photo, mm."""
    label_blur_mm: float = 1.5
    """Softness of the border between two photos, mm."""
    shade: Range = (0.4, 1.0)
    """Least and largest say of skin by its light: what the light had to be raised for counts less."""
    light_stray: float = 0.25
    """Difference at which skin has lost three quarters of its say about the light."""
    light_most: float = 0.7
    """Largest correction of the light."""
    best_stray: float = 0.08
    """Difference to the photo of the detail at which a photo has lost three quarters of its say about the slow colour."""
    common_stray: float = 0.15
    """The same about its own correction."""
    common_most: float = 0.5
    """Largest correction towards the slow colour."""
    ghost: float = 0.05
    """Shares below are ghosts."""
    seen: Range = (0.03, 0.5)
    """Sight at which a photo begins to have a share, and at which it has all of it."""
    doubt: float = 0.95
    """How much of its share a photo loses where it shows gloss, shadow or hair."""


@dataclass(frozen=True)
class AlignWeights:
    """Small shifts between photos."""

    longest_mm: float = 6.0
    """Longest shift, mm."""
    smooth_mm: float = 7.0
    """Length over which shifts are smoothed, mm."""
    agreement: float = 0.55
    """Correlation of two patches from which on they show the same skin."""
    agreement_over: float = 0.3
    """How much more of it there must be to be believed in full."""
    unknown: float = 0.75
    """Likeness of photos that have nothing in common."""


@dataclass(frozen=True)
class EvenWeights:
    """What light leaves at scales of a millimetre to a centimetre. Differences are of log colours."""

    raised: Range = (1.3, 2.0)
    """Gain, relative to the median, at which a place begins to count as shadow, and at which it is one."""
    fold_mm: tuple[float, ...] = (1.0, 2.0)
    """Half widths of folds, mm."""
    fold_share: float = 0.55
    """How much of a fold's darkness is shade."""
    fold_depth: tuple[float, float] = (0.06, 0.7)
    """Darkness that is left alone, and the largest that is lifted."""
    reddest: float = 0.30
    """How far log(R/G) of hair and of skin in the dark may lie above that of the skin around."""
    yellowest: float = 0.25
    """The same for log(G/B)."""
    beyond: float = 0.2
    """Share that is kept of what lies beyond."""
    rim: Range = (0.25, 1.0)
    """How near hair and grazing angles a place is that begins to be doubted, and that is wholly."""
    pale: Range = (0.55, 0.8)
    """Brightness over the skin around from which on a place between brow and lid is skin, and surely."""
    pale_share: float = 0.2
    """Say of such a place."""
    eyes: float = 0.5
    """Share of the correction of hue that the surroundings of the eyes do not get; lips get none."""
    hair: Range = (0.5, 0.9)
    """How near hair a place is where what is darker is hair, and surely."""
    dark_hair: Range = (0.1, 0.4)
    """The same for what is too dark for skin."""
    blotch_mm: float = 1.5
    """Standard deviation of blotches, mm."""
    blotch_hue: tuple[float, float] = (0.7, 0.2)
    """Share of a blotch's hue that is taken out, and how much more where it is doubted."""
    blotch_most: float = 0.6
    """Largest hue that is taken out."""
    grey: Range = (0.02, 0.15)
    """log(B/R) over that of the skin around of a beard's beginning, and of a beard."""
    fine_mm: float = 0.5
    """Standard deviation of what is not lifted because of a nostril beside it, mm; and of the mean that hues are read from."""
    darkest: float = 0.7
    """Largest darkness that is lifted."""
    bright: tuple[float, float] = (0.6, 0.3)
    """Share of a bright patch that is taken out, and how much more where it is doubted."""
    brightest: float = 0.5
    """Largest brightness that is taken out."""
    deep: float = 0.75
    """Share of a dark patch in shadow that is lifted."""
    strand: Range = (0.02, 0.14)
    """Darkness at which a single hair begins, and at which it is one."""
    strand_mm: float = 0.3
    """Standard deviation of a hair, mm."""
    strand_share: float = 0.95
    """Share of its darkness that goes."""
    strand_range: tuple[float, float] = (-0.3, 1.8)
    """Least and largest correction of it."""


@dataclass(frozen=True)
class StrandWeights:
    """Hair that lies on the forehead where the skin mask says skin."""

    valley_mm: float = 1.5
    """Standard deviation of the surroundings that a strand is darker than, mm."""
    faint: float = 0.05
    """Log darkness of the faintest part of a strand."""
    reach_mm: float = 8.0
    """How far a strand is followed from where it is surely hair, mm."""
    fringe_mm: float = 0.7
    """Beside a strand lie its shadow, its blur and the waves that compression makes of it, mm."""


@dataclass(frozen=True)
class ReliefWeights:
    """Which skin may have relief, and how much."""

    pores: tuple[float, ...] = (0.0, 0.0, 0.004, 0.009, 0.012, 0.010)
    """Pore-scale relief that is added everywhere, mm, at WAVES_MM."""
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


@dataclass(frozen=True)
class TextureWeights:
    """All of them."""

    analysis_size: int = 1024
    """Side of the map on which everything smooth is worked out, texels."""
    mask: MaskWeights = field(default_factory=MaskWeights)
    sight: SightWeights = field(default_factory=SightWeights)
    shading: ShadingWeights = field(default_factory=ShadingWeights)
    flat: FlatWeights = field(default_factory=FlatWeights)
    balance: BalanceWeights = field(default_factory=BalanceWeights)
    highlight: HighlightWeights = field(default_factory=HighlightWeights)
    hair: HairWeights = field(default_factory=HairWeights)
    align: AlignWeights = field(default_factory=AlignWeights)
    merge: MergeWeights = field(default_factory=MergeWeights)
    strands: StrandWeights = field(default_factory=StrandWeights)
    even: EvenWeights = field(default_factory=EvenWeights)
    relief: ReliefWeights = field(default_factory=ReliefWeights)
    dark: DarkWeights = field(default_factory=DarkWeights)
    gloss: GlossWeights = field(default_factory=GlossWeights)
    lips: LipWeights = field(default_factory=LipWeights)
    level: LevelWeights = field(default_factory=LevelWeights)
    completion: CompletionWeights = field(default_factory=CompletionWeights)
    grain: GrainWeights = field(default_factory=GrainWeights)
    paint: PaintWeights = field(default_factory=PaintWeights)


WEIGHTS = TextureWeights()
"""What is believed unless something else is given."""
