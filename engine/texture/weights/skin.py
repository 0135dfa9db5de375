"""What is believed of skin and light: how the photographed colour becomes the skin's own."""

from __future__ import annotations

from dataclasses import dataclass

from ...photo.weights import SKIN_HUE
from .photos import Range

__all__ = [
    "BalanceWeights",
    "DarkWeights",
    "EvenWeights",
    "FlatWeights",
    "GlossWeights",
    "HairWeights",
    "HighlightWeights",
    "LipWeights",
    "ShadingWeights",
    "StrandWeights",
]


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
    """Deviation from the slow colour at which a brighter, and a darker, vertex has lost three quarters of its weight."""
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
    prior: float = 0.003
    """Weight of the median colour, against a vertex that is well seen."""
    rounds: int = 3
    """How often the slow colour is worked out, each time without what strays from it."""
    trusted: float = 0.1
    """Sight of a vertex at which its side is half trusted."""
    shadow_mm: float = 4.0
    """Width of shadows that are narrower than what counts as slow, mm."""
    shadow_prior: float = 0.01
    """Weight of no shadow."""
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

    red: tuple[float, float] = (SKIN_HUE[0], 0.17)
    """Mean and spread of log(R/G) of linear skin albedo from very light to very dark."""
    blue: tuple[float, float] = (SKIN_HUE[1], 0.16)
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
    fringe_soft: float = 0.5
    """Standard deviation of that border, over its width."""
    allowed: float = 0.02
    """How surely hair may lie where it is looked for."""
    sure: float = 0.5
    """How surely a texel is too dark for skin, and hair may lie there, where a strand begins."""
    seen: float = 0.05
    """Sight from which on a texel tells how bright the surroundings are."""
    least_known: float = 1e-2
    """Least weight of known surroundings."""


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
    fold_unclean: float = 1e-3
    """Weight of what is not clean in the mean: only so much that its rim does not look like a valley."""
    fold_known: Range = (0.1, 0.5)
    """Share of clean skin around a texel at which folds begin to be seen, and at which they are."""
    fold_wide: float = 2.5
    """Deviation of the window in which a fold runs one way, over its half width."""
    fold_one_way: Range = (0.3, 0.7)
    """How far the brightness changes one way only where a fold begins, and where it is one: moles and stubble do not."""
    hair_height: Range = (12.0, 18.0)
    """Height above the eyes from which on nothing dark grows but brows and the hair that hangs there, mm."""
    most_hue: float = 2.0
    """Largest correction of impossible hues."""
    least_clean: float = 0.05
    """Least weight of the clean skin around a texel that a mean is divided by."""
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
class DarkWeights:
    """What is too dark for skin: hair, its shadow, moles."""

    passes: int = 2
    """How often the skin's level and what lies on it are worked out in turns."""
    gloss_doubt: float = 0.95
    """How much a highlight loses of its weight in the skin's level."""
    dark: float = 0.05
    """How surely a texel must be too dark for skin to belong to a spot."""
    rim: float = 0.5
    """How well a texel is seen at least that is not at the rim of the skin."""
    rim_mm: float = 1.5
    """A spot that lies nearer than this to the rim is hair and no mole, mm."""
    largest_mole_mm: float = 6.0
    """A spot that is wider is not a mole, mm."""


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
