"""What a painted head is described by: colours and marks of a person, and what each vertex of the mesh carries."""

from __future__ import annotations

from typing import NamedTuple

__all__ = [
    "CLOTH",
    "EYES",
    "HAIR",
    "LASHES",
    "MOUTH",
    "SKIN",
    "TEETH",
    "TONGUE",
    "Color",
    "Column",
    "Paint",
    "Point",
]

SKIN = 0
"""Material of triangles of the skin; the first six are the head model's, in its order."""
EYES = 1
"""Material of triangles of the eyeballs."""
TEETH = 2
"""Material of triangles of the teeth."""
TONGUE = 3
"""Material of triangles of the tongue."""
MOUTH = 4
"""Material of triangles of the mouth's cavity and the eye sockets."""
LASHES = 5
"""Material of triangles of the lashes."""
CLOTH = 6
"""Material of triangles of the collar."""
HAIR = 7
"""Material of triangles of the hair shell."""

Color = tuple[float, float, float]
"""Linear red, green and blue."""


class Paint(NamedTuple):
    """One person's colours, marks and shine, and the colours of two lamps. Places are on the mean head."""

    skin: Color
    """Albedo of the skin."""
    hair: Color
    """Albedo of hair and beard."""
    lip: Color
    """Albedo of the lips."""
    iris: Color
    """Albedo of the irises; shirts take theirs from it, too."""
    key: Color
    """Radiance of the first lamp."""
    fill: Color
    """Radiance of the second lamp."""
    blotch: float
    """Share by which the skin's brightness changes over centimetres."""
    fine: float
    """Share by which it changes over millimetres."""
    red_nose: float
    """Strength of the red of nose and cheeks."""
    brow_width: float
    """Half width of the brows at their inner end, mm."""
    brow_rise: float
    """How much higher than in the model the brows lie, mm."""
    brow_strength: float
    """Opacity of the brows, 0 to 1."""
    hairline: float
    """Height over the hairline's slanted plane at which hair begins, mm."""
    hair_noise: float
    """How far single locks leave the hairline, mm."""
    lip_strength: float
    """Opacity of the lips' colour, 0 to 1."""
    beard: float
    """Opacity of the beard, 0 to 1; 0 leaves it out."""
    beard_low: float
    """How far above the nose's base the beard ends, mm."""
    iris_radius: float
    """Radius of the irises, mm."""
    pupil_radius: float
    """Radius of the pupils, mm."""
    freckle: float
    """Opacity of freckles, 0 to 1; 0 leaves them out."""
    gloss: float
    """Strength of the skin's highlights."""
    shininess: float
    """Blinn-Phong exponent of the skin's highlights."""
    wrap: float
    """How far light creeps around the skin's terminator, as a cosine."""
    seed: float
    """Where in the noise this person lies, grid cells."""
    bump: float
    """Tilt of the normals by fine relief; 0 leaves it out."""
    hair_gloss: float
    """Strength of the hair's highlights."""
    shadow_red: float
    """How red the borders of shadows are on skin, 0 to 1."""
    brow: Color = (0.0, 0.0, 0.0)
    """Albedo of brows that differ from the hair."""
    brow_paint: float = 0.0
    """How much of that colour the brows have, 0 to 1."""
    brow_gap: float = 0.0
    """How much farther apart than in the model the brows lie, mm on each side."""
    brow_tilt: float = 0.0
    """Rise of the brows outwards, mm per mm."""
    brow_arch: float = 0.0
    """How much higher than its ends the middle of a brow is bent, mm."""
    brow_ragged: float = 0.0
    """How much more (or less, down to -1) than usual the brows' borders are frayed."""
    lip_edge: float = 0.0
    """How much farther than the model's lips their colour reaches, as a part weight."""
    stain: Color = (0.0, 0.0, 0.0)
    """Share by which each channel of the skin changes from place to place."""
    mole: float = 0.0
    """Number and size of moles, 0 to 1; 0 leaves them out."""
    bare: float = 0.0
    """1: the shoulders are skin, without cloth."""
    beard_wide: float = 0.0
    """How much wider than usual the beard is, mm."""
    rings: float = 0.0
    """Strength of the rings under the eyes, 0 to 1."""
    ragged: float = 0.0
    """How far the whole hairline wanders, mm."""
    temple: float = 0.0
    """How much the hairline sinks at the temples, mm."""
    tongue: Color = (0.38, 0.13, 0.12)
    """Albedo of the tongue."""


class Point(NamedTuple):
    """What a place of the surface carries: the columns of the array of vertices, in order (:class:`Column`)."""

    nx: float
    ny: float
    nz: float
    x: float
    y: float
    z: float
    open: float
    key_seen: float
    fill_seen: float
    ear: float
    lips: float
    height: float
    camera_x: float
    camera_y: float
    camera_z: float
    sky_red: float
    sky_green: float
    sky_blue: float


class Column:
    """Columns of the (V, len(Point._fields)) array of what each vertex carries."""

    NORMAL = slice(0, 3)
    """Normal in camera axes: x right, y down, z away."""
    PLACE = slice(3, 6)
    """Place on the mean head, mm."""
    OPEN = 6
    """Share of the sky that is seen from there."""
    LAMPS = slice(7, 9)
    """Share of each lamp that is seen from there."""
    EAR = 9
    """Part weight of the ears."""
    LIPS = 10
    """Part weight of the lips."""
    HEIGHT = 11
    """Height over the hairline's slanted plane, mm."""
    CAMERA = slice(12, 15)
    """Place in camera space, mm."""
    SKY = slice(15, 18)
    """Irradiance from a sky whose occlusion is in it."""
