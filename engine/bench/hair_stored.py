"""Whether hair stays the same when a photo is stored in another way: smaller, larger, mirrored, cut, compressed, turned.

Each photo goes through the fit and the hair stage as it is and in every variation; masks and strands of a variation are
brought back into the plain photo's pixels.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from ..hair.body import body_depths, body_mesh
from ..hair.build import found_hair
from ..hair.groom import groom_hair
from ..hair.short import short_hair
from ..hair.skin import root_uv, skin_triangles
from ..hair.types import HairView, Window
from ..hair.warm import drawn_textures
from ..head import load_head_model
from ..head.model import HeadModel
from ..photo import Landmarker
from ..photo.load import load_photo
from ..system.failures import as_hrn_error
from ..types import View
from ..wire.hair import HairGroup
from ..wire.settings import Settings
from .hair_bundle import fitted_view
from .hair_metrics import Drawn, children, draw, flow_error, over_bare_skin, overlap, photo_flow

__all__ = ["VARIATIONS", "Groomed", "Variation", "compared", "groomed", "head_box", "score_stored", "variations"]

VARIATIONS = ("half", "0.7", "1.4", "mirror", "top cut", "tight", "jpeg", "turned")
"""How photos are stored otherwise: at 0.5, 0.7 and 1.4 of their size, mirrored, without the highest twentieth of the head and its
hair, cut to 1.3 times the head's box, as a JPEG of quality 40, turned by 7 degrees."""
_FRAME = 1.3
"""Sides of a tight cut, over those of the box of the head, ears and hair above it included."""
_CUT = 0.05
"""Share of the height from the chin to the top of the hair that is cut."""
_TURN = 7.0
"""Degrees."""
_JPEG = 40
"""Quality."""


class Variation(NamedTuple):
    """A photo stored in another way."""

    name: str
    pixels: np.ndarray
    """(H, W, 3) uint8 sRGB."""
    move: np.ndarray
    """(2, 3) from the plain photo's pixels to these, pixel centres at half."""


class Groomed(NamedTuple):
    """What the hair stage made of one photo, in its window."""

    found: HairView
    drawn: Drawn
    figures: dict
    """``iou, flow, bare, guides, length_mm, cut, refusal, beard, brows``."""


def variations(pixels: np.ndarray, box: np.ndarray) -> Iterator[Variation]:
    """The plain photo stored in the ways of :data:`VARIATIONS`.

    Args:
        pixels: (H, W, 3) uint8. box: (2, 2) left top and right bottom corner of the head, pixels (:func:`head_box`).
    """
    height, width = pixels.shape[:2]
    for name, scale in (("half", 0.5), ("0.7", 0.7), ("1.4", 1.4)):
        size = round(width * scale), round(height * scale)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        yield Variation(name, cv2.resize(pixels, size, interpolation=how), np.diag([size[0] / width, size[1] / height, 1])[:2])
    yield Variation("mirror", np.ascontiguousarray(pixels[:, ::-1]), np.array([[-1.0, 0, width], [0, 1, 0]]))
    yield _cut("top cut", pixels, (0, round(max(0.0, box[0, 1] + _CUT * (box[1, 1] - box[0, 1]))), width, height))
    corners = box.mean(0) + _FRAME * (box - box.mean(0))
    yield _cut("tight", pixels, tuple(np.round(corners).clip(0, [width, height]).astype(int).ravel()))
    coded = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, _JPEG])[1]
    yield Variation("jpeg", cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1], np.eye(3)[:2])
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), _TURN, 1.0)
    centres = turn.copy()  # OpenCV has the centre of the first pixel at 0
    centres[:, 2] += turn[:, :2].sum(1) / 2 - 0.5
    turned = cv2.warpAffine(pixels, centres, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    yield Variation("turned", turned, turn)


def _cut(name: str, pixels: np.ndarray, box: tuple[int, int, int, int]) -> Variation:
    x0, y0, x1, y1 = box
    return Variation(name, np.ascontiguousarray(pixels[y0:y1, x0:x1]), np.array([[1.0, 0, -x0], [0, 1, -y0]]))


def groomed(model: HeadModel, view: View) -> Groomed:
    """The hair of one fitted photo, and its figures."""
    posed = model.posed(view)
    found = found_hair(model, posed, view)
    strands, style, report = groom_hair(model, [found], posed, drawn_textures())
    window = found.window
    surface = np.minimum(window.head_near, body_depths(body_mesh(model, posed), window.camera)[0])
    figures = {key: report.get(key) for key in ("guides", "length_mm")}
    figures["cut"] = [key for key in ("long", "shell", "stands", "curly", "tied") if report.get(key)]
    figures["refusal"] = found.mask.refusal
    short, _ = short_hair(model, [found], [view], [posed], drawn_textures())
    figures |= {name: len(short[name][0].points) if name in short else 0 for name in ("beard", "brows")}
    if not len(strands.points):
        empty = np.zeros(window.skin.shape, bool)
        return Groomed(found, Drawn(empty, empty.astype(np.float32), empty, empty.astype(np.float32)), figures)
    uv = root_uv(skin_triangles(model), strands)
    metres = np.float32(0.001)
    group = HairGroup(strands.points * metres, uv, strands.radius * metres, strands.color, strands.source, strands.layer, style)
    drawn = draw(children(group), window.camera, surface)
    hair = found.mask.hair > 0.5
    angle, confidence = photo_flow(window.rgb, np.where(window.shown, found.mask.hair, 0), window.face)
    where = window.shown
    figures["iou"] = overlap(drawn.cover, hair, where)["iou"]
    figures["flow"] = flow_error(drawn, angle, confidence, hair & where)["median"]
    figures["bare"] = over_bare_skin(drawn.cover & where, window.skin, found.mask.hair)
    return Groomed(found, drawn, figures)


def compared(plain: Groomed, other: Groomed, move: np.ndarray) -> dict:
    """How far a variation's mask and strands are those of the plain photo: ``mask`` and ``cover`` (intersection over union),
    ``turn`` (median angle between both's strands, degrees).

    Args:
        move: (2, 3) from the plain photo's pixels to the variation's.
    """
    one, two = plain.found.window, other.found.window
    whole = _to_window(two) @ np.vstack([move, [0, 0, 1]]) @ np.linalg.inv(_to_window(one))
    centres = whole[:2].astype(np.float64).copy()
    centres[:, 2] += whole[:2, :2].sum(1) / 2 - 0.5
    height, width = one.skin.shape

    def back(image: np.ndarray) -> np.ndarray:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        return cv2.warpAffine(image.astype(np.float32), centres, (width, height), flags=flags)

    where = one.shown & (back(two.shown) > 0.99)
    row = {"mask": overlap(plain.found.mask.hair > 0.5, back(other.found.mask.hair) > 0.5, where)["iou"]}
    row["cover"] = overlap(plain.drawn.cover, back(other.drawn.cover) > 0.5, where)["iou"]
    along = np.stack([np.cos(other.drawn.angle), np.sin(other.drawn.angle)], -1) @ np.linalg.inv(whole[:2, :2]).T
    turn = 2 * np.arctan2(along[..., 1], along[..., 0])
    cosine, sine = (back(wave * other.drawn.drawn) for wave in (np.cos(turn), np.sin(turn)))
    both = where & plain.drawn.drawn & (np.hypot(cosine, sine) > 0.5)
    gap = np.abs((plain.drawn.angle - 0.5 * np.arctan2(sine, cosine) + np.pi / 2) % np.pi - np.pi / 2)
    row["turn"] = float(np.degrees(np.median(gap[both]))) if both.any() else float("nan")
    return row


def _to_window(window: Window) -> np.ndarray:
    """(3, 3) from a photo's pixels to its window's."""
    (x, y), scale = window.origin, window.scale
    return np.array([[scale, 0, -x * scale], [0, scale, -y * scale], [0, 0, 1.0]])


def score_stored(
    subjects: dict[str, list[Path]], settings: Settings, tell: Callable = print, names: tuple[str, ...] = VARIATIONS
) -> list[dict]:
    """A row per photo and variation, told as they come; the plain photo's first.

    Args:
        subjects: photos by name; the first of each is taken. names: of :data:`VARIATIONS`.
    """
    model, rows = load_head_model(), []
    tell(_HEADER)
    with Landmarker() as landmarker, tempfile.TemporaryDirectory() as folder:
        for subject, (path, *_) in subjects.items():
            view = fitted_view(model, path, landmarker, settings)
            plain = groomed(model, view)
            rows.append({"photo": subject, "stored": "plain", **plain.figures})
            tell(_line(rows[-1]))
            for one in variations(load_photo(path).pixels, head_box(plain.found)):
                if one.name not in names:
                    continue
                rows.append({"photo": subject, "stored": one.name, **_varied(model, plain, one, folder, landmarker, settings)})
                tell(_line(rows[-1]))
    return rows


def _varied(model, plain: Groomed, one: Variation, folder: str, landmarker: Landmarker, settings: Settings) -> dict:
    file = Path(folder) / "photo.png"
    cv2.imwrite(str(file), one.pixels[..., ::-1])
    try:
        other = groomed(model, fitted_view(model, file, landmarker, settings))
    except Exception as failure:
        return {"failed": as_hrn_error(failure).message}
    return other.figures | compared(plain, other, one.move)


def head_box(found: HairView) -> np.ndarray:
    """(2, 2) left top and right bottom corner of the head without its neck, from the top of its hair on; pixels of the photo."""
    window = found.window
    head = np.isfinite(window.head_near) & (window.level > 0)
    rows, columns = np.flatnonzero((head | (found.mask.hair > 0.5)).any(1)), np.flatnonzero(head.any(0))
    low, high = (columns[0], rows[0]), (columns[-1] + 1, np.flatnonzero(head.any(1))[-1] + 1)
    return np.maximum(0.0, np.array(window.origin) + np.array([low, high]) / window.scale)


_HEADER = (
    f"{'photo':10} {'stored':8} {'guides':>6} {'mask':>5} {'cover':>5} {'turn':>5} {'IoU':>5} {'flow':>5} {'bare':>5} "
    f"{'length':>6} {'brows':>5} {'beard':>5}"
)


def _line(row: dict) -> str:
    start = f"{row['photo'][:10]:10} {row['stored']:8}"
    if "failed" in row:
        return f"{start} {row['failed']}"
    nothing = float("nan")
    numbers = " ".join(f"{row.get(key, nothing):5.{n}f}" for key, n in _COLUMNS)
    return (
        f"{start} {row['guides']:6} {numbers} {row.get('length_mm') or 0:6.0f} {row['brows']:5} {row['beard']:5}  "
        + " ".join([row["refusal"], *row["cut"]])
    )


_COLUMNS = (("mask", 2), ("cover", 2), ("turn", 1), ("iou", 2), ("flow", 1), ("bare", 3))
