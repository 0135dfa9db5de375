"""What the texture believes about skin, light and photos, as numbers with unit and meaning.

Where a docstring names no source, the number was chosen by looking at the heads of photos that differ in light, age, skin and
hair; it is a taste that stands where nothing was measured. Pairs are the beginning and the end of a smooth step.
"""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "CompletionWeights",
    "DarkWeights",
    "GlossWeights",
    "GrainWeights",
    "LevelWeights",
    "LipWeights",
    "PaintWeights",
    "WEIGHTS",
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
    dark: DarkWeights = field(default_factory=DarkWeights)
    gloss: GlossWeights = field(default_factory=GlossWeights)
    lips: LipWeights = field(default_factory=LipWeights)
    level: LevelWeights = field(default_factory=LevelWeights)
    completion: CompletionWeights = field(default_factory=CompletionWeights)
    grain: GrainWeights = field(default_factory=GrainWeights)
    paint: PaintWeights = field(default_factory=PaintWeights)


WEIGHTS = TextureWeights()
"""What is believed unless something else is given."""
