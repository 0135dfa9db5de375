"""Known hair styles through the pipeline: what comes back of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from scipy.spatial import cKDTree

from ..camera import Camera, orbit_camera
from ..geometry.closest import SurfaceIndex
from ..geometry.similarity import similarity
from ..hair.skin import skin_triangles
from ..head import load_head_model
from ..head.model import HeadModel
from ..head.subdivision import subdivided
from ..methods import reconstruct
from ..render import rasterize
from ..synthetic.dataset import face_vertices
from ..synthetic.hair_styles import Style
from ..system.failures import as_hrn_error
from ..wire.bundle import Bundle
from ..wire.hair import load_hair
from ..wire.hair_color import BUILT, StrandCurve
from ..wire.settings import Settings
from .ciede2000 import color_difference
from .hair_bundle import buried, photo_camera
from .hair_metrics import children, draw, overlap, refined, smooth_length
from .hair_truth import Truth, bald, load_truth

__all__ = ["KNOWN_HAIR", "figures", "look_error", "rebuild", "score_known", "worst"]

KNOWN_HAIR = StrandCurve(veil=0.0155, whitest=0.436, gain=1.22, dark=0.01)
"""The material of the known photos: Chiang's model, index of refraction 1.45, roughness 0.25 to 0.4, 6 bounces; measured as
:data:`BUILT` is, within 4 %."""
_BARE_MM = 12.0
"""A root is on bare skin when no known root is nearer to its place on the known head."""
_SHOWN_MM = 3.0
"""How far behind the head's surface in the photo a place of its skin may lie and still count as shown, mm."""
_OUTER_CELL = 3.0
"""Side of a pixel of the pictures by which the outer hair is told from the inner, mm."""
_OUTER_DEPTH = 4.0
"""Depth below the nearest strand to which hair is outer hair in them, mm."""
_SIDES = {"unseen": 180.0, "left": 90.0, "right": -90.0}
"""Degrees from the photo's camera of those from which known and rebuilt hair are compared."""


def rebuild(truth: Truth, out: Path, settings: Settings) -> Bundle:
    """The head bundle of a known style's photo."""
    return reconstruct([truth.photo], out, settings)


def score_known(styles: tuple[Style, ...], jobs: Path, heads: Path, settings: Settings, tell: Callable = print) -> list[dict]:
    """The figures of every style, told as they come.

    Args:
        jobs: what :func:`.hair_truth.photograph` made.
        heads: folder of the bundles.
    """
    model, rows = load_head_model(), []
    tell(_HEADER)
    for style in styles:
        truth = load_truth(jobs / style.name, style)
        try:
            row = figures(model, truth, rebuild(truth, heads / style.name, settings))
        except Exception as failure:
            row = {"failed": as_hrn_error(failure).message}
        row = {"style": style.name, "kind": style.kind, **row}
        rows.append(row)
        tell(_line(row))
    return rows


_HEADER = (
    f"{'style':18} {'guides':>6} {'IoU':>5} {'mask':>5} {'flow':>5} {'unseen':>6} {'back':>5} {'length':>7} {'volume':>6} "
    f"{'color':>5} {'bare':>5} {'guess':>5} {'depth':>5} {'gap':>4} {'beard':>5}"
)


def _line(row: dict) -> str:
    if "failed" in row:
        return f"{row['style']:18} {row['failed']}"
    return (
        f"{row['style']:18} {row['guides']:6} {row['iou']:5.2f} {row['mask_iou']:5.2f} {row['flow']:5.1f} {row['unseen']:6.2f} "
        f"{row['unseen_iou']:5.2f} {row['length_percent']:+6.0f}% {row['volume_mm']:6.1f} {row['color']:5.1f} "
        f"{row['bare_share']:5.3f} {row['hidden_bare']:5.3f} {row['depth_mm']:5.1f} {row['root_gap_mm']:4.1f} {row['beard']:5}"
    )


def figures(model: HeadModel, truth: Truth, bundle: Bundle) -> dict:
    """What one rebuilt head has of the known hair; NaN where there is nothing to compare."""
    arrays = bundle.arrays()
    groups = load_hair(bundle)
    group = groups.get("hair")
    rest = (arrays["vertices"] + arrays["deformation"]).astype(np.float64) * 1000
    face = face_vertices(model)
    scale, R, t = similarity(rest[face], truth.vertices[face].astype(np.float64))

    def placed(points: np.ndarray) -> np.ndarray:
        return scale * points @ R.T + t

    none = float("nan")
    row = dict.fromkeys(("iou", "mask_iou", "flow", "unseen", "unseen_iou", "length_percent", "volume_mm", "color"), none)
    row |= {"guides": 0 if group is None else len(group.points), "bare_share": 0.0, "hidden_bare": 0.0, "depth_mm": 0.0}
    row |= {"root_gap_mm": 0.0}
    row |= {"deep_share": 0.0, "beard": len(groups["beard"].points) if "beard" in groups else 0}
    if row["guides"] == 0:
        return row
    every = children(group)
    fine, finer = subdivided(model)
    depth = buried(fine, finer @ rest, groups)
    row |= {"depth_mm": depth.worst, "deep_share": depth.share, "root_gap_mm": depth.root_gap}
    if bald(truth.style):
        return {**row, "bare_share": 1.0}
    roots = known_places(model, truth, rest, group.points[:, 0] * 1000.0)
    bare = cKDTree(truth.guides[:, 0]).query(roots)[0] > _BARE_MM
    shown = _shown(fine, finer @ truth.vertices, truth.camera, roots)
    row |= {"bare_share": float((bare & shown).mean()), "hidden_bare": float((bare & ~shown).mean())}
    row |= _in_the_photo(fine, finer, truth, bundle, every, rest, float(scale))
    row |= _around(fine, finer @ truth.vertices, finer @ placed(rest), truth, placed(every))
    outer = group.layer == 0
    row["length_percent"] = length_error(truth, scale * group.points[outer] * 1000.0, roots[outer])
    row["volume_mm"] = outer_distance(truth.strands, placed(every))
    row["color"] = look_error(np.median(group.color[outer].reshape(-1, 3), 0), truth.color)
    return row


def _surface(fine: HeadModel, vertices: np.ndarray, camera: Camera) -> np.ndarray:
    """(H, W) depth of a head, mm."""
    pixels, depth = camera.project(vertices.astype(np.float64))
    return rasterize(pixels, depth, fine.triangles, camera.width, camera.height).depth


def _shown(fine: HeadModel, vertices: np.ndarray, camera: Camera, places: np.ndarray) -> np.ndarray:
    """(n,) bool: places (n, 3) of the known head's skin, mm, that the photo would show if no hair were there."""
    surface = _surface(fine, vertices, camera)
    pixels, depth = camera.project(places.astype(np.float64))
    column, row = (pixels[:, axis].clip(0, surface.shape[1 - axis] - 1).astype(int) for axis in (0, 1))
    return depth < surface[row, column] + _SHOWN_MM


def _clothes(truth: Truth, camera: Camera, shape: tuple[int, int]) -> np.ndarray:
    """(H, W) depth of the shoulders in the photo, mm; infinity beside them."""
    if truth.shoulders is None:
        return np.full(shape, np.inf, np.float32)
    pixels, depth = camera.project(truth.shoulders[0].astype(np.float64))
    return _fit(rasterize(pixels, depth, truth.shoulders[1], camera.width, camera.height).depth, shape)


def _in_the_photo(
    fine: HeadModel, finer, truth: Truth, bundle: Bundle, every: np.ndarray, rest: np.ndarray, scale: float
) -> dict:
    """Silhouette, mask and direction against the known strands, in the photo; `scale` is the known head's over the rebuilt's."""
    camera = photo_camera(bundle)
    factor = camera.width / truth.camera.width
    known_camera = truth.camera.scaled(factor)
    shape = (camera.height, camera.width)
    clothes = _clothes(truth, known_camera, shape)
    front = np.minimum(_fit(_surface(fine, finer @ truth.vertices, known_camera), shape), clothes)
    known = draw(truth.strands, known_camera, front)
    built = draw(every, camera, np.minimum(_surface(fine, finer @ rest, camera), clothes / scale))
    mask = cv2.imread(str(bundle.path / bundle.manifest["hair"]["masks"][0]), cv2.IMREAD_GRAYSCALE) > 127
    both = known.drawn & built.drawn
    gap = np.abs((known.angle - built.angle + np.pi / 2) % np.pi - np.pi / 2)[both]
    return {
        "iou": overlap(built.cover, known.cover)["iou"],
        "mask_iou": overlap(mask, known.cover)["iou"],
        "flow": float(np.degrees(np.median(gap))) if len(gap) else float("nan"),
    }


def _fit(depth: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A depth picture cut or continued to `shape`."""
    out = np.full(shape, np.inf, np.float32)
    rows, columns = min(shape[0], depth.shape[0]), min(shape[1], depth.shape[1])
    out[:rows, :columns] = depth[:rows, :columns]
    return out


def _around(fine, known: np.ndarray, built: np.ndarray, truth: Truth, every: np.ndarray) -> dict:
    """Cover of the known hair as seen from behind the photo's camera and from its sides."""
    cloud = np.concatenate([known, np.percentile(truth.strands.reshape(-1, 3), [1, 99], axis=0)])
    row = {}
    for name, turn in _SIDES.items():
        camera = orbit_camera(cloud, truth.camera.yaw_degrees + turn, width=320, height=320)
        there = draw(truth.strands, camera, _surface(fine, known, camera)).cover
        here = draw(every, camera, _surface(fine, built, camera)).cover
        found = overlap(here, there)
        row |= {name: found["recall"], f"{name}_iou": found["iou"]}
    return row


def look_error(built: np.ndarray, known: np.ndarray) -> float:
    """CIEDE2000 between rebuilt and known hair as they look in the same light.

    Args:
        built: (3,) linear color of the bundle's strands, which the add-on's material is given.
        known: (3,) linear color of the shader of the known strands.
    """
    return color_difference(BUILT.look(BUILT.color(built)), KNOWN_HAIR.look(known))


def known_places(model: HeadModel, truth: Truth, rest: np.ndarray, roots: np.ndarray) -> np.ndarray:
    """(G, 3) mm: where on the known head's skin the roots (G, 3) on the rebuilt head's (N, 3) stand.

    Both heads share their triangles, so that a skull of another size or height is not held against the hair.
    """
    triangles = skin_triangles(model).vertices
    return SurfaceIndex(rest, triangles).query(roots).of(truth.vertices.astype(np.float64), triangles)


def length_error(truth: Truth, outer: np.ndarray, roots: np.ndarray) -> float:
    """Percent by which the outer guides are longer than the known ones around their roots (median; negative: shorter).

    Args:
        outer: (G, P, 3) mm, as large as the known head. roots: (G, 3) where they stand on it.
    """
    if not len(outer):
        return float("nan")
    length, known = smooth_length(outer), smooth_length(truth.guides)
    _, near = cKDTree(truth.guides[:, 0]).query(roots, k=min(8, len(known)))
    usual = np.median(known[near.reshape(len(outer), -1)], 1)
    return float(100 * np.median(length / np.maximum(usual, 1.0) - 1))


def outer_points(strands: np.ndarray) -> np.ndarray:
    """(n, 3) points of strands (S, P, 3) that something sees from outside, spread over cells of 3 mm."""
    step = np.linalg.norm(np.diff(strands, axis=1), axis=2).max(initial=0)
    points = refined(strands, max(strands.shape[1], int(strands.shape[1] * min(6.0, step / 3.0)))).reshape(-1, 3)
    _, first = np.unique(np.round(points / _OUTER_CELL).astype(np.int32), axis=0, return_index=True)
    points = points[first]
    seen = np.zeros(len(points), bool)
    for x in (-1, 0, 1):
        for y in (-1, 0, 1):
            for z in (-1, 0, 1):
                if (x, y, z) == (0, 0, 0):
                    continue
                ahead = np.array([x, y, z]) / np.linalg.norm([x, y, z])
                side = np.cross(ahead, [0.2, 1, 0.1] if abs(y) != 1 or x or z else [1.0, 0, 0])
                side /= np.linalg.norm(side)
                flat = points @ np.stack([side, np.cross(ahead, side)], 1)
                cell = np.floor((flat - flat.min(0)) / _OUTER_CELL).astype(int)
                index = cell[:, 0] * (cell[:, 1].max() + 1) + cell[:, 1]
                far = points @ ahead
                front = np.full(index.max() + 1, -np.inf)
                np.maximum.at(front, index, far)
                seen |= far > front[index] - _OUTER_DEPTH
    return points[seen]


def outer_distance(known: np.ndarray, built: np.ndarray) -> float:
    """Mean distance in mm between the outsides of two sets of strands, both ways."""
    first, second = outer_points(known), outer_points(built)
    return float((cKDTree(second).query(first)[0].mean() + cKDTree(first).query(second)[0].mean()) / 2)


def worst(rows: list[dict], count: int = 12) -> list[str]:
    """Names of the styles that came back least: hair on bald heads first, then by silhouette from the photo and from behind."""
    good = [row for row in rows if "failed" not in row]

    def loss(row: dict) -> float:
        if row["kind"] == "bald":
            return 3.0 * bool(row["guides"])
        return float(np.nan_to_num(2 - row["iou"] - row["unseen_iou"], nan=2.0))

    return [row["style"] for row in sorted(good, key=loss, reverse=True)[:count]]
