"""Identities as shipped files have them: by what they do to some of the face's vertices."""

from __future__ import annotations

import numpy as np

from ..head.model import HeadModel
from .dataset import face_vertices

__all__ = ["anchored_moves"]


def anchored_moves(model: HeadModel, count: int, *identities: np.ndarray) -> tuple[np.ndarray, ...]:
    """(A,) int32 vertices, about `count` of the face's, and (n, A, 3) float32 mm for each of (n, K) `identities`;
    :func:`engine.fit.coarse.population.anchored_identity` reads them."""
    face = face_vertices(model)
    anchors = face[:: max(1, len(face) // count)]
    basis = model.identity_basis[:, anchors].astype(float)
    moves = (np.einsum("nk,kad->nad", one, basis).astype(np.float32) for one in identities)
    return anchors.astype(np.int32), *moves
