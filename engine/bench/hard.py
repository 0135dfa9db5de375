"""Accuracy on generated heads of the hard kinds: full beards, half the face in shade, the jaw wide open.

People of the part pictures (:mod:`engine.synthetic.sitter`), of numbers that no training saw, drawn from one side after the
other. Strands of a beard are in the pictures only: the truth is the skin beneath.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..camera import Camera
from ..head.model import MATERIALS, HeadModel
from ..photo import Landmarker
from ..synthetic.dataset import face_vertices
from ..synthetic.grooms import beard_locks, draw_color, draw_style, hair_locks, scalp_share
from ..synthetic.paint import Column
from ..synthetic.part_labels import beard_shares
from ..synthetic.part_shoot import Lights, Person, shoot
from ..synthetic.sitter import Sitter, Studio, studio
from ..synthetic.variety import varied_paint
from ..types import Photo
from ..wire.color import linear_to_power
from ..wire.language import local
from ..wire.messages import as_message, say
from ..wire.settings import Settings
from .generated import face_distance

__all__ = ["KINDS", "Subject", "hard_subject", "score_hard"]

KINDS = ("beard", "shade", "jaw")
"""Kinds of heads, one row of figures each."""
_FIRST = 10_000_000
"""Number of the first sitter; the part pictures have few thousand."""
_SIDE = 768
"""Side of the pictures, pixels."""
_DISTANCE = 1100.0
"""Of the camera from the head, mm."""
_FOCAL = 3.1
"""Focal length over the pictures' side."""
_YAWS = (0.0, 33.0)
"""From where single photos are taken, degrees."""
_FIVE = (0.0, -60.0, -30.0, 30.0, 60.0)
"""From where several are."""
_BEARD_MM = (6.0, 32.0)
"""Shortest and longest beard."""


class Subject(NamedTuple):
    """Somebody who is photographed from all sides."""

    person: Person
    color: np.ndarray
    """(3,) linear, of the background."""
    kind: str
    focal_known: bool = False


def hard_subject(place: Studio, kind: str, number: int) -> Subject:
    """Head number `number` of a kind."""
    sitter = place.sitter(_FIRST + number)
    rng = np.random.default_rng([_FIRST, KINDS.index(kind), number])
    return Subject(_person(place, sitter, kind, rng), rng.uniform(0.15, 0.5, 3), kind)


def _person(place: Studio, sitter: Sitter, kind: str, rng: np.random.Generator) -> Person:
    model, renderer = place.model, place.renderer
    names = list(model.expression_names)
    expression = np.zeros(len(names))
    if kind == "jaw":
        expression[names.index("jawOpen")] = rng.uniform(0.7, 1.0)
        expression[names.index("browInnerUp")] = rng.uniform(0, 0.8)
        for side in ("Left", "Right"):
            expression[names.index("mouthFunnel")] = rng.uniform(0, 0.3)
            expression[names.index("eyeWide" + side)] = rng.uniform(0, 0.5)
    posed = (sitter.neutral + np.tensordot(expression.astype(np.float32), model.expression_basis, 1)).astype(float)
    color, style = draw_color(rng), draw_style(rng)
    while style.kind not in ("buzz", "short"):
        style = draw_style(rng)
    paint = varied_paint(renderer.look(rng)[1], rng)
    paint = paint._replace(beard=0.0, hairline=50.0, ragged=0.0, temple=0.0, freckle=1.0, fine=0.12, blotch=0.12)
    paint = paint._replace(hair=tuple(0.8 * np.minimum(color, 0.4)))
    values = renderer.static.copy()
    renderer.move_paint(values, rng)
    values = values[: len(posed)]
    values[:, Column.HEIGHT] = 100 * scalp_share(place, style)
    locks = [hair_locks(sitter, style, color, rng)]
    if kind == "beard":
        paint = paint._replace(beard=0.9, beard_low=rng.uniform(-14, 5), beard_wide=rng.normal(0, 8))
        grown = beard_shares(
            values[:, Column.PLACE], values[:, Column.LIPS], paint._replace(beard=1.0), renderer.grid, renderer.mouth
        )
        bare = np.ones(len(grown), bool)
        bare[place.skin] = False
        grown[bare] = 0
        locks.append(beard_locks(place, posed, grown, float(rng.uniform(*_BEARD_MM)), color, rng))
    lashes = np.repeat(model.face_material != MATERIALS.index("lashes"), 2)
    return Person(posed, values, paint, True, lashes, [], [lock for lock in locks if lock is not None])


def _lights(kind: str, camera: Camera, rng: np.random.Generator) -> Lights:
    """Lamps that stand still while the camera goes round: even, or one hard lamp from the side."""
    number = np.arange(48) + 0.5
    up, around = 1 - 2 * number / 48, np.pi * (1 + 5**0.5) * number
    sphere = np.stack([np.sqrt(1 - up**2) * np.cos(around), up, np.sqrt(1 - up**2) * np.sin(around)], 1)
    lamps = np.array([[rng.choice([-1, 1]) * 0.95, 0.3, rng.uniform(0.0, 0.3)], [0.3, 0.6, 0.8]])
    strength = np.array([1.1, 0.0]) if kind == "shade" else np.array([0.25, 0.35])
    sky = 0.12 if kind == "shade" else 0.75
    lamps = lamps / np.linalg.norm(lamps, axis=1, keepdims=True)
    shine = np.full((48, 3), sky * 4 / 48) * np.clip(0.7 + 0.3 * sphere[:, 1:2], 0, 1)
    return Lights(lamps @ camera.R.T, np.array([0.0, 0.1]), np.repeat(strength[:, None], 3, 1), sphere @ camera.R.T, shine)


def picture(place: Studio, subject: Subject, yaw: float, seed: int) -> Photo:
    """A photo of a head turned by `yaw` degrees."""
    turn = cv2.Rodrigues(np.array([0, np.radians(yaw), 0]))[0]
    R = np.diag([1.0, -1.0, -1.0]) @ turn
    middle = np.array([0, -30.0, -60.0])
    camera = Camera(_SIDE, _SIDE, _FOCAL * _SIDE, _FOCAL * _SIDE, _SIDE / 2, _SIDE / 2, R, [0, 0, _DISTANCE] - R @ middle)
    rng = np.random.default_rng([_FIRST, seed])
    plate = shoot(place, subject.person, camera, _lights(subject.kind, camera, rng), rng)
    light = plate.light + (1 - plate.alpha[..., None]) * subject.color.astype(np.float32)
    face = light[plate.alpha > 0.5]
    light = light * np.float32(0.5 / max(np.quantile(face.max(-1), 0.9), 1e-3))
    pixels = 255 * linear_to_power(np.clip(light, 0, 1)) + rng.normal(0, 1.5, light.shape)
    return Photo(
        np.clip(pixels + 0.5, 0, 255).astype(np.uint8), f"{subject.kind} {seed} {yaw:g}", f"{subject.kind}{seed}{yaw:g}", None
    )
