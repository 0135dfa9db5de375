"""Reading the official files of ModelScope's head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch

from ...geometry.obj import read_obj
from ...wire.messages import say
from ..basel.files import BFM_VERTICES, FaceModelData, Fields, must_exist, read_bfm_front, read_mat, read_npy, unusable
from .head_model import HEAD_VERTICES, ModelScopeMesh, build_fitting, build_output

__all__ = [
    "ADJUSTMENTS",
    "HeadFiles",
    "OUTPUT_VERTICES",
    "head_model_of",
    "read_head_files",
    "read_head_mesh",
    "read_head_model",
    "read_numbers",
    "read_picture",
]

OUTPUT_VERTICES = BFM_VERTICES + HEAD_VERTICES
"""Number of vertices of the resulting head."""
ADJUSTMENTS = ("nose", "neck", "slim", "length")
"""Parts of :func:`engine.published.modelscope.head_model.reshape_neck`; the files' keys begin with ``head_``."""
_SKIN = (200.0, 146.0, 118.0)
"""Colour (RGB, 0..255) of skin that the Basel face does not cover, as published."""


class HeadFiles(NamedTuple):
    """The content of the head's official files."""

    fitting: ModelScopeMesh
    output: ModelScopeMesh
    uv: np.ndarray
    """(37550, 2) float32 of the output mesh, v upwards."""
    adjustments: dict[str, torch.Tensor]
    """(37550, 3) differences to the output mesh's mean shape."""


def read_head_files(paths: Mapping[str, Path]) -> HeadFiles:
    """Both meshes and the adjustments, from the files by their keys in the catalogue.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    face = read_bfm_front(paths["bfm"])
    fitting, output = read_head_model(paths["head_fitting"], stored_lists=True), read_head_model(paths["head_output"])
    if len(output.mean) != OUTPUT_VERTICES:
        raise unusable(
            paths["head_output"],
            say("it has {count} vertices instead of {expected}", count=len(output.mean), expected=OUTPUT_VERTICES),
        )
    kept = read_numbers(paths["head_kept"], BFM_VERTICES)
    hair = read_numbers(paths["head_hair"], len(fitting.mean))
    if len(fitting.mean) < len(kept) + HEAD_VERTICES:
        raise unusable(
            paths["head_fitting"],
            say("it has {count} vertices, which is not enough for face and head", count=len(fitting.mean)),
        )
    if hair.min() < len(kept) or hair.max() >= len(kept) + HEAD_VERTICES:
        raise unusable(paths["head_hair"], say("it refers to vertices that are not part of the head"))
    keypoints = read_numbers(paths["head_keypoints"], len(fitting.mean), size=68)
    uv = read_head_mesh(paths["head_template"], with_uv=True).uv.astype(np.float32)
    changes = {
        name: torch.from_numpy((read_head_mesh(paths[f"head_{name}"]).vertices - output.mean).astype(np.float32))
        for name in ADJUSTMENTS
    }
    return HeadFiles(
        build_fitting(fitting, face, kept, hair, keypoints, uv), build_output(_colored(output), face, uv), uv, changes
    )


def read_head_model(path: Path | str, *, stored_lists: bool = False) -> FaceModelData:
    """The mesh in ``ourRefineFull_model.mat`` or ``ourRefineBFMEye0504_model.mat``.

    The texture may have the rows of the whole Basel face instead of the mesh's own.

    Args:
        stored_lists: take the numbers in ``point_buf``, which count from 1, as if they counted from 0, as the released method
            does with the fitting model; the last of them stands for no face.

    Raises:
        HrnError: MODEL_MISSING; CHECKPOINT_INVALID with the field.
    """
    return head_model_of(Fields(path, read_mat(path)), stored_lists=stored_lists)


def head_model_of(fields: Fields, *, stored_lists: bool) -> FaceModelData:
    """:func:`read_head_model` of a file that has been read."""
    mean = fields.take("meanshape", None).reshape(-1)
    if mean.size % 3 or mean.size < 3 * BFM_VERTICES:
        raise fields.wrong("meanshape", say("has {count} numbers, which is not a head with a Basel face", count=mean.size))
    count = mean.size // 3
    triangles = fields.index("tri", (None, 3), count, one_based=True)
    around = fields.index("point_buf", (count, None), len(triangles) + 2, one_based=False)[:, :8]
    if around.shape[1] < 8 or not (stored_lists or around.min() >= 1):
        raise fields.wrong("point_buf", say("does not contain eight faces for each vertex"))
    texture = fields.take("texBase", (None, 80))
    if len(texture) not in (3 * count, 3 * BFM_VERTICES):
        raise fields.wrong(
            "texBase",
            say(
                "has {count} rows instead of {expected} or {other}",
                count=len(texture),
                expected=3 * count,
                other=3 * BFM_VERTICES,
            ),
        )
    keypoints = np.zeros(68, np.int64)
    if not stored_lists:
        keypoints = fields.index("keypoints", None, count, one_based=True, size=68).reshape(-1)
    return FaceModelData(
        mean.astype(np.float32).reshape(count, 3),
        fields.take("idBase", (3 * count, 80)).astype(np.float32),
        fields.take("exBase", (3 * count, 64)).astype(np.float32),
        fields.numbers("meantex", len(texture)).reshape(-1, 3),
        texture.astype(np.float32),
        triangles,
        np.minimum(around, len(triangles)) if stored_lists else around - 1,
        keypoints,
    )


def read_numbers(path: Path | str, limit: int | None = None, size: int | None = None) -> np.ndarray:
    """(n,) int64 vertex numbers of an ``.npy`` file, 0-based.

    Args:
        limit: all must be below. size: the expected n.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    values = read_npy(path).reshape(-1)
    numbers = values.astype(np.int64)
    if not len(values) or (numbers != values).any() or numbers.min() < 0:
        raise unusable(path, say("it does not contain vertex numbers"))
    if limit is not None and numbers.max() >= limit:
        raise unusable(path, say("it refers to vertex {number} of {count}", number=numbers.max(), count=limit))
    if size is not None and len(numbers) != size:
        raise unusable(path, say("it has {count} numbers instead of {expected}", count=len(numbers), expected=size))
    return numbers


def read_head_mesh(path: Path | str, *, with_uv: bool = False):
    """One of the ``.obj`` files in the output mesh's numbering; `with_uv`: with a place in the texture for each vertex.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    mesh = read_obj(path)
    if len(mesh.vertices) != OUTPUT_VERTICES:
        raise unusable(
            path, say("it has {count} vertices instead of {expected}", count=len(mesh.vertices), expected=OUTPUT_VERTICES)
        )
    if with_uv and len(mesh.uv) != OUTPUT_VERTICES:
        raise unusable(
            path, say("it has {count} texture coordinates instead of {expected}", count=len(mesh.uv), expected=OUTPUT_VERTICES)
        )
    return mesh


def read_picture(path: Path | str) -> np.ndarray:
    """(H, W, 3) uint8 RGB.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    must_exist(path)
    data = np.fromfile(path, np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if picture is None:
        raise unusable(path, say("it is not a picture"))
    return np.ascontiguousarray(picture[..., ::-1])


def _colored(data: FaceModelData) -> FaceModelData:
    """The same with a texture row for each vertex; those beyond the Basel face are skin."""
    count, rows = len(data.mean), len(data.mean_texture)
    texture = np.tile(np.array(_SKIN, np.float32), (count, 1))
    texture[:rows] = data.mean_texture
    basis = np.zeros((3 * count, data.texture_basis.shape[1]), np.float32)
    basis[: 3 * rows] = data.texture_basis
    return replace(data, mean_texture=texture, texture_basis=basis)
