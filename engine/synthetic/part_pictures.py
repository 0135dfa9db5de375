"""Pictures of parts: photos of generated people in which every pixel's part is known, for the part segmenter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from ..camera import Camera
from ..photo.landmarks import width_of
from ..photo.parts import crop_centre, face_centre
from ..photo.weights import WEIGHTS
from ..wire.command_line import Parser
from ..wire.language import local
from ..wire.messages import say
from .backdrop import backdrop
from .faults import develop_parts
from .part_people import draw_person
from .part_shoot import Lights, Plate, shoot
from .parts import SIDE, Part, open_pictures
from .sitter import studio
from .variety import draw_lamps, draw_sky

__all__ = ["draw", "main"]

_SEED = 16015
"""First number of the generators of pictures."""
_SITTINGS = 20
"""So many pictures in a row are of one head."""
_FINE = 2 * SIDE
"""Side at which pictures are drawn."""
_SHADOWS = 0.2
"""Share of pictures in which the person throws a shadow on what is behind."""
_STRANGERS = 0.22
"""Share of pictures with somebody else in them."""
_CLOSE_STRANGERS = 0.06
"""The same of pictures of the face alone."""


def draw(seed: int, close: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Picture number `seed`: (SIDE, SIDE, 3) uint8 sRGB, labels (SIDE, SIDE) uint8, landmarks (478, 2) float32 pixels.

    Args:
        close: of the face alone.
    """
    rng, place = np.random.default_rng([_SEED, seed, 1] if close else [_SEED, seed]), studio()
    sitter = place.sitter(seed // _SITTINGS)
    far, lights = _camera(rng), _lights(rng)
    person, hair = draw_person(place, sitter, -far.R[2], rng, close=close)
    camera = _window(place.model.landmarks(person.posed), far, rng, close)
    plate = shoot(place, person, camera, lights, rng)
    ground = backdrop(rng, _FINE, hair) * np.float32(
        lights.radiance.sum(0).mean() * 0.35 + 0.8 * lights.shine.sum(0).mean() + 0.05
    )
    if rng.random() < _SHADOWS:
        ground = _shadowed(ground, plate.alpha, rng)
    layers = [(0.0, plate)]
    if rng.random() < (_CLOSE_STRANGERS if close else _STRANGERS):
        for _ in range(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1])):
            layers.append(_stranger(sitter, camera, lights, rng))
    light, labels = ground, np.full((_FINE, _FINE), Part.BACKGROUND, np.uint8)
    for _, layer in sorted(layers, key=lambda item: -item[0]):
        light = layer.light + (1 - layer.alpha[..., None]) * light
        labels = np.where(layer.alpha > 0.5, layer.labels, labels)
    points = camera.project(place.model.landmarks(person.posed))[0] * (SIDE / _FINE)
    picture, labels = develop_parts(light, labels, rng, close)
    return picture, labels, points.astype(np.float32)


def _shadowed(ground: np.ndarray, alpha: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The background as a wall on which the person's shadow falls."""
    aside, size = rng.normal(0, 0.09, 2) * _FINE, rng.uniform(0.95, 1.25)
    move = np.float32([[size, 0, aside[0] + (1 - size) * _FINE / 2], [0, size, aside[1] + (1 - size) * _FINE / 2]])
    cast = cv2.warpAffine(alpha, move, alpha.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    cast = cv2.GaussianBlur(cast, (0, 0), float(np.exp(rng.uniform(np.log(2), np.log(30)))))
    return ground * (1 - np.float32(rng.uniform(0.3, 0.9)) * cast[..., None])


def _stranger(sitter, camera: Camera, lights: Lights, rng: np.random.Generator) -> tuple[float, Plate]:
    """Somebody else beside or behind: how much farther than the first they are, mm, and their plate."""
    turn = _turned(rng)
    person, _ = draw_person(studio(), sitter, -turn[2], rng, 0.5)
    far = rng.uniform(-60, 400) if rng.random() < 0.6 else rng.uniform(400, 2000)
    aside = rng.choice([-1, 1]) * rng.uniform(170, 400) * (1 + far / 1500)
    t = camera.t + [aside, rng.normal(0, 110), far]
    plate = shoot(studio(), person, replace(camera, R=turn, t=t), lights, rng)
    blur = max(0.0, rng.normal(0, 1) * far / 400)
    light, alpha = plate.light, plate.alpha
    if blur > 0.4:
        light, alpha = cv2.GaussianBlur(light, (0, 0), blur), cv2.GaussianBlur(alpha, (0, 0), blur)
    return far, Plate(light, alpha, np.full(alpha.shape, Part.OTHER, np.uint8))


def _lights(rng: np.random.Generator) -> Lights:
    """Lamps and sky; sometimes hard, sometimes from behind, sometimes in stage colors."""
    lamps, soft, radiance = draw_lamps(rng)
    directions, shine = draw_sky(rng)
    kind = rng.random()
    if kind < 0.12:  # against the light
        lamps[0] = [rng.normal(0, 0.6), rng.uniform(-0.9, 0.1), rng.uniform(0.4, 1)]
        radiance[0] = rng.uniform(0.8, 3.0)
        shine = shine * rng.uniform(0.3, 1)
    elif kind < 0.3:  # a flash
        lamps[0] = [rng.normal(0, 0.1), -abs(rng.normal(0.1, 0.1)), -1]
        radiance[0], soft = rng.uniform(0.7, 2.0), soft * 0.3
        shine = shine * rng.uniform(0.2, 0.8)
    elif kind < 0.38:  # hard
        shine, soft = shine * rng.uniform(0.1, 0.5), soft * 0
        radiance[0] = rng.uniform(0.8, 1.6)
    if rng.random() < 0.05:
        radiance = radiance * rng.dirichlet([0.5, 0.5, 0.5], 2) * 3
    lamps = lamps / np.linalg.norm(lamps, axis=1, keepdims=True)
    if rng.random() < 0.6:
        radiance = radiance * np.where(np.arange(2)[:, None] == 0, 1.3, 0.9)
    return Lights(lamps, soft, radiance, directions, shine)


def _turned(rng: np.random.Generator) -> np.ndarray:
    """(3, 3) from the head's space to the camera's axes."""
    yaw = rng.normal(0, 0.25) if rng.random() < 0.55 else rng.uniform(-1.2, 1.2)
    pitch, roll = np.clip(rng.normal(0, 0.16, 2), -0.5, 0.5)
    R = np.diag([1.0, -1.0, -1.0])
    for axis, angle in ((2, roll), (0, pitch), (1, yaw)):
        vector = np.zeros(3)
        vector[axis] = angle
        R = R @ cv2.Rodrigues(vector)[0]
    return R


def _camera(rng: np.random.Generator) -> Camera:
    """Somewhere before the head, looking past it by a little."""
    distance = np.exp(rng.uniform(np.log(380), np.log(2600)))
    aim = rng.normal(0, 0.06, 2) * distance
    return Camera(1000, 1000, 3 * distance, 3 * distance, 500, 500, _turned(rng), np.array([aim[0], aim[1], distance + 60]))


def _window(points: np.ndarray, camera: Camera, rng: np.random.Generator, close: bool = False) -> Camera:
    """The camera of the square that the person segmenter sees of a head with landmarks (478, 3)."""
    at = camera.project(points)[0]
    face = width_of(at)
    kind = rng.random()
    reach = np.exp(rng.uniform(np.log(1.3), np.log(2.6)))
    if kind < 0.8:
        reach = (1.5 if kind < 0.4 else 2.3) * np.exp(rng.normal(0, 0.05))
    center = crop_centre(at) + rng.normal(0, 0.05, 2) * face
    if close:
        reach = WEIGHTS.parts.close_reach * np.exp(rng.normal(0, 0.07))
        center = face_centre(at) + rng.normal(0, 0.03, 2) * face
    half = reach * face
    low, scale = center - half, _FINE / (2 * half)
    return replace(
        camera,
        width=_FINE,
        height=_FINE,
        fx=camera.fx * scale,
        fy=camera.fy * scale,
        cx=(camera.cx - low[0]) * scale,
        cy=(camera.cy - low[1]) * scale,
    )


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="python -m engine.synthetic.part_pictures", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="folder that is made, or gone on with")
    parser.add_argument("--count", type=int, default=3000, help="number of pictures that the folder has room for")
    parser.add_argument("--start", type=int, default=0, help="first picture to make")
    parser.add_argument("--close", action="store_true", help="of the face alone, for the layers that look at it")
    parser.add_argument("--stop", type=int, help="picture before which to stop; default: the last")
    options = parser.parse_args(argv)
    rows = open_pictures(options.folder, options.count)
    stop = options.count if options.stop is None else min(options.stop, options.count)
    for number in range(options.start, stop):
        if not rows.done[number]:
            rows.pictures[number], rows.labels[number], rows.landmarks[number] = draw(number, options.close)
            rows.done[number] = 1
        if number % 100 == 99:
            print(local(say("{done} of {count} pictures", done=number + 1, count=stop)), flush=True)
    for array in rows:
        array.flush()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
