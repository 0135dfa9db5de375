"""What the masks of hair look at: the window's pixels as features, and where they lie relative to the head."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..photo.mixture import fit_mixture
from ..photo.regions import CHIN, OVAL, TOP, disk, fill
from .mask_weights import COLOR, SHAPE, ColorWeights, ShapeWeights
from .types import Window

__all__ = ["EVEN", "Scene", "guided", "half_window", "make_scene"]

_PLACES = 20.0
"""Area over which place counts as even, square face widths."""
EVEN = float(-np.log(100 * 60 * 60 * 4.0) - np.log(_PLACES))
"""Log density of an even law over L, a, b, log contrast and place."""

_NOWHERE = -60.0
"""Log density where nothing is looked for."""


@dataclass(frozen=True)
class Scene:
    """A window seen as features. All maps are (H, W)."""

    window: Window
    people: np.ndarray
    """float32 in [0, 1]: people against background, along the photo's edges; 1 where nothing is known."""
    known: bool
    """Whether `people` was measured."""
    head: np.ndarray
    """bool: the fitted head."""
    far: np.ndarray
    """float32 distance to it, face widths."""
    oval: np.ndarray
    """bool: the face's oval."""
    across: np.ndarray
    """float32 signed distance from the face's axis, face widths."""
    possible: np.ndarray
    """bool: where hair is thought of at all: on the head and on people."""
    ears: np.ndarray
    """float32 weight of the fitted head's ears."""
    lab: np.ndarray
    """(H, W, 3) float32 L, a, b."""
    features: np.ndarray
    """(H, W, 6) float32 smooth L, a, b, log contrast, place across and up."""
    guide: np.ndarray
    """(H, W, 3) float32 sRGB of 1."""

    def density(self, where: np.ndarray, count: int, place: bool = False, shaded: bool = False) -> np.ndarray:
        """(H, W) log density of the features under a mixture learnt from some pixels; only where hair is possible.

        Args:
            where: (H, W) bool. count: Gaussians. place: whether the place is one of the features; it is even otherwise.
            shaded: whether the same colors in the shade are learnt, too.
        """
        dimensions = 6 if place else 4
        flat = self.features.reshape(-1, 6)[:, :dimensions]
        index = np.flatnonzero(where)
        index = index[np.linspace(0, len(index) - 1, min(COLOR.samples, len(index))).astype(int)]
        samples, weights = flat[index], np.ones(len(index), np.float32)
        if shaded:
            samples, weights = _in_shade(samples, COLOR)
        mixture = fit_mixture(samples, weights, count, np.float32(COLOR.floor[:dimensions]))
        density = np.full(self.far.shape, _NOWHERE, np.float32)
        density[self.possible] = mixture.log_density(np.ascontiguousarray(flat[self.possible.ravel()]))
        return density - (0.0 if place else np.float32(np.log(_PLACES)))


def make_scene(window: Window, person: np.ndarray | None, shape: ShapeWeights = SHAPE) -> Scene:
    """The scene of one window; `person` as for :func:`~engine.hair.mask.hair_mask`."""
    head = np.isfinite(window.head_near)
    far = cv2.distanceTransform((~head).astype(np.uint8), cv2.DIST_L2, 5) / window.face
    guide = window.rgb.astype(np.float32) / 255
    people = np.ones_like(window.skin)
    if person is not None:
        people = np.clip(guided(guide, person, shape.matte * window.face, shape.matte_eps), 0, 1)
    points = window.landmarks
    up = points[TOP] - points[CHIN]
    up = up / np.linalg.norm(up)
    y, x = np.mgrid[: head.shape[0], : head.shape[1]].astype(np.float32) + 0.5
    across = ((x - points[CHIN, 0]) * -up[1] + (y - points[CHIN, 1]) * up[0]) / window.face
    height = ((x - points[CHIN, 0]) * up[0] + (y - points[CHIN, 1]) * up[1]) / window.face
    lab = cv2.cvtColor(guide, cv2.COLOR_RGB2LAB)
    return Scene(
        window=window,
        people=people.astype(np.float32),
        known=person is not None,
        head=head,
        far=far,
        oval=fill(head.shape, points[list(OVAL)]) > 0,
        across=across,
        possible=(head | (people > 0.06) | ((far < 0.2) & (window.level > 0.4))) & window.shown,
        ears=window.parts["right_ear"] + window.parts["left_ear"],
        lab=lab,
        features=np.concatenate([_colors(lab, window.face, COLOR), across[..., None], height[..., None]], -1),
        guide=guide,
    )


def half_window(window: Window) -> Window:
    """The window at half its size. Its camera is kept: nothing here looks through it."""
    size = tuple(max(8, side // 2) for side in window.skin.shape[::-1])

    def half(image: np.ndarray) -> np.ndarray:
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA)

    return replace(
        window,
        **{name: half(getattr(window, name)) for name in ("rgb", "level", "skin", "surface", "brow")},
        shown=half(window.shown.astype(np.float32)) > 0.99,
        head_near=cv2.resize(window.head_near, size, interpolation=cv2.INTER_NEAREST),
        head_far=cv2.resize(window.head_far, size, interpolation=cv2.INTER_NEAREST),
        parts={name: half(weights) for name, weights in window.parts.items()},
        landmarks=window.landmarks / 2,
        face=window.face / 2,
    )


def _colors(lab: np.ndarray, face: float, weights: ColorWeights) -> np.ndarray:
    """(H, W, 4) float32: L, a, b and the log of the local contrast of broad places."""
    light, sigma = lab[..., 0], weights.contrast * face
    fine = light - cv2.GaussianBlur(light, (0, 0), sigma)
    contrast = 0.5 * np.log(cv2.GaussianBlur(fine * fine, (0, 0), sigma) + 1.0)
    contrast = cv2.morphologyEx(contrast, cv2.MORPH_OPEN, disk(weights.ridge * face))
    soft = cv2.GaussianBlur(lab, (0, 0), max(0.6, weights.blur * face))
    return np.concatenate([soft, contrast[..., None]], -1).astype(np.float32)


def _in_shade(samples: np.ndarray, weights: ColorWeights) -> tuple[np.ndarray, np.ndarray]:
    """Samples of L, a, b, ... with their darker copies, and how much each counts. Colors fade slower than light in Lab."""
    copies, counts = [], []
    for light, share in weights.shades:
        copy = samples.copy()
        copy[:, 0] *= light
        copy[:, 1:3] *= light**0.7
        copies.append(copy)
        counts.append(np.full(len(copy), share, np.float32))
    return np.concatenate(copies), np.concatenate(counts)


def guided(guide: np.ndarray, values: np.ndarray, radius: float, eps: float) -> np.ndarray:
    """Edge-aware mean along the edges of a color picture (He et al., "Guided Image Filtering", 2010).

    Args:
        guide: (H, W, 3) float32 of 1. values: (H, W) float32. radius: pixels. eps: variance of the guide that counts as an edge.
    """
    side = 2 * max(2, int(radius)) + 1

    def mean(image: np.ndarray) -> np.ndarray:
        return cv2.blur(image, (side, side))

    centre, level = mean(guide), mean(values)
    cross = mean(guide * values[..., None]) - centre * level[..., None]
    r, g, b = (guide[..., i] for i in range(3))
    mr, mg, mb = (centre[..., i] for i in range(3))
    rr, gg, bb = mean(r * r) - mr * mr + eps, mean(g * g) - mg * mg + eps, mean(b * b) - mb * mb + eps
    rg, rb, gb = mean(r * g) - mr * mg, mean(r * b) - mr * mb, mean(g * b) - mg * mb
    # The inverse of the symmetric 3 x 3 covariance by its cofactors.
    c00, c01, c02 = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    c11, c12, c22 = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    determinant = rr * c00 + rg * c01 + rb * c02
    x, y, z = (cross[..., i] for i in range(3))
    slope = np.stack([c00 * x + c01 * y + c02 * z, c01 * x + c11 * y + c12 * z, c02 * x + c12 * y + c22 * z], -1)
    slope /= determinant[..., None]
    shift = level - (slope * centre).sum(-1)
    return (mean(slope) * guide).sum(-1) + mean(shift)
