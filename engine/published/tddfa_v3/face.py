"""What 3DDFA-V3 reads off a fitted face: landmark sets, visibility, renderings and the segmentation into parts
(Wang et al., *3D Face Reconstruction with the Geometric Guidance of Facial Part Segmentation*, CVPR 2024).

Everything is for one face in the 224-pixel crop; the CPU renderer's rule is used throughout.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...render import Raster, interpolate
from ..basel import pose
from ..basel.alignment import CROP_SIZE
from ..basel.coefficients import Coefficients
from ..basel.lighting import plain_shading
from ..basel.model import FaceModel, PosedFace
from .files import TddfaModelData
from .raster import covered, rasterize

__all__ = [
    "Rendering",
    "contour_landmarks",
    "landmark_sets",
    "part_masks",
    "render",
    "screen_points",
    "visible_part_masks",
    "visible_vertices",
]

_CONTOUR_LEFT = range(0, 16)
"""Numbers of the contour landmarks on the picture's left, among the 106."""
_CHIN = 16
"""Number of the landmark at the chin."""
_CONTOUR_RIGHT = range(17, 33)
"""Numbers of the contour landmarks on the picture's right."""


class Rendering(NamedTuple):
    """Pictures of one face in the crop; 0 where nothing is covered."""

    raster: Raster
    mask: np.ndarray
    """(224, 224) bool."""
    face: np.ndarray
    """(224, 224, 3) float32 lit texture."""
    shape: np.ndarray
    """(224, 224, 3) float32 plain shading."""
    depth: np.ndarray
    """(224, 224) float32 decimetres."""


def screen_points(projection: np.ndarray) -> np.ndarray:
    """(..., 2) crop pixels with y up -> pixels of the renderer, y down."""
    return np.stack([projection[..., 0], CROP_SIZE - projection[..., 1]], -1)


def render(model: FaceModel, face: PosedFace) -> Rendering:
    """The crop's renderings of a batch of one."""
    points = screen_points(face.projection[0].detach().cpu().numpy())
    depth = face.camera[0, :, 2].detach().cpu().numpy()
    triangles = model.triangles.cpu().numpy()
    raster = rasterize(points, depth, triangles, CROP_SIZE)
    mask = covered(raster)

    def picture(values):
        return interpolate(raster, triangles, values.detach().cpu().numpy()) * mask[..., None]

    shading = plain_shading(face.world_normals)[0]
    return Rendering(raster, mask, picture(face.color[0]), picture(shading), np.where(mask, raster.depth, 0))


def visible_vertices(model: FaceModel, face: PosedFace, raster: Raster) -> np.ndarray:
    """(N,) bool: corners of triangles that own a pixel, and not turned away from the viewer."""
    shown = np.zeros(len(model.vertex_faces), bool)
    numbers = np.unique(raster.triangle)
    shown[model.triangles.cpu().numpy()[numbers[numbers >= 0]]] = True
    return shown & (face.world_normals[0, :, 2].detach().cpu().numpy() >= 0)


def contour_landmarks(model: FaceModel, data: TddfaModelData, face: PosedFace, coefficients: Coefficients) -> np.ndarray:
    """(106,) int64 vertices of the 106 landmarks whose cheek contour follows the outline in the picture.

    The face is projected without roll; among the candidates of a contour landmark the leftmost (first half) or
    rightmost vertex is the one on the outline. A vertex in several lists of candidates belongs to the last.
    """
    angles = coefficients.angles * coefficients.angles.new_tensor([1.0, 1.0, 0.0])
    world = pose.transform(face.shape, pose.rotation_matrix(angles), coefficients.translation)
    x = model.camera.project(model.camera.to_camera(world))[0, :, 0].detach().cpu().numpy()
    owner = np.full(len(x), -1)
    for number, candidates in enumerate(data.contour_candidates):
        owner[candidates] = number
    out = data.landmarks[106].copy()
    for number in (*_CONTOUR_LEFT, *_CONTOUR_RIGHT):
        candidates = np.flatnonzero(owner == number)
        if len(candidates):
            best = np.argmin if number < _CHIN else np.argmax
            out[number] = candidates[best(x[candidates])]
    return out


def landmark_sets(model: FaceModel, data: TddfaModelData, face: PosedFace, coefficients: Coefficients) -> dict[str, np.ndarray]:
    """``ldm68``, ``ldm106``, ``ldm106_2d`` and ``ldm134``: (n, 2) float32 crop pixels, y up."""
    projection = face.projection[0].detach().cpu().numpy()
    out = {f"ldm{size}": projection[vertices] for size, vertices in data.landmarks.items()}
    out["ldm106_2d"] = projection[contour_landmarks(model, data, face, coefficients)]
    return out


def part_masks(data: TddfaModelData, face: PosedFace) -> np.ndarray:
    """(224, 224, 8) bool: each part drawn alone, so that hidden parts show, too."""
    points = screen_points(face.projection[0].detach().cpu().numpy())
    depth = face.camera[0, :, 2].detach().cpu().numpy()
    return np.stack([covered(rasterize(points, depth, triangles, CROP_SIZE)) for triangles in data.part_triangles], -1)


def visible_part_masks(model: FaceModel, data: TddfaModelData, rendering: Rendering, visible: np.ndarray) -> np.ndarray:
    """(224, 224, 8) bool: pixels at which at least half of the corners, by weight, are visible vertices of the part."""
    values = np.zeros((len(visible), len(data.part_vertices)))
    for number, vertices in enumerate(data.part_vertices):
        values[vertices, number] = visible[vertices]
    return (interpolate(rendering.raster, model.triangles.cpu().numpy(), values) * rendering.mask[..., None]) >= 0.5
