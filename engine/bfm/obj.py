"""Wavefront OBJ in the forms that the published methods read and write."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..wire.errors import ErrorCode, HrnError
from .whole_file import write_whole

__all__ = ["ObjMesh", "obj_normals", "read_obj", "write_obj"]


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
    vertices, uv, faces, uv_faces = [], [], [], []
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                head, *words = line.split() or [""]
                if head == "v":
                    vertices.append(words[:3])
                elif head == "vt":
                    uv.append(words[:2])
                elif head == "f":
                    corners = [word.split("/") for word in words]
                    if len(corners) < 3 or len(corners) > 3 and not split:
                        raise ValueError("a face that is no triangle")
                    for fan in ((corners[0], *corners[k:k + 2]) for k in range(1, len(corners) - 1)):
                        faces.append([corner[0] for corner in fan])
                        if len(fan[0]) > 1 and fan[0][1]:
                            uv_faces.append([corner[1] for corner in fan])
        mesh = ObjMesh(np.array(vertices, np.float64).reshape(-1, 3), np.array(faces, np.int64).reshape(-1, 3) - 1,
                       np.array(uv, np.float64).reshape(-1, 2), np.array(uv_faces, np.int64).reshape(-1, 3) - 1)
        for index, limit in ((mesh.faces, len(mesh.vertices)), (mesh.uv_faces, len(mesh.uv))):
            if index.size and (index.min() < 0 or index.max() >= limit):
                raise ValueError("a face with a corner that does not exist")
        if not len(mesh.vertices):
            raise ValueError("no vertices")
    except FileNotFoundError as error:
        raise HrnError(ErrorCode.MODEL_MISSING, f"The model file {path} is not there.") from error
    except (OSError, ValueError, IndexError) as error:
        raise HrnError(ErrorCode.CHECKPOINT_INVALID, f"The model file {Path(path).name} cannot be used: {error}.",
                       details={"file": str(path), "field": "mesh"}) from error
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


def write_obj(path: Path | str, vertices: np.ndarray, faces: np.ndarray, *, colours: np.ndarray | None = None,
              uv: np.ndarray | None = None, uv_faces: np.ndarray | None = None, normals: np.ndarray | None = None,
              texture: str | None = None, number: str = ".6f", header: tuple[str, ...] = ()) -> None:
    """Writes one mesh, and beside it a material that names `texture`; whole or not at all.

    Args:
        vertices: (N, 3); `faces`: (F, 3) 0-based.
        colours: (N, 3), written behind the positions; whole numbers without decimals.
        uv: (M, 2) with `uv_faces` (F, 3), or (N, 2) with the numbering of the vertices.
        normals: (N, 3).
        texture: file name of the picture.
        number: format of every number; "r" for the shortest that is exact.
        header: comment lines without the leading sign.

    Raises:
        HrnError: DISK_FULL, OUTPUT_NOT_WRITABLE.
    """
    path = Path(path)
    lines = [f"# {line}" for line in header]
    if texture:
        lines.append(f"mtllib {path.stem}.mtl")
    positions = _rows("v", vertices, number)
    if colours is not None:
        form = "d" if colours.dtype.kind in "iu" else number
        positions = [a + b for a, b in zip(positions, _rows("", colours, form), strict=True)]
    lines += positions
    if uv is not None:
        lines += _rows("vt", uv, number)
    if normals is not None:
        lines += _rows("vn", normals, number)
    if texture:
        lines.append("usemtl FaceTexture")
    lines += _faces(faces + 1, None if uv is None else (faces if uv_faces is None else uv_faces) + 1,
                    normals is not None)
    _write(path, lines)
    if texture:
        _write(path.with_suffix(".mtl"), ["newmtl FaceTexture", "Ka 1 0 0", "Kd 1 1 1", "Ks 0 0 0", "Tr 0", "illum 0",
                                          "Ns 0", f"map_Kd {texture}"])


def _rows(head: str, values: np.ndarray, number: str) -> list[str]:
    if number == "r":
        return [f"{head} " + " ".join(map(repr, row)) for row in np.asarray(values, np.float64).tolist()]
    form = head + (" {:" + number + "}") * values.shape[1]
    return [form.format(*row) for row in values.tolist()]


def _faces(faces, uv_faces, with_normals):
    if uv_faces is None and not with_normals:
        return ["f {} {} {}".format(*row) for row in faces.tolist()]
    out = []
    for face, uv in zip(faces.tolist(), (faces if uv_faces is None else uv_faces).tolist()):
        corner = [f"{v}" + (f"/{t}" if uv_faces is not None else "/") + (f"/{v}" if with_normals else "")
                  for v, t in zip(face, uv)]
        out.append("f " + " ".join(corner))
    return out


def _write(path: Path, lines: list[str]) -> None:
    write_whole(path, lambda file: file.write(("\n".join(lines) + "\n").encode()))
