"""What is believed of what no photo shows well: eyeballs, teeth and gums, the mouth's inside, lashes.

Rows of three numbers are sRGB of 8 bits (:data:`Color`), or factors of linear red, green and blue.
"""

from __future__ import annotations

from dataclasses import dataclass

from .photos import Range

__all__ = ["Color", "EyeWeights", "InnerWeights", "MouthWeights", "ToothWeights"]

Color = tuple[int, int, int]
"""sRGB, 8 bits a channel."""


@dataclass(frozen=True)
class MouthWeights:
    """Tongue, the mouth's inside and lashes, and the grain on all that is neither skin nor eye."""

    tongue: Color = (184, 98, 96)
    """Colour of the tongue."""
    mouth: Color = (142, 62, 58)
    """Colour of the mouth's inside where it begins; it darkens towards the throat."""
    caruncle: Color = (200, 130, 118)
    """Colour of the eye sockets: what shows of them lies in the corners of the eyes."""
    lash: Color = (34, 26, 22)
    """Colour of lashes."""
    grain: tuple[float, ...] = (0.02, 0.03, 0.03, 0.03, 0.02, 0.02)
    """Spectrum of the grain, deviations at WAVES_MM."""
    tooth_grain: float = 0.4
    """Grain of teeth over that of the other parts."""
    throat_mm: float = 40.0
    """Depth behind the mouth's foremost point at which it is darkest, mm."""
    throat_dark: float = 0.55
    """Share of the mouth's colour that is gone there."""


@dataclass(frozen=True)
class EyeWeights:
    """How an eyeball is painted. Radii are shares of the iris's, angles run around the pupil."""

    iris_mm: float = 5.85
    """Radius of the iris, mm: the horizontal visible iris is 11.7 mm wide in adults."""
    pupil: float = 0.38
    """Radius of the pupil."""
    pupil_edge: tuple[float, float] = (0.03, 0.06)
    """How far beyond its radius the pupil fades out, and over how much."""
    pupil_light: float = 0.004
    """Linear value of the pupil."""
    outside: float = 9.0
    """Radius that stands for all of the ball's back: no iris is there."""
    away: float = 1.2
    """1 less the cosine to the eye's axis at which its white is that of the corners and the back."""
    away_tint: tuple[float, float, float] = (0.22, 0.46, 0.48)
    """Share of each channel that the white has lost there: it is pinker and darker."""
    vein_cycles: int = 46
    """Veins around the ball."""
    vein_wave: tuple[float, float] = (0.25, 9.0)
    """How far veins wind, radians, and radians of that winding from the iris to the back."""
    vein_width: float = 0.10
    """Value of the noise at which a vein ends."""
    vein_begin: tuple[float, float] = (6.0, 0.5)
    """Slope over the way to the back by which veins grow from nothing, and what is taken off: beside the iris are none."""
    vein_tint: tuple[float, float, float] = (0.25, 1.0, 1.0)
    """How much of its strength a vein takes out of each channel."""
    vein: float = 0.35
    """Strength of a vein: share that it takes out of the white."""
    fibre_cycles: tuple[int, int] = (96, 37)
    """Fine and coarse fibres around the iris."""
    fibre_share: tuple[float, float] = (0.6, 0.4)
    """Share of the fine and of the coarse ones in the pattern."""
    fibre: float = 0.30
    """How much fibres change the iris."""
    fibre_seeds: tuple[int, int] = (23, 29)
    """Numbers of the fibres' patterns."""
    vein_seed: int = 11
    """Number of the veins' pattern."""
    middle: float = 1.12
    """Iris around the pupil over its mean colour."""
    falloff: tuple[float, float, float] = (0.45, 0.45, 0.5)
    """How much darker it is at the limbus, the radius from which on it darkens, and over how much."""
    collarette: tuple[float, float, float] = (0.5, 0.1, 0.18)
    """Radius of the lighter ring around the pupil, its width, and by how much it is lighter."""
    collarette_waves: float = 0.03
    """How far fibres shift that ring."""
    collarette_tint: tuple[float, float, float] = (1.15, 1.0, 0.8)
    """Its colour over that of the iris."""
    limbus: tuple[float, float, float] = (0.78, 0.76, 0.24)
    """How dark the limbus is, the radius from which on the iris darkens towards it, and over how much."""
    limbus_power: float = 1.5
    """Power of the way through it."""
    limbus_edge: tuple[float, float] = (1.06, 0.15)
    """Radius at which the iris has ended, and over how much it does: the limbus is not a sharp line."""


@dataclass(frozen=True)
class ToothWeights:
    """How teeth, gaps and gums are painted on the two dental bands. Widths of teeth and their tint: :mod:`engine.wire.teeth`."""

    crowns_mm: tuple[tuple[float, ...], tuple[float, ...]] = (
        (10.5, 9.0, 10.0, 8.5, 8.5, 7.5, 7.0),
        (8.8, 9.0, 10.5, 8.5, 8.0, 7.5, 7.0),
    )
    """Heights of the crowns from the middle backwards, mm: upper jaw, lower jaw."""
    centre_z: float = -12.0
    """Middle of the dental arches, mm; angles around it order the teeth."""
    gap: Color = (96, 66, 54)
    """Colour between two teeth."""
    gum: Color = (176, 104, 100)
    """Colour of the gums."""
    bins: int = 12
    """Pieces of an arch in which its radius and biting edge are measured."""
    samples: int = 200
    """Places along an arch at which its length is summed."""
    papilla: float = 0.30
    """Share of a crown that the gum covers between two teeth."""
    gap_mm: tuple[float, float] = (0.16, 0.55)
    """Half width of a gap where neighbours touch, and how much wider it is at the biting edge, mm."""
    gap_fade_mm: float = 0.9
    """Distance from the biting edge over which teeth are rounded off, mm."""
    gap_tooth_mm: float = 8.0
    """Width of the tooth whose gaps are that wide at the edge, mm; narrower teeth have narrower ones."""
    gap_texels: float = 0.6
    """Least half width of a gap that is drawn, texels."""
    gap_reach: float = 1.2
    """Half widths from the middle of a gap at which it ends."""
    gap_dark: float = 0.75
    """Largest opacity of a gap."""
    gap_weaker: float = 0.25
    """How much a gap that is drawn too wide is weakened, as a power."""
    edge_dark: float = 0.10
    """How much darker the biting edge is: it lets light through."""
    edge_mm: float = 0.7
    """Distance over which that ends, mm."""
    canine: int = 2
    """Number of the canine from the middle."""
    canine_dark: float = 0.03
    """How much darker it is than its neighbours."""
    gum_edge_mm: float = 0.35
    """Length over which a crown goes over into the gum, mm."""
    gum_rim: float = 0.25
    """How much lighter the gum is beside a crown."""
    gum_rim_mm: float = 0.8
    """Distance over which that ends, mm."""
    back_mm: tuple[float, float] = (22.0, 30.0)
    """Way along the arch at which teeth begin to lie in the mouth's shade, and over how much they come to lie in it, mm."""
    back_dark: float = 0.25
    """How much darker they are there: renderers find most of it out themselves."""


@dataclass(frozen=True)
class InnerWeights:
    """How iris, white of the eye and enamel are measured in the photo."""

    iris: Color = (84, 62, 44)
    """Colour of an iris."""
    sclera: Color = (192, 184, 177)
    """Colour of the white of an eye."""
    enamel: Color = (222, 211, 191)
    """Colour of enamel. These three stand where the photo shows none of the part, and give the hue to what it shows."""
    iris_luminance: Range = (0.012, 0.14)
    """Least and largest luminance of an iris that is believed."""
    sclera_luminance: Range = (0.27, 0.50)
    """Least and largest luminance of the white of an eye that is believed."""
    enamel_luminance: Range = (0.30, 0.70)
    """Least and largest luminance of enamel that is believed."""
    lids_shade: float = 1.05
    """Light on the skin around the eyes over the light behind the lids."""
    lips_shade: float = 1.2
    """Light on the skin around the mouth over the light behind the lips."""
    least_pixels: int = 6
    """Fewest pixels by which an iris or the white of the eyes is measured."""
    blurred_px: float = 8.0
    """Radius of an iris below which pixels of its ring hold something of the white and the skin around it."""
    ring: tuple[float, float] = (0.25, 0.70)
    """Shares of the ring's pixels, by brightness, between which the iris is measured: lashes are darker, catchlights brighter."""
    ring_blurred: tuple[float, float] = (0.15, 0.25)
    """How much less both are where the ring is quite blurred."""
    most_red: float = 2.2
    """Largest red over green of an iris: none is redder than brown; a photo in red light is."""
    most_green: float = 3.0
    """Largest green over blue of an iris."""
    white: float = 0.7
    """Share of the white's pixels that are darker than it: the others are gloss."""
    yellow: float = 1.06
    """Least red over green of enamel: teeth are yellow, never green."""
    lids_mm: float = 0.4
    """How far inside the lids' edges an eye is measured, mm."""
    least_radius_px: float = 1.5
    """Radius of the smallest iris that is measured, pixels."""
    window: float = 2.5
    """Half side of the window around an iris, in radii of it."""
    iris_ring: Range = (0.45, 0.85)
    """Radii, over the iris's, between which its pixels are taken: without pupil and limbus."""
    white_ring: Range = (1.2, 2.2)
    """The same of the white beside it."""
