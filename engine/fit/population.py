"""Where people's heads lie on average, as seen from the head model's mean.

The mean of the head model is the mean of its sliders, not of people. MediaPipe's canonical face, the metric mesh that
comes with its landmark network, is an average of people and independent of the model: the identity that resembles it
is the better guess when a photo says little.
"""

from __future__ import annotations

import zipfile
from typing import Iterator

import numpy as np

from ..head.model import HeadModel
from ..photo.face_nets import model_path
from ..photo.regions import EYES, INNER_LIPS
from ..wire.errors import ErrorCode, HrnError
from .mesh import vertex_normals
from .similarity import similarity

__all__ = ["canonical_face", "population_mean"]

_ENTRY = "geometry_pipeline_metadata_landmarks.binarypb"
_POINTS = 468
_VERTEX_FLOATS = 5
_MM = 10.0
"""The canonical face is in centimetres."""

_SIGMA_MM = 12.0
"""Landmarks of the model and vertices of the canonical face name places that differ by some 2 mm, alike over patches of
about 40 points: as independent errors, 2 sqrt(40)."""
_ALONG_SURFACE = 0.05
"""Weight of differences along the surface, which mostly say that the points are named differently."""
_STEPS = 15


def population_mean(model: HeadModel) -> np.ndarray:
    """(K,) identity coefficients of the average face.

    Raises:
        HrnError: MODEL_MISSING when the landmark network's file is absent or of another kind.
    """
    template = model.template.astype(float)
    on = model.landmark_vertices[:_POINTS]
    weights = model.landmark_weights[:_POINTS].astype(float)
    # Openings of eyes and mouth belong to the expression.
    used = np.setdiff1d(np.arange(_POINTS), [*EYES[0], *EYES[1], *INNER_LIPS])
    mean = model.landmarks(template)[used].astype(float)
    basis = np.einsum("klcd,lc->lkd", model.identity_basis[:, on[used]].astype(float), weights[used])
    normals = np.einsum("lc,lcd->ld", weights[used], vertex_normals(template, model.triangles)[on[used]])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    metric = (1 - _ALONG_SURFACE) * normals[:, :, None] * normals[:, None] + _ALONG_SURFACE * np.eye(3)
    weighted = np.einsum("lkd,lde->lke", basis, metric) / _SIGMA_MM ** 2
    solve = np.linalg.inv(np.einsum("lkd,lmd->km", weighted, basis) + np.eye(basis.shape[1]))
    face = canonical_face()[used]
    identity = np.zeros(basis.shape[1])
    for _ in range(_STEPS):
        scale, R, t = similarity(face, mean + np.einsum("k,lkd->ld", identity, basis))
        identity = solve @ np.einsum("lkd,ld->k", weighted, scale * face @ R.T + t - mean)
    return identity


def canonical_face() -> np.ndarray:
    """(468, 3) mm, x to the subject's left, y up, z out of the face."""
    try:
        with zipfile.ZipFile(model_path()) as archive:
            data = archive.read(_ENTRY)
        mesh = next(value for number, value in _fields(data) if number == 1)
        floats = b"".join(value for number, value in _fields(mesh) if number == 3)
        return np.frombuffer(floats, "<f4").reshape(_POINTS, _VERTEX_FLOATS)[:, :3].astype(float) * _MM
    except (KeyError, ValueError, IndexError, StopIteration, zipfile.BadZipFile) as error:
        raise HrnError(ErrorCode.MODEL_MISSING, "The landmark network's file holds no canonical face.",
                       hint="Run `python3 install_deps.py install` to install it again.") from error


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Fields of a Protocol Buffers message with a length or of four bytes, as (number, content)."""
    at = 0

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        number, kind = key >> 3, key & 7
        if kind == 0:
            varint()
            continue
        size = {1: 8, 5: 4}.get(kind) or varint()
        if kind not in (1, 2, 5) or at + size > len(data):
            raise ValueError("not a message")
        yield number, data[at:at + size]
        at += size
