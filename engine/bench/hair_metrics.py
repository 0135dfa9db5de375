"""How well curves of hair agree with a photo, and with a head: silhouettes, directions, depth below the skin.

Directions are read from photos apart from :mod:`engine.hair`, so that no stage is judged by itself.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..camera import Camera
from ..geometry.closest import SurfaceIndex
from ..geometry.mesh import vertex_normals
from ..geometry.winding import enclosed
from ..hair.draw import grown
from ..hair.style import curled
from ..hair.types import Strands, Tufts
from ..wire.hair import HairGroup

__all__ = [
    "Drawn",
    "Depth",
    "children",
    "depth_in_head",
    "draw",
    "flow_error",
    "over_bare_skin",
    "overlap",
    "photo_flow",
    "refined",
    "smooth_length",
    "tufts",
]

FRONT_MM = 6.0
"""Depth behind the nearest strand within which strands make the seen direction."""
_CLOSED = 3
"""Gaps between strands up to this many pixels count as covered (study: the drawn strands are one pixel thin)."""
_DEEP_MM = 1.0
"""A strand may lie so deep in the skin, mm."""
_SURE = 0.3
"""Share of the hair's pixels, those with the least confidence, where directions are not compared."""

_BARE = 0.75
"""Skin is bare where the skin mask is above this ..."""
_NO_HAIR = 0.15
"""... and the hair mask below this."""


class Drawn(NamedTuple):
    """Strands as a camera sees them, pictures of (H, W)."""

    cover: np.ndarray
    """bool: hair is seen."""
    angle: np.ndarray
    """float32 radians in (-pi/2, pi/2], direction of the front strands, x right, y down; 0 beside them."""
    drawn: np.ndarray
    """bool: `angle` is valid."""
    depth: np.ndarray
    """float32 mm of the nearest strand, infinity where none is drawn."""


class Depth(NamedTuple):
    """Where points of hair lie relative to the skin."""

    worst: float
    """mm of the deepest point but the roots, which are set onto the skin when Blender builds them; 0 when all are outside."""
    share: float
    """Share of the strands with a point deeper than 1 mm."""
    root_gap: float
    """mm from the roots to the skin, 95th percentile."""


def tufts(group: HairGroup) -> Tufts:
    """A bundle's group for :mod:`engine.hair.draw`, in the pose of its points."""
    count = len(group.points)
    strands = Strands(
        group.points * np.float32(1000),
        np.zeros(count, np.int32),
        np.zeros((count, 3), np.float32),
        group.radius * np.float32(1000),
        group.color,
        group.source,
        group.layer,
    )
    return Tufts(strands, group.style)


def children(group: HairGroup, seed: int = 0) -> np.ndarray:
    """(S, P, 3) float32 mm: the curves of a group with those that grow around each guide, curls too."""
    if not len(group.points):
        return np.zeros((0, *group.points.shape[1:]), np.float32)
    every, style = grown(tufts(group)).reshape(-1, *group.points.shape[1:]), group.style
    if style.curl_radius and style.curl_length:
        rng = np.random.default_rng(seed)
        every = _wound(every.astype(np.float64), style.curl_radius * 1000, style.curl_length * 1000, rng)
    return every.astype(np.float32)


def _wound(points: np.ndarray, radius: float, turn: float, rng: np.random.Generator) -> np.ndarray:
    points = refined(points, max(points.shape[1], int(min(96, 8 * smooth_length(points).max(initial=0) / turn))))
    return curled(points, radius, turn, rng)


def refined(points: np.ndarray, count: int) -> np.ndarray:
    """(S, count, C): straight lines between the points (S, P, C) of each curve."""
    at = np.linspace(0, points.shape[1] - 1, count)
    low = np.minimum(at.astype(int), points.shape[1] - 2)
    share = (at - low)[:, None]
    return points[:, low] * (1 - share) + points[:, low + 1] * share


def draw(strands: np.ndarray, camera: Camera, head: np.ndarray) -> Drawn:
    """Strands (S, P, 3) in mm as `camera` sees them, hidden by what is nearer.

    Args:
        head: (H, W) mm along the viewing axis of the surface that hides them, infinity beside it.
    """
    height, width = head.shape
    cover = np.zeros((height, width), bool)
    depth = np.full((height, width), np.inf, np.float32)
    angle = np.zeros((height, width), np.float32)
    if not len(strands):
        return Drawn(cover, angle, cover.copy(), depth)
    pixel, far = camera.project(strands.astype(np.float64))
    longest = np.linalg.norm(np.diff(pixel, axis=1), axis=2).sum(1)
    steps = int(np.clip(np.percentile(longest, 98) * 1.2, strands.shape[1], 240))
    line = refined(np.concatenate([pixel, far[..., None]], -1), steps)
    ahead = np.gradient(line[..., :2], axis=1)
    column, row = np.floor(line[..., 0]).astype(int), np.floor(line[..., 1]).astype(int)
    inside = (column >= 0) & (row >= 0) & (column < width) & (row < height) & (line[..., 2] > 0)
    column, row, far, ahead = column[inside], row[inside], line[..., 2][inside], ahead[inside]
    seen = far < head[row, column] + 1.0
    index, far, ahead = (row * width + column)[seen], far[seen], ahead[seen]
    np.minimum.at(depth.reshape(-1), index, far.astype(np.float32))
    front = far < depth.reshape(-1)[index] + FRONT_MM
    turn = 2 * np.arctan2(ahead[front, 1], ahead[front, 0])
    total = np.zeros((2, height * width))
    for half, wave in zip(total, (np.cos(turn), np.sin(turn))):
        half += np.bincount(index[front], wave, height * width)
    angle = (0.5 * np.arctan2(total[1], total[0])).reshape(height, width).astype(np.float32)
    drawn = np.isfinite(depth)
    kernel = np.ones((_CLOSED, _CLOSED), np.uint8)
    cover = cv2.morphologyEx(drawn.astype(np.uint8), cv2.MORPH_CLOSE, kernel) > 0
    return Drawn(cover, np.where(drawn, angle, 0), drawn, depth)


def overlap(cover: np.ndarray, mask: np.ndarray, where: np.ndarray | None = None) -> dict[str, float]:
    """Intersection over union, precision and recall of (H, W) bool pictures; two empty ones agree."""
    if where is not None:
        cover, mask = cover & where, mask & where
    both, either = int((cover & mask).sum()), int((cover | mask).sum())
    return {
        "iou": both / either if either else 1.0,
        "precision": both / cover.sum() if cover.any() else 1.0,
        "recall": both / mask.sum() if mask.any() else 1.0,
    }


def over_bare_skin(cover: np.ndarray, skin: np.ndarray, hair: np.ndarray) -> float:
    """Share of what (H, W) drawn hair covers that the photo shows bare.

    Args:
        skin, hair: (H, W) in [0, 1], the photo's masks.
    """
    return float((cover & (skin > _BARE) & (hair < _NO_HAIR)).sum() / max(1, cover.sum()))


def photo_flow(rgb: np.ndarray, hair: np.ndarray, face: float) -> tuple[np.ndarray, np.ndarray]:
    """Direction of what is fine in a photo, and how sure it is.

    The structure tensor of the brightness without its broad changes, as double angle.

    Args:
        rgb: (H, W, 3) uint8. hair: (H, W) alpha. face: width of the face in pixels.

    Returns:
        angle (H, W) float32 radians as in :class:`Drawn`, confidence (H, W) float32 from 0.
    """
    light = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    light -= cv2.GaussianBlur(light, (0, 0), 0.04 * face)
    soft = cv2.GaussianBlur(light, (0, 0), max(0.7, 0.007 * face))
    across, down = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    inner = cv2.distanceTransform((hair > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    weight = np.clip((inner / face - 0.012) / 0.02, 0, 1)
    parts = [-(across**2 - down**2) * weight, -(2 * across * down) * weight, (across**2 + down**2) * weight]
    cosine, sine, energy = (cv2.GaussianBlur(part, (0, 0), 0.016 * face) for part in parts)
    coherence = np.hypot(cosine, sine) / np.maximum(energy, 1e-6)
    usual = np.median(energy[weight > 0.5]) if (weight > 0.5).any() else 1.0
    confidence = coherence**2 * np.minimum(energy / max(usual, 1e-6), 1.5) * (weight > 0)
    return (0.5 * np.arctan2(sine, cosine)).astype(np.float32), confidence.astype(np.float32)


def flow_error(drawn: Drawn, angle: np.ndarray, confidence: np.ndarray, hair: np.ndarray) -> dict[str, float]:
    """Angles in degrees between the front strands and the photo's direction, where that is sure.

    Args:
        hair: (H, W) bool, inside the photo.

    Returns:
        ``median``, ``mean`` and ``within_20`` (share); NaN where nothing can be compared.
    """
    sure = hair & (confidence > 0)
    if sure.any():
        sure &= confidence > np.quantile(confidence[sure], _SURE)
    sure &= drawn.drawn
    if sure.sum() < 30:
        return {"median": float("nan"), "mean": float("nan"), "within_20": float("nan")}
    gap = np.abs((drawn.angle[sure] - angle[sure] + np.pi / 2) % np.pi - np.pi / 2)
    gap = np.degrees(gap)
    return {"median": float(np.median(gap)), "mean": float(gap.mean()), "within_20": float((gap < 20).mean())}


def depth_in_head(strands: np.ndarray, vertices: np.ndarray, triangles: np.ndarray) -> Depth:
    """How deep strands (S, P, 3) lie in a head's skin, and how far their roots are from it; all in mm."""
    if not len(strands):
        return Depth(0.0, 0.0, 0.0)
    used, inverse = np.unique(triangles, return_inverse=True)
    points, faces = vertices[used].astype(np.float64), inverse.reshape(triangles.shape)
    normals = vertex_normals(points, faces)
    found = SurfaceIndex(points, faces).query(strands.reshape(-1, 3).astype(np.float64))
    spot = found.of(points, faces)
    side = ((strands.reshape(-1, 3) - spot) * found.of(normals, faces)).sum(1)
    # Beyond an opening (the neck's border) nothing tells inside from outside.
    below = np.where((side < 0) & ~found.on_border, found.distance, 0)
    # Behind the rim of an ear the nearest skin looks away: what seems deep is asked again.
    deep = np.flatnonzero(below > _DEEP_MM)
    below[deep] *= enclosed(strands.reshape(-1, 3)[deep].astype(np.float64), points, faces)
    below = below.reshape(strands.shape[:2])[:, 1:]
    gap = found.distance.reshape(strands.shape[:2])[:, 0]
    return Depth(float(below.max()), float((below.max(1) > _DEEP_MM).mean()), float(np.percentile(gap, 95)))


def smooth_length(points: np.ndarray, sigma: float = 0.06) -> np.ndarray:
    """(S,) mm: lengths of the middle lines of curves (S, P, 3), without curls and frizz.

    Args:
        sigma: width of the smoothing, as a share of the curve.
    """
    from scipy.ndimage import gaussian_filter1d

    if not len(points):
        return np.zeros(0)
    fine = refined(np.asarray(points, np.float64), max(points.shape[1], 24))
    soft = gaussian_filter1d(fine, sigma * fine.shape[1], axis=1, mode="nearest")
    soft[:, 0], soft[:, -1] = fine[:, 0], fine[:, -1]
    return np.linalg.norm(np.diff(soft, axis=1), axis=2).sum(1)
