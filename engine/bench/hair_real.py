"""Real photos through the pipeline: their hair against what the photos show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from ..camera import Camera
from ..hair.body import body_depths, body_mesh
from ..head import load_head_model
from ..head.model import MATERIALS, HeadModel
from ..head.subdivision import subdivided
from ..methods import reconstruct
from ..photo import Landmarker, observe, segment_skin
from ..photo.landmarks import face_width
from ..render import rasterize
from ..system.failures import as_hrn_error
from ..wire.bundle import Bundle
from ..wire.color import srgb_to_linear
from ..wire.formats import is_photo_name
from ..wire.hair import HairGroup, load_hair
from ..wire.settings import Settings
from .ciede2000 import color_difference
from .hair_bundle import buried, in_photo, photo_camera, posed_head
from .hair_metrics import children, draw, flow_error, over_bare_skin, overlap, photo_flow

__all__ = ["figures", "find_photos", "score_real"]

_FACE = 150.0
"""Width of the face in pixels at which hair is compared; smaller photos are not enlarged."""


def find_photos(folder: Path) -> dict[str, list[Path]]:
    """The subjects of a folder: each photo of its own, but a folder of several views (its name begins as theirs do)."""
    root = folder / "photos" if (folder / "photos").is_dir() else folder
    found: dict[str, list[Path]] = {}
    for path in sorted(path for path in root.rglob("*") if path.is_file() and is_photo_name(path.name)):
        several = path.stem.startswith("view_") or path.parent.name == "multi_hrn"
        name = path.parent.name if several else path.stem
        found.setdefault(name, []).append(path)
    return found


def score_real(
    subjects: dict[str, list[Path]], heads: Path, settings: Settings, tell: Callable = print
) -> tuple[list[dict], dict[str, Bundle]]:
    """The figures of every subject, told as they come, and the bundles.

    Args:
        subjects: photos by name. heads: folder of the bundles.
    """
    model, rows, bundles = load_head_model(), [], {}
    tell(_HEADER)
    with Landmarker() as landmarker:
        for name, photos in subjects.items():
            try:
                bundle = reconstruct(photos, heads / name, settings)
                row = figures(model, bundle, photos, landmarker)
                bundles[name] = bundle
            except Exception as failure:
                row = {"failed": as_hrn_error(failure).message}
            row = {"photo": name, **row}
            rows.append(row)
            tell(_line(row))
    return rows, bundles


_HEADER = (
    f"{'photo':16} {'guides':>6} {'IoU':>5} {'prec':>5} {'rec':>5} {'flow':>5} {'mean':>5} {'<20':>4} {'color':>5} {'bare':>5} "
    f"{'depth':>5} {'deep':>5} {'gap':>4} {'hair s':>6} {'rest s':>6}"
)


def _line(row: dict) -> str:
    if "failed" in row:
        return f"{row['photo']:16} {row['failed']}"
    if not row["guides"]:
        return f"{row['photo']:16} {0:6}{'':48}{row['hair_s']:6.1f} {row['total_s'] - row['hair_s']:6.1f}  {', '.join(row['warnings'])}"
    return (
        f"{row['photo']:16} {row['guides']:6} {row['iou']:5.2f} {row['precision']:5.2f} {row['recall']:5.2f} {row['flow']:5.1f} "
        f"{row['flow_mean']:5.1f} {row['within_20']:4.2f} {row['color']:5.1f} {row['bare_share']:5.3f} {row['depth_mm']:5.1f} "
        f"{row['deep_share']:5.3f} {row['root_gap_mm']:4.1f} {row['hair_s']:6.1f} {row['total_s'] - row['hair_s']:6.1f}"
        + (f"  {', '.join(row['warnings'])}" if row["warnings"] else "")
    )


def figures(model: HeadModel, bundle: Bundle, photos: Sequence[Path], landmarker: Landmarker) -> dict:
    """Silhouette, directions and depth of one head's hair against its first photo."""
    timings = bundle.manifest["timings"]
    total = timings.get("total", sum(timings.values()))
    warnings = [one.get("code", "") for one in bundle.manifest["quality"]["warnings"]]
    row = {"hair_s": timings.get("hair", 0.0), "total_s": total}
    row["warnings"] = [code for code in warnings if "hair" in code.lower()]
    groups = load_hair(bundle)
    group = groups.get("hair")
    row["guides"] = 0 if group is None else len(group.points)
    if group is None or not row["guides"]:
        return row
    fine, finer = subdivided(model)
    arrays = bundle.arrays()
    rest = finer @ ((arrays["vertices"] + arrays["deformation"]).astype(np.float64) * 1000)
    depth = buried(fine, rest, groups)
    row |= {"depth_mm": depth.worst, "deep_share": depth.share, "root_gap_mm": depth.root_gap}
    used = {photo["name"] for photo in bundle.manifest["photos"][:1]}
    photo = next((path for path in photos if path.name in used), photos[0])
    return row | _in_the_photo(fine, finer, bundle, group, photo, landmarker)


def _in_the_photo(fine: HeadModel, finer, bundle: Bundle, group: HairGroup, path: Path, landmarker: Landmarker) -> dict:
    index = bundle.manifest["photos"][0].get("face_index", 0)
    photo, observation = observe(path, landmarker, index)
    skin_seen = segment_skin(photo, observation).skin
    camera, picture = photo_camera(bundle), cv2.imread(str(bundle.path / bundle.manifest["cameras"][0]["file"]))[..., ::-1]
    mask = cv2.imread(str(bundle.path / bundle.manifest["hair"]["masks"][0]), cv2.IMREAD_GRAYSCALE)
    face = face_width(observation) * picture.shape[1] / photo.size[0]
    factor = min(1.0, _FACE / face)
    small = camera.scaled(factor)

    def reduced(image: np.ndarray) -> np.ndarray:
        return cv2.resize(np.ascontiguousarray(image), (small.width, small.height), interpolation=cv2.INTER_AREA)

    rgb, hair, bare = reduced(picture), reduced(mask).astype(np.float32) / 255, reduced(skin_seen.astype(np.float32))
    posed = posed_head(bundle)
    # Shoulders and chest hide what hangs behind them.
    surface = np.minimum(_depth(fine, finer @ posed, small), body_depths(body_mesh(load_head_model(), posed), small)[0])
    strands = children(group._replace(points=in_photo(bundle, group.points)))
    drawn = draw(strands, small, surface)
    found = overlap(drawn.cover, hair > 0.5)
    angle, confidence = photo_flow(rgb, hair, face * factor)
    flow = flow_error(drawn, angle, confidence, hair > 0.5)
    return {
        **found,
        "flow": flow["median"],
        "flow_mean": flow["mean"],
        "within_20": flow["within_20"],
        "bare_share": over_bare_skin(drawn.cover, bare, hair),
        "color": _color(bundle, group, rgb, hair, bare),
    }


def _color(bundle: Bundle, group: HairGroup, rgb: np.ndarray, hair: np.ndarray, skin: np.ndarray) -> float:
    """CIEDE2000 between the strands' colour and the photo's, exposed so that the photo's skin is as bright as the albedo's."""
    inner = cv2.erode((hair > 0.9).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if inner.sum() < 30 or (skin > 0.8).sum() < 30:
        return float("nan")
    albedo = cv2.imread(str(bundle.path / bundle.manifest["maps"]["albedo"]["file"]))[..., ::-1]
    confidence = cv2.imread(str(bundle.path / bundle.manifest["maps"]["confidence"]["file"]), cv2.IMREAD_GRAYSCALE)
    confidence = cv2.resize(confidence, albedo.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    linear = srgb_to_linear(rgb.astype(np.float32) / 255)
    own = np.median(srgb_to_linear(albedo[confidence == 255][::31].astype(np.float32) / 255), 0)
    gain = own / np.maximum(np.median(linear[skin > 0.8], 0), 1e-3)
    outer = group.color[group.layer == 0].reshape(-1, 3)
    return color_difference(np.median(outer, 0), np.median(linear[inner], 0) * gain)


def _depth(fine: HeadModel, vertices: np.ndarray, camera: Camera) -> np.ndarray:
    pixels, depth = camera.project(vertices)
    shown = np.repeat(fine.face_material != MATERIALS.index("lashes"), 2)
    return rasterize(pixels, depth, fine.triangles[shown], camera.width, camera.height).depth
