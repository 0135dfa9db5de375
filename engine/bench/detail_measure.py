"""How far a head's detail is the true one, in the pixels of its photo.

The *smooth fit* is the product's head without the folds that its relief stage put into the mesh and without its
displacement map; the *detail* is what those two add along the normal. Truth is brought to the same pixels.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..camera import Camera
from ..head.model import MATERIALS, PARTS, HeadModel
from ..methods import get_method
from ..pipeline.solution import Solution
from ..render import interpolate
from ..texture.atlas import corner_triangles
from ..wire.settings import Settings
from .detail_bands import BANDS, Surface, angles, bands, correlation, raised, surface, tilted, untilted
from .detail_folds import FEATURES
from .detail_pairs import Pair

__all__ = [
    "Detail",
    "detail_of",
    "displaced",
    "folds_of",
    "false_relief",
    "known_relief",
    "score_head",
    "solved",
    "strength",
    "truth_of",
]

PER_MM = 2.2
"""Pixels a millimetre at most: photos that are finer are measured smaller."""
_FACING = 0.35
"""Least cosine between normal and the way to the camera where detail is measured."""
_FOLD = 0.3
"""From which share on a pixel belongs to a fold."""
_FEATURE = 0.3
"""From which part weight on a pixel belongs to a feature."""
_GAP_MM = 8.0
"""Limit of the distance between a fitted head and the true one."""
_OUTLIER = 4.0 / 0.6745
"""Limit of what is compared of a band where the truth is another head, in medians of its absolute values."""


class Detail(NamedTuple):
    """A fitted head's detail before its photo's camera, at :data:`PER_MM` or the photo's own resolution."""

    smooth: Surface
    """The head without detail."""
    height: np.ndarray
    """(H, W) mm along the normal: what folds in the mesh and displacement map add."""
    skin: np.ndarray
    """(H, W) bool: skin without features, ears, neck and scalp, that faces the camera."""
    scale: float
    """Size of the pixels over the photo's."""


def solved(photo: Path | Sequence[Path], settings: Settings) -> Solution:
    """The product's head of a photo or of several, in memory: what its bundle is written from."""
    photos = [photo] if isinstance(photo, Path) else photo
    return get_method("open").solve(photos, settings)  # type: ignore[attr-defined]


def detail_of(found: Solution, per_mm: float | None = None, number: int = 0) -> Detail:
    """The detail of a head in one of its photos.

    Args:
        per_mm: true pixels a millimetre of the photo, else the fit's. number: of the view.
    """
    model, view = found.model, found.views[number]
    camera = view.coarse.camera
    folds = folds_of(found, number)
    vertices = model.posed(view).astype(np.float64) - folds
    if per_mm is None:
        per_mm = surface(camera.scaled(0.25), vertices, model.triangles).per_mm * 4
    scale = min(1.0, PER_MM / per_mm)
    own = camera.scaled(scale)
    smooth = surface(own, vertices, model.triangles)
    normals = interpolate(smooth.raster, model.triangles, folds @ camera.R.T)
    height = (normals * smooth.normal).sum(-1) + displaced(model, found.textures.displacement, smooth)
    weights = interpolate(smooth.raster, model.triangles, model.parts.T.astype(np.float64))
    material = model.face_material[np.maximum(smooth.raster.triangle, 0) // 2]
    feature = weights[..., [PARTS.index(name) for name in FEATURES]].max(-1)
    skin = smooth.hit & (material == MATERIALS.index("skin")) & (feature < _FEATURE) & (smooth.facing > _FACING)
    return Detail(smooth, np.where(smooth.hit, height, 0), skin, scale)


def folds_of(found: Solution, number: int = 0) -> np.ndarray:
    """(N, 3) mm: the part of the head's deformation that is detail, as a view has it."""
    relief = found.views[number].mid.relief
    return np.zeros_like(found.posed, np.float64) if relief is None else relief.offset.astype(np.float64)


def displaced(model: HeadModel, displacement: np.ndarray, seen: Surface) -> np.ndarray:
    """(H, W) heights of a displacement map in a picture of the model, reduced to about the picture's own resolution."""
    uv = interpolate(seen.raster, corner_triangles(len(model.faces)), model.uv.reshape(-1, 2).astype(np.float64))
    image = displacement.astype(np.float32)
    inner = seen.hit[1:, 1:] & seen.hit[1:, :-1] & seen.hit[:-1, 1:]
    step = np.linalg.norm(np.diff(uv, axis=1), axis=-1)[1:][inner]
    texels = float(np.median(step)) * len(image)
    while texels >= 1.6:
        image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        texels /= 2
    place = (uv * [1, -1] + [0, 1]) * len(image) - 0.5
    x, y = np.moveaxis(place.astype(np.float32), -1, 0)
    return np.where(seen.hit, cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), 0)


def _reduced(image: np.ndarray, like: np.ndarray) -> np.ndarray:
    """(H, W) of the same picture at the size of another array."""
    return cv2.resize(image.astype(np.float32), like.shape[::-1], interpolation=cv2.INTER_AREA)


def _inside(where: np.ndarray) -> np.ndarray:
    """(H, W) bool without the outermost pixels, which have no slopes."""
    return cv2.erode(where.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0


def known_relief(pair: Pair, own: Detail) -> dict:
    """A wrinkled head's detail against the relief that is known: agreement by band, also in folds, and degrees between normals."""
    truth, folds = _reduced(pair.height, own.skin), _reduced(pair.folds, own.skin)
    where = _inside(own.skin & (_reduced(pair.skin, own.skin) > 0.99))
    size = own.smooth.per_mm / (pair.per_mm * own.scale)  # true over fitted millimetres
    row = {}
    weight = where.astype(np.float32)
    true = bands(truth, weight, pair.per_mm * own.scale)
    found = bands((own.height * size).astype(np.float32), weight, pair.per_mm * own.scale)
    deep = where & (folds > _FOLD)
    for name in BANDS:
        row[name] = correlation(true[name][where], found[name][where])
        row[name]["folds"] = correlation(true[name][deep], found[name][deep])["corr"] if deep.sum() > 50 else float("nan")
    known = raised(own.smooth, truth / size)
    row["smooth_degrees"] = float(angles(own.smooth.normal, known)[where].mean())
    row["relief_degrees"] = float(angles(raised(own.smooth, own.height), known)[where].mean())
    return row


def false_relief(pair: Pair, own: Detail) -> dict:
    """What a head without relief was given: mean turn of its normals, degrees."""
    where = _inside(own.skin & (_reduced(pair.skin, own.skin) > 0.99))
    turned = angles(raised(own.smooth, own.height), own.smooth.normal)
    return {"degrees": float(turned[where].mean())}


def strength(pair: Pair, own: Detail) -> dict[str, float]:
    """Deviation of a head's detail by band, true mm."""
    where = _inside(own.skin & (_reduced(pair.skin, own.skin) > 0.99))
    size = own.smooth.per_mm / (pair.per_mm * own.scale)
    found = bands((own.height * size).astype(np.float32), where.astype(np.float32), pair.per_mm * own.scale)
    return {name: float(band[where].std()) for name, band in found.items()}


class Truth(NamedTuple):
    """A benchmark head before one of its cameras."""

    camera: Camera
    vertices: np.ndarray
    """(V, 3) mm."""
    triangles: np.ndarray


def truth_of(home: Path, view: str) -> Truth:
    """A benchmark's head and the camera of one of its photos."""
    told = json.loads((home / "cameras.json").read_text(encoding="utf-8"))["views"][view]
    with np.load(home / "gt.npz") as known:
        vertices, triangles = known["V"].astype(np.float64), known["F"]
    K = told["K"]
    camera = Camera(told["width"], told["height"], K[0][0], K[1][1], K[0][2], K[1][2], np.array(told["R"]), np.array(told["t"]))
    return Truth(camera, vertices, triangles)


def score_head(truth: Truth, own: Detail) -> dict:
    """A head's detail against what its smooth fit lacks of a true head, tilt apart: agreement by band, degrees of normals."""
    seen = surface(truth.camera.scaled(own.scale), truth.vertices, truth.triangles)
    if seen.hit.shape != own.skin.shape:
        raise ValueError(f"a photo of {own.skin.shape} pixels was measured by a camera of {seen.hit.shape}")
    where = own.skin & seen.hit & (seen.facing > _FACING)
    depth, theirs = own.smooth.point[..., 2], seen.point[..., 2]
    nearer = depth - np.median(depth[where]) / np.median(theirs[where]) * theirs
    ray = np.linalg.norm(own.smooth.point, axis=-1) / np.maximum(depth, 1)
    gap = untilted(np.where(where, nearer * ray * own.smooth.facing, 0), where)
    where = _inside(where & (np.abs(gap) < _GAP_MM))
    size = own.smooth.per_mm / seen.per_mm
    weight, row = where.astype(np.float32), {}
    lacking = bands((gap * size).astype(np.float32), weight, seen.per_mm)
    found = bands((own.height * size).astype(np.float32), weight, seen.per_mm)
    for name in BANDS:
        true, mine = lacking[name][where], found[name][where]
        usual = np.abs(true - true.mean()) < _OUTLIER * np.median(np.abs(true - true.mean())) + 1e-6
        row[name] = correlation(true[usual], mine[usual])
    normals = tilted(seen.normal, own.smooth.normal, where)
    row["smooth_degrees"] = float(angles(own.smooth.normal, normals)[where].mean())
    row["detail_degrees"] = float(angles(raised(own.smooth, own.height), normals)[where].mean())
    return row
