"""A published method's face becomes a view of the head model: shape, facial actions, light and camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..camera import Camera
from ..fit.mid.photo_cells import PhotoCells
from ..fit.skin_surface import skin_surface
from ..geometry.harmonics import fit_lighting, light_normals, shade
from ..geometry.mesh import facing_of, vertex_normals
from ..head.model import MATERIALS, HeadModel
from ..system.progress import SILENT, Progress
from ..types import CoarseFit, FaceObservation, MidFit, Photo, View
from .conform import Conformed, FaceMesh, conform, pose_conformed

__all__ = ["Carried", "SeenFace", "carry_over"]


class SeenFace(NamedTuple):
    """A method's face in one photo."""

    photo: Photo
    observation: FaceObservation
    shown: np.ndarray
    """(M, 3) mm, the mesh's vertices as they are in the photo, unposed."""
    camera: Camera
    """The camera of the photo, for points of the mesh."""


class Carried(NamedTuple):
    """A method's face as views of the head model."""

    views: tuple[View, ...]
    """They share the identity. What facial actions cannot express is in each one's deformation, as its photo has it; the
    first one's actions and deformation are the head's."""
    found: Conformed
    """How the method's relaxed mesh and the head lie on each other."""

    @property
    def placement(self) -> np.ndarray:
        """(4, 4): points of the mesh -> model space of the head, mm."""
        matrix = np.eye(4)
        matrix[:3, :3], matrix[:3, 3] = self.found.rotation, self.found.shift
        return matrix


def carry_over(model: HeadModel, relaxed: FaceMesh, faces: Sequence[SeenFace], progress: Progress = SILENT) -> Carried:
    """The head in the shape of a face mesh, seen by the mesh's own cameras.

    Args:
        relaxed: the face without expression, mm.
        faces: the same face in its photos, the one that shows it best first.
    """
    found = conform(model, relaxed, progress.part(0.0, 0.8))
    views = []
    for number, face in enumerate(faces):
        expression, deformation = pose_conformed(model, found, relaxed, face.shown)
        views.append(_view(model, found, face, expression, deformation, 1 / len(faces)))
        progress(0.8 + 0.2 * (number + 1) / len(faces))
    return Carried(tuple(views), found)


def _view(
    model: HeadModel, found: Conformed, face: SeenFace, expression: np.ndarray, deformation: np.ndarray, share: float
) -> View:
    from ..photo import find_covers, segment_skin

    # The same picture of the head in its own model space: camera(x) = turned(rotation x + shift).
    rotation = face.camera.R @ found.rotation.T
    camera = replace(face.camera, R=rotation, t=face.camera.t - rotation @ found.shift)
    head = model.shape(found.identity, expression) + deformation
    pixels = camera.project(model.landmarks(head).astype(np.float64))[0]
    skin = segment_skin(face.photo, face.observation)
    lighting, residual = _light(model, face.photo, camera, head.astype(np.float64), skin)
    coarse = CoarseFit(
        camera,
        found.identity,
        expression,
        np.linalg.norm(pixels - face.observation.landmarks, axis=1).astype(np.float32),
        "method",
    )
    mid = MidFit(
        deformation,
        lighting.astype(np.float32),
        skin.skin.astype(np.float32),
        residual,
        find_covers(face.photo, face.observation, skin),
    )
    return View(face.photo, face.observation, coarse, mid, share)


def _light(model: HeadModel, photo: Photo, camera: Camera, head: np.ndarray, skin) -> tuple[np.ndarray, float]:
    """(9, 3) light on the skin that the photo shows, and the mean log residual that it leaves."""
    surface = skin_surface(model)
    local = np.full(len(head), -1, np.int32)
    local[surface.vertices] = np.arange(len(surface.vertices))
    corner = local[model.triangles]
    corner[np.repeat(model.face_material != MATERIALS.index("skin"), 2)] = -1
    cells = PhotoCells(photo, camera, head, skin.skin * (1 - skin.highlight), skin.surface)
    colors = cells.colors(cells.raster(camera, head, model.triangles), corner, len(surface.vertices))
    points = head[surface.vertices]
    normals = vertex_normals(points, surface.triangles)
    facing = np.clip((facing_of(camera.position, points, normals) - 0.2) / 0.4, 0, 1)
    weight = surface.trust * facing * np.clip((colors.share - 0.5) / 0.4, 0, 1) * np.minimum(colors.seen, 40.0)
    seen = weight > 0.02
    if seen.sum() < 50:
        ambient = np.zeros((9, 3))
        ambient[0] = 0.5
        return ambient, 0.0
    in_light = light_normals(camera, normals)
    lighting = fit_lighting(in_light, colors.color, np.ones((1, 3)), weight)
    predicted = np.maximum(shade(in_light[seen], lighting), 1e-3)
    left = np.abs(np.log(np.maximum(colors.color[seen], 1e-3) / predicted)).mean(1)
    return lighting, float(np.average(np.minimum(left, 0.5), weights=weight[seen]))
