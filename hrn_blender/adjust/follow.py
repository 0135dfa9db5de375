"""How the mesh follows a pin while it is dragged, until the engine's answer is there. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .camera import PhotoCamera, look_along, project
from .fitted import Fitted
from .hit import SurfacePoint

__all__ = ["WEIGHTS", "Drag", "FollowWeights", "begin_drag"]


@dataclass(frozen=True)
class FollowWeights:
    """How far a dragged pin takes the skin along."""

    reach_m: float = 0.055
    """Way along the surface, metres, at which nothing moves any more."""
    midline_m: float = 0.004
    """A pin that lies nearer to the middle of the face than this, metres, has no other side to move along."""
    ridge: float = 1e-6
    """Added to the pins' influence on each other, so that two pins in one place can be solved."""


WEIGHTS = FollowWeights()
"""The numbers that dragging is shown with."""


@dataclass(frozen=True)
class Drag:
    """One pin in the artist's hand."""

    start: np.ndarray
    """(N, 3) the head before."""
    share: np.ndarray
    """(N,) how far each vertex goes with the pin."""
    mirrored: np.ndarray | None
    """(N,) how far each goes with the pin's mirror image; None where the sides move alone."""
    place: np.ndarray
    """(3,) where the pin's point lay before."""
    eye: PhotoCamera

    def to(self, pixel: tuple[float, float]) -> np.ndarray:
        """(N, 3) the head when the pin is at `pixel`: it moves in the plane that the camera faces."""
        depth = project(self.place, self.eye)[1]
        move = look_along(np.asarray(pixel, np.float64), depth, self.eye) - self.place
        moved = self.start + self.share[:, None] * move
        if self.mirrored is not None:
            moved += self.mirrored[:, None] * (move * (-1, 1, 1))
        return moved


def begin_drag(
    fitted: Fitted,
    start: np.ndarray,
    eye: PhotoCamera,
    point: SurfacePoint,
    others: list[SurfacePoint],
    symmetric: bool,
    weights: FollowWeights = WEIGHTS,
) -> Drag:
    """Prepare a drag, so that each of its moves costs a multiplication.

    Args:
        start: (N, 3) the head as it is drawn.
        point: what is dragged.
        others: the photo's other pins, which stay where they are.
        symmetric: let the other side of the head do the same.
    """
    place = point.on(start)
    held = [_falloff(_ways(fitted, start, one, weights.reach_m), weights) for one in (point, *others)]
    at = [one.on for one in (point, *others)]
    influence = np.array([[_read(field, one) for field in held] for one in (point, *others)])
    influence += weights.ridge * np.eye(len(at))
    share = np.stack(held, 1) @ np.linalg.solve(influence, np.eye(len(at))[0])
    mirrored = None
    if symmetric and abs(place[0]) > weights.midline_m:
        skin = np.unique(fitted.faces[fitted.material == 0])
        other = skin[np.argmin(np.linalg.norm(start[skin] - place * (-1, 1, 1), axis=1))]
        twin = SurfacePoint((int(other),) * 3, (1.0, 0.0, 0.0))
        mirrored = _falloff(_ways(fitted, start, twin, weights.reach_m), weights)
        mirrored = mirrored * np.clip(1 - share, 0, 1)
    return Drag(start, share, mirrored, place, eye)


def _read(field: np.ndarray, point: SurfacePoint) -> float:
    return float(np.asarray(point.weights) @ field[list(point.vertices)])


def _falloff(ways: np.ndarray, weights: FollowWeights) -> np.ndarray:
    """(N,) from 1 at no way to 0 at the reach, level at both ends: Wendland's function of two continuous derivatives."""
    share = np.clip(ways / weights.reach_m, 0, 1)
    return (1 - share) ** 4 * (4 * share + 1)


def _ways(fitted: Fitted, points: np.ndarray, start: SurfacePoint, reach: float) -> np.ndarray:
    """(N,) metres along the mesh's edges and the diagonals of its quads from a point, at least as far as straight through;
    infinite beyond `reach`."""
    place = start.on(points)
    straight = np.linalg.norm(points - place, axis=1)
    pairs = np.concatenate([fitted.edges, fitted.faces[:, [0, 2]], fitted.faces[:, [1, 3]]])
    pairs = pairs[(straight[pairs] <= reach).all(1)]
    lengths = np.linalg.norm(points[pairs[:, 0]] - points[pairs[:, 1]], axis=1)
    found = np.full(len(points), np.inf)
    corners = list(start.vertices)
    found[corners] = straight[corners]
    while True:
        before = found.copy()
        for here, there in ((0, 1), (1, 0)):
            np.minimum.at(found, pairs[:, there], found[pairs[:, here]] + lengths)
        if (found == before).all():
            break
    # Ways along edges zigzag, by a tenth at most; near the point the straight line is truer.
    return np.where(np.isfinite(found), np.maximum(straight, 0.92 * found), np.inf)
