"""Photos of heads with known relief, each with its twin: same head, paint, light and camera, without the relief.

Relief is a height along the normal at each pixel of the picture, so that it is as fine as the picture and known there
exactly. The engine's own painter shades it (:mod:`engine.synthetic.shade`), with the lamps' shadows of head and relief.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numba import njit

from ..camera import Camera
from ..fit.coarse.population import load_people
from ..geometry.smoothstep import smoothstep
from ..head.model import PARTS, HeadModel
from ..head.subdivision import subdivided
from ..pipeline.image_files import write_png
from ..render import Raster, interpolate, rasterize
from ..synthetic.anatomy import Anatomy
from ..synthetic.heads import SampledHead, sample_person
from ..synthetic.paint import SKIN, Column, Paint
from ..synthetic.render import Renderer, brightness, visible_from
from ..synthetic.shade import shade
from ..synthetic.skin_paint import noise, noise_grid
from ..synthetic.variety import varied_paint
from ..wire.color import linear_to_srgb
from .detail_bands import Surface, raised, surface
from .detail_cycles import Seen, photographed
from .detail_folds import FEATURES, Relief
from .detail_lights import FREE, LIGHTS, Lamps, draw_lamps
from .detail_shadow import shadows_nearby

__all__ = ["NEGATIVES", "Pair", "PairStudio", "bar", "developed", "finished", "load_pair"]

NEGATIVES = ("plain", "freckles", "stubble", "beard", "shadow", "jpeg", "noise")
"""Pictures of the unwrinkled twin."""
_VERSION = 2
"""Raised when pictures change: kept ones are then made anew."""
_SMOOTHER = 1.4
"""Side of the rendered over that of the finished picture."""
_STUBBLE_MM = 0.55
"""Spacing of stubble."""
_PENUMBRA_MM = 1.8
"""By how much shadows of wide lamps are softened."""
_MARGIN_MM = 8.0
"""Nearest to the hairline that relief is judged, mm of height over it."""


class Pair(NamedTuple):
    """What is known of one head's pictures."""

    folder: Path
    light: str
    height: np.ndarray
    """(H, W) float32 mm along the normal: all relief."""
    folds: np.ndarray
    """(H, W) float32: how far a pixel belongs to a fold, 0 to 1."""
    skin: np.ndarray
    """(H, W) bool: skin without features, ears, neck and hair."""
    per_mm: float
    """Pixels a millimetre."""

    def photo(self, name: str) -> Path:
        """The picture called ``wrinkled`` or one of :data:`NEGATIVES`."""
        return self.folder / f"{name}.png"


class _View(NamedTuple):
    """One head before its camera, by pixel."""

    seen: Surface
    camera: Camera
    hit: np.ndarray
    """(H, W) bool, extras included."""
    material: np.ndarray
    """(H, W) int32."""
    values: np.ndarray
    """(H, W, 18): what :class:`engine.synthetic.paint.Column` tells, in camera axes; the smooth head's."""
    place: np.ndarray
    """(H, W, 3) mm on the mean head, 0 on extras."""
    head: np.ndarray
    """(H, W) bool: the head itself, no hair shell or collar."""
    mesh: tuple[np.ndarray, np.ndarray]
    """Vertices in camera axes and triangles that cast shadows."""
    extras: tuple[np.ndarray, Raster, np.ndarray]
    """(H, W) bool: hair shell and collar; their raster and triangles."""


class PairStudio:
    """Makes and keeps pairs."""

    def __init__(self, model: HeadModel, jobs: Path, sides: tuple[int, int] = (680, 900), cycles: bool = False):
        """
        Args:
            jobs: folder where pairs are kept. sides: of the smallest and the largest picture, pixels.
            cycles: through Blender instead of the engine's painter, but for hard shadows that are cast across.
        """
        self.model, self.jobs, self.sides, self.cycles = model, jobs, sides, cycles
        self.renderer, self.anatomy, self.people, self.relief = (
            Renderer(model),
            Anatomy(model),
            load_people(model),
            Relief(model),
        )
        self.fine, self.finer = subdivided(model, 2)
        self.grid = noise_grid(99)

    def pair(self, seed: int, number: int, negatives: tuple[str, ...] = NEGATIVES, turn: int = 0) -> Pair:
        """Head `number` of a seed, rendered unless it was kept; ``plain`` is always among its pictures.

        Lights go round with the numbers: six heads in a row show all.

        Args:
            turn: degrees by which the person turns to the left before the same camera and light.
        """
        kind = f"{f'{turn:+d}' if turn else ''}{'-cycles' if self.cycles else ''}"
        folder = self.jobs / f"{seed}-{number:03d}-v{_VERSION}{kind}"
        wanted = ["wrinkled", *dict.fromkeys(("plain", *negatives))]
        if not (folder / "truth.npz").is_file() or not all((folder / f"{name}.png").is_file() for name in wanted):
            self._make(folder, (seed, number, turn), wanted)
        return load_pair(folder)

    def _make(self, folder: Path, which: tuple[int, int, int], wanted: list[str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        seed, number, turn = which
        rng = np.random.default_rng([seed, number])
        light = list(LIGHTS)[number % len(LIGHTS)]
        head = sample_person(self.model, rng, self.anatomy, self.people)
        view = self._view(head, rng, turn)
        paint = self._paint(rng, light)
        height, folds = self._relief(head, view, rng)
        lamps = {name: draw_lamps(name, np.random.default_rng([seed, number, 7])) for name in {light, "sun"}}
        flat = np.zeros_like(height)
        lit = {
            ("wrinkled", light): self._lit(view, height, lamps[light]),
            ("plain", light): self._lit(view, flat, lamps[light]),
        }
        if "shadow" in wanted:
            lit["plain", "sun"] = self._lit(view, flat, lamps["sun"])
        for name in wanted:
            used = "sun" if name == "shadow" else light
            values = lit["wrinkled" if name == "wrinkled" else "plain", used].copy()
            own = paint
            if name == "freckles":
                own = paint._replace(freckle=1.0, mole=0.8, blotch=0.14, fine=0.12, stain=(0.08, 0.12, 0.1))
            elif name == "beard":
                own = paint._replace(beard=0.92, beard_low=rng.uniform(-10, 2))
            if name == "shadow":
                values[..., Column.LAMPS.start] *= bar(view, lamps["sun"], np.random.default_rng([seed, number, 8]))
            bare = self._stubble(view)[..., None] if name == "stubble" else np.float32(1)
            if self.cycles and name != "shadow":
                picture = self._photographed(view, values, own, lamps[used], bare)
            else:
                picture = bare * self._shaded(view, values, own, lamps[used])
            write_png(folder / f"{name}.png", developed(picture, view, name, np.random.default_rng([seed, number, 9])))
        self._keep(folder, view, paint, height, folds, light)

    def _view(self, head: SampledHead, rng: np.random.Generator, turn: int) -> _View:
        model, renderer = self.model, self.renderer
        camera = _turned(_camera(model, head.posed, self.sides, rng), turn, model.landmarks(head.posed)[:468].mean(0))
        vertices = self.finer @ head.posed.astype(float)
        seen = surface(camera, vertices, self.fine.triangles)
        whole = renderer.geometry(head.posed, rng, hair := bool(rng.random() < 0.3))
        triangles, material = (renderer.haired, renderer.haired_material) if hair else (renderer.plain, renderer.plain_material)
        extra = np.arange(len(triangles)) >= len(model.triangles)
        at = camera.to_camera(whole)
        raster = rasterize(camera.project(whole)[0], at[:, 2], triangles[extra], camera.width, camera.height)
        extras = (raster.triangle >= 0) & (raster.depth < np.where(seen.hit, seen.point[..., 2] - 0.5, np.inf))
        static = renderer.static.copy()
        renderer.move_paint(static, rng)
        values = interpolate(seen.raster, self.fine.triangles, self.finer @ static[: len(head.posed)])
        values[..., Column.NORMAL] = seen.normal
        values[..., Column.CAMERA] = seen.point
        around = static.copy()
        around[:, Column.CAMERA] = at
        beyond = interpolate(raster, triangles[extra], around)
        n = np.cross(
            at[triangles[extra][:, 1]] - at[triangles[extra][:, 0]], at[triangles[extra][:, 2]] - at[triangles[extra][:, 0]]
        )
        n /= np.maximum(np.linalg.norm(n, axis=1, keepdims=True), 1e-9)
        turned = n[np.maximum(raster.triangle, 0)]
        beyond[..., Column.NORMAL] = turned * -np.sign(turned[..., 2:])
        values = np.where(extras[..., None], beyond, values)
        kind = np.repeat(self.fine.face_material, 2)[np.maximum(seen.raster.triangle, 0)]
        kind = np.where(extras, material[extra][np.maximum(raster.triangle, 0)], kind).astype(np.int32)
        place = interpolate(seen.raster, self.fine.triangles, self.finer @ model.template.astype(float))
        behind = extras, raster, triangles[extra]
        return _View(seen, camera, seen.hit | extras, kind, values, place, seen.hit & ~extras, (at, triangles), behind)

    def _paint(self, rng: np.random.Generator, light: str) -> Paint:
        paint = varied_paint(self.renderer.look(rng)[1], rng)
        marks = {"freckle": 0.8, "mole": 0.5, "blotch": 0.14, "stain": (0.06, 0.1, 0.08)} if light == "blotches" else {
            "freckle": 0.0, "mole": 0.0, "blotch": min(paint.blotch, 0.06), "stain": (0.0, 0.0, 0.0)
        }  # fmt: skip
        shade = np.exp(rng.uniform(np.log(0.012), np.log(0.25)))
        hair = (shade, shade * rng.uniform(0.6, 0.8), shade * rng.uniform(0.35, 0.65))
        return paint._replace(
            hair=hair, beard=0.0, bump=0.0, fine=min(paint.fine, 0.05), rings=0.3 * paint.rings, gloss=min(paint.gloss, 0.16),
            red_nose=0.5 * paint.red_nose,
            hairline=max(paint.hairline, 62.0), ragged=min(paint.ragged, 3.0), wrap=rng.uniform(0.1, 0.35), **marks,
        )  # fmt: skip

    def _relief(
        self, head: SampledHead, view: _View, rng: np.random.Generator, bumps: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """(H, W) heights and shares of folds; `bumps` scales what is all over the skin."""
        model = self.model
        actions: dict[str, float] = {}
        for name, value in zip(model.expression_names, head.expression):
            plain = name.removesuffix("Left").removesuffix("Right")
            actions[plain] = max(actions.get(plain, 0.0), float(value))
        wrinkles = self.relief.draw(rng, rng.beta(1.4, 1.1), actions)
        weights = interpolate(view.seen.raster, self.fine.triangles, self.fine.parts.T.astype(float))
        parts = {name: weights[..., number] for number, name in enumerate(PARTS)}
        share = self.relief.shown(parts) * view.head * (view.material == SKIN)
        # Borders of the skin, where lids and lips turn in, stay as they are.
        share = cv2.GaussianBlur(cv2.erode(share.astype(np.float32), np.ones((5, 5))), (0, 0), 1.5) * (share > 0)
        on = share > 0
        height, folds = np.zeros(share.shape, np.float32), np.zeros(share.shape, np.float32)
        line, near = self.relief.folds(wrinkles, view.place[on])
        height[on] = (line + bumps * self.relief.bumps(rng, view.place[on])) * share[on]
        folds[on] = near * share[on]
        fade = smoothstep(0.15, 0.35, view.seen.facing)
        return (height * fade).astype(np.float32), (folds * fade).astype(np.float32)

    def _lit(self, view: _View, height: np.ndarray, lamps: Lamps) -> np.ndarray:
        """The view's values with the relief's normals and what lamps and sky give each pixel."""
        values = view.values.copy()
        moved = view.seen.facing > FREE
        ray = view.seen.point / np.linalg.norm(view.seen.point, axis=-1, keepdims=True)
        point = np.where(moved[..., None], view.seen.point - (height / np.maximum(view.seen.facing, FREE))[..., None] * ray, 0)
        point = np.where((view.head & moved)[..., None], point, values[..., Column.CAMERA])
        normal = np.where(view.head[..., None], raised(view.seen, height), values[..., Column.NORMAL])
        values[..., Column.NORMAL], values[..., Column.CAMERA] = normal, point
        depth = np.where(view.hit, point[..., 2], 1e6).astype(np.float32)
        on = view.hit
        place, turned = point[on].astype(np.float32), normal[on].astype(np.float32)
        own = view.head[on]
        at, triangles = view.mesh
        raised_at = np.concatenate([at, place + 0.5 * turned])

        def near(direction: np.ndarray) -> np.ndarray:
            """(n,) share of a far lamp that the pixels near by leave."""
            free = shadows_nearby(view.camera, depth, place, direction, own & (turned @ direction > 0))
            return np.where(own, free, 1)

        far = np.stack([visible_from(at, triangles, direction, 160) for direction in lamps.sky], 1)
        seen = interpolate(view.seen.raster, self.fine.triangles, self.finer @ far[: len(self.model.template)])
        seen = np.where(view.extras[0][..., None], interpolate(*view.extras[1:], far), seen)[on]
        sky = np.zeros((len(place), 3))
        for number, (direction, radiance) in enumerate(zip(lamps.sky, lamps.shine)):
            sky += (np.maximum(turned @ direction, 0) * seen[:, number] * near(direction))[:, None] * radiance
        values[on, Column.SKY] = sky
        for number, directions in enumerate(lamps.samples):
            if lamps.radiance[number].any():
                cast = np.mean([visible_from(raised_at, triangles, d, 1200)[len(at) :] for d in directions], 0)
                if len(directions) > 3:  # few points of a wide lamp: their steps are smoothed
                    cast = _smoothed(cast, on, own, _PENUMBRA_MM * view.seen.per_mm)
                values[on, Column.LAMPS.start + number] = cast * np.mean([near(d) for d in directions], 0)
        return values

    def _shaded(self, view: _View, values: np.ndarray, paint: Paint, lamps: Lamps) -> np.ndarray:
        """(H, W, 3) linear radiance: each pixel is its own vertex."""
        renderer, on = self.renderer, view.hit
        number = np.full(on.shape, -1, np.int32)
        number[on] = np.arange(on.sum())
        weights = np.zeros((*on.shape, 3), np.float32)
        weights[..., 0] = 1
        triangles = np.repeat(np.arange(on.sum(), dtype=np.int32)[:, None], 3, 1)
        out = np.zeros((*on.shape, 3))
        paint = paint._replace(key=tuple(lamps.radiance[0]), fill=tuple(lamps.radiance[1]))
        shade(
            number, weights, triangles, view.material[on].astype(np.int32), np.ascontiguousarray(values[on]), paint,
            renderer.grid, renderer.curve, renderer.eye_centres, renderer.mouth, lamps.towards, np.zeros((9, 3)), out,
        )  # fmt: skip
        return out.astype(np.float32)

    def _photographed(
        self, view: _View, values: np.ndarray, paint: Paint, lamps: Lamps, bare: np.ndarray | np.floating
    ) -> np.ndarray:
        """(H, W, 3) linear radiance as Cycles sees it; `bare` is what stubble leaves of the albedo."""
        values = values.copy()
        values[..., Column.SKY], values[..., Column.LAMPS] = 1, 0
        color = self._shaded(view, values, paint._replace(gloss=0.0, hair_gloss=0.0), lamps)
        skin = view.head & (view.material == SKIN)
        head = view.mesh[0][: len(self.model.template)], self.model.triangles
        return photographed(Seen(view.camera, values[..., Column.CAMERA], view.hit, skin, bare * color, head), lamps)

    def _stubble(self, view: _View) -> np.ndarray:
        """(H, W) float32 share of the light that shaved skin sends back."""
        place = view.place
        x, y, z = np.moveaxis(place, -1, 0)
        mouth = self.renderer.mouth
        jaw = smoothstep(-4, 6, mouth[0] - y) * smoothstep(-30, -15, z) * (1 - np.clip(view.values[..., Column.LIPS], 0, 1))
        jaw *= 1 - smoothstep(40, 56, np.abs(x) + 0.6 * (y - mouth[0])) * (y > mouth[0] - 30)
        dots = np.zeros(place.shape[:2], np.float32)
        _dots(np.ascontiguousarray(place, np.float32), self.grid, dots)
        return (1 - jaw * view.head * (view.material == SKIN) * (0.25 + 0.5 * dots)).astype(np.float32)

    def _keep(self, folder: Path, view: _View, paint: Paint, height: np.ndarray, folds: np.ndarray, light: str) -> None:
        weights = interpolate(view.seen.raster, self.fine.triangles, self.fine.parts.T.astype(float))
        away = np.max(weights[..., [PARTS.index(name) for name in FEATURES]], -1)
        bald = view.values[..., Column.HEIGHT] < paint.hairline - _MARGIN_MM
        skin = view.head & (view.material == SKIN) & (away < 0.3) & bald
        size = finished(view.camera)
        small = [cv2.resize(array.astype(np.float32), size, interpolation=cv2.INTER_AREA) for array in (height, folds, skin)]
        told = {"light": light, "per_mm": view.seen.per_mm * size[0] / view.camera.width}
        np.savez_compressed(
            folder / "truth.npz", height=small[0].astype(np.float16), folds=small[1].astype(np.float16), skin=small[2] > 0.99
        )
        (folder / "pair.json").write_text(json.dumps(told), encoding="utf-8")


def load_pair(folder: Path) -> Pair:
    """A pair that was kept."""
    told = json.loads((folder / "pair.json").read_text(encoding="utf-8"))
    with np.load(folder / "truth.npz") as kept:
        return Pair(
            folder,
            told["light"],
            kept["height"].astype(np.float32),
            kept["folds"].astype(np.float32),
            kept["skin"],
            told["per_mm"],
        )


def _camera(model: HeadModel, posed: np.ndarray, sides: tuple[int, int], rng: np.random.Generator) -> Camera:
    """A portrait: the face upright, from about before it."""
    distance = np.exp(rng.uniform(np.log(500), np.log(1800)))
    yaw, pitch, roll = np.clip(rng.normal(0, [0.22, 0.09, 0.06]), -0.5, 0.5)
    turn = [cv2.Rodrigues(np.eye(3)[axis] * angle)[0] for axis, angle in ((2, roll), (0, pitch), (1, yaw))]
    R = np.diag([1.0, -1.0, -1.0]) @ turn[0] @ turn[1] @ turn[2]
    side = round(_SMOOTHER * rng.uniform(*sides))
    focal = distance * side / rng.uniform(270, 340)
    centre = model.landmarks(posed)[:468].mean(0)
    t = np.array([0, 0, distance]) - R @ (centre + [0, 12, 0]) + [*rng.normal(0, 6, 2), 0]
    return Camera(side, side, focal, focal, side / 2, side / 2, R, t)


def _turned(camera: Camera, degrees: float, centre: np.ndarray) -> Camera:
    """The camera of a head that turns about its centre (3,) mm, to its left."""
    R = camera.R @ cv2.Rodrigues(np.array([0, np.radians(degrees), 0]))[0]
    return replace(camera, R=R, t=camera.t + (camera.R - R) @ centre)


def _smoothed(cast: np.ndarray, on: np.ndarray, own: np.ndarray, sigma: float) -> np.ndarray:
    """(n,) blurred over the pixels of the head, of the (H, W) pixels `on`; others stay."""
    image, weight = np.zeros(on.shape, np.float32), np.zeros(on.shape, np.float32)
    image[on], weight[on] = cast * own, own
    blurred = cv2.GaussianBlur(image, (0, 0), sigma) / np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3)
    return np.where(own, blurred[on], cast)


def finished(camera: Camera) -> tuple[int, int]:
    """Width and height of the picture that is kept."""
    return round(camera.width / _SMOOTHER), round(camera.height / _SMOOTHER)


def bar(view: _View, lamps: Lamps, rng: np.random.Generator) -> np.ndarray:
    """(H, W) share of the first lamp that a bar between it and the face leaves."""
    towards = lamps.samples[0][0]
    aside = np.cross(towards, [0, 1.0, 0])
    aside /= np.linalg.norm(aside)
    up, angle = np.cross(aside, towards), rng.uniform(0, np.pi)
    point = view.values[..., Column.CAMERA]
    middle = view.seen.point[view.head].mean(0)
    off = (point - middle) @ (np.cos(angle) * aside + np.sin(angle) * up) + rng.uniform(-25, 25)
    half, soft = rng.uniform(12, 30), rng.uniform(0.5, 2.5)
    return smoothstep(half - soft, half + soft, np.abs(off))


def developed(picture: np.ndarray, view: _View, name: str, rng: np.random.Generator) -> np.ndarray:
    """(H', W', 3) uint8 sRGB as a camera would have saved it."""
    background = np.broadcast_to(np.float32(rng.uniform(0.1, 0.5, 3)), picture.shape)
    light = picture * (0.42 / brightness(picture, view.head & (view.material == SKIN)))
    light = np.where(view.hit[..., None], light, background)
    light = light / np.maximum(1, 0.8 + 0.2 * light)  # highlights roll off
    small = cv2.resize(np.clip(light, 0, 1).astype(np.float32), finished(view.camera), interpolation=cv2.INTER_AREA)
    encoded = cv2.GaussianBlur(linear_to_srgb(small), (0, 0), rng.uniform(0.35, 0.7))
    grain = rng.uniform(0.002, 0.008) if name != "noise" else 0.045
    encoded = encoded + rng.normal(0, grain, encoded.shape)
    eight = np.clip(encoded * 255 + 0.5, 0, 255).astype(np.uint8)
    quality = 30 if name == "jpeg" else int(rng.integers(85, 97))
    coded = cv2.imencode(".jpg", eight[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])


@njit(cache=True, nogil=True)
def _dots(place, grid, out):
    """(H, W) where hairs leave the skin, 0 to 1."""
    for row in range(place.shape[0]):
        for column in range(place.shape[1]):
            x, y, z = place[row, column]
            value = noise(grid, x / 0.55, y / 0.55, z / 0.55)
            out[row, column] = min(max((value - 0.1) / 0.3, 0.0), 1.0)
