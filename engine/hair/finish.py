"""What holds for every strand at the end: off the skin, within what the photos show, of few points."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numba import njit
from scipy.spatial import cKDTree

from ..geometry.closest import SurfaceIndex
from ..geometry.mesh import vertex_normals
from ..geometry.sampling import farthest_points
from ..head.model import MATERIALS, HeadModel
from .ears import Ears
from .field import View
from .seen import blur, inside_distance
from .space import Space, trilinear

__all__ = ["Skin", "drawn_in", "lengthened", "lifted_off", "pushed_out", "resampled", "surfaced", "trimmed", "tufted"]

_CHORD = 0.2
"""Least distance between two points of a strand from the skin, mm."""
_SUNK = 0.3
"""Depth of a point in the skin from which on its strand is lifted again, mm."""
_THIN = 4.0
"""Half the thickness of what voxels may miss, mm."""
_CLOTHES = 12.0
"""How far the body may lie before the stand-in for it, mm."""
_TURN = -0.2
"""Cosine of the angle below which a strand turns back."""
_NEAR = 8.0
"""Points that voxels say are farther from the skin than this are not asked exactly, mm."""


class Skin:
    """The head's outside: answers how far points lie outside of it, and which way out is.

    Args:
        posed: (N, 3) mm.
    """

    def __init__(self, model: HeadModel, posed: np.ndarray):
        solid = [MATERIALS.index(name) for name in ("skin", "eyes")]
        quads = np.flatnonzero(np.isin(model.face_material, solid))
        triangles = model.triangles.reshape(-1, 2, 3)[quads].reshape(-1, 3)
        self._normals = vertex_normals(posed, triangles)
        self._triangles = triangles
        self._posed = posed.astype(np.float64)
        self._neck = float(posed[model.neck_loop, 1].max()) + 1
        self._index = SurfaceIndex(posed, triangles)

    def distance(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) mm outside, negative inside, and (n, 3) unit directions out."""
        near = self._index.query(points)
        normal = near.of(self._normals, self._triangles)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True) + 1e-9
        away = points - near.of(self._posed, self._triangles)
        # Below the neck's open border there is no inside.
        side = np.where(((away * normal).sum(1) >= 0) | (near.on_border & (points[:, 1] < self._neck)), 1.0, -1.0)
        return side * near.distance, normal


def lifted_off(points: np.ndarray, skin: Skin, space: Space, clearance: float, rounds: int = 3, more: int = 4) -> np.ndarray:
    """(G, P, 3): strands whose points, but the roots, lie at least `clearance` mm outside of the skin.

    Between two points a strand may come nearer, but not below the skin: there both are moved.

    Args:
        more: further rounds for the few strands that still lie in the skin, as behind the lobe of an ear.
    """
    points = points.copy()
    _lift(points, skin, space, clearance, rounds)
    sunk = np.flatnonzero((np.linalg.norm(_needed(points[:, 1:], skin, space, -_SUNK), axis=-1) > 0).any(1))
    if len(sunk):
        part = points[sunk]
        _lift(part, skin, space, clearance, more)
        points[sunk] = part
    return points


def _lift(points: np.ndarray, skin: Skin, space: Space, clearance: float, rounds: int) -> None:
    """Moves the points of strands (G, P, 3), but the roots, out of the skin."""
    for _ in range(rounds):
        points[:, 1:] += _needed(points[:, 1:], skin, space, clearance)
        both = _needed((points[:, 1:-1] + points[:, 2:]) / 2, skin, space, _CHORD)
        points[:, 1:-1] += both
        points[:, 2:] += both


def _needed(points: np.ndarray, skin: Skin, space: Space, clearance: float) -> np.ndarray:
    """(G, P, 3) mm by which points are to be moved out."""
    flat = np.ascontiguousarray(points.reshape(-1, 3))
    move = np.zeros_like(flat)
    rough = space.at(flat)[:, 0]
    near = np.flatnonzero(rough < _NEAR)
    distance, normal = skin.distance(flat[near])
    # Thin ears fall through the voxels; nothing else does, and beside a sharp rim the nearest normal can mislead.
    distance = np.where((distance < -_THIN) & (rough[near] > _THIN), clearance, distance)
    move[near] = np.maximum(clearance - distance, 0)[:, None] * normal
    return move.reshape(points.shape)


def pushed_out(points: np.ndarray, space: Space, clearance: float) -> np.ndarray:
    """(G, P, 3): the same by voxels, roughly, and also off the body."""
    flat = points[:, 1:].reshape(-1, 3)
    steep = np.empty((len(flat), 6))
    trilinear(space.slope, space.origin, space.step, np.ascontiguousarray(flat), steep)
    steep = steep[:, :3] / (np.linalg.norm(steep[:, :3], axis=1, keepdims=True) + 1e-6)
    flat = flat + np.clip(clearance - space.at(flat)[:, 0], 0, 20)[:, None] * steep
    return np.concatenate([points[:, :1], flat.reshape(len(points), -1, 3)], 1)


def drawn_in(points: np.ndarray, view: View, margin: float, reach: float, may: np.ndarray | None = None) -> np.ndarray:
    """(G, M, 3): visible points near the hair's outline moved in the image to lie within it.

    A strand stands for those around it, which need room.

    Args:
        margin: how far within the outline they are to lie, mm.
        reach: points that lie farther outside are left where they are, mm.
        may: (G, M) bool: which points may move; all if None.
    """
    seen = view.seen
    flat = points.reshape(-1, 3)
    inside = blur(inside_distance(seen.mask) - inside_distance(~seen.mask), 1.5)
    pixels, depth = seen.camera.project(flat)
    visible = _visible(view, pixels, depth)
    if may is not None:
        visible &= may.ravel()
    deep = seen.sample(inside, pixels) * seen.mm
    which = np.flatnonzero(visible & (deep < margin) & (deep > -reach))
    slope = np.stack([seen.sample(np.gradient(inside, axis=axis), pixels[which]) for axis in (1, 0)], -1)
    slope /= np.linalg.norm(slope, axis=1, keepdims=True) + 1e-6
    moved = pixels[which] + slope * ((margin - deep[which]) / seen.mm)[:, None]
    flat = flat.copy()
    flat[which] = seen.lift(moved, depth[which])
    # The root stays.
    return np.concatenate([points[:, :1], flat.reshape(points.shape)[:, 1:]], 1)


def _visible(view: View, pixels: np.ndarray, depth: np.ndarray) -> np.ndarray:
    """(n,) bool: the photo shows what lies at (n, 2) pixels and (n,) mm; head, shoulders and chest hide what is behind them."""
    seen = view.seen
    rows, columns = seen.at(pixels)
    hidden = (depth > seen.window.head_near[rows, columns] + 1.5) | (depth > view.volume.body[0][rows, columns] + _CLOTHES)
    return seen.within(pixels) & seen.window.shown[rows, columns] & ~hidden


def tufted(points: np.ndarray, which: np.ndarray, strength: float, reach: float, share: float) -> np.ndarray:
    """(G, P, 3): strands gathered in tufts: tips are drawn to the tip of a neighbour that runs their way.

    Args:
        which: (n,) strands that take part.
        strength: how far tips are drawn, 0 to 1.
        reach: largest distance of tips that are drawn together, mm.
        share: of the strands that lead a tuft.
    """
    part = points[which]
    if strength <= 0 or len(part) < 10:
        return points
    leaders = farthest_points(part[:, -1], max(1, round(share * len(part))))
    distance, nearest = cKDTree(part[leaders, -1]).query(part[:, -1])
    leader = leaders[nearest]
    way = part[:, -1] - part[:, -4]
    way /= np.linalg.norm(way, axis=1, keepdims=True) + 1e-9
    alike = np.clip((way * way[leader]).sum(1), 0, 1) * np.clip(1.5 - distance / reach, 0, 1)
    along = np.linspace(0, 1, points.shape[1]) ** 1.5
    gathered = points.copy()
    gathered[which] += (strength * alike)[:, None, None] * along[None, :, None] * (part[leader] - part)
    return gathered


def trimmed(
    points: np.ndarray,
    views: Sequence[View],
    held: np.ndarray,
    ears: Ears,
    outside: float,
    carve: float,
    wound: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Strands cut where a photo would show them on bare ground, over a bare ear, or where they curl up.

    Args:
        points: (G, M, 3) mm.
        held: (G, M) bool: places that further photos do not forbid.
        ears: those that are bare cut, too.
        outside: chance of hair below which ground is bare.
        carve: how far further photos' outlines may be off, mm.
        wound: strands may turn back, as in a bun.

    Returns:
        (G,) places that stay, and (G,) bool which strands are worth keeping.
    """
    shape = points.shape[:2]
    flat = points.reshape(-1, 3)
    bad = ears.over(flat)
    for number, view in enumerate(views):
        seen = view.seen
        pixels, depth = seen.camera.project(flat)
        visible = _visible(view, pixels, depth)
        hair = blur(seen.hair, max(0.6, 0.006 * seen.face))
        if number:
            side = 2 * int(carve / seen.mm) + 3
            hair = cv2.dilate(hair, np.ones((side, side), np.uint8))
            visible &= ~held.ravel() & ~seen.unclear[seen.at(pixels)]
        bad |= visible & (seen.sample(hair, pixels) < outside)
    bad = bad.reshape(shape)
    if not wound:
        bad |= _turned_back(points)
    # The root itself stands on skin: it is judged by where roots may stand.
    first = np.where(bad.any(1), bad.argmax(1), shape[1])
    return first, (first >= 3) & ~bad[:, 1:3].any(1)


def surfaced(points: np.ndarray, space: Space, depth: float) -> tuple[np.ndarray, np.ndarray]:
    """Strands that end before they lie in the head: from a hollow behind an eye or an ear the nearest skin leads no way out.

    Args:
        points: (G, M, 3) mm.
        depth: in the head, by voxels, mm.

    Returns:
        (K, M, 3) those that are worth keeping, and (G,) bool which ones these are.
    """
    sunk = space.at(points.reshape(-1, 3))[:, 0].reshape(points.shape[:2]) < -depth
    sunk[:, 0] = False
    cut = sunk.any(1)
    count = np.where(cut, sunk.argmax(1), points.shape[1])
    points = points.copy()
    kept = count >= 6
    points[cut & kept] = resampled(points[cut & kept], count[cut & kept], points.shape[1])
    return points[kept], kept


def _turned_back(points: np.ndarray) -> np.ndarray:
    """(G, M) bool: the strand runs against where it ran an eighth of its length before; its rise from the skin is let be."""
    apart = points.shape[1] // 8
    way = np.diff(points, axis=1)
    way /= np.linalg.norm(way, axis=2, keepdims=True) + 1e-9
    back = np.zeros(points.shape[:2], bool)
    back[:, 2 * apart + 1 :] = (way[:, 2 * apart :] * way[:, apart:-apart]).sum(2) < _TURN
    return back


def lengthened(
    points: np.ndarray, count: np.ndarray, which: np.ndarray, lengths: np.ndarray, places: int = 8
) -> tuple[np.ndarray, np.ndarray]:
    """Strands that go on, more and more straight down.

    Args:
        points: (G, M, 3) mm. count: (G,) places of each.
        which: (n,) strands. lengths: (n,) mm by which each is longer.

    Returns:
        (G, M + places, 3) and (G,).
    """
    longer = np.concatenate([points, np.repeat(points[:, -1:], places, 1)], 1)
    last = points[which, count[which] - 1]
    way = last - points[which, np.maximum(count[which] - 4, 0)]
    way /= np.linalg.norm(way, axis=1, keepdims=True) + 1e-9
    spot = last.copy()
    for k in range(places):
        way = 0.7 * way + 0.3 * np.array([0.0, -1.0, 0.0])
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        spot = spot + way * (lengths / places)[:, None]
        longer[which, count[which] + k] = spot
    more = count.copy()
    more[which] += places
    return longer, more


@njit(cache=True, nogil=True)
def resampled(rows, count, points):
    """(G, `points`, 3) places at equal distances along the first `count` places of (G, M, 3) `rows`."""
    out = np.empty((len(rows), points, 3))
    for n in range(len(rows)):
        total = 0.0
        for k in range(1, count[n]):
            step = 0.0
            for c in range(3):
                step += (rows[n, k, c] - rows[n, k - 1, c]) ** 2
            total += step**0.5
        gone, k, step = 0.0, 0, 0.0
        for p in range(points):
            want = total * p / (points - 1)
            while k < count[n] - 1:
                step = 0.0
                for c in range(3):
                    step += (rows[n, k + 1, c] - rows[n, k, c]) ** 2
                step = step**0.5
                if gone + step >= want or k == count[n] - 2:
                    break
                gone += step
                k += 1
            share = min(max((want - gone) / step, 0.0), 1.0) if step > 1e-9 else 0.0
            other = min(k + 1, count[n] - 1)
            for c in range(3):
                out[n, p, c] = rows[n, k, c] * (1 - share) + rows[n, other, c] * share
    return out
