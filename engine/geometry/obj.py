"""Wavefront OBJ: what the engine exports, and what the published methods read and write."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..wire.atomic import write_whole
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import reason, say

__all__ = ["PLAIN", "ObjMesh", "ObjStyle", "obj_faces", "obj_normals", "obj_rows", "read_obj", "write_obj"]


class ObjMesh(NamedTuple):
    """A triangle mesh; indices are 0-based."""

    vertices: np.ndarray
    """(N, 3) float64."""
    faces: np.ndarray
    """(F, 3) int64."""
    uv: np.ndarray
    """(M, 2) float64, empty when the file has none."""
    uv_faces: np.ndarray
    """(F, 3) int64, empty when the file has none."""


def read_obj(path: Path | str, *, split: bool = False) -> ObjMesh:
    """A triangle mesh.

    Args:
        split: cut faces of more corners into triangles; otherwise they are an error.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        faces, uv_faces = _corners([line[2:] for line in lines if line.startswith(("f ", "f\t"))], split)
        mesh = ObjMesh(
            _numbers([line[2:] for line in lines if line.startswith(("v ", "v\t"))], 3),
            faces - 1,
            _numbers([line[3:] for line in lines if line.startswith(("vt ", "vt\t"))], 2),
            uv_faces - 1,
        )
        for index, limit in ((mesh.faces, len(mesh.vertices)), (mesh.uv_faces, len(mesh.uv))):
            if index.size and (index.min() < 0 or index.max() >= limit):
                raise ValueError("a face with a corner that does not exist")
        if not len(mesh.vertices):
            raise ValueError("no vertices")
    except FileNotFoundError as error:
        raise HrnError(ErrorCode.MODEL_MISSING, say("There is no file {path}.", path=path)) from error
    except (OSError, ValueError, IndexError) as error:
        raise HrnError(
            ErrorCode.CHECKPOINT_INVALID,
            say("The file {file} cannot be used: {fault}.", file=Path(path).name, fault=reason(error)),
            details={"file": str(path), "field": "mesh"},
        ) from error
    return mesh


def obj_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """(N, 3) unit sums of unit face normals; (0, 0, 1) where there are none."""
    a, b, c = (vertices[faces[:, corner]] for corner in range(3))
    normals = np.cross(b - a, c - a)
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    out = np.zeros((len(vertices), 3))
    for corner in range(3):
        np.add.at(out, faces[:, corner], normals)
    length = np.linalg.norm(out, axis=1, keepdims=True)
    return np.where(length > 0, out / np.maximum(length, 1e-30), [0, 0, 1]).astype(np.float32)


class ObjStyle(NamedTuple):
    """How a file is written."""

    number: str = ".6f"
    """Format of every number; "r" for the shortest that is exact."""
    header: tuple[str, ...] = ()
    """Comment lines without the leading sign."""


PLAIN = ObjStyle()
"""Six decimals, no comments."""


def write_obj(
    path: Path | str,
    vertices: np.ndarray,
    faces: np.ndarray,
    *,
    colors: np.ndarray | None = None,
    uv: np.ndarray | tuple[np.ndarray, np.ndarray] | None = None,
    normals: np.ndarray | None = None,
    texture: str | None = None,
    style: ObjStyle = PLAIN,
) -> None:
    """Writes one mesh, and beside it a material that names `texture`; whole or not at all.

    Args:
        vertices: (N, 3).
        faces: (F, C), 0-based.
        colors: (N, 3), written behind the positions; whole numbers without decimals.
        uv: (N, 2) with the numbering of the vertices, or (M, 2) and (F, 3) with their own.
        normals: (N, 3).
        texture: file name of the picture.
        style: numbers and comments.

    Raises:
        HrnError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    path = Path(path)
    number = style.number
    uv, uv_faces = uv if isinstance(uv, tuple) else (uv, faces)
    lines = [f"# {line}" for line in style.header]
    if texture:
        lines.append(f"mtllib {path.stem}.mtl")
    if colors is None:
        lines.append(obj_rows("v", vertices, number))
    else:
        lines.append(obj_rows("v", np.hstack([vertices, colors]), number, "d" if colors.dtype.kind in "iu" else number))
    if uv is not None:
        lines.append(obj_rows("vt", uv, number))
    if normals is not None:
        lines.append(obj_rows("vn", normals, number))
    if texture:
        lines.append("usemtl FaceTexture")
    lines.append(obj_faces(faces + 1, None if uv is None else uv_faces + 1, normals is not None))
    _write(path, lines)
    if texture:
        _write(
            path.with_suffix(".mtl"),
            ["newmtl FaceTexture", "Ka 1 0 0", "Kd 1 1 1", "Ks 0 0 0", "Tr 0", "illum 0", "Ns 0", f"map_Kd {texture}"],
        )


def _numbers(lines: list[str], count: int) -> np.ndarray:
    """(n, count) float64: the first numbers of each line."""
    if not lines:
        return np.zeros((0, count))
    return np.loadtxt(lines, usecols=range(count), ndmin=2, comments=None)


def _corners(lines: list[str], split: bool) -> tuple[np.ndarray, np.ndarray]:
    """(F, 3) int64 from 1 of faces with corners ``vertex/uv/normal``, and of their uv, empty where they have none."""
    if not lines:
        return np.zeros((0, 3), np.int64), np.zeros((0, 3), np.int64)
    # Nearly every file has triangles of one form only, which are read as one table: ten times as fast.
    text = "\n".join(lines)
    bars, double = text.count("/"), text.count("//")
    per_corner = bars // max(3 * len(lines), 1)
    if bars == 3 * len(lines) * per_corner and double in (0, 3 * len(lines)):
        try:
            table = np.loadtxt(text.replace("//", " ").replace("/", " ").splitlines(), np.int64, ndmin=2, comments=None)
            width = per_corner + 1 - bool(double)
            if table.shape == (len(lines), 3 * width):
                has_uv = per_corner and not double
                return table[:, ::width], table[:, 1::width] if has_uv else np.zeros((0, 3), np.int64)
        except ValueError:
            pass  # Reported below; or these are faces of more corners.
    faces: list[list[str]] = []
    uv_faces: list[list[str]] = []
    for line in lines:
        corners = [word.split("/") for word in line.split()]
        if len(corners) < 3 or len(corners) > 3 and not split:
            raise ValueError("a face is not a triangle")
        for fan in ((corners[0], *corners[k : k + 2]) for k in range(1, len(corners) - 1)):
            faces.append([corner[0] for corner in fan])
            if len(fan[0]) > 1 and fan[0][1]:
                uv_faces.append([corner[1] for corner in fan])
    return np.array(faces, np.int64).reshape(-1, 3), np.array(uv_faces, np.int64).reshape(-1, 3)


def obj_rows(head: str, values: np.ndarray, number: str, from_fourth: str | None = None) -> str:
    """One line for each row, all in one formatting.

    Args:
        number: format of the numbers. from_fourth: of those from the fourth on.
    """
    forms = [number if column < 3 else from_fourth or number for column in range(values.shape[1])]
    line = " ".join([head, *(f"%{form}" for form in forms)])
    return "\n".join([line] * len(values)) % tuple(np.asarray(values, np.float64).ravel().tolist())


def obj_faces(faces: np.ndarray, uv_faces: np.ndarray | None = None, with_normals: bool = False) -> str:
    """Lines of faces with C corners each.

    Args:
        faces: (F, C) numbers of the vertices, from 1.
        uv_faces: (F, C) of the texture coordinates.
        with_normals: normals have the numbers of the vertices.
    """
    parts = [faces] + ([] if uv_faces is None else [uv_faces]) + ([faces] if with_normals else [])
    corner = {(False, False): "%d", (True, False): "%d/%d", (False, True): "%d//%d", (True, True): "%d/%d/%d"}
    line = " ".join(["f"] + [corner[uv_faces is not None, with_normals]] * faces.shape[1])
    return "\n".join([line] * len(faces)) % tuple(np.stack(parts, -1).ravel().tolist())


def _write(path: Path, lines: list[str]) -> None:
    write_whole(path, lambda file: file.write(("\n".join(lines) + "\n").encode()))
