"""How well the distance of a photo without EXIF data is estimated, and what a wrong one costs the shape.

People of :mod:`engine.synthetic` before a camera at known distances, each in two frames: a square around the face, which
tells little, and whole pictures by every usual lens that then spans something between a face and a half figure.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..fit.coarse.population import load_people
from ..fit.coarse.regress import load_regressor
from ..fit.crop import CROP_SIDE, to_crop
from ..head.model import HeadModel
from ..photo import Landmarker
from ..photo.exif import FILM_DIAGONAL_MM
from ..synthetic.anatomy import Anatomy
from ..synthetic.dataset import face_vertices
from ..synthetic.heads import sample_person
from ..synthetic.render import Renderer, develop
from ..types import Photo
from ..wire.columns import row as table_row
from ..wire.language import local
from ..wire.messages import as_message, say
from ..wire.settings import Settings
from .generated import SEED, face_distance
from .stages import fit_stages

__all__ = ["Portrait", "draw_portrait", "score_distances", "whole_pictures"]

DISTANCES_MM = (350.0, 500.0, 700.0, 1000.0, 1500.0, 2500.0, 4000.0)
"""Distances from the camera to the eyes."""
LENSES_MM = (26.0, 35.0, 50.0, 85.0, 135.0)
"""Focal lengths as on 35 mm film."""
SPANS_MM = (420.0, 2500.0)
"""Least and largest diagonal of what a whole picture shows at the face."""
FORMAT = (3, 4)
"""Width to height of whole pictures."""
_SIDE = 360
"""Side of the square around the face, pixels."""
_MARGIN = 2.2
"""Its side over that of the face's box."""


class Portrait(NamedTuple):
    """A person's face in a square picture."""

    posed: np.ndarray
    """(N, 3) mm, the true head."""
    pixels: np.ndarray
    """(S, S, 3) uint8."""
    focal: float
    """Pixels."""
    axis: np.ndarray
    """(2,) where the camera looks, pixels."""


def draw_portrait(renderer: Renderer, anatomy: Anatomy, number: int, distance_mm: float) -> Portrait:
    """Person `number`, in the varied look, seen from a distance."""
    rng = np.random.default_rng([SEED, number])
    head = sample_person(renderer.model, rng, anatomy, load_people(renderer.model))
    shot = renderer.shoot(head, rng, round(_SIDE * 1.15), _MARGIN, varied=True, distance_mm=distance_mm)
    pixels = develop(shot, rng, side=_SIDE, varied=True)
    grow = _SIDE / CROP_SIDE
    focal = shot.camera.fx * float(np.hypot(*shot.transform[0, :2])) * grow
    axis = to_crop(shot.transform, np.array([shot.camera.cx, shot.camera.cy])) * grow
    return Portrait(head.posed, pixels, focal, axis)


def whole_pictures(portrait: Portrait, distance_mm: float) -> list[np.ndarray]:
    """The portrait amid as much of a plain wall as each lens shows; the camera looks at the middle."""
    found = []
    for lens in LENSES_MM:
        if not SPANS_MM[0] <= FILM_DIAGONAL_MM * distance_mm / lens <= SPANS_MM[1]:
            continue
        diagonal = FILM_DIAGONAL_MM * portrait.focal / lens
        width, height = (round(diagonal * side / float(np.hypot(*FORMAT))) for side in FORMAT)
        wall = np.median(portrait.pixels[: _SIDE // 20].reshape(-1, 3), 0)
        move = np.column_stack([np.eye(2), np.array([width, height]) / 2 - portrait.axis])
        found.append(cv2.warpAffine(portrait.pixels, move, (width, height), borderValue=tuple(map(float, wall))))
    return found


def score_distances(model: HeadModel, count: int, stages: tuple[str, ...]) -> list[dict]:
    """Print and return the errors for `count` people at each distance."""
    renderer, anatomy, landmarker, rows = Renderer(model), Anatomy(model), Landmarker(), []
    heads = [say("true mm"), say("frame"), say("photos"), say("by face"), say("error %"), say("estimate"), say("error %")]
    heads += [say("focal known"), say("unknown")]
    print(table_row(*zip(map(local, heads), _COLUMNS)))
    for distance in DISTANCES_MM:
        frames: dict[str, list[dict]] = {"square": [], "whole": []}
        for number in range(count):
            portrait = draw_portrait(renderer, anatomy, number, distance)
            for frame, pictures in (("square", [portrait.pixels]), ("whole", whole_pictures(portrait, distance))):
                for picture in pictures:
                    row = _scored(model, landmarker, portrait, picture, stages)
                    if row:
                        frames[frame].append({"frame": frame, "distance": distance, **row})
        for frame, some in frames.items():
            rows += some
            _tell(f"{distance:.0f}", frame, some)
    for frame in ("square", "whole"):
        _tell(local(say("all")), frame, [row for row in rows if row["frame"] == frame])
    return rows


_COLUMNS = (-8, 7, -7, -8, -8, -9, -8, -12, -8)
"""Width of each column."""


def _scored(model: HeadModel, landmarker: Landmarker, portrait: Portrait, picture: np.ndarray, stages) -> dict | None:
    """Figures of one picture; None where no face is found. Distances as shares of the true one."""
    photo = Photo(picture, "portrait", "0" * 64, None)
    faces = landmarker.detect(photo)
    if not faces:
        return None
    guess, face = load_regressor(model).guess(photo, faces[0]), face_vertices(model)
    row = {"by_face": guess.distance_mm * guess.px_per_mm / portrait.focal}
    for name, settings in (("known", Settings(focal_px=portrait.focal)), ("unknown", Settings())):
        vertices, fit = list(fit_stages(model, photo, faces[0], stages, settings).values())[-1]
        row[name] = face_distance(model, portrait.posed, vertices, face)
    return {**row, "estimate": fit.camera.fx / portrait.focal}


def _tell(distance: str, frame: str, rows: list[dict]) -> None:
    """One line: how many times the true distance the guesses are (median), how far off (rms of the logarithm), and mm."""
    if not rows:
        return
    cells = [distance, local(as_message(frame)), str(len(rows))]
    for name in ("by_face", "estimate"):
        log = np.log([row[name] for row in rows])
        cells += [f"{np.exp(np.median(log)):.2f}", f"{100 * np.sqrt((log**2).mean()):.0f}"]
    cells += [f"{np.mean([row[name] for row in rows]):.3f}" for name in ("known", "unknown")]
    print(table_row(*zip(cells, _COLUMNS)), flush=True)
