"""OBJ by its plain rules, as any other program reads it."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def read(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Vertices, texture coordinates, quads as (vertex, uv) numbers, and material of each quad."""
    v, vt, quads, uses, material = [], [], [], [], None
    for line in path.read_text(encoding="utf-8").splitlines():
        key, _, rest = line.partition(" ")
        if key == "v":
            v.append([float(x) for x in rest.split()])
        elif key == "vt":
            vt.append([float(x) for x in rest.split()])
        elif key == "usemtl":
            material = rest
        elif key == "f":
            quads.append([[int(n) - 1 for n in corner.split("/")] for corner in rest.split()])
            uses.append(material)
    return np.array(v), np.array(vt), np.array(quads), uses
