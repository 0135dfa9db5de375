"""ModelScope's face of February 2023 ("inference and fitting"): the Basel face is fitted, a head with eyes is given out.

The *face* is the whole Basel face, 35709 vertices; the *head* (38924) begins with those of its vertices that were kept
(35241), then come FLAME's head and neck (1841), the eyeballs (609 and 608) and the skin that closes the corners of the
eyes (625). One offset map moves the face in both; eyeballs and corners follow their neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from ...geometry.obj import read_obj
from ...wire.messages import say
from ..basel.coefficients import Coefficients
from ..basel.files import BFM_VERTICES, FaceModelData, Fields, bfm_front_of, read_mat
from ..basel.model import FaceModel
from ..basel.uv_maps import apply_offsets
from .files import head_model_of
from .head_model import HEAD_VERTICES, HeadFace, ModelScopeMesh, Offsets

__all__ = [
    "EYE_VERTICES",
    "EyeParts",
    "FittedFace",
    "build_fitted_face",
    "read_face_part",
    "read_fitted_face",
    "read_head_part",
    "read_sheet_layout",
]

EYE_VERTICES = (609, 608, 625)
"""Left eyeball, right eyeball, corners: the last of the head, in this order."""
_LIDS = ((11540, 11541), (4271, 4272))
"""Vertices of the kept face whose movement each eyeball follows."""
_NOSE = 0.1
"""Share of the file's change of the nose that is added to the shape, as released."""
_NECK = 0.6
"""Share of the file's change of the neck that is added to the shape, as released."""


class EyeParts(NamedTuple):
    """How what lies between the lids follows the face."""

    corners: torch.Tensor
    """(k,) int64 vertices of the kept face."""
    lines: torch.Tensor
    """(k, m) int64 vertices among the corners' skin that each of them pulls along."""

    def follow(self, moved: torch.Tensor, vertices: int) -> torch.Tensor:
        """(vertices, 3) offsets of the whole head, zero but for eyeballs and corners, of those of its face (f, 3)."""
        out = torch.zeros(vertices, 3, dtype=moved.dtype)
        first = vertices - sum(EYE_VERTICES)
        for lids, count in zip(_LIDS, EYE_VERTICES):
            out[first : first + count] = moved[list(lids)].mean(0)
            first += count
        for corner, line in zip(self.corners, self.lines):
            out[first + line] += moved[corner]
        return out


class FittedFace(NamedTuple):
    """The face that is fitted, and the head of n vertices that is given out."""

    face: ModelScopeMesh
    """The face that is fitted; it has no head."""
    head: ModelScopeMesh
    """The head that is given out; it does not move by itself, and its colours are not used."""
    eyes: EyeParts
    change: torch.Tensor
    """(n, 3) decimetres: a little less nose and another neck."""
    keypoints: np.ndarray
    """(68,) of the head."""
    uv: np.ndarray
    """(n, 2) float32 of the head on the texture sheet."""
    uv_faces: np.ndarray
    """(F, 3) corners of the head's faces in `uv`."""

    @property
    def skin_vertices(self) -> int:
        """Number of the first vertices of the head that do not belong to eyes."""
        return len(self.head.face_uv) + HEAD_VERTICES

    def without_head(self) -> torch.Tensor:
        """(f, 3) triangles of face and eyes: where the photo's texture is taken."""
        triangles, first = self.head.linear.triangles, len(self.head.face_uv)
        of_head = (triangles >= first) & (triangles < self.skin_vertices)
        return triangles[~of_head.any(1)]

    def given_out(self, coefficients: Coefficients, offsets: Offsets) -> HeadFace:
        """The head in the shape of the fitted face."""
        moved = apply_offsets(offsets.shape, self.head.face_uv)[0]
        return self.head(coefficients, offsets, adjustment=self.change + self.eyes.follow(moved, len(self.change)))


def read_fitted_face(paths: Mapping[str, Path]) -> FittedFace:
    """The face and the head from the files by their keys in the catalogue.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    face = read_face_part(paths["fit_face"])
    head, kept, eyes, change, chart = read_head_part(paths["fit_head"])
    uv, uv_faces = read_sheet_layout(paths["fit_template"], head[0])
    return build_fitted_face(face, head, kept, eyes, change, chart, uv, uv_faces)


def build_fitted_face(
    face: tuple[FaceModelData, np.ndarray],
    head: tuple[FaceModelData, np.ndarray],
    kept: np.ndarray,
    eyes: EyeParts,
    change: np.ndarray,
    chart: np.ndarray,
    uv: np.ndarray,
    uv_faces: np.ndarray,
) -> FittedFace:
    """
    Args:
        face, head: linear model, and the mean vertex that is subtracted before posing.
        kept: (f,) vertices of the face with which the head begins.
        chart: (35709, 2) places of the face's vertices in the offset maps.
        change, eyes, uv, uv_faces: see :class:`FittedFace`.
    """
    place = np.full(len(face[0].mean), -1)
    place[kept] = np.arange(len(kept))
    keypoints = place[face[0].keypoints]
    for number in np.flatnonzero(keypoints < 0):  # the nearest one that was kept
        away = np.linalg.norm(face[0].mean[kept] - face[0].mean[face[0].keypoints[number]], axis=1)
        keypoints[number] = away.argmin()
    data = replace(
        head[0],
        keypoints=keypoints,
        mean_texture=np.zeros_like(head[0].mean),
        texture_basis=np.zeros((head[0].mean.size, 80), np.float32),
    )
    chart = chart.astype(np.float32)
    models = [
        ModelScopeMesh(
            FaceModel.build(model, recentre=False),
            torch.from_numpy(origin),
            torch.from_numpy(places),
            torch.zeros(0, 2),
            torch.zeros(0, dtype=torch.int64),
        )
        for model, origin, places in ((*face, chart), (data, head[1], chart[kept]))
    ]
    return FittedFace(*models, eyes, torch.from_numpy(change), keypoints, uv, uv_faces)


def read_face_part(path: Path | str) -> tuple[FaceModelData, np.ndarray]:
    """``face_model_for_maas.mat``: model and (3,) mean vertex.

    Raises:
        HrnError: MODEL_MISSING; CHECKPOINT_INVALID with the field.
    """
    fields = Fields(path, read_mat(path))
    return bfm_front_of(fields, BFM_VERTICES), _origin(fields)


def read_head_part(path: Path | str) -> tuple[tuple[FaceModelData, np.ndarray], np.ndarray, EyeParts, np.ndarray, np.ndarray]:
    """``head_model_for_maas.mat``: model and mean vertex, kept vertices, eyes, change, and chart of
    :func:`build_fitted_face`.

    Raises:
        HrnError: MODEL_MISSING; CHECKPOINT_INVALID with the field.
    """
    fields = Fields(path, read_mat(path))
    data = head_model_of(fields, stored_lists=True)
    count = len(data.mean)
    kept = fields.index("bfm_keep_inds", None, BFM_VERTICES, one_based=False).reshape(-1)
    if len(kept) + HEAD_VERTICES + sum(EYE_VERTICES) != count:
        raise fields.wrong(
            "bfm_keep_inds",
            say(
                "has {entries} entries, which together with head and eyes are not {count} vertices",
                entries=len(kept),
                count=count,
            ),
        )
    corners = fields.index("eye_corner_inds", None, len(kept), one_based=False).reshape(-1)
    lines = fields.index("eye_corner_lines", (len(corners), None), EYE_VERTICES[2], one_based=False)
    nose, neck = (
        fields.numbers(name, 3 * count).reshape(-1, 3) - data.mean for name in ("nose_reduced_part", "neck_adjust_part")
    )
    chart = fields.take("nonlinear_UVs", (None, 2))
    if len(chart) < BFM_VERTICES:
        raise fields.wrong("nonlinear_UVs", say("has {count} rows, fewer than {least}", count=len(chart), least=BFM_VERTICES))
    return (
        (data, _origin(fields)),
        kept,
        EyeParts(torch.from_numpy(corners), torch.from_numpy(lines)),
        _NOSE * nose + _NECK * neck,
        chart[:BFM_VERTICES],
    )


def read_sheet_layout(path: Path | str, head: FaceModelData | None = None) -> tuple[np.ndarray, np.ndarray]:
    """``template_mesh.obj``: (n, 2) float32 and (F, 3) places of the head on the texture sheet.

    Args:
        head: whose vertices and faces these must be.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    mesh = read_obj(path)
    vertices, faces = (len(mesh.vertices), len(mesh.faces)) if head is None else (len(head.mean), len(head.triangles))
    if (len(mesh.uv), len(mesh.uv_faces)) != (vertices, faces):
        raise Fields(path, {}).wrong(
            "mesh",
            say(
                "has texture coordinates for {vertices} of {all_vertices} vertices and for {faces} of {all_faces} faces",
                vertices=len(mesh.uv),
                all_vertices=vertices,
                faces=len(mesh.uv_faces),
                all_faces=faces,
            ),
        )
    return mesh.uv.astype(np.float32), mesh.uv_faces


def _origin(fields: Fields) -> np.ndarray:
    mean = fields.take("meanshape_ori", None).reshape(-1)
    if mean.size % 3 or mean.size < 3 * BFM_VERTICES:
        raise fields.wrong("meanshape_ori", say("has {count} numbers, which is not a Basel face", count=mean.size))
    return mean.astype(np.float32).reshape(-1, 3)[:BFM_VERTICES].mean(0)
