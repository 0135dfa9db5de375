"""The numbers by which painted hair is taken out of the albedo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .photos import Range

__all__ = ["BARE", "BareWeights"]


@dataclass(frozen=True)
class BareWeights:
    """Colours are sRGB from 0 to 1; darkness is relative to the skin that is filled in."""

    side: int = 1024
    """Side of the map from which the skin around is read."""
    hold: float = 60.0
    """How firmly bare skin holds the colour that spans the gaps."""
    length_mm: float = 4.0
    """Length over which that colour bends, mm."""
    prior: float = 0.02
    """Pull towards the head's usual skin, far from any that is bare."""
    whole: Range = (0.25, 0.75)
    """How far hair covers a place from which on its skin is replaced, and at which wholly."""
    dark: Mapping[str, Range] = field(
        default_factory=lambda: {"brows": (0.02, 0.10), "beard": (0.03, 0.12), "lashes": (0.08, 0.30)}
    )
    """Darkness from which on skin beyond that is taken for hair, and at which it surely is, for each group."""
    margin: Range = (0.0, 0.3)
    """Cover from which on such darkness is looked for, and at which it is replaced wholly."""
    lash_share: float = 0.85
    """How much of a lid's dark rim goes: some of it is the lid's own shade."""
    lid_most: float = 1.12
    """Brightness of what is put there, over that of the lid with its lashes, at most."""
    lid_dark: tuple[float, float, float] = (0.13, 0.10, 0.09)
    """What shows where nothing is left of a lid's skin: roots of lashes, kohl."""
    keep: float = 0.6
    """Share of the skin's own light spots that is kept under a beard."""
    lip_inside: Range = (0.25, 0.6)
    """Weight of the lips from which on nothing under a beard is changed any more, and at which surely."""
    lip_near: Range = (0.0, 0.08)
    """The same where a texel is redder than the skin."""
    lip_red: Range = (1.06, 1.16)
    """Red over green against the skin's at which a texel begins to be lip, and at which it is."""
    patch: tuple[float, float, float, float] = (14.0, 38.0, -38.0, -14.0)
    """Where the grain is measured: distances from the midline, heights, mm on the mean head: the cheeks."""
    bare: float = 0.9
    """How bare a texel must be to tell the usual colour of the skin."""
    floor: float = 0.02
    """Least channel that colours are compared with."""
    hue_floor: float = 0.1
    """Least ratio of red to green that another is compared with."""
    grain_floor: float = 0.05
    """Least brightness that grain is relative to."""
    grain_bands: tuple[float, ...] = (0.0, 0.7, 1.0, 1.0, 1.0, 1.0)
    """Share of the grain that is taken at each of :data:`engine.texture.paint.grain.WAVES_MM`: waves of centimetres are shade."""
    kept: float = 0.05
    """How much lighter than the skin such spots may be."""
    seeds: tuple[int, int, int] = (23, 29, 31)
    """Starts of the random numbers of grain, of the hairline and of the scalp's colour."""
    grain: float = 1.0
    """Strength of the grain over that of bare skin."""
    scalp: Range = (0.0, 1.1)
    """How far hair covers the scalp from which on it takes the hair's colour, and at which wholly."""
    scalp_most: float = 0.88
    """Share of the hair's colour on the scalp there."""
    scalp_ragged: tuple[float, ...] = (0.06, 0.07, 0.06, 0.05, 0.03, 0.0)
    """How the hairline frays: deviations of the cover at :data:`engine.texture.paint.grain.WAVES_MM`."""
    scalp_fine: tuple[float, ...] = (0.02, 0.03, 0.05, 0.08, 0.10, 0.08)
    """How the colour of the scalp changes: deviations as shares of it."""


BARE = BareWeights()
"""What the engine uses."""
