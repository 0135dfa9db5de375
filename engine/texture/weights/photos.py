"""What is believed of the photos: which of their pixels are good, and how several become one texture."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AlignWeights",
    "MaskWeights",
    "MergeWeights",
    "SightWeights",
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
