"""Catmull-Clark subdivision of a head, as Blender's modifier shows it.

Catmull and Clark, "Recursively generated B-spline surfaces on arbitrary topological meshes", Computer-Aided Design 1978.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from .model import MATERIALS, HeadModel

__all__ = ["catmull_clark", "subdivided"]

_SHARP = ("teeth", "lashes")
"""Materials that keep their corners: folded bands and strips, which would shrink."""


def subdivided(model: HeadModel, times: int = 1) -> tuple[HeadModel, sp.csr_matrix]:
    """The head with every quad cut in four, to be drawn.

    Args:
        times: how often, at least once.

    Returns:
        The finer head, without identity and expressions, and the (N', N) matrix that makes its vertices of the model's.
        The first N of its vertices are the model's, moved.
    """
    if times > 1:
        coarser, first = subdivided(model, times - 1)
        fine, last = subdivided(coarser)
        return fine, last @ first
    sharp = np.zeros(len(model.template), bool)
    for name in _SHARP:
        sharp[model.faces[model.face_material == MATERIALS.index(name)]] = True
    matrix, faces = catmull_clark(model.faces, sharp)
    edge, middle = (model.uv + np.roll(model.uv, -1, 1)) / 2, model.uv.mean(1, keepdims=True)
    uv = np.stack([model.uv, edge, np.broadcast_to(middle, edge.shape), np.roll(edge, 1, 1)], 2).reshape(-1, 4, 2)
    template = (matrix @ model.template).astype(np.float32)
    fine = replace(
        model,
        template=template,
        faces=faces,
        uv=uv.astype(np.float32),
        face_material=np.repeat(model.face_material, 4),
        parts=(matrix @ model.parts.T).T.astype(np.float32),
        identity_basis=np.zeros((0, *template.shape), np.float32),
        expression_basis=np.zeros((0, *template.shape), np.float32),
        expression_names=(),
    )
    return fine, matrix


def catmull_clark(faces: np.ndarray, sharp: np.ndarray | None = None) -> tuple[sp.csr_matrix, np.ndarray]:
    """One step on quads.

    Args:
        faces: (Q, 4) vertex numbers below N.
        sharp: (N,) bool, vertices that stay where they are, and between two of which edges are halved.

    Returns:
        (N', N) weights, rows in the order vertices, edges, quads; and (4Q, 4) quads, those of quad q from 4q on, each
        beginning with the corner that it keeps.
    """
    faces = np.asarray(faces, np.int64)
    count = len(sharp) if sharp is not None else int(faces.max()) + 1
    fixed = np.zeros(count, bool) if sharp is None else np.asarray(sharp, bool)
    pairs = np.stack([faces, np.roll(faces, -1, 1)], -1).reshape(-1, 2)
    ends, edge_of = np.unique(np.sort(pairs, 1), axis=0, return_inverse=True)
    edge_of = edge_of.reshape(faces.shape)
    quads, edges = len(faces), len(ends)
    quad_points = _rows(np.repeat(np.arange(quads), 4), faces.ravel(), 0.25, (quads, count))
    middles = _rows(np.repeat(np.arange(edges), 2), ends.ravel(), 0.5, (edges, count))
    owners = np.bincount(edge_of.ravel(), minlength=edges)
    touching = _rows(edge_of.ravel(), np.repeat(np.arange(quads), 4), 0.5, (edges, quads))
    smooth = (owners == 2) & ~fixed[ends].all(1)
    edge_points = sp.diags(1 - 0.5 * smooth) @ middles + sp.diags(0.5 * smooth) @ touching @ quad_points

    # Vertices: (quads' mean + 2 x edges' middles' mean + (n - 3) x vertex) / n inside, the cubic B-spline along borders.
    border = np.zeros(count, bool)
    border[ends[owners == 1]] = True
    valence = np.maximum(np.bincount(ends.ravel(), minlength=count), 1)
    around_quads = _rows(faces.ravel(), np.repeat(np.arange(quads), 4), 1.0, (count, quads)) @ quad_points
    incident = _rows(ends.ravel(), np.repeat(np.arange(edges), 2), 1.0, (count, edges))
    around_edges, along = incident @ middles, incident @ sp.diags((owners == 1) * 1.0) @ middles
    inner, rim = (~border & ~fixed) / valence, (border & ~fixed) * 1.0
    stays = fixed | (valence == 1)
    vertex_points = (
        sp.diags(inner / valence) @ (around_quads + 2 * around_edges)
        + sp.diags(inner * (valence - 3))
        + sp.diags(0.25 * rim) @ along
        + sp.diags(0.5 * rim)
        + sp.diags(stays * 1.0)
    )
    corner = np.roll(edge_of, 1, 1)
    new = np.stack(
        [faces, count + edge_of, np.broadcast_to(count + edges + np.arange(quads)[:, None], faces.shape), count + corner], 2
    ).reshape(-1, 4)
    return sp.vstack([vertex_points, edge_points, quad_points]).tocsr(), new.astype(np.int32)


def _rows(rows: np.ndarray, columns: np.ndarray, value: float, shape: tuple[int, int]) -> sp.csr_matrix:
    return sp.csr_matrix((np.full(len(rows), value), (rows, columns)), shape)
