"""Meshes and points that the metrics compare: OBJ and PLY, picked points, and head bundles."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..geometry.mesh import QUAD_TRIANGLES
from ..geometry.obj import read_obj
from ..head.model import MATERIALS
from ..wire.bundle import MANIFEST, load_bundle, posed_vertices
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import Message, reason, say

__all__ = ["Mesh", "NOW_LANDMARKS", "bundle_head", "is_bundle", "read_mesh", "read_points"]

NOW_LANDMARKS = (33, 133, 362, 263, 2, 61, 291)
"""MediaPipe's points for NoW's seven: outer and inner corner of the right eye, inner and outer of the left, base of
the nose, right and left corner of the mouth."""

_PLY_TYPES = {
    "char": "i1",
    "int8": "i1",
    "uchar": "u1",
    "uint8": "u1",
    "short": "i2",
    "int16": "i2",
    "ushort": "u2",
    "uint16": "u2",
    "int": "i4",
    "int32": "i4",
    "uint": "u4",
    "uint32": "u4",
    "float": "f4",
    "float32": "f4",
    "double": "f8",
    "float64": "f8",
}
"""NumPy's names of the types that PLY files name."""


class Mesh(NamedTuple):
    """A surface, in any unit."""

    vertices: np.ndarray
    """(V, 3) float64."""
    triangles: np.ndarray
    """(T, 3) int64."""


def read_mesh(path: Path | str) -> Mesh:
    """An ``.obj`` (faces of any number of corners, colours behind the positions allowed) or ``.ply`` (text or binary,
    triangles).

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    path = Path(path)
    if path.suffix.lower() == ".ply":
        try:
            return _read_ply(path)
        except FileNotFoundError as error:
            raise HrnError(ErrorCode.MODEL_MISSING, say("There is no file {path}.", path=path)) from error
        except (OSError, ValueError, IndexError, KeyError) as error:
            raise _unusable(path, reason(error)) from error
    mesh = read_obj(path, split=True)
    if not len(mesh.faces):
        raise _unusable(path, say("it has no faces"))
    return Mesh(mesh.vertices, mesh.faces)


def read_points(path: Path | str) -> np.ndarray:
    """(7, 3) points of a ``.npy``, of a table of text, or the first seven of MeshLab's picked points (``.pp``).

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    path = Path(path)
    try:
        if path.suffix.lower() == ".npy":
            points = np.load(path, allow_pickle=False)
        elif path.suffix.lower() == ".pp":
            picked = re.findall(r"<point\b[^>]*>", path.read_text(encoding="utf-8", errors="replace"))[:7]
            points = [[re.search(rf'\b{axis}="([^"]*)"', point)[1] for axis in "xyz"] for point in picked]
        else:
            points = [line.split() for line in path.read_text().splitlines() if line.strip()]
        points = np.array(points, np.float64)
        if points.shape != (7, 3) or not np.isfinite(points).all():
            raise ValueError("it does not contain seven points")
    except FileNotFoundError as error:
        raise HrnError(ErrorCode.MODEL_MISSING, say("There is no file {path}.", path=path)) from error
    except (OSError, ValueError, TypeError) as error:
        raise _unusable(path, reason(error)) from error
    return points


def is_bundle(path: Path) -> bool:
    """Whether the folder is a head bundle."""
    return (path / MANIFEST).is_file()


def bundle_head(path: Path | str, posed: bool = False) -> tuple[Mesh, np.ndarray]:
    """Skin and eyeballs of a head bundle in metres, and NoW's seven landmarks on it.

    Args:
        posed: with the photo's expression; without it the head is neutral.

    Raises:
        HrnError: BUNDLE_INVALID.
    """
    bundle = load_bundle(path)
    arrays = bundle.arrays()
    values = bundle.manifest["expression"]["photo_values"]
    vertices = posed_vertices(arrays, values if posed else np.zeros(len(values)))
    chosen = list(NOW_LANDMARKS)
    points = np.einsum("nk,nkc->nc", arrays["landmark_weights"][chosen], vertices[arrays["landmark_vertices"][chosen]])
    return outer_mesh(vertices, arrays["faces"], arrays["face_material"], bundle.manifest["materials"]), points


def outer_mesh(vertices: np.ndarray, faces: np.ndarray, face_material: np.ndarray, materials=MATERIALS) -> Mesh:
    """The part of a head that a scanner could see: skin and eyeballs of (Q, 4) quads as triangles."""
    wanted = [number for number, name in enumerate(materials) if name in ("skin", "eyes")]
    quads = faces[np.isin(face_material, wanted)]
    used, number = np.unique(quads, return_inverse=True)
    quads = number.reshape(-1, 4)
    return Mesh(np.asarray(vertices, float)[used], quads[:, QUAD_TRIANGLES].reshape(-1, 3))


def _read_ply(path: Path) -> Mesh:
    data = path.read_bytes()
    end = data.index(b"end_header")
    body = data[data.index(b"\n", end) + 1 :]
    header = [line.split() for line in data[:end].decode("ascii", "replace").splitlines()]
    if header[0] != ["ply"]:
        raise ValueError("it does not begin like a PLY file")
    form = next(line[1] for line in header if line[:1] == ["format"])
    elements: list[tuple[str, int, list[list[str]]]] = []
    for line in header:
        if line[:1] == ["element"]:
            elements.append((line[1], int(line[2]), []))
        elif line[:1] == ["property"]:
            elements[-1][2].append(line[1:])
    read = _text_rows(body) if form == "ascii" else _binary_rows(body, "<" if form == "binary_little_endian" else ">")
    found = {name: read(count, properties) for name, count, properties in elements}
    vertices = np.stack([found["vertex"][axis] for axis in "xyz"], 1).astype(float)
    corners = next(found["face"][name] for name in ("vertex_indices", "vertex_index") if name in found["face"])
    triangles = np.asarray(corners, np.int64).reshape(-1, 3)
    if not len(triangles) or triangles.min() < 0 or triangles.max() >= len(vertices) or not np.isfinite(vertices).all():
        raise ValueError("faces or vertices that cannot be")
    return Mesh(vertices, triangles)


def _text_rows(body: bytes):
    lines = iter(body.decode("ascii", "replace").splitlines())

    def read(count: int, properties: list[list[str]]) -> dict[str, np.ndarray]:
        rows = [next(lines).split() for _ in range(count)]
        table = np.array(_spread(rows, properties), float).reshape(count, -1)
        out, column = {}, 0
        for words in properties:
            width = 3 if words[0] == "list" else 1
            out[words[-1]] = table[:, column : column + width].squeeze(1) if width == 1 else table[:, column : column + width]
            column += width
        return out

    return read


def _spread(rows: list[list[str]], properties: list[list[str]]) -> list[list[str]]:
    """Rows without the counts of their lists, which must all be three."""
    places, column = [], 0
    for words in properties:
        if words[0] == "list":
            if any(row[column] != "3" for row in rows):
                raise ValueError("a face is not a triangle")
            places += [column + 1, column + 2, column + 3]
            column += 4
        else:
            places.append(column)
            column += 1
    return [[row[place] for place in places] for row in rows]


def _binary_rows(body: bytes, order: str):
    place = 0

    def read(count: int, properties: list[list[str]]) -> dict[str, np.ndarray]:
        nonlocal place
        fields = []
        for words in properties:
            if words[0] == "list":
                fields += [
                    (f"count of {words[-1]}", order + _PLY_TYPES[words[1]]),
                    (words[-1], order + _PLY_TYPES[words[2]], (3,)),
                ]
            else:
                fields.append((words[-1], order + _PLY_TYPES[words[0]]))
        table = np.frombuffer(body, np.dtype(fields), count, place)
        place += table.nbytes
        for words in properties:
            if words[0] == "list" and (table[f"count of {words[-1]}"] != 3).any():
                raise ValueError("a face is not a triangle")
        return {words[-1]: table[words[-1]] for words in properties}

    return read


def _unusable(path: Path, fault: Message) -> HrnError:
    return HrnError(
        ErrorCode.CHECKPOINT_INVALID,
        say("The file {file} cannot be used: {fault}.", file=path, fault=fault),
        hint="See docs/evidence/evaluation.md.",
        details={"file": str(path)},
    )
