"""What colors a photo of a face can have, and what a face's parts have where the photo does not tell.

Hues are the logarithms of red over green and of blue over green of linear sRGB.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Hue", "JudgeWeights", "NaturalWeights", "TintWeights"]

Hue = tuple[float, float]
"""log(R/G), log(B/G)."""


@dataclass(frozen=True)
class JudgeWeights:
    """How a photo without color, with one tone or in tinted light is told from all others.

    The figures of 23 photos in daylight, flash and on stages, and of the same without color, toned (sepia, blue, green) and in
    tinted light stand behind the limits; each lies between the two.
    """

    face_px: float = 128.0
    """Width of the face at which colors are judged, pixels."""
    reach: float = 1.1
    """Half side of the window that is looked at, of the face."""
    soft_px: float = 1.0
    """Standard deviation by which its colors are smoothed, pixels."""
    dark: float = 0.004
    """Added to linear light: what is darker has no hue."""
    bins: int = 32
    """Steps of brightness, each as many pixels, whose median hues are the tone of that brightness."""
    faint: float = 0.1
    """Brightness below which a pixel's hue counts less."""
    quantile: float = 0.9
    """Share of the pixels that lie as near to the tone as the figures say."""
    line_face: float = 0.115
    """How far hues within the face may lie off the tone of their brightness in a picture of one tone; in color 0.16 and more."""
    line_sure: float = 0.06
    """Below this it does not matter what is around the face: a grey person may stand before a colored wall, or in a frame."""
    line_around: float = 0.16
    """The same with what is around the face: in color 0.27 and more."""
    line_lips: float = 0.09
    """How far the lips' hue may lie off the tone of their brightness: in color 0.12 and more."""
    grey: float = 0.06
    """Largest hue, on its axes, of a picture without color."""
    weak: float = 0.7
    """log(R/B) of the skin below which a photo may have little color: 0.54 and more in photos ..."""
    weak_lips: float = 0.26
    """... if log(R/G) of the lips, over the skin's, is below this ..."""
    weak_spread: float = 0.165
    """... and hues within the face lie less than this off the tone of their brightness: in photos 0.195 and more where the first
    two hold, at half their saturation 0.08 to 0.16. No light changes this, saturation does."""
    cool: float = 0.25
    """log(R/B) of the skin below which the light is cool, and taken out."""
    empty: float = 2.2
    """Hue of the skin from which on a channel is all but empty: that is a lamp's, or the file's, not paint."""
    red: tuple[float, float] = (0.1, 1.5)
    """Least and largest log(R/G) of skin in any light that a camera takes for white: 0.31 to 1.22 on photos."""
    blue: tuple[float, float] = (-1.75, 0.3)
    """The same of log(B/G): -1.61 to 0.10."""
    pink: float = 0.28
    """Largest log(B/G) of skin whose log(R/G) is ..."""
    pink_red: float = 1.0
    """... this: very red and hardly less blue than green is a pink light. 0.2 at most in photos ..."""
    pink_share: float = 0.5
    """... less this share of any more red."""
    pixel_red: tuple[float, float] = (0.0, 1.9)
    """The same of single pixels, as in the shade of a nostril."""
    pixel_blue: tuple[float, float] = (-2.4, 0.4)
    """The same of log(B/G)."""
    strange: float = 0.15
    """Share of the bare face beyond these limits from which on its light is tinted."""
    two_red: float = 0.85
    """Difference of log(R/G) between two places of bare skin from which on lamps of different colors light them: 0.52 on
    photos in one light."""
    two_blue: float = 0.68
    """The same of log(B/G): 0.51."""
    green_pixel: float = 0.15
    """log(R/G) below which a pixel of bare skin is green ..."""
    green_blue: float = -0.15
    """... if log(B/G) is below this, too: white paint is not ..."""
    green: float = 0.035
    """... and the share of the face that is, from which on a green screen shines on it: at most 0.01 in photos."""
    rim: float = 0.08
    """Where such light shows first: less than this inside the face's outline, of the face ..."""
    middle: float = 0.2
    """... compared with what is deeper inside than this."""
    rim_low: float = 0.2
    """How far below the nose the rim is the jaw's, of the face: left, right and jaw are compared by themselves."""
    rim_greener: Hue = (-0.25, -0.2)
    """Hue of the rim against the middle's beyond which it is greener, if two of the three are."""
    least_place: int = 12
    """Pixels of a place that tell its color."""
    covered: float = 0.5
    """Chance of glasses, a mask and the like from which on a pixel tells nothing about the light."""
    everywhere: float = 0.7
    """Share of what is around the face that is beyond those limits from which on it is a lamp's, whatever covers the face."""
    least_seen: float = 0.2
    """Share of the face that must be bare to judge its light."""
    around_eye: float = 0.1
    """How far around an eye the skin is compared with its white, of the face."""
    paint: float = 0.6
    """How far the hue of an eye's white may lie off that of the skin around it, in the same light; paint is further away."""
    white: Hue = (-0.2, 0.1)
    """Hue of an eye's white against the skin's around it: its mean on photos."""
    iris: float = 1.15
    """What counts as white of the eye lies so far from the iris's centre, in radii of it."""
    white_paint: float = 0.2
    """Largest hue of white paint, on its axes ..."""
    colored: float = 0.4
    """Least log(R/B) of the skin beside it: 0.6 and more on photos ..."""
    between: float = 0.06
    """... and largest share of the bare face that lies between the two: paint 0 to 0.03, lamps 0.5 and more ..."""
    side_painted: float = 0.5
    """... if this share of one side of the face is white or grey ..."""
    side_bare: float = 0.25
    """... and at most this of the other ..."""
    least_paint: float = 0.12
    """... and this of both: at most 0.10 on photos, reflections."""
    black: float = 0.15
    """Light, over that of the face's brightest parts, below which nothing is said about its hue ..."""
    brightest: float = 0.97
    """... those being brighter than this share of it ..."""
    lit: float = 0.8
    """... where less than this share of the face is brighter."""
    white_redder: float = 0.08
    """... beside which the white of an eye is redder by this, which it hardly ever is beside skin ..."""
    one_light: float = 0.3
    """... while the other eye's white lies within this of where it should be."""
    same_lamp: float = 0.5
    """How near hues lie that one lamp, or one paint, makes."""
    lamp_outside: float = 0.1
    """Share of what is around the face and has the paint's hue, from which on it is a lamp's: paint ends with the skin."""
    least_natural: float = 0.25
    """Share of the bare face without paint from which on the rest is completed from it."""


@dataclass(frozen=True)
class TintWeights:
    """How the light's color is taken out. Lengths are of the face's width."""

    soft: float = 0.05
    """Standard deviation of the field that the light's hue is."""
    far: float = 0.2
    """The same where no skin is near."""
    prior: float = 0.02
    """Weight of the distant skin in it, against 1 of what is near."""
    rim: float = 0.02
    """How far around brows, eyes, lips and nostrils skin tells nothing about the light."""
    lit: tuple[float, float] = (0.1, 0.5)
    """Brightness over the skin's at which a pixel begins to tell the light's hue, and at which it does."""
    bare_edge: float = 0.01
    """Standard deviation of the border of bare skin."""
    white: float = 0.99
    """Share of the pixels that are darker than the white of a picture of one tone."""
    black: float = 0.003
    """Share of them that are darker than its black, which prints and their scans raise ..."""
    black_taken: float = 0.9
    """... how much of it is taken off ..."""
    black_most: float = 0.25
    """... and at most, over the white."""
    empty: tuple[float, float] = (0.012, 0.05)
    """Light of a channel on the skin at which its hue begins to be believed, and at which it is: below, 8 bits and compression
    leave nothing."""
    dark: tuple[float, float] = (0.003, 0.015)
    """The same of a channel in a pixel."""
    stray: tuple[float, float] = (0.3, 0.7)
    """How far a pixel's hue may lie off its skin's before it is no longer believed, and where nothing of it is."""
    burnt: tuple[float, float] = (0.8, 1.0)
    """Light at which a channel begins to lose detail, and at which it has lost it."""
    norm: float = 1.5
    """Length of a color of natural skin over its luminance."""
    luminance: tuple[float, float] = (0.06, 0.42)
    """Least and largest luminance of skin (that of texture/weights/skin.py)."""
    usual: float = 0.25
    """Luminance that skin usually has in photos ..."""
    trusted: float = 0.6
    """... and how far, as a power, it is trusted what a tinted lamp, or a print's tone, leaves of it."""
    strongest: float = 4.0
    """Power of a channel's share in paint by which it tells the paint's brightness."""
    paint_beyond: float = 0.08
    """How far beyond the face's outline paint is looked for."""
    paint_beside: float = 0.06
    """How far on both sides of paint's border brightness is compared."""
    paint_edge: float = 0.006
    """Standard deviation of the border of what is taken for paint."""
    paint_seam: float = 0.015
    """How far on both sides of it skin and paint may share a pixel."""


@dataclass(frozen=True)
class NaturalWeights:
    """What is known about the colors of a face. Lengths are of its width."""

    face_px: float = 256.0
    """Width of the face at which colors are completed, pixels."""
    reach: float = 2.3
    """Half side of the window in which parts get their colors."""
    lightness: tuple[float, ...] = (25.0, 35.0, 45.0, 55.0, 65.0, 72.0, 80.0)
    """L* of human skin, from very dark to very light ..."""
    redness: tuple[float, ...] = (6.5, 10.0, 12.5, 13.0, 12.0, 10.0, 8.0)
    """... its a* on faces: nearly the same for all groups (Xiao et al., "Characterising the variations in ethnic skin colours",
    Skin Research and Technology 2017), less where melanin hides the blood ..."""
    yellowness: tuple[float, ...] = (7.0, 12.0, 17.0, 19.0, 17.0, 14.5, 12.0)
    """... and its b*: by the classes of the individual typology angle, atan((L* - 50) / b*) = -74, -51, -16, 15, 41, 57, 68
    degrees (Chardon et al. 1991), largest where tanned and dark skin meet. At L* 50 this is the hue that photos show."""
    lit: tuple[float, float] = (0.8, 0.32)
    """Skin in a photo is lighter than it is: its hue is that of this share of its luminance, at most of the second number."""
    blush: Hue = (0.06, 0.02)
    """What blood adds to the hue of cheeks and nose."""
    blush_soft: float = 0.06
    """Standard deviation of that place's border."""
    shade: float = 0.12
    """Share of the log brightness against the skin's that goes into its hue: skin in its own shade is redder."""
    shade_most: float = 0.12
    """At most so much."""
    shine: tuple[float, float] = (1.8, 3.2)
    """Brightness, over the skin's, at which a reflection begins to be white, and at which it is."""
    shine_white: float = 0.5
    """Share of the hue that it then has lost."""
    lips: Hue = (0.34, 0.16)
    """Hue of lips against the skin's: the mean of the photos."""
    mouth: Hue = (0.9, -0.1)
    """Hue between the lips, where no teeth show."""
    teeth: Hue = (0.11, -0.22)
    """Hue of enamel."""
    white: Hue = (0.095, -0.085)
    """Hue of the white of an eye."""
    tooth: tuple[float, float] = (1.05, 1.4)
    """Brightness, over the lips', at which something between them begins to be a tooth, and at which it is one."""
    gum: float = 0.3
    """The same at which it begins to be gum or tongue instead of the dark."""
    tooth_skin: float = 0.45
    """Least brightness of teeth over the skin's."""
    iris: tuple[Hue, Hue] = ((0.5, -0.6), (-0.05, 0.12))
    """Hue of a dark and of a light iris."""
    iris_middle: float = 0.55
    """Share of the iris's pixels that are darker than the brightness that is taken."""
    iris_light: tuple[float, float] = (0.12, 0.45)
    """Brightness, over the skin's, up to which an iris is dark, and from which on it is light."""
    hair_light: tuple[float, ...] = (0.01, 0.05, 0.15, 0.4, 0.75)
    """Luminances of hair, black to white ..."""
    hair_red: tuple[float, ...] = (0.12, 0.32, 0.42, 0.26, 0.06)
    """... their log(R/G) ..."""
    hair_blue: tuple[float, ...] = (-0.1, -0.36, -0.58, -0.48, -0.1)
    """... and log(B/G): black, brown, blond, white."""
    hair_odd: tuple[float, float] = (0.0, 0.25)
    """log(G/R) or log(B/G) of hair whose light's color was taken out, at which it begins to be odd, and at which it is: green or
    blue."""
    hair_sure: float = 0.6
    """Chance from which on a pixel is hair that tells how light it is."""
    hair_lit: float = 0.7
    """Share of the hair that is darker than where it is lit."""
    hair_own: float = 0.4
    """Share, as a power, of a pixel's own luminance."""
    edge: float = 0.012
    """Standard deviation of the border between eyes or lips and skin."""
    weak_most: float = 2.5
    """At most so much are the colors of a photo strengthened that has little of them."""
    brightest: float = 0.96
    """Largest linear value of a channel that completed hues lead to: what is more looks burnt out."""
