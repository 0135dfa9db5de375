"""What is believed of the photos: which of their pixels are good, and how several become one texture."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AlignWeights",
    "ChromaWeights",
    "MaskWeights",
    "MergeWeights",
    "SightWeights",
    "SlideWeights",
    "ViewWeights",
]

Range = tuple[float, float]
"""Beginning and end of a smooth step."""


@dataclass(frozen=True)
class MaskWeights:
    """What makes a pixel of a photo good for texture."""

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
    soft_least_px: float = 0.5
    """Least standard deviation of the mask's border, pixels."""
    above_brows_mm: tuple[float, float] = (2.0, 4.5)
    """How far around, and how much farther upwards, the skin begins above a brow whose bareness tells whether the brow shows,
    mm."""
    beside_brows_mm: float = 3.0
    """How far around a brow its own hairs, shadow and blur reach, mm: that skin tells nothing."""
    above_brows: float = 0.5
    """Least share of bare skin above a brow that shows."""
    over_brows: float = 0.12
    """Share of a brow from which on what lies over it hides it."""
    thin_mm: float = 6.0
    """Width up to which what lies over the face is thin, as frames of glasses are, and skin close beside it is used, mm."""
    thin_rim_mm: float = 1.2
    """How far around it that skin begins, mm."""
    on_brows: float = 0.2
    """Least share of a brow that is bare skin to the mask: it takes brow hair for hair, but never all of a brow's outline."""


@dataclass(frozen=True)
class ViewWeights:
    """How the part of a photo that shows the head is kept and looked up."""

    all_pixels: float = 120e6
    """Photos are reduced until all crops together have no more pixels than this."""
    margin: float = 0.04
    """How far the crop reaches beyond the head, as a share of its longer side."""
    finer: float = 1.5
    """Pixels per texel from which on a photo is reduced."""
    levels: int = 3
    """Levels of the pyramid."""
    least_level: int = 8
    """Side of a level below which there is no smaller one, pixels."""
    depth_side: float = 900.0
    """Side of the depth map by which hidden skin is told, pixels."""
    near_mm: float = 1.0
    """Radius in which the nearest surface counts, mm."""
    near_px: tuple[int, int] = (1, 6)
    """Least and largest such radius, pixels of the depth map."""
    behind_mm: tuple[float, float] = (2.0, 1.5)
    """How far behind the nearest surface skin begins to be hidden, and how much farther per slope of the skin, mm."""
    behind_over_mm: float = 1.0
    """Distance over which it comes to be hidden, mm."""
    least_facing: float = 0.1
    """Least cosine to the view for that slope."""


@dataclass(frozen=True)
class SlideWeights:
    """How the photo's features are brought onto those of the head."""

    longest_mm: float = 6.0
    """Largest distance between a feature in the photo and on the head that is corrected, mm."""
    other: float = 0.3
    """Weight of landmarks that are on no feature, against 1 on one; the face's outline has none."""
    strength: float = 4.0
    """Weight of a vertex with landmarks, in the smooth field."""
    smooth_mm: float = 8.0
    """Length over which the field is smooth, mm."""
    prior: float = 0.02
    """Weight of no slide."""


@dataclass(frozen=True)
class ChromaWeights:
    """How hues are freed of the blocks of a photo's compression."""

    block: int = 16
    """Pixels of the file that share a block of colour."""
    guide: float = 0.15
    """Log brightness from which on a difference in brightness may be one in hue."""
    channel: float = 0.2
    """Least linear red and blue, over the least brightness."""
    soft_mm: float = 0.5
    """Standard deviation of the border of what is smoothed, mm."""
    soft_least_px: float = 0.5
    """The same at least, pixels."""
    mouth_mm: float = 0.6
    """How far beyond the inner lips teeth may reach, mm."""
    eyes_mm: float = 0.5
    """How far beyond their contours eyes reach, mm."""
    lips_mm: float = 0.8
    """How far beyond their contour lips reach, mm."""
    least: float = 0.02
    """Weight below which nothing is smoothed."""
    outside: float = 1e-4
    """Weight of pixels that are not smoothed, in the means: they tell nothing about skin."""
    most: float = 3.0
    """Largest red or blue over brightness."""


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
    forehead_mm: Range = (20.0, 34.0)
    """Height above the eyes over which hair on the forehead comes to be feared, mm."""
    forehead: float = 0.5
    """Share of the trust that it takes."""


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
    size: int = 512
    """Side of the map on which photos are compared, texels. Deviations of this stage are texels of it."""
    seen: float = 0.05
    """Sight from which on a texel is compared."""
    least_texels: int = 800
    """With fewer texels that both see nothing is moved."""
    least_sure: int = 200
    """With fewer texels whose flow is believed nothing is moved."""
    facing: Range = (0.15, 0.5)
    """Cosine to the view at which skin begins to count, and over how much it comes to count."""
    darkest: float = 5e-3
    """Least linear luminance; what is darker counts as this bright."""
    cover: float = 0.05
    """Least mean weight that a mean is divided by."""
    wide: float = 5.0
    """Deviation of the surroundings that brightness is compared with, texels."""
    contrast: float = 8.0
    """Deviation of the window in which contrast is normalised, texels."""
    noise: float = 0.03
    """Log contrast that is noise."""
    most_contrast: float = 3.0
    """Largest normalised contrast."""
    soft: float = 1.0
    """Deviation of the border of what both see, texels."""
    grey: float = 40.0
    """Grey levels of a normalised contrast of 1, for the flow."""
    loop: float = 0.7
    """How far the flow there and back may miss, texels."""
    whole: float = 0.9
    """Share of the texels around the flow's end that both must see."""
    torn: float = 1.5
    """Shift, over the longest, from which on the flow has crossed a border of the layout: there the neighbouring texel lies
    elsewhere on the head."""
    strength: float = 6.0
    """Weight of a believed shift in the smooth field."""
    prior: float = 0.003
    """Weight of no shift."""
    patch: float = 3.0
    """Deviation of the patches that are correlated, texels: about a centimetre."""
    flat: float = 1e-4
    """Contrast (squared twice) that is added, so that patches without any are not alike."""
    like_seen: float = 0.2
    """Sight from which on a texel tells how much the photos look alike."""
    like_texels: int = 400
    """With fewer of them it is not known."""
    like_mm: float = 5.0
    """Length over which likeness is smooth, mm."""
    like_prior: float = 0.02
    """Weight of the mean likeness."""


@dataclass(frozen=True)
class MergeWeights:
    """How several photos become one texture. Differences are of log colours."""

    wide_mm: float = 20.0
    """Length of the field that evens out the light, mm."""
    narrow_mm: float = 6.0
    """Length of the field that brings all photos to one slow colour, mm."""
    agreement: float = 0.12
    """Difference to the other photos at which a photo has lost half of its weight."""
    unlike: Range = (0.42, 0.68)
    """Likeness of a photo that is not believed at all, and of one that is."""
    likeness: float = 0.75
    """Likeness at which a photo counts in full for the detail."""
    other_expression_mm: float = 4.0
    """Difference by expression at which a photo has lost two thirds of its weight, mm."""
    label_mm: float = 4.0
    """Length over which neighbours take their detail from one photo, mm."""
    label_blur_mm: float = 1.5
    """Softness of the border between two photos, mm."""
    shade: Range = (0.4, 1.0)
    """Least and largest say of skin by its light: what the light had to be raised for counts less."""
    light_stray: float = 0.25
    """Difference at which skin has lost three quarters of its weight in the light."""
    light_most: float = 0.7
    """Largest correction of the light."""
    best_stray: float = 0.08
    """Difference to the photo of the detail at which a photo has lost three quarters of its weight in the slow colour."""
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
    around: tuple[float, float] = (2.0, 3.0)
    """How far eyes, brows and lips, which come from one photo, reach into the light's field: gain and length in mm."""
    labelled: tuple[float, float] = (4.0, 5.0)
    """The same in the choice of photos."""
    wide_prior: float = 0.002
    """Weight of no correction of the light."""
    narrow_prior: float = 0.01
    """Weight of no correction towards the slow colour."""
    unlike_share: float = 0.1
    """Weight that is left to a photo of no likeness at all, for the detail, as a root."""
    pair_seen: float = 0.05
    """Sight from which on skin tells how two photos are exposed."""
    pair_least: int = 40
    """With fewer such vertices only the photos' medians tell it."""
    pair_weak: float = 1e-4
    """Weight of that."""
    rank: float = 0.2
    """Distance from the median, as a share of the ranks, at which a photo has lost two thirds of its weight in it."""
    score: float = 3.0
    """Power of a photo's quality in the choice of photos."""
    score_floor: float = 1e-3
    """Quality of a photo that does not see the skin, for that."""
    part_first: float = 0.5
    """Visibility of a part, over that in the photo that shows it best, from which on the reference gives it."""
    part: float = 12.0
    """Score of the photo that gives a part."""
    agree: float = 4.0
    """Power of the neighbours' say."""
    agree_floor: float = 1e-4
    """Least say of the neighbours."""
    turns: int = 4
    """Rounds in which neighbours agree."""
    rest: float = 0.01
    """Share, before shares add up to 1, of a photo that gives no detail."""
    doubted: float = 1e-4
    """Share of a photo where it shows gloss, shadow or hair only."""
    quality_floor: float = 1e-3
    """Weight of a photo that does not see the skin, where the slow colours of all are compared."""
