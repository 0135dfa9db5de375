"""Deep3D's result files: a strip of pictures, a coloured mesh, and the coefficients."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...geometry.obj import ObjStyle, write_obj
from ...wire.atomic import write_whole
from ..basel.alignment import CROP_SIZE
from ..basel.coefficients import Coefficients
from ..basel.model import PosedFace

__all__ = ["coefficient_arrays", "mesh_arrays", "picture_strip", "write_coefficients", "write_mesh"]

_MARK = 2
"""Half the side of a landmark's square."""
_GIVEN = (0, 0, 255)
"""RGB of the squares at the given landmarks."""
_FOUND = (255, 0, 0)
"""RGB of the squares at the landmarks of the fitted face."""


def coefficient_arrays(coefficients: Coefficients, face: PosedFace) -> dict[str, np.ndarray]:
    """Fields of the published ``.mat``; the landmarks are in the crop with y down."""
    lm68 = face.landmarks.detach().cpu().numpy().copy()
    lm68[..., 1] = CROP_SIZE - 1 - lm68[..., 1]
    named = {
        "id": coefficients.identity,
        "exp": coefficients.expression,
        "tex": coefficients.texture,
        "angle": coefficients.angles,
        "gamma": coefficients.gamma,
        "trans": coefficients.translation,
    }
    return {
        **{name: value.detach().cpu().numpy().astype(np.float32) for name, value in named.items()},
        "lm68": lm68.astype(np.float32),
    }


def mesh_arrays(face: PosedFace) -> tuple[np.ndarray, np.ndarray]:
    """Posed vertices (N, 3), decimetres, y up, and lit colours (N, 3) uint8 of the first face of a batch."""
    vertices = face.camera[0].detach().cpu().numpy().copy()
    vertices[:, 2] = 10 - vertices[:, 2]
    return vertices, (255 * face.color[0].detach().cpu().numpy().clip(0, 1)).astype(np.uint8)


def picture_strip(crop: np.ndarray, overlaid: np.ndarray, found: np.ndarray, given: np.ndarray | None) -> np.ndarray:
    """(224, 672, 3) uint8: the crop, the rendering over it, and the same with landmarks.

    Args:
        crop, overlaid: (224, 224, 3) uint8 RGB.
        found, given: (68, 2) crop pixels, y up; given ones are blue, found ones red.
    """
    marked = overlaid.copy()
    for points, color in ((given, _GIVEN), (found, _FOUND)):
        for x, y in np.round([] if points is None else points).astype(int).reshape(-1, 2):
            row = CROP_SIZE - 1 - y
            marked[max(row - _MARK, 0) : max(row + _MARK, 0), max(x - _MARK, 0) : max(x + _MARK, 0)] = color
    return np.concatenate([crop, overlaid, marked], 1)


def write_coefficients(path: Path | str, arrays: dict[str, np.ndarray]) -> None:
    """Write the ``.mat`` file."""
    from scipy.io import savemat

    write_whole(path, lambda file: savemat(file, arrays))


def write_mesh(path: Path | str, vertices: np.ndarray, triangles: np.ndarray, colors: np.ndarray) -> None:
    """Write the ``.obj`` file; colours are written as 0..1."""
    write_obj(path, vertices, triangles, colors=colors / 255.0, style=ObjStyle(".8f"))
