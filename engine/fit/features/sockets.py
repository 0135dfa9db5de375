"""Eye sockets that lie against the eyeballs, with a caruncle in the inner corner.

Lids go where the photo shows them and the eyeballs into their middle; a ball of a few quads is smaller yet once it is
subdivided. Between ball and lids one would look into the dark, most of all in the inner corner, where a living eye has its
caruncle and the fold beside it.
"""

from __future__ import annotations

import numpy as np

from ...geometry.smoothstep import smoothstep
from ...head.eyeballs import socket_vertices, sphere_through
from ...head.model import MATERIALS, HeadModel
from .weights import WEIGHTS, SocketWeights

__all__ = ["socket_shift"]


def socket_shift(model: HeadModel, relaxed: np.ndarray, weights: SocketWeights = WEIGHTS.sockets) -> np.ndarray:
    """(N, 3) float32 mm: how the linings of the sockets move so that from the lids' edges on they lie on the eyeballs.

    Args:
        relaxed: (N, 3) mm, the head without expression.
        weights: how they lie against the eyeballs.
    """
    shift = np.zeros(relaxed.shape, np.float32)
    skin = np.zeros(len(relaxed), bool)
    skin[model.faces[model.face_material == MATERIALS.index("skin")]] = True
    lining = model.faces[model.face_material == MATERIALS.index("mouth")]
    edges = np.concatenate([lining[:, [k, (k + way) % 4]] for k in range(4) for way in (1, 3)])
    for side, ball in enumerate(model.eyeballs):
        mine = socket_vertices(model, side)
        inner, rim = mine[~skin[mine]], mine[skin[mine]]
        centre, radius = sphere_through(relaxed[ball].astype(np.float64))
        out = relaxed[inner] - centre
        away = np.linalg.norm(out, axis=1, keepdims=True)
        shift[inner] = np.minimum(radius / away - 1, 0) * out

        share, reach = np.zeros(len(rim)), np.zeros(len(rim))
        for way, (over, *near) in ((-1, weights.inner), (1, weights.outer)):
            corner = relaxed[rim[(way * np.abs(relaxed[rim, 0])).argmax()]]
            own = smoothstep(*near, np.linalg.norm(relaxed[rim] - corner, axis=1))
            share, reach = np.maximum(share, own), np.where(own > share, over, reach)
        share, angle = share[:, None], reach[:, None] / radius
        radial = relaxed[rim] - centre
        away = np.linalg.norm(radial, axis=1, keepdims=True)
        radial /= away
        forward = np.array([0, 0, 1.0]) - radial[:, 2:] * radial
        forward /= np.maximum(np.linalg.norm(forward, axis=1, keepdims=True), 1e-6)
        over = np.cos(angle) * radial + np.sin(angle) * forward
        row, left = rim, set(inner.tolist())
        for depth in weights.rows_mm:
            behind = {a: b for a, b in edges[np.isin(edges[:, 0], row)].tolist() if b in left}
            row = np.array([behind[a] for a in row.tolist()])
            left -= set(row.tolist())
            flesh = centre + (np.minimum(radius, away + weights.rows_mm[0]) - depth) * over
            shift[row] += share * (flesh - relaxed[row] - shift[row])
    return shift
