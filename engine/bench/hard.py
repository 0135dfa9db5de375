"""Accuracy on generated heads of the hard kinds: full beards, half the face in shade, the jaw wide open.

People of the part pictures (:mod:`engine.synthetic.sitter`), of numbers that no training saw, drawn from one side after the
other. The strands of a beard are in the pictures only: the truth is the skin beneath.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..camera import Camera
from ..fit.views import fit_views
from ..head.model import MATERIALS, HeadModel
from ..photo import Landmarker
from ..synthetic.dataset import face_vertices
from ..synthetic.grooms import beard_locks, draw_color, draw_style, hair_locks, scalp_share
from ..synthetic.paint import Column, Paint
from ..synthetic.part_labels import beard_shares
from ..synthetic.part_shoot import Lights, Person, shoot
from ..synthetic.sitter import Sitter, Studio, studio
from ..synthetic.variety import varied_paint
from ..system.failures import ViewFailed
from ..types import FaceObservation, Photo
from ..wire.color import linear_to_power
from ..wire.language import local
from ..wire.messages import say
from ..wire.settings import Settings
from .generated import face_distance
from .stages import fit_stages

__all__ = ["KINDS", "HardHead", "hard_head", "score_hard"]

KINDS = {"beard": say("full beard"), "shade": say("half in shade"), "jaw": say("jaw wide open")}
"""Kinds of heads, one row of figures each, and what they are called."""
_FIRST = 10_000_000
"""Number of the first sitter; training has few thousand."""
_SIDE = 768
"""Side of the pictures, pixels."""
_DISTANCE = 1100.0
"""Distance of the camera from the head, mm."""
_FOCAL = 3.1
"""Focal length over the pictures' side."""
_YAWS = (0.0, 33.0)
"""From where single photos are taken, degrees."""
_SEVERAL = (0.0, -60.0, -30.0, 30.0, 60.0)
"""From where several photos of a bearded head are."""
_BEARD_MM = (6.0, 32.0)
"""Shortest and longest beard."""
_SKY = 48
"""Number of directions from which the sky shines."""


class HardHead(NamedTuple):
    """Somebody who is photographed from all sides."""

    place: Studio
    person: Person
    ground: np.ndarray
    """(3,) linear color of the background."""
    kind: str
    number: int

    def photo(self, yaw: float) -> Photo:
        """A photo of the head turned by `yaw` degrees."""
        R = np.diag([1.0, -1.0, -1.0]) @ cv2.Rodrigues(np.array([0, np.radians(yaw), 0]))[0]
        middle = np.array([0, -30.0, -60.0])
        half = _SIDE / 2
        camera = Camera(_SIDE, _SIDE, _FOCAL * _SIDE, _FOCAL * _SIDE, half, half, R, [0, 0, _DISTANCE] - R @ middle)
        rng = np.random.default_rng([_FIRST, self.number])
        plate = shoot(self.place, self.person, camera, _lights(self.kind, camera, rng), rng)
        light = plate.light + (1 - plate.alpha[..., None]) * self.ground.astype(np.float32)
        light *= np.float32(0.5 / max(float(np.quantile(light[plate.alpha > 0.5].max(-1), 0.9)), 1e-3))
        pixels = 255 * linear_to_power(np.clip(light, 0, 1)) + rng.normal(0, 1.5, light.shape)
        name = f"{self.kind} {self.number} {yaw:g}"
        return Photo(np.clip(pixels + 0.5, 0, 255).astype(np.uint8), name, name, None)


def hard_head(place: Studio, kind: str, number: int) -> HardHead:
    """Head number `number` of a kind."""
    rng = np.random.default_rng([_FIRST, list(KINDS).index(kind), number])
    person = _person(place, place.sitter(_FIRST + number), kind, rng)
    return HardHead(place, person, rng.uniform(0.15, 0.5, 3), kind, number)


def _person(place: Studio, sitter: Sitter, kind: str, rng: np.random.Generator) -> Person:
    model, renderer = place.model, place.renderer
    names = list(model.expression_names)
    expression = np.zeros(len(names))
    if kind == "jaw":
        for name, most in (("jawOpen", 1.0), ("browInnerUp", 0.8), ("mouthFunnel", 0.3), ("eyeWideLeft", 0.5)):
            expression[names.index(name)] = rng.uniform(0.7 if name == "jawOpen" else 0.0, most)
        expression[names.index("eyeWideRight")] = expression[names.index("eyeWideLeft")]
    posed = (sitter.neutral + np.tensordot(expression.astype(np.float32), model.expression_basis, 1)).astype(float)
    color, style = draw_color(rng), draw_style(rng)
    while style.kind not in ("buzz", "short"):
        style = draw_style(rng)
    # Marks on the skin, which several photos have in common.
    paint = varied_paint(renderer.look(rng)[1], rng)._replace(freckle=1.0, fine=0.12, blotch=0.12)
    paint = paint._replace(beard=0.0, hairline=50.0, ragged=0.0, temple=0.0, hair=tuple(0.8 * np.minimum(color, 0.4)))
    values = renderer.static.copy()
    renderer.move_paint(values, rng)
    values = values[: len(posed)]
    values[:, Column.HEIGHT] = 100 * scalp_share(place, style)
    locks = [hair_locks(sitter, style, color, rng)]
    if kind == "beard":
        paint = paint._replace(beard=0.9, beard_low=rng.uniform(-14, 5), beard_wide=rng.normal(0, 8))
        grown = _bearded(place, values, paint)
        locks.append(beard_locks(place, posed, grown, float(rng.uniform(*_BEARD_MM)), color, rng))
    lashes = np.repeat(model.face_material != MATERIALS.index("lashes"), 2)
    return Person(posed, values, paint, True, lashes, [], [lock for lock in locks if lock is not None])


def _bearded(place: Studio, values: np.ndarray, paint: Paint) -> np.ndarray:
    """(N,) how densely each vertex is grown over."""
    renderer = place.renderer
    everywhere = paint._replace(beard=1.0)
    share = beard_shares(values[:, Column.PLACE], values[:, Column.LIPS], everywhere, renderer.grid, renderer.mouth)
    grown = np.zeros(len(values))
    grown[place.skin] = share[place.skin]
    return grown


def _lights(kind: str, camera: Camera, rng: np.random.Generator) -> Lights:
    """Lamps and sky that stand still while the camera goes round: even, or one hard lamp from the side and little sky."""
    number = np.arange(_SKY) + 0.5
    up, around = 1 - 2 * number / _SKY, np.pi * (1 + 5**0.5) * number
    sphere = np.stack([np.sqrt(1 - up**2) * np.cos(around), up, np.sqrt(1 - up**2) * np.sin(around)], 1)
    lamps = np.array([[rng.choice([-1, 1]) * 0.95, 0.3, rng.uniform(0.0, 0.3)], [0.3, 0.6, 0.8]])
    lamps /= np.linalg.norm(lamps, axis=1, keepdims=True)
    strength, sky = ((1.1, 0.0), 0.12) if kind == "shade" else ((0.25, 0.35), 0.75)
    shine = np.full((_SKY, 3), sky * 4 / _SKY) * np.clip(0.7 + 0.3 * sphere[:, 1:2], 0, 1)
    radiance = np.repeat(np.array(strength)[:, None], 3, 1)
    return Lights(lamps @ camera.R.T, np.array([0.0, 0.1]), radiance, sphere @ camera.R.T, shine)


def score_hard(count: int, stages: tuple[str, ...], settings: Settings) -> list[dict]:
    """Print and return the errors on `count` heads of each kind: from one photo each, and from five of a bearded head."""
    place, landmarker = studio(), Landmarker()
    face = face_vertices(place.model)
    rows = []
    for kind in KINDS:
        own = [
            row for number in range(count) for row in _score(hard_head(place, kind, number), landmarker, face, stages, settings)
        ]
        if own:
            _tell(kind, own)
        rows += own
    return rows


def _score(head: HardHead, landmarker: Landmarker, face: np.ndarray, stages: tuple[str, ...], settings: Settings) -> list[dict]:
    """One row for each single photo in which a face is found, and one for several."""
    model, truth = head.place.model, head.person.posed
    base = {"head": head.number, "kind": head.kind, "mean_head": face_distance(model, truth, model.template, face)}
    rows, seen = [], {}
    for yaw in sorted({*_YAWS, *(_SEVERAL if head.kind == "beard" else ())}):
        photo = head.photo(yaw)
        faces = landmarker.detect(photo)
        if not faces:
            continue
        seen[yaw] = photo, faces[0]
        if yaw in _YAWS:
            found = fit_stages(model, photo, faces[0], stages, settings)
            rows.append(base | {stage: face_distance(model, truth, vertices, face) for stage, (vertices, _) in found.items()})
    if head.kind == "beard":
        together = [seen[yaw] for yaw in _SEVERAL if yaw in seen]
        rows.append(base | {"several": face_distance(model, truth, _several(model, together, settings), face)})
    return rows


def _several(model: HeadModel, photos: list[tuple[Photo, FaceObservation]], settings: Settings) -> np.ndarray:
    """(N, 3) mm: the head from several photos; those that cannot be used are left out."""
    while True:
        try:
            return model.posed(fit_views(model, photos, settings).views[0]).astype(float)
        except ViewFailed as failed:
            photos = [photo for number, photo in enumerate(photos) if number != failed.number]


def _tell(kind: str, rows: list[dict]) -> None:
    """Print the means over one kind's rows."""

    def mean(name: str) -> float:
        return float(np.mean([row[name] for row in rows if name in row]))

    names = [name for name in ("coarse", "mid", "several") if any(name in row for row in rows)]
    figures = [say("{stage} {error:.3f}", stage=name, error=mean(name)) for name in names]
    line = say("generated, {kind}: mean head {error:.3f}; {stages}", kind=KINDS[kind], error=mean("mean_head"), stages=figures)
    print(local(line), flush=True)
