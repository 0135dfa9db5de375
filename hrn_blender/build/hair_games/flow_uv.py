"""A UV map whose v runs along the strands, and a texture of strands in the groom's colours for it.

The mesh is cut into sectors around the vertical, each is laid flat so that steps along the strands become steps in v and steps
across them steps in u (least squares), and the pieces stand side by side.
"""

from __future__ import annotations

import numpy as np

from ...engine.wire.color import linear_to_srgb

__all__ = ["flow_coordinates", "paint"]

_SECTORS = 6
"""Pieces around the head."""
_GAP = 0.008
"""Free space around a piece, as a share of the square."""
_ROUNDS = 120
"""Steps of the conjugate gradients."""
_SIZE = 1024
"""Side of the texture in pixels."""
_COARSE = 128
"""Side of the picture in which the colours, which change slowly, are gathered."""
_CONTRAST = 0.22
"""Standard deviation of the logarithm of the strands' brightness."""


def flow_coordinates(vertices: np.ndarray, faces: np.ndarray, along: np.ndarray) -> np.ndarray:
    """(Q, 4, 2) coordinates of the faces' corners in the unit square.

    Args:
        vertices: (N, 3).
        faces: (Q, 4).
        along: (N, 3) direction of the hair at each vertex, from root to tip.
    """
    corner = vertices[faces]
    centre = corner.mean(1)
    normal = np.cross(corner[:, 2] - corner[:, 0], corner[:, 3] - corner[:, 1])
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
    from_middle = centre - np.median(vertices, 0)
    # Half a piece on: no seam lies in the middle of the forehead, or of the back.
    turn = (np.arctan2(from_middle[:, 0], -from_middle[:, 1]) / (2 * np.pi) + 0.5 + 0.5 / _SECTORS) % 1
    inner = (normal * from_middle).sum(1) < -0.3 * np.linalg.norm(from_middle, axis=1)
    piece = np.minimum((turn * _SECTORS).astype(int), _SECTORS - 1) + _SECTORS * inner
    known, index = np.unique(piece[:, None] * len(vertices) + faces, return_inverse=True)
    index, owner = index.reshape(-1, 4), known // len(vertices)
    flow_face = along[faces].mean(1)
    flow_face -= (flow_face * normal).sum(1, keepdims=True) * normal
    flow_face /= np.maximum(np.linalg.norm(flow_face, axis=1, keepdims=True), 1e-9)
    side = np.cross(flow_face, normal)
    start = np.concatenate([index[:, i] for i in range(4)])
    end = np.concatenate([index[:, (i + 1) % 4] for i in range(4)])
    step = np.concatenate([corner[:, (i + 1) % 4] - corner[:, i] for i in range(4)])
    wanted = np.stack([(step * np.tile(side, (4, 1))).sum(1), -(step * np.tile(flow_face, (4, 1))).sum(1)], 1)
    flat = _solved(len(known), start, end, wanted)
    return _packed(flat, owner)[index]


def _solved(count: int, start: np.ndarray, end: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """(count, 2) values whose differences along edges are as close to `wanted` (E, 2) as can be."""

    def gathered(values: np.ndarray) -> np.ndarray:
        return np.stack([np.bincount(end, v, count) - np.bincount(start, v, count) for v in values.T], 1)

    def applied(x: np.ndarray) -> np.ndarray:
        return gathered(x[end] - x[start]) + 1e-4 * x

    degree = (np.bincount(start, minlength=count) + np.bincount(end, minlength=count) + 1e-4)[:, None]
    x = np.zeros((count, 2))
    residual = gathered(wanted)
    search = residual / degree
    value = (residual * search).sum(0)
    for _ in range(_ROUNDS):
        image = applied(search)
        size = value / np.maximum((search * image).sum(0), 1e-30)
        x += size * search
        residual -= size * image
        conditioned = residual / degree
        new = (residual * conditioned).sum(0)
        search = conditioned + new / np.maximum(value, 1e-30) * search
        value = new
    return x


def _packed(flat: np.ndarray, owner: np.ndarray) -> np.ndarray:
    """(n, 2) `flat` with the pieces (n,) `owner` in rows in the unit square, all at one scale."""
    pieces = np.unique(owner)
    low = np.array([flat[owner == one].min(0) for one in pieces])
    size = np.array([flat[owner == one].max(0) for one in pieces]) - low
    best = None
    for rows in range(1, len(pieces) + 1):
        row = np.arange(len(pieces)) * rows // len(pieces)
        width = np.bincount(row, size[:, 0])
        height = np.array([size[row == r, 1].max(initial=0) for r in range(rows)])
        columns = np.bincount(row, minlength=rows).max()
        scale = min((1 - _GAP * (columns + 1)) / max(width.max(), 1e-9), (1 - _GAP * (rows + 1)) / max(height.sum(), 1e-9))
        if best is None or scale > best[0]:
            best = scale, row, height
    scale, row, height = best
    place = np.empty((len(pieces), 2))
    for number in range(len(pieces)):
        before = np.flatnonzero(row[:number] == row[number])
        place[number, 0] = _GAP * (len(before) + 1) + scale * size[before, 0].sum()
        place[number, 1] = 1 - _GAP * (row[number] + 1) - scale * (height[: row[number]].sum() + size[number, 1])
    which = np.searchsorted(pieces, owner)
    return place[which] + scale * (flat - low[which])


def paint(uv: np.ndarray, color: np.ndarray, seed: int = 0) -> np.ndarray:
    """(1024, 1024, 3) uint8 sRGB, top row first: strands along v in the colours of the corners.

    Args:
        uv: (Q, 4, 2).
        color: (Q, 4, 3) linear.
    """
    s, t = np.meshgrid(np.linspace(0, 1, 5), np.linspace(0, 1, 5))
    weight = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t], -1).reshape(-1, 4)
    at = np.clip((np.einsum("kc,qcx->qkx", weight, uv) * _COARSE).astype(int), 0, _COARSE - 1).reshape(-1, 2)
    values = np.einsum("kc,qcx->qkx", weight, color).reshape(-1, 3)
    cell = (_COARSE - 1 - at[:, 1]) * _COARSE + at[:, 0]
    count = np.bincount(cell, minlength=_COARSE**2).astype(np.float64)
    total = np.stack([np.bincount(cell, v, _COARSE**2) for v in values.T], 1)
    picture, known = total.reshape(_COARSE, _COARSE, 3), count.reshape(_COARSE, _COARSE, 1)
    own, held = picture / np.maximum(known, 1), known > 0
    picture, known = np.where(held, own, 0), held.astype(np.float64)
    for _ in range(8):
        grown, weight_ = _blurred(picture * known), _blurred(known)
        picture = np.where(held, own, grown / np.maximum(weight_, 1e-9))
        known = np.where(held, 1, (weight_ > 1e-6).astype(np.float64))
    picture = np.where(known > 0, picture, values.mean(0))
    rng = np.random.default_rng(seed)
    streaks = sum(
        share * _stretched(rng.normal(size=(rows, columns)))
        for share, rows, columns in ((0.75, 5, _SIZE // 3), (0.45, 9, _SIZE), (0.45, 3, _SIZE // 14))
    )
    light = np.exp(_CONTRAST * streaks - 0.5 * _CONTRAST**2)
    large = np.stack([_stretched(picture[..., k]) for k in range(3)], -1)
    return np.round(255 * linear_to_srgb(large * light[..., None])).astype(np.uint8)


def _blurred(picture: np.ndarray) -> np.ndarray:
    for axis in (0, 1):
        padded = np.concatenate([picture.take([0], axis), picture, picture.take([-1], axis)], axis)
        count = picture.shape[axis]
        picture = sum(padded.take(range(k, k + count), axis) for k in range(3)) / 3
    return picture


def _stretched(picture: np.ndarray) -> np.ndarray:
    """(_SIZE, _SIZE) of a smaller picture (H, W), linear between its values."""
    for axis in (0, 1):
        count = picture.shape[axis]
        at = np.clip((np.arange(_SIZE) + 0.5) * count / _SIZE - 0.5, 0, count - 1)
        low = np.minimum(at.astype(int), count - 2)
        part = (at - low)[:, None] if axis == 0 else at - low
        picture = picture.take(low, axis) * (1 - part) + picture.take(low + 1, axis) * part
    return picture
