"""Landmarks that lie on lines of the mesh: lip borders, lid margins and the iris circle.

A detector's points scatter by millimetres, but which edge loop they mean is known: the vermilion border, the line
where the lips meet, the front edge of the lids. Each chain of landmarks runs from corner to corner of its loop and is
spread along it in the proportions in which the detector spreads it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...geometry.mesh import QUAD_TRIANGLES
from ...photo.regions import IRISES
from ..makehuman import data_root, read_base_mesh
from ..model import HeadModel
from ..topology import cut_head, edge_loop

__all__ = ["CHAINS", "IRIS_DIAMETER", "Chain", "feature_lines", "place_on_lines"]

IRIS_DIAMETER = 11.7
"""The mean horizontal visible iris diameter of adults, mm."""


class Chain(NamedTuple):
    """Landmarks on one arc of a loop, corner to corner."""

    landmarks: tuple[int, ...]
    """Numbers of the landmarks from the right corner to the left one, or from the inner corner of an eye to the outer one."""
    start: int
    """Base-mesh vertex on the arc: the loop is the edge loop through it."""
    upper: bool
    """Whether the landmarks lie on the upper of the two arcs between the corners."""


# fmt: off
CHAINS = (
    Chain((61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291), 455, True),
    Chain((61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291), 455, False),
    Chain((78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308), 474, True),
    Chain((78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308), 474, False),
    Chain((362, 398, 384, 385, 386, 387, 388, 466, 263), 6785, True),
    Chain((362, 382, 381, 380, 374, 373, 390, 249, 263), 6785, False),
)
# fmt: on
"""Lips: vermilion border and contact line. Lids: front edge of the lid margin of the left eye; the right eye is its
mirror image."""


def feature_lines(model: HeadModel) -> dict[int, np.ndarray]:
    """Start vertex of a chain -> its edge loop as (L,) head vertices."""
    mesh = read_base_mesh(data_root())
    head = cut_head(mesh)
    to_head = np.full(len(mesh.vertices), -1)
    to_head[head.source] = np.arange(len(head.source))
    body = mesh.faces[mesh.face_group == "body"]
    return {start: to_head[edge_loop(body, mesh.vertices, start)] for start in {chain.start for chain in CHAINS}}


def place_on_lines(
    points: np.ndarray,
    lines: dict[int, np.ndarray],
    pairs: np.ndarray,
    model: HeadModel,
    vertices: np.ndarray,
    weights: np.ndarray,
    tell: Callable[[str], None],
) -> None:
    """Overwrite the rows of the chains and irises, in place.

    Args:
        points: (478, 3) symmetric detector points on the mean head, mm.
        lines: from :func:`feature_lines`.
        pairs: (478,) the landmark on the other side.
        model: mean head and mirror map.
        vertices, weights: (478, 3) table.
        tell: called with lines of text.
    """
    template = model.template.astype(np.float64)
    for chain in CHAINS:
        arc = _arc(lines[chain.start], template, chain.upper)
        detected = points[list(chain.landmarks)]
        fraction = _fractions(detected)
        reach = _fractions(template[arc])
        for number, where in zip(chain.landmarks, fraction):
            left = int(np.searchsorted(reach, where, side="right").clip(1, len(arc) - 1)) - 1
            t = float(((where - reach[left]) / (reach[left + 1] - reach[left])).clip(0, 1))
            _put(number, (arc[left], arc[left + 1], arc[left + 1]), (1 - t, t, 0.0), pairs, model, vertices, weights)
        moved = np.einsum("lk,lkd->ld", weights[list(chain.landmarks)], template[vertices[list(chain.landmarks)]])
        gap = moved - detected
        tell(
            f"chain from {chain.landmarks[0]}: the detector sees it {-gap[:, 1].mean():+.1f} mm higher, "
            f"rms {np.sqrt((gap**2).sum(1).mean()):.1f} mm"
        )
    for centre, ring in IRISES[1:]:
        eye = model.eyeballs[1]
        quads = model.faces[np.isin(model.faces, eye).all(1)]
        triangles = quads[:, QUAD_TRIANGLES].reshape(-1, 3)
        middle, forward = template[eye].mean(0), np.array([0.0, 0.0, 1.0])
        side = np.array([1.0, 0.0, 0.0])
        axis_points = {centre: middle + 20 * forward}
        for number in ring:
            out = points[number] - points[centre]
            out = np.sign(out[0]) * side if abs(out[0]) > abs(out[1]) else np.array([0, np.sign(out[1]), 0.0])
            axis_points[number] = middle + 20 * forward + IRIS_DIAMETER / 2 * out
        for number, above in axis_points.items():
            triangle, weight = _drop(above, template, triangles)
            _put(number, triangle, weight, pairs, model, vertices, weights)


def _put(number, triangle, weight, pairs, model, vertices, weights) -> None:
    """A row and its mirror image; a landmark on the midline is left as it is by its own mirror image."""
    vertices[number], weights[number] = triangle, weight
    partner = pairs[number]
    if partner == number:
        place = weights[number] @ model.template[vertices[number]].astype(np.float64)
        if abs(place[0]) > 1e-6:
            # Half of either side: on the midline by construction.
            near = int(np.argmin(np.abs(model.template[vertices[number], 0])))
            vertices[number], weights[number] = vertices[number][near], (1.0, 0.0, 0.0)
    else:
        vertices[partner], weights[partner] = model.mirror[vertices[number]], weights[number]


def _arc(loop: np.ndarray, template: np.ndarray, upper: bool) -> np.ndarray:
    """The upper or lower half of a loop, from its smallest to its largest x."""
    low, high = int(template[loop, 0].argmin()), int(template[loop, 0].argmax())
    ahead = np.roll(loop, -low)
    split = (high - low) % len(loop)
    first, second = ahead[: split + 1], np.append(ahead[split:], ahead[0])[::-1]
    return first if (template[first, 1].mean() > template[second, 1].mean()) == upper else second


def _fractions(points: np.ndarray) -> np.ndarray:
    """Share of the way at each point of a polyline, 0..1."""
    way = np.append(0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1)))
    return way / way[-1]


def _drop(above: np.ndarray, template: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The frontmost triangle under a point (along z) and the weights there."""
    corners = template[triangles]
    a, b, c = corners[:, 0, :2], corners[:, 1, :2], corners[:, 2, :2]
    area = _cross(b - a, c - a)
    p = above[:2]
    with np.errstate(divide="ignore", invalid="ignore"):
        weight = np.stack([_cross(b - p, c - p), _cross(c - p, a - p), _cross(a - p, b - p)], 1) / area[:, None]
    hit = np.isfinite(weight).all(1) & (weight >= -1e-9).all(1)
    depth = np.where(hit, (np.nan_to_num(weight) * corners[:, :, 2]).sum(1), -np.inf)
    best = int(depth.argmax())
    return triangles[best], weight[best].clip(0, 1)


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
