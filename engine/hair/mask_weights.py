"""What is believed about where hair is before a photo's colors are looked at. Lengths in face widths, chances as log odds."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "BORDER",
    "COLOR",
    "FUSION",
    "PLACE",
    "REFUSAL",
    "SEEDS",
    "SHAPE",
    "WALL",
    "BorderWeights",
    "ColorWeights",
    "FusionWeights",
    "PlaceWeights",
    "RefusalWeights",
    "SeedWeights",
    "ShapeWeights",
    "WallWeights",
]


@dataclass(frozen=True)
class ColorWeights:
    """How the colors of hair, skin, background and clothes are learnt from the photo."""

    floor: tuple[float, ...] = (3.0, 2.45, 2.45, 0.17, 0.25, 0.25)
    """Least standard deviations of L, a, b, log contrast and place (across, up)."""
    hair: int = 5
    """Gaussians for hair; so for the others below."""
    skin: int = 4
    background: int = 6
    clothes: int = 5
    samples: int = 2500
    """Most pixels that one mixture learns from."""
    shades: tuple[tuple[float, float], ...] = ((1.0, 0.6), (0.8, 0.15), (0.6, 0.12), (0.42, 0.08))
    """How dark skin may lie in the shade, against the lit skin that was found, and how common that is."""
    scalp_share: float = 0.6
    """The same on the scalp of the fitted head."""
    neck_share: float = 0.1
    """The same on the neck."""
    away_share: float = 0.04
    """The same away from the head: another person's."""
    other_share: float = 0.2
    """How common things are that the photo shows nowhere else, such as a frame or a microphone."""
    blur: float = 0.006
    """Blur of the colors."""
    contrast: float = 0.02
    """Size of the strands whose contrast is measured."""
    ridge: float = 0.03
    """Contrast narrower than twice this is an edge between two things, not a texture."""
    typical_skin: float = 0.08
    """A color is like skin when it is more likely as skin than this share of the skin's pixels."""
    most: float = 6.0
    """Largest log odds that a color gives."""
    fine_face: float = 100.0
    """Pixels: of a wider face, the rounds before the last look at half the size."""
    rounds: int = 4
    """How often the colors are learnt and the pixels judged by them."""
    shine_chroma: float = 8.0
    """Chroma of skin (Lab) below which its reflections cannot be told."""
    shine_light: float = 2.0
    """How much brighter than the face's skin a reflection is (L)."""
    shine_share: tuple[float, float] = (0.35, 1.1)
    """Its chroma along the skin's hue, as a share of the skin's: white light pales it."""
    shine_hue: float = 4.0
    """Its distance from the skin's hue (Lab)."""
    shine_size: float = 0.02
    """Half width of a reflection that is a bald place and not the gloss of strands, face widths."""
    gleam: int = 250
    """Level of a channel (of 255) from which on a reflection may have lost skin's hue."""
    gleam_texture: tuple[float, float] = (0.01, 0.45)
    """Size of the strands that white hair shows and a gleam does not, face widths, and their contrast from which on it is hair
    (L; gleams on rendered scalps have 0.2 to 0.4, white hair from 0.6)."""
    gleam_skin: float = 0.05
    """Area of skin, square face widths, that a gleam goes over into by smooth shades at least."""


@dataclass(frozen=True)
class PlaceWeights:
    """Log odds of hair by place."""

    scalp: float = 1.8
    """Deep in the scalp's part of the fitted head."""
    scalp_depth: float = 0.12
    """Where the scalp is deep."""
    face: float = -2.0
    """On the fitted head away from the scalp."""
    face_depth: float = 0.15
    beside: float = 2.2
    """Beside the head; falls to its negative over twice `reach`."""
    reach: float = 0.35
    below: tuple[float, float] = (-1.1, -1.8)
    """Below the mouth: at most the first at the chin, falling to the second one face height lower."""
    skin: float = -8.0
    """On bare skin, and on brows, eyes and lips."""
    features: float = -6.0
    """In the lower part of the face's oval."""
    features_level: float = 0.62
    """Height below which that is so."""
    ears: float = -3.5
    people: float = 10.0
    """Slope of the log odds over the chance that this is a person."""
    people_least: float = 0.65
    """Chance at which they are 0: the network is unsure between two people, and about what is behind hair."""
    few: float = 0.004
    """Area of sure hair on the fitted scalp, square face widths, below which it is sought on the person instead."""
    people_low: float = 0.17
    """How much surer it must be below the middle of the face."""
    people_close: float = 0.4
    """How much less the network counts close to the skull: it ends the head at the skin."""
    people_range: tuple[float, float] = (-6.0, 1.0)


@dataclass(frozen=True)
class ShapeWeights:
    """How whole the mask is."""

    smooth: float = 0.035
    """Radius of the edge-aware mean of the odds."""
    smooth_eps: float = 3e-3
    """Variance of the colors (of 1) that counts as an edge there."""
    matte: float = 0.04
    """The same radius for the network's coarse matte."""
    matte_eps: float = 1e-3
    bridge_low: float = 0.035
    """Below the middle of the face, what is thinner than twice this is cut: a shadow along jaw and collar."""
    bridge_high: float = 0.012
    """The same above it."""
    ear_top: float = 0.45
    """Height at the top of the ears, face heights."""
    ear_across: float = 0.3
    """How far from the face's axis what passes an ear is, at least."""
    black: float = 6.0
    """Median L below which this may be anything ..."""
    black_told: float = 0.7
    """... unless the part network's mean chance of hair in it is this (hair in the dark 0.72 to 0.92, shadows 0.27 to 0.44)."""
    island: float = 0.02
    """Share of the sure hair that an island must hold to be kept."""


@dataclass(frozen=True)
class SeedWeights:
    """Where hair, clothes and background are for certain. Levels are heights along the face: 0 at the chin, 1 at the top of its
    oval."""

    scalp: float = 0.8
    """Least weight of the fitted head's scalp ..."""
    scalp_people: float = 0.6
    """... and least chance of people there."""
    ring: float = 0.10
    """Width of the ring around the head that is hair ..."""
    ring_level: float = 0.55
    """... its least level ..."""
    ring_people: float = 0.85
    """... and least chance of people there."""
    high: tuple[float, float] = (0.15, 0.75)
    """Where nearly no hair is found so: width of the ring that is searched instead, and its least level."""
    bare: float = 0.25
    """Chance of skin from which on a place is bare."""
    nobody: float = 0.08
    """Chance of people below which it is background ..."""
    away: tuple[float, float] = (0.8, 0.9)
    """... or it lies this far from the head, above this level."""
    clothes_skin: float = 0.2
    """Most chance of skin on clothes."""
    clothes_people: tuple[float, float] = (0.6, 0.7)
    """Least chance of people in clothes: anywhere, and on the chest ..."""
    clothes_level: tuple[float, float] = (-0.4, -0.25)
    """... and their highest levels."""
    chest_neck: float = 0.2
    """Most weight of the fitted neck where the chest is ..."""
    chest_across: float = 0.35
    """... and its half width."""
    skin: float = 0.8
    """Chance from which on skin is sure."""
    learnt: int = 60
    """Fewest pixels of skin that its colors are learnt from."""
    fewest: int = 40
    """Fewest pixels of hair that say something ..."""
    unlike_skin: float = 0.2
    """... or share of its seeds that are unlike skin: those alone are kept then."""


@dataclass(frozen=True)
class BorderWeights:
    """Hair at and beyond the border of a photo that cuts the head."""

    strip: float = 0.25
    """Width of the strip at the left or right border in which scalp as dark as the hair is hair ..."""
    strip_scalp: float = 0.5
    """... least weight of the scalp there ..."""
    strip_skin: float = 0.3
    """... most chance of skin ..."""
    strip_light: float = 0.75
    """... and share of the seen hair that is darker."""
    coat: float = 0.08
    """How thick hair is beyond the photo where its outline says nothing ..."""
    coat_range: tuple[float, float] = (0.02, 0.25)
    """... and at least and at most."""
    coat_level: float = 0.55
    """Level above which the outline is looked at."""
    outline: int = 20
    """Fewest pixels of an outline that says something."""
    coat_scalp: float = 0.3
    """Least weight of the scalp on the head beyond the photo ..."""
    coat_lowest: float = 0.5
    """... and least level of hair there."""
    coat_gap: float = 0.06
    """Half width of gaps between seen hair and the coat that are closed."""


@dataclass(frozen=True)
class FusionWeights:
    """What the part network's answer counts beside the photo's colors and the places."""

    network: float = 2.0
    """Weight of its log odds of hair."""
    place: float = 0.5
    """Weight of the places' log odds where it has answered."""
    least: float = 0.007
    """Chance, and distance from certainty, below which it is not believed (log odds of 5)."""
    sure: float = 0.9
    """Chance from which it is sure of hair."""
    near: float = 0.3
    """Distance from the head, face widths, within which that is hair which other hair may hang on ..."""
    near_level: float = 0.4
    """... and height above which it is."""
    island: float = 0.3
    """Share of an island of hair of which the network must be sure to keep it ..."""
    black: float = 15.0
    """... if its mean L is at least this: a darker one is kept as hair in the dark is, see `ShapeWeights.black_told`."""
    other: float = 0.4
    """Chance below which hair beside the head is another person's ..."""
    other_size: float = 0.05
    """... where it is at least twice as broad as that, face widths: the network is coarse, and doubts fringes and wisps."""
    gleam: float = 0.5
    """Share of a gleam as bright as white hair of which the network must be sure to take any of it for hair."""
    doubt: float = 0.1
    """Chance below which hair's seeds are doubted."""
    on_head: float = 0.9
    """Share of an island of hair within the fitted head from which on it is dropped where the network doubts it."""
    trusted: float = 0.45
    """Mean chance of hair in the mask above which its color does not make it a cap."""
    around: float = 0.15
    """How far around the head a hat is looked for, face widths."""
    hat: float = 0.8
    """Share of hats in hats and hair on and around the scalp above which the hair is covered (two photographed caps have 0.94,
    painted hair as smooth as rubber to 0.74)."""


@dataclass(frozen=True)
class RefusalWeights:
    """When there is no hair to build. Colors in Lab, light linear."""

    least: float = 0.004
    """Area of hair, and of scalp, that can be judged: square face widths."""
    fringe: float = 0.03
    """Area unlike skin above which a bare scalp has hair around it: square face widths."""
    rim: float = 0.025
    """Half width of an outline whose pixels are of no color of their own, face widths."""
    bare_hue: float = 6.5
    """A scalp is bare whose hue is this near to the face's skin (a, b; bald renders to 4.5, hair from 7.4) ..."""
    bare_light: float = -12.0
    """... and that is at most this much darker (L)."""
    bare_share: float = 0.8
    """Or of which this share has the skin's color, at most twice as dark: buzz cuts reach 0.5."""
    bare_share_grey: float = 0.9
    """The same share where the photo has no color: grey hair reaches 0.7."""
    grey: float = 5.0
    """Chroma of skin below which the photo has no color."""
    dark: float = 8.0
    """L around the head below which nothing can be told there."""
    black: float = 0.05
    """Light that is added before channels are compared."""
    blue: float = 1.25
    """Blue over red above which it is not hair."""
    green: float = 1.2
    white: float = 0.64
    """Luminance above which it is not hair."""
    brim_reach: float = 0.45
    """Half width of the forehead on which a cap's hem is looked for, face widths."""
    brim_step: float = 0.03
    """Columns of the hem, face widths."""
    brim_columns: int = 12
    """Fewest columns of a hem."""
    brim_sharp: float = 8.5
    """Step of L across a hem, per hundredth of the face's width (a cap has 12.7, hair to 6.9)."""
    brim_smooth: float = 0.005
    """Deviation of a hem from a cubic, face heights (a cap has 0.002, short cuts from 0.0054)."""
    brim_wide: int = 24
    """Columns from which a hem is seen from the front ..."""
    brim_smooth_wide: float = 0.009
    """... and may deviate this much (a rendered cap 0.0054, hair seen so from 0.0129)."""


@dataclass(frozen=True)
class WallWeights:
    """When something beside the head is not hair, though a network took it for some."""

    scalp: float = 0.8
    """Least weight of the fitted head's scalp where its hair is looked at ..."""
    told: float = 0.5
    """... and least chance of hair by the part network ..."""
    skin: float = 0.3
    """... and most of bare skin."""
    least: float = 0.004
    """Area of such hair that says something, square face widths."""
    tail: float = 0.02
    """Share of its pixels that are darker than it is said to be (L)."""
    smooth: float = 0.25
    """Share of its pixels that have less contrast than ground may have (the wall in a dark hall: 1 in 20)."""
    even: float = 0.3
    """Or ground is so much smoother than the smoothest of that hair, and only darker than half of it ..."""
    least_rough: float = 0.1
    """... the smoothest being this share of its pixels."""
    size: float = 0.03
    """Half the least width of ground."""
    rim: float = 0.03
    """How far it goes on towards an edge."""
    level: float = -0.3
    """Height above which it is looked for: clothes are others' matter."""
    sure: tuple[float, float] = (0.75, 0.5)
    """Mean chance of people and of hair from which on a piece of it is hair after all: hair in the shade of a face, of which the
    part network is less sure (bobs 0.61 to 0.82; walls that pass for people 0.01 to 0.31) ..."""
    sure_guessed: tuple[float, float] = (0.95, 0.95)
    """... and where hues are guessed."""
    chance: float = 0.02
    """Chance of people and of hair that it is given."""


COLOR = ColorWeights()
PLACE = PlaceWeights()
SHAPE = ShapeWeights()
SEEDS = SeedWeights()
BORDER = BorderWeights()
FUSION = FusionWeights()
REFUSAL = RefusalWeights()
WALL = WallWeights()
