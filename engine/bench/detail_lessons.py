"""Pictures from which the relief network learns: heads with known relief, fitted by the product, as the network sees them.

    python -m engine.bench.detail_lessons --jobs DIR --heads 160 [--first N]     # 8 s a head on an idle core, 10 MB each

Two pictures of each head with wrinkles (others each time) and one without, in any of the lights, freckled, mottled, with stubble
or a painted beard, a shadow across it, compressed or noisy: with wrinkles as without, so that none of these tells which it is.
Seed 777; the heads that ``engine bench detail`` judges by are others.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import cv2
import numpy as np

from ..camera import Camera
from ..fit.relief.channels import channels_of
from ..fit.relief.filters import band_deviations, bands
from ..fit.relief.fit import solved_heights
from ..fit.relief.weights import WEIGHTS
from ..head import HeadModel, load_head_model
from ..methods import get_method
from ..pipeline.image_files import write_png
from ..synthetic.heads import SampledHead, sample_person
from ..synthetic.paint import Column, Paint
from ..types import View
from ..wire.command_line import Parser
from ..wire.errors import HrnError
from ..wire.settings import Settings
from .detail_bands import surface
from .detail_lights import LIGHTS, draw_lamps
from .detail_pairs import PairStudio, bar, developed, finished

__all__ = ["Lesson", "LessonStudio", "lesson_of", "load_lesson", "main"]

_SEED = 777
"""Seed of the heads."""
_SIDES = (560, 900)
"""Sides of the smallest and the largest picture, pixels."""
_CHANCES = (0.24, 0.16, 0.17, 0.15, 0.18, 0.10)
"""How often each of the lights is."""
_EXTRAS = {"freckles": 0.27, "stubble": 0.16, "beard": 0.12, "shadow": 0.15, "jpeg": 0.16, "noise": 0.14}
"""What a picture may show, and how often."""
_EXTRA = (0.3, 0.5, 0.6)
"""Share of pictures that show such, by turn."""
_WRINKLED = (True, True, False)
"""Whether a picture shows relief, by turn."""
_MOTTLED = 0.6
"""Share of skins that are mottled."""
_STAINED = 0.55
"""Share of pictures with stains of any color."""
_STAIN_MM = (2.5, 16.0)
"""Shortest and longest wave of such."""
_STAIN = (0.01, 0.07)
"""Least and largest deviation of log light that they leave."""
_WAVES = 14
"""Number of waves that stains are made of."""


class Lesson(NamedTuple):
    """One picture, on the relief network's grid of H x W pixels, as halves; heights in the network's units."""

    coarse: np.ndarray
    """(C, H/2, W/2), see :class:`engine.fit.relief.channels.Channels`."""
    fine: np.ndarray
    """(F, H, W)"""
    broad: np.ndarray
    """(2, H/2, W/2) the true bands of 6 to 20 and 2 to 6 mm."""
    finest: np.ndarray
    """(H, W) the true band below 2 mm."""
    trust: np.ndarray
    """(H, W)"""
    wrinkled: np.ndarray
    """() bool"""


class _Shot(NamedTuple):
    """A picture and what is known of it."""

    pixels: np.ndarray
    height: np.ndarray
    """(H, W) mm along the normal."""
    camera: Camera
    posed: np.ndarray
    """(N, 3) mm: the head's vertices."""
    wrinkled: bool


class LessonStudio(PairStudio):
    """Makes them."""

    def shots(self, number: int) -> list[_Shot]:
        """The pictures of a head."""
        rng = np.random.default_rng([_SEED, number])
        head = sample_person(self.model, rng, self.anatomy, self.people)
        view = self._view(head, rng)
        return [self._shot(head, view, turn, np.random.default_rng([_SEED, number, 100 + turn])) for turn in range(len(_EXTRA))]

    def _shot(self, head: SampledHead, view, turn: int, rng: np.random.Generator) -> _Shot:
        light = str(rng.choice(list(LIGHTS), p=_CHANCES))
        extras = self._extras(rng, _EXTRA[turn])
        if "shadow" in extras:
            light = str(rng.choice(["sun", "flash", "window"]))
        paint = self._paint(rng, light)
        if rng.random() < _MOTTLED:
            paint = _mottled(paint, rng)
        bumps = rng.uniform(0.1, 1) if rng.random() < 0.5 else 1.0
        height = self._relief(head, view, rng, bumps)[0] if _WRINKLED[turn] else np.zeros(view.head.shape, np.float32)
        lamps = draw_lamps(light, rng)
        values = self._lit(view, height, lamps)
        if "freckles" in extras:
            s = rng.uniform(0.4, 1)
            stain = (0.08 * s, 0.12 * s, 0.1 * s)
            paint = paint._replace(freckle=s, mole=0.8 * s, blotch=0.14 * s, fine=max(paint.fine, 0.12 * s), stain=stain)
        if "beard" in extras:
            paint = paint._replace(beard=0.92, beard_low=rng.uniform(-10, 2))
        if "shadow" in extras:
            values[..., Column.LAMPS.start] *= bar(view, lamps, rng)
        bare = self._stubble(view)[..., None] if "stubble" in extras else np.float32(1)
        if rng.random() < _STAINED:
            bare = bare * _stains(view.place, view.head, rng)
        quality = next((name for name in ("jpeg", "noise") if name in extras), "plain")
        pixels = developed(bare * self._shaded(view, values, paint, lamps), view, quality, rng)
        size = finished(view.camera)
        small = cv2.resize(height.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        return _Shot(pixels, small, view.camera.scaled(size[0] / view.camera.width), head.posed, _WRINKLED[turn])

    @staticmethod
    def _extras(rng: np.random.Generator, chance: float) -> list[str]:
        if rng.random() > chance:
            return []
        return list(rng.choice(list(_EXTRAS), p=list(_EXTRAS.values()), size=rng.integers(1, 3), replace=False))


def _mottled(paint: Paint, rng: np.random.Generator) -> Paint:
    paint = paint._replace(blotch=rng.uniform(0.02, 0.16), fine=rng.uniform(0.02, 0.15), gloss=rng.uniform(0, 0.25))
    return paint._replace(freckle=rng.uniform(0, 0.5), mole=rng.uniform(0, 0.9)) if rng.random() < 0.4 else paint


def _stains(place: np.ndarray, head: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(H, W, 3) float32 share of the light that stains leave, at (H, W, 3) places of the mean head, where `head` (H, W) is."""
    at = place[head].astype(np.float32)
    total = np.zeros((len(at), 3), np.float32)
    for _ in range(rng.integers(1, 4)):
        length = np.exp(rng.uniform(*np.log(_STAIN_MM)))
        direction = rng.normal(size=(_WAVES, 3))
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        wave = (2 * np.pi / (length * rng.uniform(0.7, 1.4, (_WAVES, 1))) * direction).astype(np.float32)
        amount = np.cos(at @ wave.T + rng.uniform(0, 2 * np.pi, _WAVES).astype(np.float32)).sum(1)
        amount /= np.float32(np.sqrt(_WAVES / 2))
        sharp = rng.uniform(0, 3)
        if sharp > 1:  # spots with edges, rather than waves
            amount = np.tanh(sharp * (amount - np.float32(rng.uniform(0, 1))))
        color = rng.uniform(0.3, 1) + rng.normal(0, 0.5, 3)
        total += amount[:, None] * (rng.uniform(*_STAIN) * color).astype(np.float32)
    out = np.ones((*head.shape, 3), np.float32)
    out[head] = np.exp(total)
    return out


def lesson_of(model: HeadModel, view: View, shot: _Shot) -> Lesson | None:
    """What the network is to learn from a picture and its fit; None where the stage reads nothing."""
    solved = solved_heights(model, view)
    channels = channels_of(model, solved, WEIGHTS) if solved else None
    if solved is None or channels is None:
        return None
    picture, grid, units = solved.picture, channels.grid, WEIGHTS.channels.height
    camera, place = _window(shot.camera, view.coarse.camera, picture.camera)
    true = surface(camera, shot.posed.astype(np.float64), model.triangles)
    if not true.hit.any():
        return None
    rows, columns = place
    window = np.ascontiguousarray(shot.height[rows, columns], np.float32)
    size = (picture.camera.width, picture.camera.height)
    # Of the fit's own millimetres.
    height = cv2.resize(window, size, interpolation=cv2.INTER_AREA) * np.float32(true.per_mm / picture.pixels_per_mm)
    on = (true.hit & (solved.trust > WEIGHTS.channels.least_trust)).astype(np.float32)
    deviations = band_deviations(picture.pixels_per_mm, WEIGHTS.bands.waves_mm, WEIGHTS.bands)
    parts = bands(height, on + np.float32(1e-4), deviations)[1:]
    arrays = (
        channels.coarse,
        channels.fine,
        np.stack([grid.seen(part, 2) / unit for part, unit in zip(parts[:2], units)]),
        grid.seen(parts[2]) / units[2],
        grid.seen(solved.trust * on),
    )
    return Lesson(*(array.astype(np.float16) for array in arrays), np.array(shot.wrinkled))


def _window(camera: Camera, photo: Camera, picture: Camera) -> tuple[Camera, tuple[slice, slice]]:
    """A photo's true camera cut and resized as its picture was; the picture's rows and columns of the photo."""
    fx, fy = picture.fx / photo.fx, picture.fy / photo.fy
    column, row = round(photo.cx - picture.cx / fx), round(photo.cy - picture.cy / fy)
    width, height = round(picture.width / fx), round(picture.height / fy)
    cut = camera.cropped(column, row, width, height)
    own = Camera(picture.width, picture.height, cut.fx * fx, cut.fy * fy, cut.cx * fx, cut.cy * fy, cut.R, cut.t)
    return own, (slice(row, row + height), slice(column, column + width))


def load_lesson(file: Path) -> Lesson:
    """One that was kept."""
    with np.load(file) as kept:
        return Lesson(*(kept[name] for name in Lesson._fields))


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="python -m engine.bench.detail_lessons", description=__doc__.split("\n")[0])
    parser.add_argument("--jobs", type=Path, required=True, help="where they are kept")
    parser.add_argument("--heads", type=int, default=160, help="number of heads")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    options = parser.parse_args(argv)
    options.jobs.mkdir(parents=True, exist_ok=True)
    model = load_head_model()
    studio, method = LessonStudio(model, options.jobs, _SIDES), get_method("open")
    for number in range(options.first, options.first + options.heads):
        for turn, shot in enumerate(studio.shots(number)):
            file = options.jobs / f"{number:04d}-{turn}.npz"
            with TemporaryDirectory() as folder:
                photo = Path(folder) / "photo.png"
                write_png(photo, shot.pixels)
                try:
                    found = method.solve([photo], Settings(hair=False, texture_size=256))  # type: ignore[attr-defined]
                except HrnError as failure:
                    text = f"{file.name}: {failure.message}"
                    print(text)
                    continue
            lesson = lesson_of(model, found.views[0], shot)
            if lesson is not None:
                np.savez(file, **lesson._asdict())
        text = f"{number + 1}/{options.first + options.heads}"
        print(text, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
