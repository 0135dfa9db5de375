"""The metric of the NoW benchmark (Sanyal et al., *Learning to Regress 3D Face Shape and Expression from an Image
without 3D Supervision*, CVPR 2019): how far a scanned face lies from a predicted mesh.

Made from its description, on our own nearest-point search. The alignment's last step minimises the same sum as the
published one with another solver.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from ..geometry.closest import closest_of
from ..geometry.similarity import similarity
from .meshes import Mesh

__all__ = ["CURVE", "Aligned", "METRES", "Surface", "compare", "crop", "summary"]

METRES = {"m": 1000.0, "cm": 10.0, "mm": 1.0}
"""Millimetres of the units that predictions may have."""
CURVE = np.round(np.arange(0, 7.01, 0.1), 1)
"""Millimetres at which the cumulative curve is taken."""
_ROUNDS = 100
"""Largest number of steps in which a prediction is laid on a scan."""
_ENOUGH = 1e-9
"""Gain of a step, as a share of the cost, at which the laying on ends."""
_CANDIDATES = 8
"""Number of nearest triangle centres that the first search takes per point."""
_AT_ONCE = 2_000_000
"""Number of pairs of point and triangle that are compared at once."""
_BETWEEN = (1, 2)
"""Numbers of the inner corners of the eyes among the scan's landmarks: the bridge of the nose lies midway."""
_BASE = 4
"""Number of the base of the nose among the scan's landmarks."""


class Aligned(NamedTuple):
    """A prediction on a scan."""

    distances: np.ndarray
    """(n,) from every vertex of the cropped scan to the surface, unsigned, in the scan's unit."""
    scale: float
    """The factor by which the prediction was enlarged, over all steps."""
    rotation: np.ndarray
    """(3, 3), acts on columns."""
    translation: np.ndarray
    """(3,): the prediction's points go to ``scale rotation x + translation``."""
    rounds: int


def crop(points: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """(n,) bool: which of (n, 3) scan points belong to the face, by the scan's seven landmarks."""
    base = landmarks[_BASE]
    bridge = landmarks[list(_BETWEEN)].mean(0)
    length = np.linalg.norm(bridge - base)
    radius = 1.4 * (np.linalg.norm(landmarks[0] - landmarks[3]) + length) / 2
    return np.linalg.norm(points - (base + 0.3 * (bridge - base)), axis=1) <= radius


def compare(
    scan: np.ndarray, scan_landmarks: np.ndarray, mesh: Mesh, landmarks: np.ndarray, *, unit: float | None = None
) -> Aligned:
    """Align a prediction to a scan and measure.

    Args:
        scan: (S, 3) vertices; `scan_landmarks`: (7, 3).
        mesh: the prediction; `landmarks`: (7, 3) in its unit.
        unit: units of the scan in one of the prediction, for the variant in which the size counts; None finds the size.
    """
    target = scan[crop(scan, scan_landmarks)]
    scale, rotation, shift = similarity(landmarks, scan_landmarks, reflection=True)
    if unit is not None:  # the published variant keeps the translation of the scaled fit
        scale = unit
    placed = Mesh(scale * mesh.vertices @ rotation.T + shift, mesh.triangles)
    centre = target.mean(0)
    surface = Surface(placed)
    growth, turn, move, distances, rounds = _refine(surface, target, centre, unit is None)
    return Aligned(distances, scale * growth, turn @ rotation, growth * turn @ (shift - centre) + centre + move, rounds)


def summary(distances: list[np.ndarray]) -> dict:
    """Figures over the points of all images together, as published; `curve` holds the share of points within
    :data:`CURVE`."""
    pooled = np.sort(np.concatenate(distances)) if distances else np.zeros(0)
    if not len(pooled):
        return {"images": 0, "points": 0}
    return {
        "images": len(distances),
        "points": len(pooled),
        "median": float(np.median(pooled)),
        "mean": float(pooled.mean()),
        "std": float(pooled.std()),
        "curve": [float(share) for share in np.searchsorted(pooled, CURVE, "right") / len(pooled)],
    }


class Surface:
    """The nearest point of a mesh whose triangles may be of any size, exactly.

    A first answer comes from the nearest centroids; then every triangle is tried whose centroid is near enough for its
    size to beat it. Triangles of like size share a search tree, so that few large ones do not widen it for the small.
    """

    def __init__(self, mesh: Mesh):
        corners = mesh.vertices[mesh.triangles]
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        length = np.linalg.norm(across, axis=1)
        middle = corners.mean(1)
        reach = np.linalg.norm(corners - middle[:, None], axis=2).max(1)
        whole = length > 1e-9 * reach**2  # the edges of empty triangles belong to others, too
        self._vertices, self._triangles = mesh.vertices, np.ascontiguousarray(mesh.triangles[whole], np.int64)
        self._normals = across[whole] / length[whole, None]
        self._tree = cKDTree(middle[whole])
        size = np.floor(np.log2(reach[whole])).astype(int)
        self._classes = [
            (numbers, cKDTree(middle[whole][numbers]), reach[whole][numbers].max())
            for numbers in (np.flatnonzero(size == value) for value in np.unique(size))
        ]

    def query(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(n, 3) points -> (n, 3) nearest points, (n,) distances, (n, 3) normals there."""
        number, place = np.zeros(len(points), np.int64), np.empty_like(points)
        distance = np.full(len(points), np.inf)

        def among(tree: cKDTree, numbers: np.ndarray | None, rows: np.ndarray, count: int) -> np.ndarray:
            """Tries the nearest `count` of the tree; how far off the last of them is."""
            off, near = (found.reshape(len(rows), count) for found in tree.query(points[rows], k=count))
            near = near if numbers is None else numbers[near]
            found, _, spot = closest_of(self._vertices, self._triangles, near, points[rows])
            far = np.linalg.norm(spot - points[rows], axis=1)
            better = far < distance[rows]
            number[rows[better]], place[rows[better]], distance[rows[better]] = found[better], spot[better], far[better]
            return off[:, -1]

        among(self._tree, None, np.arange(len(points)), min(_CANDIDATES, len(self._triangles)))
        for numbers, tree, reach in self._classes:
            rows, count = np.arange(len(points)), _CANDIDATES
            while len(rows):
                count = min(count, len(numbers))
                horizon = np.concatenate(
                    [among(tree, numbers, some, count) for some in np.array_split(rows, -(-len(rows) * count // _AT_ONCE))]
                )
                if count == len(numbers):
                    break
                rows, count = rows[horizon - reach < distance[rows]], 2 * count
        return place, distance, self._normals[number]


def _refine(surface: Surface, target: np.ndarray, centre: np.ndarray, scaled: bool):
    """Growth and rotation about `centre` and shift of the surface that minimise the sum of squared distances of the
    target's points; Levenberg and Marquardt's method with the distances as residuals."""
    growth, turn, move = 1.0, np.eye(3), np.zeros(3)

    def measure(growth, turn, move):
        # The points are taken to the surface at rest, so that its index is made once.
        back = (target - centre - move) @ turn / growth + centre
        place, distance, normal = surface.query(back)
        arm = growth * (place - centre) @ turn.T
        return growth * distance, arm, arm + centre + move - target, normal @ turn.T

    current = measure(growth, turn, move)
    cost, damping = (current[0] ** 2).sum(), 1e-4
    tiny = (1e-9 * np.ptp(target, axis=0).max()) ** 2 * len(target)
    for rounds in range(1, _ROUNDS + 1):  # noqa: B007 - returned
        distance, arm, gap, normal = current
        # On the surface the direction of the gap is that of the normal.
        near = distance < 1e-9
        direction = np.where(near[:, None], normal, gap / np.where(near, 1, distance)[:, None])
        rows = np.concatenate([np.cross(arm, direction), direction, (arm * direction).sum(1, keepdims=True)], 1)
        rows = rows if scaled else rows[:, :6]
        square, slope = rows.T @ rows, rows.T @ distance
        while damping < 1e6:
            step = -np.linalg.solve(square + damping * np.diag(np.diag(square).clip(1e-12)), slope)
            trial = (
                growth * np.exp(step[6]) if scaled else growth,
                Rotation.from_rotvec(step[:3]).as_matrix() @ turn,
                move + step[3:6],
            )
            found = measure(*trial)
            lower = (found[0] ** 2).sum()
            if lower < cost:
                break
            damping *= 10
        else:
            break
        gain, cost, current, damping = cost - lower, lower, found, max(damping / 10, 1e-9)
        growth, turn, move = trial
        if gain <= _ENOUGH * cost or cost <= tiny:
            break
    return growth, turn, move, current[0], rounds
