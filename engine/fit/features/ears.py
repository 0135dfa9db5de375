"""Ears as the photo shows them: how far they stand out from the head, where they sit and how large they are.

No landmark lies on an ear, and the mask of the face's bare skin ends at hair and sideburns. So the skin beside the face is
found by its colour, and the model's ear moves until its outer rim lies on the outer border of that skin: maximum a
posteriori by Gauss-Newton in five numbers per ear. The two ears of a head are alike, so that one under hair follows the
other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from ...camera import Camera
from ...geometry.mesh import neighbour_mean
from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...photo.mixture import fit_mixture
from ...photo.weights import WEIGHTS as PHOTO
from ...render import Raster, rasterize
from ...types import Photo
from ...wire.color import srgb_to_linear
from ..crop import crop_pixels
from ..skin_surface import SkinSurface
from .weights import WEIGHTS, EarWeights

__all__ = ["ear_shift", "ears_moved", "ears_of"]

_NAMES = ("right_ear", "left_ear")
"""The model's parts that are the ears."""


class _Ear(NamedTuple):
    vertices: np.ndarray
    """(n,) of the head that move with the ear."""
    weight: np.ndarray
    """(n,) how far each of them moves along."""
    triangles: np.ndarray
    """(T,) bool: of the ear itself."""
    middle: np.ndarray
    """(3,) mm."""
    root: np.ndarray
    """(3,) mm, where it is attached in front."""

    def moved(self, points: np.ndarray, q: np.ndarray) -> np.ndarray:
        """(..., 3) points of the ear by its numbers, see :class:`EarWeights`; a positive turn takes the rim away from the head."""
        side = np.sign(self.root[0])
        cos, sin = np.cos(q[0]), side * np.sin(q[0])
        turn = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])
        return self.root + np.exp(q[4]) * (points - self.root) @ turn.T + [side * q[1], q[2], q[3]]


class _Window(NamedTuple):
    camera: Camera
    skin: np.ndarray
    """(n, n) float32 in [0, 1]: the photo's skin that does not lie on the model's cheek, that is, the ear as far as no hair
    covers it."""
    hair: np.ndarray
    """(n, n) float32 in [0, 1]: pixels that are not skin, and look like what covers the scalp rather than like what is behind
    the head."""


def ear_shift(
    model: HeadModel,
    surface: SkinSurface,
    posed: np.ndarray,
    views: Sequence[tuple[Photo, Camera, np.ndarray]],
    weights: EarWeights = WEIGHTS.ears,
) -> np.ndarray:
    """How the skin moves so that the ears are where the photos show them.

    Args:
        posed: (N, 3) mm, the head as in the photos; what the face does in each does not move the ears.
        views: photo, its camera, and (H, W) in [0, 1] the face's bare skin in it.
        weights: what is believed of ears.

    Returns:
        (V, 3) mm for the vertices of `surface`; 0 where neither ear shows.
    """
    posed = np.asarray(posed, np.float64)
    scalp = model.part("scalp")[model.triangles].min(1) > weights.scalp
    ears = ears_of(model, surface, posed, weights)
    windows = [[window for view in views if (window := _look(model, *view, posed, ear, scalp, weights))] for ear in ears]
    if not any(windows):
        return np.zeros((len(surface.vertices), 3))
    return (ears_moved(ears, posed, _fit(model, posed, ears, windows, scalp, weights)) - posed)[surface.vertices]


def ears_of(model: HeadModel, surface: SkinSurface, posed: np.ndarray, weights: EarWeights = WEIGHTS.ears) -> list[_Ear]:
    """The right and the left ear of the head."""
    around = neighbour_mean(surface.triangles, len(surface.vertices))
    ears = []
    for name in _NAMES:
        part = model.part(name)
        core = weight = part[surface.vertices].astype(np.float64)
        for _ in range(weights.soft_rounds):
            weight = np.maximum(core, 0.5 * weight + 0.5 * (around @ weight))
        weight = smoothstep(0, 1, weight)
        used = weight > 1e-3
        points = posed[part > 0.5]
        front = points[points[:, 2] >= np.quantile(points[:, 2], weights.root)]
        ears.append(
            _Ear(surface.vertices[used], weight[used], (part > 0.5)[model.triangles].all(1), points.mean(0), front.mean(0))
        )
    return ears


def ears_moved(ears: Sequence[_Ear], posed: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """(N, 3) the head with its ears moved by their (2, 5) numbers."""
    out = posed.copy()
    for ear, q in zip(ears, numbers):
        points = posed[ear.vertices]
        out[ear.vertices] += ear.weight[:, None] * (ear.moved(points, q) - points)
    return out


def _draw(model: HeadModel, vertices: np.ndarray, camera: Camera) -> Raster:
    return rasterize(*camera.project(vertices), model.triangles, camera.width, camera.height)


# -- the ear in the photo ------------------------------------------------------------------------------------------


def _look(
    model: HeadModel,
    photo: Photo,
    camera: Camera,
    skin: np.ndarray,
    posed: np.ndarray,
    ear: _Ear,
    scalp: np.ndarray,
    w: EarWeights,
) -> _Window | None:
    """The skin around an ear in the photo; None where no ear shows."""
    middle, depth = camera.project(ear.middle)
    scale = w.px_per_mm * float(depth) / camera.fx
    view = np.column_stack([scale * np.eye(2), w.side / 2 - scale * middle])
    window = camera.scaled(scale).cropped(*-view[:, 2], w.side, w.side)
    raster = _draw(model, posed, window)
    hit = raster.triangle >= 0
    shown = hit & ear.triangles[raster.triangle]
    places = (np.arange(w.side) + 0.5 - view[:, 2:]) / scale
    across, down = (places > 0) & (places < np.array([photo.size]).T)
    inside = down[:, None] & across
    if (shown & inside).sum() < w.least_pixels:
        return None
    picture, bare = (crop_pixels(image, view, w.side) for image in (photo.pixels, np.asarray(skin, np.float32)))
    away = _depth_of(~shown, w)
    cheek = hit & ~shown & ~scalp[raster.triangle]
    face = inside & cheek & (bare > w.bare[1]) & (away < w.face_mm)
    other = inside & (bare < w.bare[0]) & ((away > w.near_mm) | (hit & (away > w.hair_mm)))
    if min(face.sum(), other.sum()) < w.least_pixels:
        return None
    r, g, b = np.moveaxis(np.log(srgb_to_linear(picture.astype(np.float32) / 255) + w.dark), -1, 0)
    features = np.stack([g, r - g, b - g], -1)
    odds = _skin_odds(features, face, other, w) + np.interp(away - _depth_of(shown, w), w.place_mm, w.place_odds)
    odds = np.clip(odds + w.bare_odds * bare, -w.most_odds, w.most_odds).astype(np.float32)
    odds[face] = w.most_odds
    odds[~inside | (away > w.near_mm)] = -w.most_odds
    found = _whole(cv2.GaussianBlur(odds, (0, 0), w.soft_mm * w.px_per_mm) > 0, shown, w)
    beside = found & ~cheek
    if not w.least_area < beside.sum() / shown.sum() < w.most_area:
        return None
    hair = _hair_share(features, other & hit, other & ~hit, w)
    return _Window(window, cv2.GaussianBlur(beside.astype(np.float32), (0, 0), w.beside_px), hair)


def _depth_of(mask: np.ndarray, w: EarWeights) -> np.ndarray:
    """(n, n) mm from each pixel of `mask` to the nearest one outside."""
    return cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5) / w.px_per_mm


def _skin_odds(features: np.ndarray, face: np.ndarray, other: np.ndarray, w: EarWeights) -> np.ndarray:
    """(n, n) log odds that a pixel is an ear's: skin somewhat like the face's, against everything that surely is not skin.

    Args:
        features: (n, n, 3) log green, log red to green, log blue to green.
    """
    spread = np.array(w.color_spread)
    off = (features - np.median(features[face], 0) - np.array(w.color)) / spread
    ear = -0.5 * (off**2).sum(-1) - np.log(spread).sum() - len(spread) / 2 * np.log(2 * np.pi)
    # Anything not seen before, such as an earring: even density over the range of these three.
    unseen, even = PHOTO.skin.unseen, float(-np.log(math.prod(PHOTO.skin.ranges[:3])))
    return ear - np.logaddexp(np.log(1 - unseen) + _log_density(features, other, w), np.log(unseen) + even)


def _hair_share(features: np.ndarray, over: np.ndarray, behind: np.ndarray, w: EarWeights) -> np.ndarray:
    """(n, n) float32: how surely a pixel is like those `over` the head rather than those `behind` it."""
    if over.sum() < w.least_pixels or behind.sum() < w.least_pixels:
        return np.full(over.shape, over.sum() >= behind.sum(), np.float32)
    odds = _log_density(features, over, w) - _log_density(features, behind, w)
    odds = np.clip(odds, -w.most_odds, w.most_odds)
    return cv2.GaussianBlur((1 / (1 + np.exp(-odds))).astype(np.float32), (0, 0), w.px_per_mm)


def _log_density(features: np.ndarray, chosen: np.ndarray, w: EarWeights) -> np.ndarray:
    """(n, n) log density of all pixels under the distribution of the chosen ones."""
    samples = features[chosen]
    mixture = fit_mixture(samples, np.ones(len(samples)), w.parts, np.array(w.least_spread, np.float32))
    return mixture.log_density(features.reshape(-1, 3)).reshape(chosen.shape)


def _whole(found: np.ndarray, shown: np.ndarray, w: EarWeights) -> np.ndarray:
    """The mask without pieces that do not touch the model's ear, and without the holes that shade makes."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(w.px_per_mm) + 1,) * 2)
    closed = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    _, pieces = cv2.connectedComponents(closed, connectivity=4)
    kept = np.isin(pieces, np.setdiff1d(pieces[shown], 0)).astype(np.uint8)
    outlines, _ = cv2.findContours(kept, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return cv2.drawContours(kept, outlines, -1, 1, cv2.FILLED) > 0


# -- the model's ear on it -----------------------------------------------------------------------------------------


def _fit(
    model: HeadModel,
    posed: np.ndarray,
    ears: Sequence[_Ear],
    windows: Sequence[Sequence[_Window]],
    scalp: np.ndarray,
    w: EarWeights,
) -> np.ndarray:
    """(2, 5) numbers of the right and the left ear, by the windows in which each shows."""
    count = len(w.sigma)
    covariance = np.zeros((2, count, 2, count))
    for k, (sigma, alike) in enumerate(zip(w.sigma, w.alike)):
        covariance[:, k, :, k] = sigma**2 * np.array([[1, alike], [alike, 1]])
    prior = np.linalg.inv(covariance.reshape(2 * count, 2 * count))
    q = np.zeros((2, count))
    for _ in range(w.steps):
        hessian, gradient = prior.copy(), prior @ q.ravel()
        vertices = ears_moved(ears, posed, q)
        for number, (ear, shown) in enumerate(zip(ears, windows)):
            block = slice(count * number, count * (number + 1))
            for window in shown:
                rows, out, weight = _rim_rows(model, posed, vertices, ear, q[number], window, scalp, w)
                hessian[block, block] += (rows * weight[:, None]).T @ rows
                gradient[block] -= rows.T @ (weight * out)
        q = np.clip(q - np.linalg.solve(hessian, gradient).reshape(q.shape), w.least, w.most)
    return q


def _rim_rows(
    model: HeadModel,
    posed: np.ndarray,
    vertices: np.ndarray,
    ear: _Ear,
    q: np.ndarray,
    window: _Window,
    scalp: np.ndarray,
    w: EarWeights,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The measurements at the r pixels along the ear's outer rim: (r, 5) mm outwards per number, (r,) mm by which the photo's
    rim lies farther out, (r,) weights."""
    raster = _draw(model, vertices, window.camera)
    shown = (raster.triangle >= 0) & ear.triangles[raster.triangle]
    y, x = np.nonzero(shown & (cv2.erode(shown.astype(np.uint8), np.ones((3, 3))) == 0))
    soft = cv2.GaussianBlur(shown.astype(np.float32), (0, 0), w.outline_px)
    outwards = -np.stack([cv2.Sobel(soft, cv2.CV_32F, *order)[y, x] for order in ((1, 0), (0, 1))], 1)
    outwards /= np.maximum(np.linalg.norm(outwards, axis=1, keepdims=True), 1e-6)
    # Where the head's other skin lies beyond the rim, no border can be seen.
    free = np.ones(len(x), bool)
    for reach in w.free_mm:
        at = np.round(np.stack([x, y], 1) + reach * w.px_per_mm * outwards).astype(int)
        beyond = raster.triangle[tuple(at.clip(0, w.side - 1).T[::-1])]
        free &= ((at >= 0) & (at < w.side)).all(1) & ((beyond < 0) | scalp[beyond])
    x, y, outwards = x[free], y[free], outwards[free]
    if len(x) < w.least_rim_mm * w.px_per_mm:
        return np.zeros((0, len(q))), np.zeros(0), np.zeros(0)
    rest = np.einsum("rk,rkd->rd", raster.weights[y, x], posed[model.triangles[raster.triangle[y, x]]])

    def places(numbers: np.ndarray) -> np.ndarray:
        return window.camera.project(ear.moved(rest, numbers))[0]

    at, small = places(q), 1e-3 * np.array(w.sigma)
    rows = np.stack([((places(q + step) - at) * outwards).sum(1) / step.max() for step in np.diag(small)], -1) / w.px_per_mm
    reach = np.arange(-w.inwards_mm, w.outwards_mm, w.step_mm)
    line = (at[:, None] + outwards[:, None] * (reach * w.px_per_mm)[:, None] - 0.5).astype(np.float32)
    skin = cv2.remap(window.skin, line[..., 0], line[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT) > 0.5
    # The outermost skin: between it and the face there may be hair.
    last = len(reach) - 1 - skin[:, ::-1].argmax(1)
    out = reach[last]
    # A border inside the model's ear is the ear's where the background begins, not where hair covers it.
    beside = (at[:, None] + outwards[:, None] * ((out[:, None] + np.array(w.beside_mm)) * w.px_per_mm)[..., None] - 0.5).astype(
        np.float32
    )
    hair = cv2.remap(window.hair, beside[..., 0], beside[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).max(1)
    weight = np.where(out < 0, 1 - hair, 1.0) / (1 + (out / w.robust_mm) ** 2) ** 2 / (w.px_per_mm * w.patch_mm) / w.rim_mm**2
    return rows, out, weight * (skin.any(1) & (last < len(reach) - 1))
