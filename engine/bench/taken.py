"""Sets of five photos as people take them, of generated heads, with causes of error that are switched one by one."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..camera import Camera, orbit_camera
from ..fit.coarse.population import load_people
from ..fit.views import fit_views
from ..geometry.harmonics import fit_lighting, light_normals
from ..head.model import HeadModel
from ..photo import Landmarker
from ..photo.landmarks import select_face
from ..pipeline.preview import render_head
from ..synthetic.anatomy import Anatomy
from ..synthetic.backdrop import backdrop
from ..synthetic.dataset import face_vertices
from ..synthetic.heads import sample_person, smooth_field
from ..types import Photo
from ..wire.color import linear_to_srgb, srgb_to_linear
from ..wire.columns import pad, row
from ..wire.language import local
from ..wire.messages import say
from ..wire.settings import Settings
from .generated import face_distance

__all__ = ["CAUSES", "HEADS", "Taken", "take_photos", "taken_table"]

CAUSES = {
    "skin": say("even skin"),
    "color": say("exposure, white balance"),
    "expression": say("moved face"),
    "room": say("busy room"),
    "file": say("no EXIF, zoomed"),
}
"""Even skin; exposure and white balance of each photo its own; a face that moves by 1 to 2 mm; a busy room; and files of JPEG
quality 75 without EXIF, whose focal lengths differ by zoom or cut."""

HEADS = range(6)
"""Numbers of the heads. The fit was tuned on 0 and 1, and on 6 and 7; the others are for checks."""
_SEED = 4100
"""Seed of the heads; it is not a seed of the training data."""
_SIDE = 1024
"""Sides of the photos, pixels."""
_YAWS = (0.0, -58.0, -29.0, 29.0, 58.0)
"""Turns of the photos, degrees; the face moves in all but the first."""
_EVEN = 14.0
"""Marks of the skin fainter than that are taken out of even skin, steps of 8 bit."""
_FRECKLES = 6.0
"""Deviation of the marks that are painted on other skin, steps of 8 bit."""
_STOPS = 0.35
"""Largest deviation of an exposure, stops."""
_KELVIN = 300.0
"""Largest deviation of a white balance from 5500 K, kelvin."""
_MOVE_MM = (1.2, 2.0)
"""Moves of the face between photos: 95th percentile, mm."""
_ZOOM = 0.07
"""Largest deviation of a log focal length."""
_MOVING = ("brow", "cheek", "eyeSquint", "jawOpen", "mouthFrown", "mouthPress", "mouthSmile", "mouthStretch", "mouthUpper")
"""Beginnings of the names of actions that people do not know they make."""


class Taken(NamedTuple):
    """Photos of one head."""

    photos: list[Photo]
    truth: dict[str, np.ndarray]
    """Name of a photo -> (N, 3) mm, the head in it."""
    cameras: dict[str, Camera]
    """Name of a photo -> the camera that took it."""


class _Face(NamedTuple):
    """A head and how it moves."""

    neutral: np.ndarray
    """(N, 3) mm"""
    moves: list[np.ndarray]
    """(N, 3) mm for each photo."""


def _face(model: HeadModel, number: int) -> _Face:
    """A person that the model cannot quite express, moving in ways that its facial actions cannot quite express."""
    random = np.random.default_rng([_SEED, number])
    neutral = sample_person(model, random, Anatomy(model), load_people(model)).neutral.astype(float)
    template, face = model.template.astype(float), face_vertices(model)
    names = [i for i, name in enumerate(model.expression_names) if name.startswith(_MOVING)]
    moves = [np.zeros_like(neutral)]
    for _ in _YAWS[1:]:
        move = np.zeros_like(neutral)
        for action in random.choice(names, 6, replace=False):
            uneven = 1 + 0.35 * smooth_field(template, random, (40, 120), symmetric=0.0)[:, :1]
            move += random.uniform(0.3, 1.0) * uneven * model.expression_basis[action]
        size = np.percentile(np.linalg.norm(move[face], axis=1), 95)
        moves.append(move * random.uniform(*_MOVE_MM) / max(size, 1e-6))
    return _Face(neutral, moves)


def _even(albedo: np.ndarray) -> np.ndarray:
    """(S, S, 3) uint8: skin without marks; brows, lips and eyes keep theirs."""
    base = cv2.GaussianBlur(albedo.astype(np.float32), (0, 0), albedo.shape[0] / 50)
    detail = albedo - base
    size = np.linalg.norm(detail, axis=2, keepdims=True) / np.sqrt(3)
    kept = np.clip(size / _EVEN - 1, 0, 1)
    return np.clip(base + cv2.GaussianBlur(kept, (0, 0), 1.5)[..., None] * detail, 0, 255).astype(np.uint8)


def _freckled(albedo: np.ndarray) -> np.ndarray:
    """(S, S, 3) uint8: skin with the contrast that stereo likes."""
    marks = np.random.default_rng(3).normal(0, 1, albedo.shape[:2])
    marks = cv2.GaussianBlur(marks, (0, 0), 2.0) + 1.5 * cv2.GaussianBlur(marks, (0, 0), 5.0)
    return np.clip(albedo + _FRECKLES * marks[..., None] / marks.std(), 0, 255).astype(np.uint8)


def _light(camera: Camera, random: np.random.Generator) -> np.ndarray:
    """(9, 3) harmonics in the camera's axes of one room's even light; the same room for equal states of `random`."""
    normals = random.normal(size=(500, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    from_where = np.array([random.normal(0, 0.1), 0.25, 0.22])
    shade = np.repeat((0.72 + normals @ from_where)[:, None], 3, 1)
    return fit_lighting(light_normals(camera, normals), shade, np.ones((len(normals), 1)), np.ones(len(normals)))


def _gain(random: np.random.Generator) -> np.ndarray:
    """(3,) of linear red, green and blue: another exposure and white balance."""
    kelvin = random.uniform(-_KELVIN, _KELVIN) / 5500
    return 2.0 ** random.uniform(-_STOPS, _STOPS) * np.array([1 + 0.9 * kelvin, 1, 1 - 1.4 * kelvin])


def take_photos(model: HeadModel, number: int, albedo: np.ndarray, causes: tuple[str, ...]) -> Taken:
    """Five photos of the head of that number.

    Args:
        albedo: (S, S, 3) uint8 sRGB.
        causes: some of :data:`CAUSES`.
    """
    face = _face(model, number)
    paint = _even(albedo) if "skin" in causes else _freckled(albedo)
    photos, truth, cameras = [], {}, {}
    for place, (yaw, move) in enumerate(zip(_YAWS, face.moves)):
        random = np.random.default_rng([_SEED, number, place])
        zoom = np.exp(random.uniform(-_ZOOM, _ZOOM))
        turn, pitch, fill = yaw + random.uniform(-3, 3), random.uniform(-5, 5), random.uniform(0.8, 0.88)
        gain = _gain(random)
        focal = 1.75 * (zoom if "file" in causes else 1.0)
        camera = orbit_camera(face.neutral, turn, pitch, width=_SIDE, height=_SIDE, focal=focal, fill=fill)
        vertices = face.neutral + move if "expression" in causes else face.neutral
        behind = (
            linear_to_srgb(np.clip(backdrop(random, _SIDE), 0, 1)) if "room" in causes else np.full((_SIDE, _SIDE, 3), 0.75)
        )
        behind = (255 * behind).astype(np.uint8)
        light = _light(camera, np.random.default_rng([_SEED, number, 99]))
        pixels = render_head(model, vertices.astype(np.float32), camera, paint, light=light, background=behind).astype(float)
        if "color" in causes:
            pixels = 255 * linear_to_srgb(np.clip(srgb_to_linear(pixels / 255) * gain, 0, 1))
        pixels = np.clip(pixels + random.normal(0, 1.0, pixels.shape) + 0.5, 0, 255).astype(np.uint8)
        quality = 75 if "file" in causes else 95
        code = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        name = f"{round(yaw):+d}.jpg"
        known = None if "file" in causes else camera.fx
        photos.append(Photo(cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1].copy(), name, "0" * 64, known))
        truth[name], cameras[name] = vertices.astype(float), camera
    return Taken(photos, truth, cameras)


def taken_table(model: HeadModel, albedo: np.ndarray, landmarker: Landmarker, heads: list[int]) -> None:
    """Print, for no cause, for each alone and for all together, each head's face error in mm.

    Args:
        albedo: (S, S, 3) uint8 sRGB, the heads' colors. heads: numbers of generated heads.
    """
    rows = [((), say("none of them")), *(((cause,), name) for cause, name in CAUSES.items()), (tuple(CAUSES), say("all"))]
    print(row((local(say("cause")), 24), (local(say("mean")), -6), ("", 1)) + local(say("each head")))
    for causes, name in rows:
        gaps = [taken_error(model, take_photos(model, number, albedo, causes), landmarker) for number in heads]
        print(f"{pad(local(name), 24)} {np.mean(gaps):6.2f}  {' '.join(f'{gap:.2f}' for gap in gaps)}", flush=True)


def taken_error(model: HeadModel, taken: Taken, landmarker: Landmarker) -> float:
    """Mean distance of the face in mm, as it is in the photo that the fit took for its reference."""
    faces = [(photo, select_face(landmarker.detect(photo), 0, photo)) for photo in taken.photos]
    first = fit_views(model, faces, Settings()).views[0]
    return face_distance(model, taken.truth[first.photo.name], model.posed(first).astype(float), face_vertices(model))
