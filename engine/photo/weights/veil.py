"""What is taken for a thing that lies over a face."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["VeilWeights"]


@dataclass(frozen=True)
class VeilWeights:
    """How masks, glasses, hands and hair over the face are told and outlined. Chances are the part network's."""

    thing: float = 0.5
    """Chance from which on a pixel belongs to something."""
    sure_thing: float = 0.7
    """Chance from which on its colour teaches what the thing looks like."""
    sure_face: float = 0.9
    """Chance of skin, hair, brows, eyes and lips together from which on a colour teaches what the face looks like."""
    least_area: float = 0.10
    """Side of the smallest cover that is believed, of the face."""
    least_peak: float = 0.75
    """Chance that it must reach somewhere."""
    inner: float = 0.05
    """Depth inside the face's outline in which clothes, background and others are things over the face, of the face."""
    band: float = 0.06
    """How far from the network's border the thing's border in the photo may lie, of the face."""
    colors: float = 0.5
    """How much of the log odds of the colours counts beside the network's."""
    most_odds: tuple[float, float] = (5.0, 4.0)
    """Largest log odds of colours and network."""
    parts: tuple[int, int] = (3, 4)
    """Gaussians of the thing's colours and of the face's."""
    edge: float = 0.012
    """Radius of the window in which the border follows the photo's edges, of the face."""
    membrane: float = 0.01
    """Say of the skin farther away where a membrane of skin takes the place of a thing, against skin that is there."""
    fill_around: float = 0.15
    """How far outside the face's outline, which may be wrong, it does, of the face."""
    fill: float = 1.5
    """Slope of the border of that membrane."""
    grow: float = 0.012
    """How far what is found is widened: its rim is a mixture of both colours, of the face."""
    frame: float = 0.15
    """Chance of glasses near which pixels unlike the skin around are frames."""
    frame_sure: float = 0.5
    """Chance of glasses from which on pixels a little unlike the skin are frames."""
    frame_unlike: float = 0.7
    """How unlike the skin around they must be then, over what others near them must be."""
    frame_contrast: float = 0.4
    """How unlike the skin around frames are at least, over how unlike it most of them are."""
    frame_quantile: float = 0.7
    """Share of the likely frames that are less unlike it than most."""
    frame_near: float = 0.01
    """How far from them such pixels may lie, of the face."""
    frame_grow: float = 0.008
    """How far frames are widened, of the face."""
    frame_around: float = 0.05
    """Standard deviation of the surroundings that a frame is compared with, of the face."""
    frame_eyes: float = 0.12
    """How far around eyes and brows frames are, of the face."""
    frame_light: float = 0.30
    """Difference of log brightness to the skin around from which on a pixel is unlike it."""
    frame_hue: float = 0.12
    """The same of log hues."""
    frame_area: float = 0.012
    """Least area of frames that is believed, of the face's width squared."""
    lens_area: float = 0.15
    """Share of an eye and its surroundings that a lens must cover."""
    lens_lids: float = 0.03
    """How far around an eye its surroundings reach, of the face."""
    lens_close: float = 0.04
    """Radius of the gaps in a lens that are closed, of the face."""
    tint_dark: float = 0.4
    """How much darker, as a logarithm, the skin within both frames is behind tinted lenses than around them."""
    tint_hue: float = 0.18
    """The same as a difference of log hues."""
    tint_around: float = 0.08
    """How far around the frames that skin reaches, of the face."""
    tint_lids: float = 0.03
    """How far around the eyes skin is not asked: lids are shaded and painted, of the face."""
    hair_inner: float = 0.08
    """Depth inside the face's outline from which on hair lies over it, of the face."""
    hair_between: tuple[float, float] = (0.03, 0.12)
    """How far above the brows, and from how far above the mouth on, locks are looked for, of the face: above there is a fringe,
    below a beard."""
    hair_area: float = 0.10
    """Side of the smallest lock that is believed, of the face."""
    eye_contrast: float = 0.3
    """Standard deviation of the log brightness within an eye below which a lens hides it (see `CoverWeights.eye_contrast`)."""
    eye_white: float = 0.09
    """By how much the white of an eye that shows is brighter than its iris, natural logarithm: tinted lenses leave 0.1 to 0.8,
    reflections on dark ones 0.06 at most."""
    eye_floor: float = 0.003
    """Linear light that is added there: the contrast of what is darker is noise."""
    across: tuple[float, float, float] = (0.10, 0.07, 0.85)
    """How far above and below the inner corners of the eyes, of the face, what lies between them is looked at, and the share of it
    that a band or goggles hide: the bridge of glasses hides a third of it."""
    bridge: float = 0.25
    """Share of the breadth between the eyes' inner corners, in the middle, that is looked at."""
    place: float = 0.4
    """Share of a place of the face from which on it is hidden."""
    landmark: float = 0.015
    """Radius around a landmark that is asked whether it is hidden, of the face."""
