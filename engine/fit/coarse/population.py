"""Where people's heads lie and how they differ, as seen from the head model.

The mean of the head model is the mean of its sliders, not of people. Three averages of people that are independent of
it, brought into its identities: MediaPipe's canonical face, the metric mesh that comes with its landmark network; the
template of MeshMonk (White et al., *MeshMonk: Open-source large-scale intensive 3D phenotyping*, Scientific Reports
2019); and the mean of the 45 faces, drawn from statistics of scanned people, that its tutorial uses. Their differences
are what is uncertain about the average; what the 45 faces vary in are the modes.
:mod:`engine.synthetic.people` makes the data file.
"""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...geometry.mesh import vertex_normals
from ...geometry.similarity import similarity
from ...head.model import HeadModel
from ...photo.face_nets import model_path
from ...photo.regions import EYES, FACE_POINTS, INNER_LIPS
from ...wire.errors import ErrorCode, HrnError
from .weights import WEIGHTS

__all__ = ["PEOPLE_FILE", "People", "anchored_identity", "canonical_face", "canonical_identity", "load_people", "other_head"]

PEOPLE_FILE = Path(__file__).parent / "data" / "people.npz"
"""The shipped modes of people's faces."""

_ENTRY = "geometry_pipeline_metadata_landmarks.binarypb"
"""Name of the canonical face in MediaPipe's model file."""
_VERTEX_FLOATS = 5
"""Numbers per vertex of the canonical face: place, then texture coordinates."""
_MM = 10
"""The canonical face is in centimetres."""


class People(NamedTuple):
    """What is known of people's faces, as identities of the head model."""

    averages: np.ndarray
    """(A, K) independent estimates of the average face."""
    modes: np.ndarray
    """(M, K) principal components of scanned people's faces, each one standard deviation long."""

    @property
    def mean(self) -> np.ndarray:
        """(K,) the average of the averages."""
        return self.averages.mean(0)


_loaded: dict[str, People] = {}
_loading = threading.Lock()


def load_people(model: HeadModel) -> People:
    """The average of people and how they differ; kept in memory after the first call.

    Raises:
        HrnError: MODEL_MISSING when the landmark network's file is absent or of another kind, or the data file belongs
            to another head model.
    """
    with _loading:
        if model.version not in _loaded:
            with np.load(PEOPLE_FILE, allow_pickle=False) as data:
                averages, modes = (anchored_identity(model, data["vertices"], data[name]) for name in ("averages", "modes"))
            _loaded[model.version] = People(np.concatenate([canonical_identity(model)[None], averages]), modes)
        return _loaded[model.version]


def anchored_identity(model: HeadModel, vertices: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    """Identities by what they do to some vertices.

    Principal components are the same shapes everywhere, but their signs and, where variances nearly agree, their mixture
    depend on the machine that computed them; displacements do not.

    Args:
        vertices: (A,) of them. displacement: (n, A, 3) mm from the template, made by identities.

    Returns:
        (n, K).

    Raises:
        HrnError: MODEL_MISSING when no identity of this model moves these vertices so.
    """
    if vertices.max() >= len(model.template):
        raise other_head()
    basis = model.identity_basis[:, vertices].reshape(len(model.identity_basis), -1).astype(float)
    flat = displacement.reshape(len(displacement), -1).astype(float)
    identity = np.linalg.solve(basis @ basis.T + WEIGHTS.people.ridge * np.eye(len(basis)), basis @ flat.T).T
    missed = np.sqrt(((flat - identity @ basis) ** 2).reshape(len(flat), -1, 3).sum(-1).mean(1))
    if missed.max() > WEIGHTS.people.tolerance_mm:
        raise other_head()
    return identity


def other_head() -> HrnError:
    """The error for data that were made for another head model."""
    return HrnError(
        ErrorCode.MODEL_MISSING,
        "The data of the fit belong to another head model.",
        hint="Run `python -m engine.synthetic.people` and `python -m engine.synthetic.train` after changing it.",
    )


def canonical_identity(model: HeadModel) -> np.ndarray:
    """(K,) identity coefficients of MediaPipe's canonical face.

    Raises:
        HrnError: MODEL_MISSING when the landmark network's file is absent or of another kind.
    """
    template = model.template.astype(float)
    on = model.landmark_vertices[:FACE_POINTS]
    weights = model.landmark_weights[:FACE_POINTS].astype(float)
    # Openings of eyes and mouth belong to the expression.
    used = np.setdiff1d(np.arange(FACE_POINTS), [*EYES[0], *EYES[1], *INNER_LIPS])
    mean = model.landmarks(template)[used].astype(float)
    basis = np.einsum("klcd,lc->lkd", model.identity_basis[:, on[used]].astype(float), weights[used])
    normals = np.einsum("lc,lcd->ld", weights[used], vertex_normals(template, model.triangles)[on[used]])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    w = WEIGHTS.people
    metric = (1 - w.along) * normals[:, :, None] * normals[:, None] + w.along * np.eye(3)
    weighted = np.einsum("lkd,lde->lke", basis, metric) / w.sigma_mm**2
    solve = np.linalg.inv(np.einsum("lkd,lmd->km", weighted, basis) + np.eye(basis.shape[1]))
    face = canonical_face()[used]
    identity = np.zeros(basis.shape[1])
    for _ in range(w.steps):
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
        return np.frombuffer(floats, "<f4").reshape(FACE_POINTS, _VERTEX_FLOATS)[:, :3].astype(float) * _MM
    except (KeyError, ValueError, IndexError, StopIteration, zipfile.BadZipFile) as error:
        raise HrnError(
            ErrorCode.MODEL_MISSING,
            "The file of the landmark network contains no canonical face.",
            hint="Run `python3 install_deps.py install` to install it again.",
        ) from error


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
        yield number, data[at : at + size]
        at += size
