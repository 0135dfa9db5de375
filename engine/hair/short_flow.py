"""The way short hair runs: as the photo shows it where it is sharp, else as it does on most people."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..geometry.smoothstep import smoothstep
from ..photo.regions import CHIN, TOP
from ..wire.color import LUMINANCE
from .closeup import Closeup
from .short_weights import BROW, BrowWeights

__all__ = ["BrowLine", "beard_flow", "blended", "brow_flow", "brow_line", "measured_axis", "tangents"]

_MIDDLE = (
    ((107, 55), (66, 65), (105, 52), (63, 53), (70, 46)),
    ((336, 285), (296, 295), (334, 282), (293, 283), (300, 276)),
)
"""Landmarks of the upper and the lower rim of the right and the left brow, from the inner to the outer end."""
_THIN = 0.6
"""Least thickness of a brow over its largest where places across it are measured: the landmarks' rims meet at its ends."""
_FINE = 0.012
"""Standard deviation of what counts as shading, not as hair, face widths."""
_STEP = 0.0025
"""Standard deviation of the derivative, face widths."""
_TENSOR = 0.009
"""Standard deviation over which directions agree, face widths."""
_ACROSS = 0.6
"""Added to the cosine of twice the angle between a measured and the usual direction: how far it is believed."""
_CONTRAST = (0.02, 0.06)
"""Fine contrast, log luminance, at which a direction begins to be believed, and at which it is."""


class BrowLine(NamedTuple):
    """How places lie on one brow."""

    along: np.ndarray
    """(n,) 0 at the inner end, 1 at the outer one; beyond them less and more."""
    across: np.ndarray
    """(n,) -1 at the lower rim, 1 at the upper one."""
    outwards: np.ndarray
    """(n, 2) unit direction of the brow's middle line in the picture."""


def brow_line(landmarks: np.ndarray, side: int, pixels: np.ndarray) -> BrowLine:
    """
    Args:
        side: 0 the right brow, 1 the left one.
        pixels: (n, 2).
    """
    rims = landmarks[np.array(_MIDDLE[side])].astype(np.float64)
    middle, half = rims.mean(1), np.linalg.norm(rims[:, 0] - rims[:, 1], axis=1) / 2
    upwards = (rims[:, 0] - rims[:, 1]).mean(0)
    start, edge = middle[:-1], np.diff(middle, axis=0)
    length = np.linalg.norm(edge, axis=1)
    unit = edge / np.maximum(length, 1e-6)[:, None]
    away = pixels[:, None] - start
    raw = np.einsum("nki,ki->nk", away, unit) / length
    share = raw.clip(0, 1)
    foot = start + share[..., None] * edge
    best = np.linalg.norm(pixels[:, None] - foot, axis=-1).argmin(1)
    row = np.arange(len(pixels))
    share = raw[row, best]
    share = np.where(best == 0, np.minimum(share, 1), np.where(best == len(edge) - 1, np.maximum(share, 0), share.clip(0, 1)))
    arc = np.concatenate([[0], np.cumsum(length)])
    along = (arc[best] + share * length[best]) / arc[-1]
    normal = np.stack([-unit[:, 1], unit[:, 0]], 1)
    normal *= np.sign(normal @ upwards)[:, None]
    thick = np.interp(along, arc / arc[-1], np.maximum(half, _THIN * half.max()))
    across = np.einsum("ni,ni->n", pixels - start[best], normal[best]) / thick
    return BrowLine(along, across, unit[best])


def measured_axis(closeup: Closeup, density: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 2) cosine and sine of twice the hairs' angle, and (h, w) in [0, 1] how surely they are seen.

    The structure tensor of fine contrast, within the hair.
    """
    face = closeup.face
    light = np.log(closeup.even @ LUMINANCE + 0.01)
    fine = light - cv2.GaussianBlur(light, (0, 0), max(1.0, _FINE * face))
    soft = cv2.GaussianBlur(fine, (0, 0), max(0.6, _STEP * face))
    across, down = (cv2.Sobel(soft, cv2.CV_32F, *axis, ksize=3, scale=0.125) for axis in ((1, 0), (0, 1)))
    trust = smoothstep(0.3, 0.8, density).astype(np.float32)
    sigma = max(1.2, _TENSOR * face)
    pair = np.stack([-(across * across - down * down) * trust, -2 * across * down * trust], -1)
    pair = cv2.GaussianBlur(pair, (0, 0), sigma)
    energy = cv2.GaussianBlur((across * across + down * down) * trust, (0, 0), sigma) + 1e-9
    amount = cv2.GaussianBlur(trust, (0, 0), sigma) + 1e-6
    strength = np.linalg.norm(pair, axis=-1)
    contrast = np.sqrt(cv2.GaussianBlur(fine * fine * trust, (0, 0), sigma) / amount)
    sure = (strength / energy) ** 2 * smoothstep(*_CONTRAST, contrast) * np.minimum(amount, 1)
    return pair / np.maximum(strength, 1e-9)[..., None], sure.astype(np.float32)


def blended(prior: np.ndarray, axis: np.ndarray, sure: np.ndarray, say: float) -> np.ndarray:
    """(h, w, 2) unit directions: the measured axes, in the sense of the usual direction, as far as they are sure.

    Args:
        prior: (h, w, 2) unit directions; (0, 0) where there is none. axis, sure: from :func:`measured_axis`.
        say: weight of a sure axis against the usual direction.
    """
    x, y = prior[..., 0], prior[..., 1]
    double = np.stack([x * x - y * y, 2 * x * y], -1)
    # Across the usual direction lie edges, of lips and folds, rather than hairs.
    alike = np.clip((axis * double).sum(-1) + _ACROSS, 0, 1)
    double = double + axis * (say * sure * alike)[..., None]
    angle = 0.5 * np.arctan2(double[..., 1], double[..., 0])
    out = np.stack([np.cos(angle), np.sin(angle)], -1)
    return (out * np.where((out * prior).sum(-1, keepdims=True) < 0, -1, 1)).astype(np.float32)


def brow_flow(closeup: Closeup, side: int, density: np.ndarray, weights: BrowWeights = BROW) -> np.ndarray:
    """(h, w, 2) unit directions of one brow's hairs in the picture, (0, 0) away from it."""
    rows, columns = np.nonzero(density > 0.02)
    out = np.zeros((*density.shape, 2), np.float32)
    if not len(rows):
        return out
    line = brow_line(closeup.landmarks, side, np.stack([columns, rows], 1) + 0.5)
    rise = np.interp(line.along, *weights.rise)
    rise -= weights.converge * line.across.clip(-1, 1) * smoothstep(0.15, 0.5, line.along)
    # Rising is towards the brow's upper side.
    up = closeup.landmarks[TOP] - closeup.landmarks[CHIN]
    normal = np.stack([-line.outwards[:, 1], line.outwards[:, 0]], 1)
    normal *= np.sign(normal @ up)[:, None]
    angle = np.radians(rise)[:, None]
    out[rows, columns] = line.outwards * np.cos(angle) + normal * np.sin(angle)
    axis, sure = measured_axis(closeup, density)
    return blended(out, axis, sure, weights.measured) * (density > 0.02)[..., None]


def beard_flow(closeup: Closeup, usual: np.ndarray, density: np.ndarray, say: float) -> np.ndarray:
    """(h, w, 2) unit directions of the beard in the picture.

    Args:
        usual: (h, w, 3) directions in model space that beards usually have.
    """
    flat = usual @ closeup.camera.R.T.astype(np.float32)
    depth = np.where(np.isfinite(closeup.raster.depth), closeup.raster.depth, 1.0)
    ray = (np.stack(np.meshgrid(*(np.arange(n) + 0.5 for n in density.shape[::-1])), -1)).astype(np.float32)
    ray = (ray - (closeup.camera.cx, closeup.camera.cy)) / (closeup.camera.fx, closeup.camera.fy)
    prior = flat[..., :2] - ray * flat[..., 2:]
    prior = prior / np.maximum(np.linalg.norm(prior, axis=-1, keepdims=True), 1e-6) * (depth > 1)[..., None]
    axis, sure = measured_axis(closeup, density)
    return blended(prior.astype(np.float32), axis, sure, say)


def tangents(closeup: Closeup, pixels: np.ndarray, flow: np.ndarray, normals: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """(n, 3) unit directions on the skin, model space, of (n, 2) directions in the picture.

    Moving by a pixel while staying in the plane with normal n through the point q of camera space changes q by
    ``(Z/f) e + (dZ/Z) q`` with ``dZ`` such that this is perpendicular to n.

    Args:
        pixels: (n, 2). flow: (n, 2). normals: (n, 3) of the skin, model space. depth: (n,) mm.
    """
    camera = closeup.camera
    ray = np.concatenate([(pixels - (camera.cx, camera.cy)) / (camera.fx, camera.fy), np.ones((len(pixels), 1))], 1)
    normal = normals @ camera.R.T
    move = np.concatenate([flow * (depth[:, None] / (camera.fx, camera.fy)), np.zeros((len(pixels), 1))], 1)
    facing = np.einsum("ni,ni->n", normal, ray)
    facing = np.where(np.abs(facing) < 0.15, np.where(facing < 0, -0.15, 0.15), facing)
    move -= (np.einsum("ni,ni->n", normal, move) / facing)[:, None] * ray
    out = move @ camera.R
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
