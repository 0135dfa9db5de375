"""The dictionary of 3DDFA-V3's ``face_model.npy``: a face model with UVs, landmark sets and face parts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...wire.messages import say
from ..basel.files import BFM_VERTICES, FaceModelData, Fields
from ..nets.checkpoint import read_npy_dictionary

__all__ = ["PARTS", "TddfaModelData", "read_tddfa_file", "read_tddfa_model"]

PARTS = ("right_eye", "left_eye", "right_eyebrow", "left_eyebrow", "nose", "up_lip", "down_lip", "skin")
"""Face parts in the order of the file; label k + 1 belongs to ``PARTS[k]``. Sides are the subject's."""


@dataclass(frozen=True)
class TddfaModelData:
    """What 3DDFA-V3 knows about its face."""

    face: FaceModelData
    """Already centred in the file; the method does not recentre it."""
    uv: np.ndarray
    """(N, 2) float64 in 0..1, v upwards."""
    landmarks: dict[int, np.ndarray]
    """Vertex numbers (int64) of the sets of 68, 106 and 134 points."""
    part_vertices: list[np.ndarray]
    """8 arrays of int64 vertex numbers in the order of :data:`PARTS`."""
    part_triangles: list[np.ndarray]
    """8 arrays (k, 3) int64."""
    contour_candidates: list[np.ndarray]
    """33 arrays of int64 vertex numbers: where the outline may run, for each of the 33 contour landmarks."""


def read_tddfa_file(path: Path | str) -> TddfaModelData:
    """The model in ``face_model.npy``; see :func:`read_tddfa_model`."""
    return read_tddfa_model(read_npy_dictionary(path), source=path)


def read_tddfa_model(
    content: dict, *, source: Path | str = "face_model.npy", vertices: int | None = BFM_VERTICES
) -> TddfaModelData:
    """Checks and names the entries of an already loaded dictionary (indices are 0-based in it).

    Args:
        content: name -> array or list of arrays.
        source: the file, for messages.
        vertices: the expected number of vertices; None accepts any.

    Raises:
        HrnError: CHECKPOINT_INVALID naming the field.
    """
    fields = Fields(source, content)
    mean = fields.take("u", None)
    count = mean.size // 3
    if mean.size % 3 or (vertices is not None and count != vertices):
        raise fields.wrong(
            "u", say("has {count} numbers instead of {expected}", count=mean.size, expected=3 * (vertices or count))
        )
    triangles = fields.index("tri", (None, 3), count, one_based=False)
    landmarks = {
        size: fields.index(f"ldm{size}", None, count, one_based=False, size=size).reshape(-1) for size in (68, 106, 134)
    }
    face = FaceModelData(
        mean=fields.numbers("u", 3 * count).reshape(count, 3),
        identity_basis=fields.take("id", (3 * count, 80)).astype(np.float32),
        expression_basis=fields.take("exp", (3 * count, 64)).astype(np.float32),
        mean_texture=fields.numbers("u_alb", 3 * count).reshape(count, 3),
        texture_basis=fields.take("alb", (3 * count, 80)).astype(np.float32),
        triangles=triangles,
        vertex_faces=fields.index("point_buf", (count, 8), len(triangles) + 1, one_based=False),
        keypoints=landmarks[68],
    )
    uv = fields.take("uv_coords", (count, None))
    if uv.shape[1] < 2:
        raise fields.wrong("uv_coords", say("has {count} columns instead of {expected}", count=uv.shape[1], expected=2))
    return TddfaModelData(
        face,
        uv[:, :2].astype(np.float64),
        landmarks,
        _lists(fields, "annotation", 8, count, None),
        _lists(fields, "annotation_tri", 8, count, 3),
        _lists(fields, "parallel", 33, count, None),
    )


def _lists(fields: Fields, name: str, size: int, limit: int, width: int | None) -> list[np.ndarray]:
    """`size` index arrays of different lengths."""
    value = fields.arrays.get(name)
    if value is None:
        raise fields.wrong(name, say("is missing"))
    if len(value) != size:
        raise fields.wrong(name, say("has {count} lists instead of {expected}", count=len(value), expected=size))
    out = []
    for number, entry in enumerate(value):
        label = f"{name}[{number}]"
        part = Fields(fields.path, {label: np.asarray(entry)})
        index = part.index(label, None if width is None else (None, width), limit, one_based=False)
        out.append(index if width else index.reshape(-1))
    return out
