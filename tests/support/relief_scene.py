"""A head whose skin has known heights and paint, photographed in a known light, for the relief stage."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from engine.camera import Camera
from engine.fit.relief.filters import slopes
from engine.fit.relief.picture import face_picture
from engine.fit.relief.weights import PictureWeights
from engine.geometry.harmonics import sh_basis
from engine.render import interpolate
from engine.types import CoarseFit, Covers, FaceObservation, MidFit, Photo, View
from engine.wire.color import linear_to_srgb

SIDE = 640
SKIN = np.array([0.55, 0.36, 0.26])
"""Linear color."""
LIGHT = np.array([0.4, 0.2, 0.2, 0.5, 0, 0, 0, 0, 0])
"""From the front, the left and a little above."""


def relief_scene(model, turn: float = 0.0):
    """A view without colors of the average head, turned by some degrees to its left; its picture at the photo's own size;
    (H, W, 3) places on the template."""
    R = np.diag([1.0, -1.0, -1.0]) @ cv2.Rodrigues(np.array([0, np.radians(turn), 0]))[0]
    camera = Camera(SIDE, SIDE, 3 * SIDE, 3 * SIDE, SIDE / 2, SIDE / 2, R, np.array([0, 15.0, 700.0]))
    coarse = CoarseFit(camera, np.zeros(1, np.float32), np.zeros(52, np.float32), np.zeros(478, np.float32), "estimated")
    points = camera.project(model.landmarks(model.template).astype(float))[0]
    observation = FaceObservation(points.astype(np.float32), np.zeros(478), np.zeros(52), 0, 1)
    mid = MidFit(
        np.zeros_like(model.template), np.zeros((9, 3)), np.ones((SIDE, SIDE), np.float32), 0.0, Covers(0, False, False, False)
    )
    view = View(Photo(np.zeros((SIDE, SIDE, 3), np.uint8), "a", "0", None), observation, coarse, mid)
    picture = face_picture(model, view, PictureWeights(pixels_per_mm=50.0))
    place = interpolate(picture.raster, model.triangles, model.template.astype(float))
    return view, picture, place


def lit(scene, height: np.ndarray | float, paint: np.ndarray | float = 1.0, noise: float = 0.0, seed: int = 1) -> View:
    """The view as its head looks with a height (H, W) mm and a paint (H, W, 3) over its skin."""
    view, picture, _ = scene
    normals = picture.bent(*slopes(np.broadcast_to(np.float32(height), picture.shape)))
    color = (SKIN * paint) * np.maximum(sh_basis(normals) @ LIGHT, 0.02)[..., None]
    camera = view.coarse.camera
    pixels = np.full((SIDE, SIDE, 3), 0.2)
    row, column = round(camera.cy - picture.camera.cy), round(camera.cx - picture.camera.cx)
    pixels[row : row + picture.shape[0], column : column + picture.shape[1]] = color
    encoded = linear_to_srgb(pixels) + noise * np.random.default_rng(seed).normal(size=pixels.shape)
    return replace(view, photo=replace(view.photo, pixels=np.clip(encoded * 255 + 0.5, 0, 255).astype(np.uint8)))


def nasolabial(scene, model, depth: float) -> np.ndarray:
    """(H, W) mm: a valley beside the left corner of the mouth, where such folds are."""
    _, _, place = scene
    marks = model.landmarks(model.template)
    place, ends = place[..., :2], ((marks[358] + [8, -5, 0])[:2], (marks[291] + [9, 7, 0])[:2])
    length = np.linalg.norm(ends[1] - ends[0])
    along = (ends[1] - ends[0]) / length
    way = np.clip((place - ends[0]) @ along, 0, length)
    apart = np.linalg.norm(place - ends[0] - way[..., None] * along, axis=-1)
    return (-depth * np.exp(-(apart**2) / (2 * 1.8**2))).astype(np.float32)
