"""How bare skin is told from all else."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SKIN_HUE", "MixtureWeights", "SkinWeights"]

SKIN_HUE = (0.62, -0.45)
"""log(R/G) and log(B/G) of linear skin, the mean from very light to very dark."""


@dataclass(frozen=True)
class MixtureWeights:
    """How a mixture of Gaussians is learnt."""

    iterations: int = 6
    """Rounds of expectation maximisation."""
    samples: int = 8
    """Samples per Gaussian: of fewer samples fewer Gaussians are learnt."""
    far: float = 0.9
    """Where the next Gaussian starts, as a percentile of the distance to all before, over 100."""
    least: float = 1e-3
    """Mass of the pooled mean in every Gaussian, over its equal share: an empty one stays somewhere."""


@dataclass(frozen=True)
class SkinWeights:
    """How the skin of one face is told from all that covers or surrounds it."""

    light: tuple[float, float, float] = (0.25, 0.65, 0.10)
    """Linear red, green and blue in the luminance of skin; the densities here were set with them."""
    face_px: float = 160.0
    """Width of the face at which the mask is computed, pixels."""
    reach: float = 1.25
    """Half side of the window, of the face."""
    dark: float = 0.012
    """Added to linear colours: keeps the hue of dark pixels, mostly noise and compression, near neutral."""
    soft: float = 0.004
    """Standard deviation by which colours are smoothed, of the face."""
    soft_least_px: float = 0.6
    """The same at least, pixels."""
    fine: float = 0.02
    """Standard deviation of the surroundings that fine texture is told from, of the face."""
    fine_dark: float = 0.03
    """Added to the luminance of fine texture."""
    fine_noise: float = 0.02
    """Log contrast of fine texture that is noise."""
    ranges: tuple[float, ...] = (5.0, 1.6, 1.6, 3.0, 6.0)
    """Ranges of the features (log luminance, two log hues, log texture, area of the window in face widths): over them the
    density of what was not seen before is even."""
    least_spread: tuple[float, ...] = (0.16, 0.04, 0.04, 0.15, 0.30, 0.30)
    """Least standard deviations of a Gaussian: log luminance, two log hues, log texture, and place of the face."""
    turns: int = 4
    """How often the colours of skin, and of all else, are learnt and the pixels judged by them."""
    parts: tuple[int, int, int] = (3, 5, 4)
    """Gaussians of skin in the first turn, of skin later, and of all else."""
    unseen: float = 0.15
    """Share of all else that was not seen before, such as the frame of glasses."""
    most_odds: float = 6.0
    """Largest log odds of a pixel."""
    edge: float = 0.02
    """Radius of the window in which the mask follows edges, of the face."""
    edge_contrast: float = 0.01
    """Variance of log luminance from which on there is an edge."""
    most_samples: int = 2000
    """Pixels that a mixture is learnt from, at most."""
    least_samples: int = 16
    """With fewer pixels it is not learnt."""
    least_weight: float = 0.05
    """Weight of a pixel from which on it is learnt from."""
    feature_rim: float = 0.015
    """How far around brows, eyes, lips and nostrils nothing is learnt, of the face."""
    prior: tuple[float, float] = (0.01, 0.92)
    """Least and largest chance of skin by place alone."""
    prior_depth: float = 0.02
    """Distance outside the oval at which that chance has fallen to a half of the largest, of the face."""
    prior_fall: tuple[float, float] = (0.07, 0.15)
    """Over how much it falls, and over how much more towards the neck, of the face."""
    prior_slope: float = 0.6
    """Scale of the logistic curve over that length."""
    over: float = 0.4
    """How far something must lie over a pixel for it to teach that thing's colours, and never the skin's."""
    over_odds: float = 12.0
    """How much lower the log odds of skin are where something lies over the face."""
    prior_other: float = 0.25
    """Chance of skin below which a pixel starts as something else."""
    neck: tuple[float, float] = (0.35, 0.5)
    """Height above the chin below which the neck is near, and over how much it comes, of the face."""
    fringe: float = 2.0
    """How much lower the log odds of skin are above the brows, where hair hangs."""
    fringe_height: tuple[float, float] = (0.02, 0.12)
    """Height above the brows at which that begins, and over how much it comes, of the face."""
    least_place: int = 12
    """Pixels without which a place tells nothing of the skin."""
    place_light: tuple[float, float] = (0.2, 0.98)
    """Quantiles of the brightness of a place between which pixels are skin: strands and frames are darker, gloss is brighter."""
    covered_dark: float = 1.2
    """How much darker than the others, as a logarithm, a place is that is covered."""
    covered_hue: float = 0.35
    """How much another hue it has, as a difference of log hues."""
    start_hue: float = 0.45
    """The same of a pixel of a place that is not skin."""
    island: float = 0.06
    """Side of the smallest island of skin that is kept, of the face."""
    island_inside: float = 0.3
    """Share of that area that must lie in the face."""
    island_chance: float = 0.1
    """Largest chance of islands that are not kept."""
    hole: float = 0.03
    """Side of the largest hole that is filled, of the face."""
    hole_chance: float = 0.9
    """Chance of skin in a hole that is filled."""
    around: float = 0.12
    """Standard deviation of the surroundings that a reflection is told by, of the face."""
    least_around: float = 1e-3
    """Weight that is added to the surroundings'."""
    shine_dark: float = 0.01
    """Added to linear colours where reflections are told."""
    bright: tuple[float, float] = (0.40, 0.30)
    """How much brighter, as a logarithm, a reflection begins to be, and over how much it is one."""
    pale: tuple[float, float] = (0.12, 0.20)
    """How much lower its log(R/B) begins to be, and over how much it is one."""
    burnt: tuple[float, float] = (247.0, 6.0)
    """Level of the brightest channel from which on a pixel is burnt out, and over how much, 8 bits."""
    shine_soft: float = 0.006
    """Standard deviation of a reflection's border, of the face."""
    shine_near: float = 0.04
    """Standard deviation of the surroundings in which there must be skin for a reflection to be skin, of the face."""
    shine_back: tuple[float, float] = (0.3, 0.35)
    """Least reflection, and least share of skin around it, where it is given back to the skin."""
    sharp: float = 2.5
    """Slope by which the chance of skin becomes its mask."""
    ring: float = 0.04
    """Width of the skin around a brow, eye or lip by which it is told whether it is covered, of the face."""
    ring_least_px: int = 2
    """The same at least, pixels."""
    ring_skin: tuple[float, float] = (0.35, 0.3)
    """Share of skin in it from which on the part shows, and over how much it comes to show."""
    enlarge_side: int = 5
    """Side of the window along whose edges the mask is enlarged, reduced pixels."""
    enlarge_contrast: float = 1e-3
    """Variance of grey from which on there is an edge."""
