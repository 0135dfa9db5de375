"""What is believed of skin that no photo shows, and how the maps are painted."""

from __future__ import annotations

from dataclasses import dataclass

from .photos import Range

__all__ = [
    "CompletionWeights",
    "GrainWeights",
    "LevelWeights",
    "PaintWeights",
    "ReliefWeights",
    "ScalpWeights",
]


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
    brow_spectrum: tuple[float, ...] = (0, 0, 0.05, 0.14, 0.22, 0.18)
    """Spectrum of a brow."""
    brow_skin: float = 0.55
    """Largest colour of a brow over that of the skin beneath."""


@dataclass(frozen=True)
class ReliefWeights:
    """Where skin may have relief, and how much."""

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
