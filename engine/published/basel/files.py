"""Reading the official face-model files.

Every reader checks shapes and index ranges and raises ``CHECKPOINT_INVALID`` naming the field, ``MODEL_MISSING`` when
the file is not there. Indices are 0-based from here on. No reader executes anything that is in a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...wire.errors import ErrorCode, HrnError
from ...wire.messages import Message, say

__all__ = [
    "AlbedoBasis",
    "BFM_VERTICES",
    "FaceModelData",
    "Fields",
    "must_exist",
    "bfm_front_of",
    "read_albedo_basis",
    "read_bfm_front",
    "read_landmark_template",
    "read_mat",
    "read_npy",
    "read_uv",
]

BFM_VERTICES = 35709
"""Vertices of the frontal Basel face that all published methods use."""
_PADDING_WIDTH = 8
"""Columns of ``point_buf``: the most triangles around a vertex."""


@dataclass(frozen=True)
class FaceModelData:
    """A linear face model as stored, N vertices and F triangles."""

    mean: np.ndarray
    """(N, 3) float32, decimetres, not recentred."""
    identity_basis: np.ndarray
    """(3N, 80) float32; row 3n + axis; already multiplied by the standard deviations."""
    expression_basis: np.ndarray
    """(3N, 64) float32."""
    mean_texture: np.ndarray
    """(N, 3) float32 RGB, 0..255."""
    texture_basis: np.ndarray
    """(3N, 80) float32, scale 0..255."""
    triangles: np.ndarray
    """(F, 3) int64."""
    vertex_faces: np.ndarray
    """(N, 8) int64 faces around each vertex; F is padding."""
    keypoints: np.ndarray
    """(68,) int64 landmark vertices in the order of the 68-point convention."""
    front_vertices: np.ndarray | None = None
    """(K,) int64 vertices of the front of the face; training only."""
    front_triangles: np.ndarray | None = None
    """(f, 3) int64 as stored. They number the *front vertices*, see :func:`engine.published.basel.losses.front_triangles`."""
    skin: np.ndarray | None = None
    """(N,) float32, 1 where the reflectance term applies; training only."""


class AlbedoBasis(NamedTuple):
    """HRN's albedo in UV space, `size` x `size` texels, row 0 at the top."""

    mean: np.ndarray
    """(size*size*3,) float32, 0..255, in the order row, column, channel."""
    basis: np.ndarray
    """(size*size*3, 80) float32."""
    size: int


def read_mat(path: Path | str) -> dict[str, np.ndarray]:
    """All numeric fields of a MATLAB file (version 5 to 7.2).

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    from scipy.io import loadmat

    must_exist(path)
    try:
        content = loadmat(str(path))
    except Exception as error:  # scipy raises many kinds for damaged files
        raise unusable(path, say("it is damaged or not a MATLAB file of version 5 to 7.2")) from error
    return {name: value for name, value in content.items() if isinstance(value, np.ndarray) and value.dtype.kind in "buif"}


def read_npy(path: Path | str) -> np.ndarray:
    """One numeric array; pickled content is refused.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    must_exist(path)
    try:
        array = np.load(str(path), allow_pickle=False)
    except Exception as error:
        raise unusable(path, say("it is damaged or contains something other than one array of numbers")) from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "buif":
        raise unusable(path, say("it does not contain one array of numbers"))
    return array


def read_bfm_front(path: Path | str, *, vertices: int | None = BFM_VERTICES) -> FaceModelData:
    """The face model in ``BFM_model_front.mat`` and files of the same layout.

    Args:
        path: the .mat file.
        vertices: the expected number of vertices; None accepts any (the head models of ModelScope).

    Raises:
        HrnError: MODEL_MISSING; CHECKPOINT_INVALID with the field in message and ``details["field"]``.
    """
    return bfm_front_of(Fields(path, read_mat(path)), vertices)


def bfm_front_of(fields: Fields, vertices: int | None) -> FaceModelData:
    """:func:`read_bfm_front` of a file that has been read."""
    mean = fields.take("meanshape", None).reshape(-1)
    if mean.size % 3 or (vertices is not None and mean.size != 3 * vertices):
        expected = 3 * vertices if vertices else say("a multiple of 3")
        raise fields.wrong("meanshape", say("has {count} numbers instead of {expected}", count=mean.size, expected=expected))
    count = mean.size // 3
    triangles = fields.index("tri", (None, 3), count, one_based=True)
    around = fields.take("point_buf", (count, None))
    if around.shape[1] < _PADDING_WIDTH:
        raise fields.wrong(
            "point_buf", say("has {count} columns instead of {expected}", count=around.shape[1], expected=_PADDING_WIDTH)
        )
    front = skin = front_triangles = None
    if "frontmask2_idx" in fields:
        front = fields.index("frontmask2_idx", None, count, one_based=True).reshape(-1)
    if "tri_mask2" in fields:
        front_triangles = fields.index("tri_mask2", (None, 3), count, one_based=True)
    if "skinmask" in fields:
        skin = fields.numbers("skinmask", count)
    return FaceModelData(
        mean=mean.astype(np.float32).reshape(count, 3),
        identity_basis=fields.take("idBase", (3 * count, 80)).astype(np.float32),
        expression_basis=fields.take("exBase", (3 * count, 64)).astype(np.float32),
        mean_texture=fields.numbers("meantex", 3 * count).reshape(count, 3),
        texture_basis=fields.take("texBase", (3 * count, 80)).astype(np.float32),
        triangles=triangles,
        vertex_faces=fields.index("point_buf", around.shape, len(triangles) + 1, one_based=True)[:, :_PADDING_WIDTH],
        keypoints=fields.index("keypoints", None, count, one_based=True, size=68).reshape(-1),
        front_vertices=front,
        front_triangles=front_triangles,
        skin=skin,
    )


def read_landmark_template(path: Path | str) -> np.ndarray:
    """(68, 3) float64 of ``similarity_Lm3D_all.mat``, to which faces are aligned."""
    return Fields(path, read_mat(path)).take("lm", (68, 3)).astype(np.float64)


def read_albedo_basis(mean_path: Path | str, basis_path: Path | str, size: int = 512) -> AlbedoBasis:
    """The albedo basis in ``bfm_tex_mean2.npy`` and ``bfm_texmap_base2.npy``."""
    mean, basis = read_npy(mean_path), read_npy(basis_path)
    count = size * size * 3
    if mean.size != count:
        raise unusable(mean_path, say("it has {count} numbers instead of {expected}", count=mean.size, expected=count), "mean")
    if basis.size != count * 80:
        raise unusable(
            basis_path, say("it has {count} numbers instead of {expected}", count=basis.size, expected=count * 80), "basis"
        )
    return AlbedoBasis(mean.reshape(count).astype(np.float32), basis.reshape(count, 80).astype(np.float32, copy=False), size)


def read_uv(path: Path | str, vertices: int = BFM_VERTICES) -> np.ndarray:
    """(N, 2) UV table, v upwards, in the file's own float type (the map rasterizer computes in it first)."""
    uv = read_npy(path)
    if uv.shape != (vertices, 2) or uv.dtype.kind != "f":
        raise unusable(
            path, say("it has shape {shape} instead of {expected}", shape=str(uv.shape), expected=str((vertices, 2))), "uv"
        )
    if not np.isfinite(uv).all():
        raise unusable(path, say("it contains values that are not numbers"), "uv")
    return uv


class Fields:
    """Named arrays of one file with their checks."""

    def __init__(self, path: Path | str, arrays: dict[str, np.ndarray]):
        self.path, self.arrays = path, arrays

    def __contains__(self, name: str) -> bool:
        return name in self.arrays

    def take(self, name: str, shape: tuple[int | None, ...] | None) -> np.ndarray:
        """A finite numeric array; None in `shape` leaves an axis free, `shape` None leaves all of it free."""
        value = self.arrays.get(name)
        if value is None:
            raise self.wrong(name, say("is missing"))
        value = np.asarray(value)
        if value.dtype.kind not in "buif":
            raise self.wrong(name, say("does not contain numbers"))
        if shape is not None and (
            value.ndim != len(shape) or any(want not in (None, got) for want, got in zip(shape, value.shape))
        ):
            raise self.wrong(name, say("has shape {shape} instead of {expected}", shape=str(value.shape), expected=str(shape)))
        if not value.size or not np.isfinite(value).all():
            raise self.wrong(name, say("is empty or contains values that are not numbers"))
        return value

    def numbers(self, name: str, size: int) -> np.ndarray:
        """(size,) float32."""
        value = self.take(name, None)
        if value.size != size:
            raise self.wrong(name, say("has {count} numbers instead of {expected}", count=value.size, expected=size))
        return value.reshape(size).astype(np.float32)

    def index(self, name: str, shape, limit: int, *, one_based: bool, size: int | None = None) -> np.ndarray:
        """int64 indices below `limit`, 0-based."""
        value = self.take(name, shape)
        if size is not None and value.size != size:
            raise self.wrong(name, say("has {count} entries instead of {expected}", count=value.size, expected=size))
        index = value.astype(np.int64)
        if (index != value).any():
            raise self.wrong(name, say("contains numbers that are not indices"))
        index = index - int(one_based)
        if index.min() < 0 or index.max() >= limit:
            raise self.wrong(name, say("refers to something outside 0 to {last}", last=limit - 1))
        return index

    def wrong(self, name: str, fault: Message) -> HrnError:
        """The error of a field; `fault` is the rest of a sentence that begins with it."""
        return unusable(self.path, say("its field {field} {fault}", field=name, fault=fault), name)


def must_exist(path: Path | str) -> None:
    """Raises MODEL_MISSING when there is no such file."""
    if not Path(path).is_file():
        raise HrnError(
            ErrorCode.MODEL_MISSING,
            say("There is no file {path}.", path=path),
            hint="Choose the folder of the licensed files in the preferences.",
        )


def unusable(path: Path | str, fault: Message, field: str | None = None) -> HrnError:
    """The error of a file; `fault` is a clause, such as "it is empty"."""
    return HrnError(
        ErrorCode.CHECKPOINT_INVALID,
        say("The file {file} cannot be used: {fault}.", file=Path(path).name, fault=fault),
        details={"file": str(path), **({"field": field} if field else {})},
    )
