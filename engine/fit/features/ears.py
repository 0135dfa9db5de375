"""Ears as the photo shows them: how far they stand out from the head, where they sit and how large they are.

No landmark lies on an ear, and the mask of the face's bare skin ends at hair and sideburns. So the skin beside the face is
found by its colour, and the model's ear moves until its outer rim lies on the outer border of that skin: maximum a
posteriori by Gauss-Newton in five numbers per ear. The two ears of a head are alike, so that one under hair follows the
other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from ...camera import Camera
from ...geometry.mesh import neighbour_mean
from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...photo.mixture import fit_mixture
from ...render import Raster, rasterize
from ...types import Photo
from ...wire.color import srgb_to_linear
from ..crop import crop_pixels
from ..skin_surface import SkinSurface

__all__ = ["ear_shift", "ears_moved", "ears_of"]

_NAMES = ("right_ear", "left_ear")
"""The model's parts that are the ears."""
_PX_PER_MM = 1.4
"""Resolution of the window in which an ear is searched for, pixels per mm."""
_SIDE = 140
"""Side of that window in pixels."""
_FACE_MM = 40.0
"""The face's skin teaches the colour of skin up to this distance from the model's ear, mm."""
_NEAR_MM = 22.0
"""Nothing farther than this from the model's ear belongs to the ear, mm."""
_LEAST_PIXELS = 60
"""An ear is found only where at least this many pixels each show the model's ear, the face's skin and things that are not
skin."""
_EAR_COLOR = np.array([[-0.25, 0.12, 0.0], [0.5, 0.14, 0.12]])
"""Mean and deviation of an ear's log green, log red to green and log blue to green, less the face's: blood shows in ears."""
_LEAST_SPREAD = np.array([0.15, 0.05, 0.05], np.float32)
"""Least standard deviation of these values within one part of a colour distribution."""
_EVEN = float(-np.log(5.0 * 1.6 * 1.6))
"""Log density of a uniform distribution over these three values."""
_LEAST_AREA = 0.35
"""Least area of skin beside the face that counts as an ear, in areas of the model's ear."""
_MOST_AREA = 3.0
"""Largest area of skin beside the face that counts as an ear, in the same unit."""
_SIGMA = np.array([0.17, 2.5, 3.5, 4.0, 0.07])
"""Standard deviation of people's ears around the average's: turn about the upright axis through the root (radians), place
outwards, upwards and forwards (mm), log size."""
_ALIKE = np.array([0.8, 0.7, 0.8, 0.8, 0.9])
"""Correlation between the two sides."""
_LEAST = np.array([-0.08, -3.0, -8.0, -10.0, -0.17])
"""Smallest value of each of the five numbers (:data:`_SIGMA`): an ear can hardly lie closer to the head than the average's."""
_MOST = np.array([0.40, 6.0, 8.0, 10.0, 0.17])
"""Largest value of each of the five numbers: an ear can stand far out."""
_NUMBERS = len(_SIGMA)
"""How many numbers place an ear."""
_RIM_MM = 1.5
"""Standard deviation of the photo's border of the ear, mm."""
_PATCH_MM = 10.0
"""Length of border that counts as one measurement, mm."""
_ROBUST_MM = 6.0
"""Distance between the model's rim and the photo's at which a point has lost three quarters of its weight, mm."""
_INWARDS_MM = 8.0
"""The photo's rim is searched for as far as this inside the model's rim, mm."""
_OUTWARDS_MM = 14.0
"""The photo's rim is searched for as far as this outside the model's rim, mm."""
_STEP_MM = 0.5
"""Distance between two places of that search, mm."""
_BESIDE_MM = np.array([2.0, 4.0, 6.0])
"""Distances beyond the border at which it is examined what begins there, mm."""
_LEAST_RIM_MM = 15.0
"""Length of visible rim below which a window tells nothing about the ear, mm."""
_STEPS = 8
"""Number of Gauss-Newton steps in which the ears are placed."""


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
        """(..., 3) points of the ear by its numbers, see :data:`_SIGMA`; a positive turn takes the rim away from the head."""
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
    model: HeadModel, surface: SkinSurface, posed: np.ndarray, views: Sequence[tuple[Photo, Camera, np.ndarray]]
) -> np.ndarray:
    """How the skin moves so that the ears are where the photos show them.

    Args:
        posed: (N, 3) mm, the head as in the photos; what the face does in each does not move the ears.
        views: photo, its camera, and (H, W) in [0, 1] the face's bare skin in it.

    Returns:
        (V, 3) mm for the vertices of `surface`; 0 where neither ear shows.
    """
    posed = np.asarray(posed, np.float64)
    scalp = model.part("scalp")[model.triangles].min(1) > 0.3
    ears = ears_of(model, surface, posed)
    windows = [[window for view in views if (window := _look(model, *view, posed, ear, scalp))] for ear in ears]
    if not any(windows):
        return np.zeros((len(surface.vertices), 3))
    return (ears_moved(ears, posed, _fit(model, posed, ears, windows, scalp)) - posed)[surface.vertices]


def ears_of(model: HeadModel, surface: SkinSurface, posed: np.ndarray) -> list[_Ear]:
    """The right and the left ear of the head."""
    around = neighbour_mean(surface.triangles, len(surface.vertices))
    ears = []
    for name in _NAMES:
        part = model.part(name)
        core = weight = part[surface.vertices].astype(np.float64)
        for _ in range(3):
            weight = np.maximum(core, 0.5 * weight + 0.5 * (around @ weight))
        weight = smoothstep(0, 1, weight)
        used = weight > 1e-3
        points = posed[part > 0.5]
        front = points[points[:, 2] >= np.quantile(points[:, 2], 0.85)]
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
    model: HeadModel, photo: Photo, camera: Camera, skin: np.ndarray, posed: np.ndarray, ear: _Ear, scalp: np.ndarray
) -> _Window | None:
    """The skin around an ear in the photo; None where no ear shows."""
    middle, depth = camera.project(ear.middle)
    scale = _PX_PER_MM * float(depth) / camera.fx
    view = np.column_stack([scale * np.eye(2), _SIDE / 2 - scale * middle])
    window = camera.scaled(scale).cropped(*-view[:, 2], _SIDE, _SIDE)
    raster = _draw(model, posed, window)
    hit = raster.triangle >= 0
    shown = hit & ear.triangles[raster.triangle]
    places = (np.arange(_SIDE) + 0.5 - view[:, 2:]) / scale
    across, down = (places > 0) & (places < np.array([photo.size]).T)
    inside = down[:, None] & across
    if (shown & inside).sum() < _LEAST_PIXELS:
        return None
    picture, bare = (crop_pixels(image, view, _SIDE) for image in (photo.pixels, np.asarray(skin, np.float32)))
    away = _depth_of(~shown)
    cheek = hit & ~shown & ~scalp[raster.triangle]
    face = inside & cheek & (bare > 0.9) & (away < _FACE_MM)
    other = inside & (bare < 0.1) & ((away > _NEAR_MM) | (hit & (away > 6)))
    if min(face.sum(), other.sum()) < _LEAST_PIXELS:
        return None
    r, g, b = np.moveaxis(np.log(srgb_to_linear(picture.astype(np.float32) / 255) + 0.01), -1, 0)
    features = np.stack([g, r - g, b - g], -1)
    odds = _skin_odds(features, face, other) + np.interp(away - _depth_of(shown), [-2, 2, 12], [1.0, 0.5, -1.5])
    odds = np.clip(odds + 2 * bare, -6, 6).astype(np.float32)
    odds[face] = 6
    odds[~inside | (away > _NEAR_MM)] = -6
    found = _whole(cv2.GaussianBlur(odds, (0, 0), 0.8 * _PX_PER_MM) > 0, shown)
    beside = found & ~cheek
    if not _LEAST_AREA < beside.sum() / shown.sum() < _MOST_AREA:
        return None
    hair = _hair_share(features, other & hit, other & ~hit)
    return _Window(window, cv2.GaussianBlur(beside.astype(np.float32), (0, 0), 1.0), hair)


def _depth_of(mask: np.ndarray) -> np.ndarray:
    """(n, n) mm from each pixel of `mask` to the nearest one outside."""
    return cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5) / _PX_PER_MM


def _skin_odds(features: np.ndarray, face: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(n, n) log odds that a pixel is an ear's: skin somewhat like the face's, against everything that surely is not skin.

    Args:
        features: (n, n, 3) log green, log red to green, log blue to green.
    """
    off = (features - np.median(features[face], 0) - _EAR_COLOR[0]) / _EAR_COLOR[1]
    ear = -0.5 * (off**2).sum(-1) - np.log(_EAR_COLOR[1]).sum() - 1.5 * np.log(2 * np.pi)
    # Anything not seen before, such as an earring: even density.
    return ear - np.logaddexp(np.log(0.85) + _log_density(features, other), np.log(0.15) + _EVEN)


def _hair_share(features: np.ndarray, over: np.ndarray, behind: np.ndarray) -> np.ndarray:
    """(n, n) float32: how surely a pixel is like those `over` the head rather than those `behind` it."""
    if over.sum() < _LEAST_PIXELS or behind.sum() < _LEAST_PIXELS:
        return np.full(over.shape, over.sum() >= behind.sum(), np.float32)
    odds = np.clip(_log_density(features, over) - _log_density(features, behind), -6, 6)
    return cv2.GaussianBlur((1 / (1 + np.exp(-odds))).astype(np.float32), (0, 0), _PX_PER_MM)


def _log_density(features: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """(n, n) log density of all pixels under the distribution of the chosen ones."""
    samples = features[chosen]
    mixture = fit_mixture(samples, np.ones(len(samples)), 4, _LEAST_SPREAD)
    return mixture.log_density(features.reshape(-1, 3)).reshape(chosen.shape)


def _whole(found: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """The mask without pieces that do not touch the model's ear, and without the holes that shade makes."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * round(_PX_PER_MM) + 1,) * 2)
    closed = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, kernel)
    _, pieces = cv2.connectedComponents(closed, connectivity=4)
    kept = np.isin(pieces, np.setdiff1d(pieces[shown], 0)).astype(np.uint8)
    outlines, _ = cv2.findContours(kept, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    return cv2.drawContours(kept, outlines, -1, 1, cv2.FILLED) > 0


# -- the model's ear on it -----------------------------------------------------------------------------------------


def _fit(
    model: HeadModel, posed: np.ndarray, ears: Sequence[_Ear], windows: Sequence[Sequence[_Window]], scalp: np.ndarray
) -> np.ndarray:
    """(2, 5) numbers of the right and the left ear, by the windows in which each shows."""
    covariance = np.zeros((2, _NUMBERS, 2, _NUMBERS))
    for k, (sigma, alike) in enumerate(zip(_SIGMA, _ALIKE)):
        covariance[:, k, :, k] = sigma**2 * np.array([[1, alike], [alike, 1]])
    prior = np.linalg.inv(covariance.reshape(2 * _NUMBERS, 2 * _NUMBERS))
    q = np.zeros((2, _NUMBERS))
    for _ in range(_STEPS):
        hessian, gradient = prior.copy(), prior @ q.ravel()
        vertices = ears_moved(ears, posed, q)
        for number, (ear, shown) in enumerate(zip(ears, windows)):
            block = slice(_NUMBERS * number, _NUMBERS * (number + 1))
            for window in shown:
                rows, out, weight = _rim_rows(model, posed, vertices, ear, q[number], window, scalp)
                hessian[block, block] += (rows * weight[:, None]).T @ rows
                gradient[block] -= rows.T @ (weight * out)
        q = np.clip(q - np.linalg.solve(hessian, gradient).reshape(q.shape), _LEAST, _MOST)
    return q


def _rim_rows(
    model: HeadModel, posed: np.ndarray, vertices: np.ndarray, ear: _Ear, q: np.ndarray, window: _Window, scalp: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The measurements at the r pixels along the ear's outer rim: (r, 5) mm outwards per number, (r,) mm by which the photo's
    rim lies farther out, (r,) weights."""
    raster = _draw(model, vertices, window.camera)
    shown = (raster.triangle >= 0) & ear.triangles[raster.triangle]
    y, x = np.nonzero(shown & (cv2.erode(shown.astype(np.uint8), np.ones((3, 3))) == 0))
    soft = cv2.GaussianBlur(shown.astype(np.float32), (0, 0), 2.0)
    outwards = -np.stack([cv2.Sobel(soft, cv2.CV_32F, *order)[y, x] for order in ((1, 0), (0, 1))], 1)
    outwards /= np.maximum(np.linalg.norm(outwards, axis=1, keepdims=True), 1e-6)
    # Where the head's other skin lies beyond the rim, no border can be seen.
    free = np.ones(len(x), bool)
    for reach in (2.0, 4.0):
        at = np.round(np.stack([x, y], 1) + reach * _PX_PER_MM * outwards).astype(int)
        beyond = raster.triangle[tuple(at.clip(0, _SIDE - 1).T[::-1])]
        free &= ((at >= 0) & (at < _SIDE)).all(1) & ((beyond < 0) | scalp[beyond])
    x, y, outwards = x[free], y[free], outwards[free]
    if len(x) < _LEAST_RIM_MM * _PX_PER_MM:
        return np.zeros((0, _NUMBERS)), np.zeros(0), np.zeros(0)
    rest = np.einsum("rk,rkd->rd", raster.weights[y, x], posed[model.triangles[raster.triangle[y, x]]])

    def places(numbers: np.ndarray) -> np.ndarray:
        return window.camera.project(ear.moved(rest, numbers))[0]

    at, small = places(q), 1e-3 * _SIGMA
    rows = np.stack([((places(q + step) - at) * outwards).sum(1) / step.max() for step in np.diag(small)], -1) / _PX_PER_MM
    reach = np.arange(-_INWARDS_MM, _OUTWARDS_MM, _STEP_MM)
    line = (at[:, None] + outwards[:, None] * (reach * _PX_PER_MM)[:, None] - 0.5).astype(np.float32)
    skin = cv2.remap(window.skin, line[..., 0], line[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT) > 0.5
    # The outermost skin: between it and the face there may be hair.
    last = len(reach) - 1 - skin[:, ::-1].argmax(1)
    out = reach[last]
    # A border inside the model's ear is the ear's where the background begins, not where hair covers it.
    beside = (at[:, None] + outwards[:, None] * ((out[:, None] + _BESIDE_MM) * _PX_PER_MM)[..., None] - 0.5).astype(np.float32)
    hair = cv2.remap(window.hair, beside[..., 0], beside[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).max(1)
    weight = np.where(out < 0, 1 - hair, 1.0) / (1 + (out / _ROBUST_MM) ** 2) ** 2 / (_PX_PER_MM * _PATCH_MM) / _RIM_MM**2
    return rows, out, weight * (skin.any(1) & (last < len(reach) - 1))
