"""Where one photo shows brows and a beard: by darkness against the bare skin around, and by place on the head."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ..geometry.smoothstep import smoothstep
from ..head.model import MATERIALS, HeadModel
from ..photo.regions import BROWS, CHIN, EYES, TOP, fill
from ..photo.skin import skin_surface_of
from ..render import interpolate
from ..types import View
from ..wire.color import LUMINANCE
from .closeup import Closeup, make_closeup, spread
from .short_flow import brow_line
from .short_weights import BEARD, BROW, BeardWeights, BrowWeights
from .skin import skin_triangles
from .types import HairView, Window

__all__ = ["beard_alpha", "beard_overhang", "beard_place", "brow_alpha", "with_short_masks"]


_CRUMB = 0.08
"""Least size of an island of hair over that of the largest."""
_NOISE = 0.01
"""Roughness that 8 bits and compression leave on smooth skin, log luminance."""


def with_short_masks(model: HeadModel, posed: np.ndarray, view: View, found: HairView) -> HairView:
    """The view with its masks of brows and beard.

    Args:
        posed: (N, 3) mm, the head as it is in this photo.
        view: the photo and what was found out about it. found: its window, and its mask of scalp hair.
    """
    closeup = make_closeup(model, posed, view)
    brow, beard = (_in_window(found.window, closeup, alpha) for alpha in (brow_alpha(closeup), beard_alpha(model, closeup)))
    covers = view.mid.covers
    if covers.mouth or "chin" in covers.places:  # a scarf, a hand or a mask
        beard[:] = 0
    return replace(found, mask=replace(found.mask, brow=brow, beard=beard * (1 - found.mask.hair)))


def _in_window(window: Window, closeup: Closeup, alpha: np.ndarray) -> np.ndarray:
    """A picture of the close-up in the window's pixels, 0 beyond it."""
    height, width = window.skin.shape
    across, down = (window.scale / scale for scale in closeup.scale)
    x, y = ((closeup.offset[k] - window.origin[k]) * window.scale for k in (0, 1))
    if max(across, down) < 1:  # each of the window's pixels is the mean of several
        alpha = cv2.GaussianBlur(alpha, (0, 0), max(0.3, 0.4 / max(across, down)))
    # Pixel centres lie at a half.
    move = np.float32([[across, 0, x + 0.5 * across - 0.5], [0, down, y + 0.5 * down - 0.5]])
    return cv2.warpAffine(alpha, move, (width, height), flags=cv2.INTER_LINEAR).clip(0, 1)


def brow_alpha(closeup: Closeup, weights: BrowWeights = BROW) -> np.ndarray:
    """(h, w) float32 density of brow hair; 0 where something covers a brow."""
    shape, points, face = closeup.skin.shape, closeup.landmarks, closeup.face
    uncovered = skin_surface_of(closeup.skin, points, face)[1]
    shown = np.ones(shape, np.float32) if closeup.over is None else 1 - closeup.over
    uncovered &= shown > 0.5
    light = np.log(closeup.even @ LUMINANCE)
    brows, eyes = fill(shape, points, *BROWS) > 0, fill(shape, points, *EYES) > 0
    away = cv2.distanceTransform((~brows).astype(np.uint8), cv2.DIST_L2, 5) / face
    from_eye = cv2.distanceTransform((~eyes).astype(np.uint8), cv2.DIST_L2, 5) / face
    bare = closeup.skin * (away > weights.near) * (from_eye > weights.lid[0]) * closeup.on_skin
    level = spread(light, bare, [sigma * face for sigma in weights.around])
    dark = cv2.GaussianBlur(level - light, (0, 0), max(0.5, weights.soft * face))
    out = np.zeros(shape, np.float32)
    up = points[TOP] - points[CHIN]
    up = up / np.linalg.norm(up)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32) + 0.5
    for side, brow in enumerate(BROWS):
        inside = fill(shape, points, brow) > 0
        if inside.sum() < 12 or (uncovered & inside).sum() < 0.5 * inside.sum():
            continue
        if shown[inside].mean() < 1 - weights.over:  # the rim of glasses: half a brow is worse than a guessed one
            continue
        gap = cv2.distanceTransform((~inside).astype(np.uint8), cv2.DIST_L2, 5) / face
        centre = points[list(brow)].mean(0)
        upwards = smoothstep(-0.02, 0.02, ((x - centre[0]) * up[0] + (y - centre[1]) * up[1]) / face)
        place = upwards * _fall(gap, weights.above) + (1 - upwards) * _fall(gap, weights.below)
        place *= np.maximum(smoothstep(*weights.lid, from_eye), inside)
        rows, columns = np.nonzero(place > 0.01)
        along, across, _ = brow_line(points, side, np.stack([columns, rows], 1) + 0.5)
        # Beyond the outer end the temple's hair begins.
        place[rows, columns] *= _fall(along, weights.outer) * smoothstep(*weights.inner, along)
        place[rows, columns] *= _fall(np.abs(across), weights.thick)
        if closeup.glasses:
            place[rows, columns] *= smoothstep(*weights.rims, across)
        body = inside & (place > 0.9)
        body &= uncovered
        strength = float(np.quantile(dark[body if body.sum() > 12 else inside], weights.strong))
        known = float(smoothstep(*weights.faint, strength))
        seen = smoothstep(*weights.dark, dark / max(strength, weights.least))
        soft = cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.012 * face)
        alpha = place * (known * seen + (1 - known) * weights.faint_alpha * soft)
        out = np.maximum(out, _touching(alpha, inside))
    return (out * shown * closeup.on_skin).astype(np.float32)


def _fall(distance: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    return 1 - smoothstep(limits[1], limits[0], distance)


def _touching(alpha: np.ndarray, inside: np.ndarray, least: float = 0.08) -> np.ndarray:
    """Without the islands of more than `least` that do not reach into `inside`, and without crumbs."""
    count, ids, stats, _ = cv2.connectedComponentsWithStats((alpha > least).astype(np.uint8))
    size = stats[:, cv2.CC_STAT_AREA]
    keep = np.bincount(ids[inside], minlength=count) > 0
    keep &= size > _CRUMB * size[1:].max(initial=0)
    keep[0] = True
    return np.where(keep[ids], alpha, 0)


def beard_place(model: HeadModel, weights: BeardWeights = BEARD) -> np.ndarray:
    """(N,) float32 in [0, 1]: where on the skin a beard may grow."""
    x, y, z = np.abs(model.template[:, 0]), model.template[:, 1], model.template[:, 2]
    soft = weights.top_soft
    out = smoothstep(-soft, soft, np.interp(x, *weights.top) - y) * smoothstep(*weights.back, z) * smoothstep(*weights.low, y)
    out *= 1 - np.clip(2 * model.part("upper_lip", "lower_lip"), 0, 1)
    out *= 1 - model.part("right_ear", "left_ear", "nose")
    skin = np.zeros(len(x))
    skin[np.unique(model.faces[model.face_material == MATERIALS.index("skin")])] = 1
    return (out * skin).astype(np.float32)


def beard_alpha(model: HeadModel, closeup: Closeup, weights: BeardWeights = BEARD) -> np.ndarray:
    """(h, w) float32 density of beard, moustache and stubble; 0 all over for a face that is not surely bearded."""
    shape = closeup.skin.shape
    triangles = skin_triangles(model).vertices
    template = model.template
    read = interpolate(closeup.raster, triangles, np.concatenate([template, beard_place(model)[:, None]], 1))
    x, y, place = np.abs(read[..., 0]), read[..., 1], read[..., 3]
    firm = cv2.erode(closeup.on_skin.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    near, far, low, high = weights.bare
    cheeks = firm & (x > near) & (x < far) & (y > low) & (y < high) & (closeup.skin > 0.5)
    if cheeks.sum() < 0.002 * closeup.face**2:
        return np.zeros(shape, np.float32)
    color = np.log(cv2.GaussianBlur(closeup.even, (0, 0), max(0.5, weights.soft * closeup.face)))
    light, red = np.log(np.exp(color) @ LUMINANCE), color[..., 0] - color[..., 2]
    redder = red - np.median(red[cheeks])
    dark = np.median(light[cheeks]) - light
    dark -= np.minimum(weights.pink * np.maximum(redder, 0), weights.pink_most)
    dark += np.minimum(weights.grey * np.maximum(-redder, 0), weights.grey_most)
    zones = _zones(x, y, (place > 0.5) & firm, weights)
    if any(zone.sum() < 0.001 * closeup.face**2 for zone in zones[1:2]):
        return np.zeros(shape, np.float32)
    score = _score(dark, zones, weights)
    rough = _grain(closeup, cheeks, zones)
    grain = float(
        smoothstep(*weights.grain, rough) * smoothstep(*weights.rough, (rough - 1) / np.clip(score, 0.01, weights.rough_most))
    )
    present = float(smoothstep(*weights.present, score)) * max(grain, float(smoothstep(*weights.plain, score)))
    full = _covering(closeup, zones, weights)
    # Nothing is much denser than the face says as a whole: the jaw's underside is dark on everybody.
    most = float(smoothstep(*weights.dark, weights.denser * score))
    wide = spread(dark, place * firm, [sigma * closeup.face for sigma in weights.around])
    dark = (1 - weights.evened) * dark + weights.evened * wide
    alpha = max(present, full) * np.minimum(smoothstep(*weights.dark, dark), max(most, full))
    alpha = np.maximum(alpha, full * (1 - closeup.skin))
    # Sideburns without a beard are the scalp's hair.
    return _touching(place * alpha, zones[0] | zones[1] | zones[2], weights.rooted[0]).astype(np.float32)


def _zones(x: np.ndarray, y: np.ndarray, place: np.ndarray, w: BeardWeights) -> list[np.ndarray]:
    """Upper lip, chin and lower cheeks."""
    lip = place & (x < w.lip_zone[0]) & (y > w.lip_zone[1])
    chin = place & (x < w.chin_zone[0]) & (y < w.chin_zone[1]) & (y > -108)
    jaw = place & (x > w.jaw_zone[0]) & (y > w.jaw_zone[1]) & (y < w.jaw_zone[2])
    return [lip, chin, jaw]


def _score(dark: np.ndarray, zones: list[np.ndarray], w: BeardWeights) -> float:
    """How dark the lower face is: shade darkens the lip below the nose, or a cheek, but not the chin with them."""
    lip, chin, jaw = (float(np.median(dark[zone])) if zone.sum() > 20 else 0.0 for zone in zones)
    limit = chin + w.unlike
    return float(np.dot(w.shares, [min(lip, limit), chin, min(jaw, limit)]))


def _grain(closeup: Closeup, cheeks: np.ndarray, zones: list[np.ndarray]) -> float:
    """How much rougher chin and lower cheeks look than the bare cheeks, as a ratio: stubble is, shade is not."""
    grey = np.log(closeup.even @ LUMINANCE + 0.02)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), max(0.5, 0.006 * closeup.face))

    def spread(zone: np.ndarray) -> float:
        return float(np.hypot(np.median(np.abs(fine[zone] - np.median(fine[zone]))), _NOISE))

    return float(np.exp(np.mean([np.log(spread(zone) / spread(cheeks)) for zone in zones[1:] if zone.sum() > 20])))


def _covering(closeup: Closeup, zones: list[np.ndarray], w: BeardWeights) -> float:
    """1 where a full beard, which is not skin at all, takes the lower face; 0 where nothing does, or cloth."""
    lower = zones[1] | zones[2]
    if not lower.any() or (closeup.skin[lower] > 0.5).mean() > 1 - w.covered:
        return 0.0
    grey = np.log(closeup.even @ LUMINANCE + 0.02)
    fine = grey - cv2.GaussianBlur(grey, (0, 0), 0.012 * closeup.face)
    red, green, blue = np.median(closeup.even[lower], 0)
    hairy = float(np.sqrt(np.mean(fine[lower] ** 2))) > w.hair_texture
    return float(hairy and blue < w.hue[0] * red and green < w.hue[1] * red)


def beard_overhang(closeup: Closeup, alpha: np.ndarray, weights: BeardWeights = BEARD) -> tuple[float, np.ndarray]:
    """How far below the chin a beard hangs, mm, 0 for one that ends at the skin; and (h, w) bool where it does.

    Pixels below the chin, over throat, clothes or background, that look like the beard and hang together with it. Dark
    clothes do, too: what runs on to the limit of the search is not believed. Nor is little: the jaw's shade.
    """
    nowhere = np.zeros(alpha.shape, bool)
    dense = (alpha > 0.6) & closeup.on_skin
    if dense.sum() < 0.01 * closeup.face**2:
        return 0.0, nowhere
    points, face = closeup.landmarks, closeup.face
    color = np.log(cv2.GaussianBlur(closeup.even, (0, 0), max(0.5, 0.006 * face)))
    mean = color[dense].mean(0)
    spread_of = np.cov(color[dense].T) + 0.05**2 * np.eye(3)
    away = color - mean
    alike = np.einsum("hwi,ij,hwj->hw", away, np.linalg.inv(spread_of), away) < 9
    up = points[TOP] - points[CHIN]
    up = up / np.linalg.norm(up)
    y, x = np.mgrid[: alpha.shape[0], : alpha.shape[1]].astype(np.float32) + 0.5
    below = -((x - points[CHIN, 0]) * up[0] + (y - points[CHIN, 1]) * up[1]) / face
    across = np.abs((x - points[CHIN, 0]) * up[1] - (y - points[CHIN, 1]) * up[0]) / face
    free = (below > -0.15) & (below < weights.reach) & (across < 0.35)
    joined = ((alike & (closeup.skin < 0.3) & free) | dense).astype(np.uint8)
    joined = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, ids = cv2.connectedComponents(joined)
    mine = np.isin(ids, np.unique(ids[dense & (joined > 0)])) & (ids > 0)
    reached = below[mine & (below > 0) & (across < 0.15)]
    if len(reached) < 0.002 * face**2:
        return 0.0, nowhere
    hang = float(np.quantile(reached, 0.95))
    if hang > 0.92 * weights.reach or (mine & (below > 0.9 * float(below[free].max()))).any():
        return 0.0, nowhere
    if hang < weights.shade:
        return 0.0, nowhere
    return hang * face * closeup.pixel_mm, mine
