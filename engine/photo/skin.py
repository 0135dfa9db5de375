"""The mask of the pixels that show bare skin of one face.

Two Gaussian mixtures, learned from this photo alone, compete for every pixel: skin, started where a face is bare most
often, and everything else, started around the head. Both see log luminance, log chromaticity (which a shadow hardly
changes), fine texture (which hair has and skin has not) and place (so that a face lit from the side is several
skins). A few rounds of expectation maximisation are followed by an edge-aware filter (He et al., "Guided Image
Filtering", 2010); what is not connected with the face is dropped.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from ..system.progress import SILENT, Progress
from ..types import FaceObservation, Photo
from ..wire.color import power_to_linear
from .mixture import fit_mixture
from .regions import BROWS, EYES, FACE_POINTS, INNER_LIPS, NOSTRILS, OUTER_LIPS, OVAL, SURE_SKIN, fill
from .weights import WEIGHTS, SkinWeights
from .window import face_window, guided

__all__ = ["LABELS", "SkinMask", "segment_skin", "skin_surface_of"]

LABELS = ("other", "skin", "brow", "eye", "lip", "mouth", "nostril")
"""Values of ``SkinMask.labels``."""


@dataclass(frozen=True)
class SkinMask:
    """Maps of the photo's size."""

    skin: np.ndarray
    """(H, W) float32 in [0, 1]: bare skin of this face, with eyelids, ears and neck; highlights and shadows belong to
    it; brows, eyes, lips, nostrils, hair, glasses, clothes and background do not."""
    surface: np.ndarray
    """(H, W) float32 in [0, 1]: `skin` plus the brows, eyes and lips, unless something covers them."""
    highlight: np.ndarray
    """(H, W) float32 in [0, 1]: skin whose colour is that of a reflection, not of skin."""
    labels: np.ndarray
    """(H, W) uint8 index into :data:`LABELS`."""


def segment_skin(
    photo: Photo, observation: FaceObservation, progress: Progress = SILENT, weights: SkinWeights = WEIGHTS.skin
) -> SkinMask:
    """Separate the skin of one face from all that covers or surrounds it.

    Computed in a window of 2.5 face widths at 160 pixels per face width, then enlarged along the photo's edges; 0
    outside of the window. Deterministic.

    Args:
        progress: may raise to cancel.
        weights: what is believed of skin.
    """
    shape = photo.pixels.shape[:2]
    window = face_window(photo.pixels, observation, weights.reach, weights.face_px)
    if window is None:  # all of the face lies beside the photo
        nothing = np.zeros(shape, np.float32)
        return SkinMask(nothing, nothing, nothing, nothing.astype(np.uint8))
    veil = observation.veil
    over = np.zeros(window.shape, np.float32) if veil is None else window.reduced(veil.over)
    skin, surface, highlight, labels = _segment(window.pixels, window.points, window.face, over, weights, progress)
    progress(0.9)
    skin, surface, highlight = (window.in_photo(part, shape, True, weights) for part in (skin, surface, highlight))
    if veil is not None:
        bare = (255 - veil.over) * np.float32(1 / 255)
        skin, surface, highlight = skin * bare, surface * bare, highlight * bare
    return SkinMask(skin, surface, highlight, window.in_photo(labels, shape, False, weights))


def _segment(
    rgb: np.ndarray, points: np.ndarray, face: float, over: np.ndarray, w: SkinWeights, progress: Progress
) -> tuple[np.ndarray, ...]:
    """Skin, surface, highlight (h, w) float32 and labels (h, w) uint8 of the reduced window.

    Args:
        over: (h, w) float32 in [0, 1]: what lies over the face, as far as that is known.
    """
    shape = rgb.shape[:2]
    features, light = _features(rgb, points, face, w)
    oval = fill(shape, cv2.convexHull(points[:FACE_POINTS]).reshape(-1, 2)) > 0
    parts = _feature_parts(shape, points, face, w)
    inner = oval & ~parts["any"]
    prior = _prior(shape, points, face, oval, w)

    covered = over > w.over
    logit = np.log(prior / (1 - prior)) - w.over_odds * over
    floor = np.array(w.least_spread, np.float32)
    skin = _start(shape, points, features, parts["any"] | covered, w).astype(np.float32)
    other = ((prior < w.prior_other) | covered).astype(np.float32)
    candidates, even = ~parts["any"], _even(w)
    first, later, rest = w.parts
    for turn in range(w.turns):
        progress(0.2 + 0.7 * turn / w.turns)
        # Only the last turn needs every pixel.
        step = 1 if turn == w.turns - 1 else 2
        part = (slice(None, None, step),) * 2
        flat = np.ascontiguousarray(features[part]).reshape(-1, features.shape[-1])
        ps = _log_density(flat, skin[part], first if turn == 0 else later, floor, w)
        po = _log_density(flat, other[part], rest, floor, w)
        # Anything not seen before, such as a spectacle frame: even density over the range of the features.
        po = np.logaddexp(np.log(1 - w.unseen) + po, np.log(w.unseen) + even)
        odds = np.clip((ps - po).reshape(light[part].shape) + logit[part], -w.most_odds, w.most_odds)
        odds = guided(odds, light[part], max(1, round(w.edge * face / step)), w.edge_contrast)
        chance = 1 / (1 + np.exp(-odds))
        if step > 1:
            chance = cv2.resize(chance, shape[::-1], interpolation=cv2.INTER_LINEAR)
            skin = np.where(candidates & ~covered, chance * (chance > 0.5), 0).astype(np.float32)
            other = np.where(candidates & (chance < 0.5), 1 - chance, covered).astype(np.float32)
            if turn == 0:
                # The first model knows only the sure places; outside the oval it is not asked yet.
                skin *= oval
    chance = _connected(chance, inner, face, w)
    chance, highlight = _highlights(chance, rgb, light, inner, face, w)
    return _compose(np.where(covered, np.minimum(chance, 1 - over), chance), highlight, parts, points, face, w)


def _even(w: SkinWeights) -> float:
    """Log density of a uniform law over luminance, chromaticity (2), texture and place."""
    return float(-np.log(math.prod(w.ranges)))


def _features(rgb: np.ndarray, points: np.ndarray, face: float, w: SkinWeights) -> tuple[np.ndarray, np.ndarray]:
    """(h, w, 6) float32 features and (h, w) log luminance."""
    linear = power_to_linear(cv2.GaussianBlur(rgb, (0, 0), max(w.soft_least_px, w.soft * face)).astype(np.float32) / 255)
    r, g, b = (linear[..., i] + w.dark for i in range(3))
    seen = np.float32(w.light)
    light = np.log(seen[0] * r + seen[1] * g + seen[2] * b)
    sigma = w.fine * face
    fine = np.log(power_to_linear(rgb.astype(np.float32) @ seen / 255) + w.fine_dark)
    fine -= cv2.GaussianBlur(fine, (0, 0), sigma)
    texture = 0.5 * np.log(cv2.GaussianBlur(fine * fine, (0, 0), sigma) + w.fine_noise**2)
    centre = (points[list(OVAL)].min(0) + points[list(OVAL)].max(0)) / 2
    y, x = np.mgrid[: rgb.shape[0], : rgb.shape[1]].astype(np.float32)
    place = [(x - centre[0]) / face, (y - centre[1]) / face]
    return np.stack([light, np.log(r / g), np.log(b / g), texture, *place], -1).astype(np.float32), light


def _feature_parts(shape: tuple[int, int], points: np.ndarray, face: float, w: SkinWeights) -> dict[str, np.ndarray]:
    """Masks of brows, eyes, lips, mouth and nostrils, and of all of them a little enlarged."""
    parts = {
        "brow": fill(shape, points, *BROWS) > 0,
        "eye": fill(shape, points, *EYES) > 0,
        "lip": fill(shape, points, OUTER_LIPS) > 0,
        "mouth": fill(shape, points, INNER_LIPS) > 0,
        "nostril": fill(shape, points, *NOSTRILS) > 0,
    }
    radius = max(1, round(w.feature_rim * face))
    together = np.any([parts[k] for k in ("brow", "eye", "lip", "nostril")], 0).astype(np.uint8)
    parts["any"] = cv2.dilate(together, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)) > 0
    return parts


def _prior(shape: tuple[int, int], points: np.ndarray, face: float, oval: np.ndarray, w: SkinWeights) -> np.ndarray:
    """(h, w) chance of skin by place alone: high in the face, falling outside of it, slower towards the neck."""
    inside = cv2.distanceTransform(oval.astype(np.uint8), cv2.DIST_L2, 3)
    outside = cv2.distanceTransform((~oval).astype(np.uint8), cv2.DIST_L2, 3)
    depth = (inside - outside) / face
    up = points[10] - points[152]
    up = up / np.linalg.norm(up)
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    level = ((x - points[152, 0]) * up[0] + (y - points[152, 1]) * up[1]) / face  # 0 at the chin
    (least, most), (short, longer) = w.prior, w.prior_fall
    below = np.clip((w.neck[0] - level) / w.neck[1], 0, 1)
    fall = short + longer * below
    chance = most / (1 + np.exp(-(depth + w.prior_depth) / (fall * w.prior_slope)))
    # Hair hangs from above: what is above the brows must look more like the skin below them.
    brows = ((points[[105, 334]].mean(0) - points[152]) @ up) / face
    fringe = np.clip((level - brows - w.fringe_height[0]) / w.fringe_height[1], 0, 1)
    odds = chance / (1 - chance) * np.exp(-w.fringe * fringe)
    chance = odds / (1 + odds)
    return np.clip(chance, least, most).astype(np.float32)


def _start(shape: tuple[int, int], points: np.ndarray, features: np.ndarray, taken: np.ndarray, w: SkinWeights) -> np.ndarray:
    """(h, w) bool: the sure places, each without its darkest part (strands, frames) and its brightest.

    A place of quite another colour than the others, or far darker, is covered and left out.
    """
    light, color = features[..., 0], features[..., 1:3]
    medians, places = [], []
    for polygon in SURE_SKIN:
        place = (fill(shape, points, polygon) > 0) & ~taken
        if place.sum() < w.least_place:
            continue
        low, high = np.quantile(light[place], w.place_light)
        place &= (light >= low) & (light <= high)
        medians.append((np.median(light[place]), *np.median(color[place], 0)))
        places.append(place)
    if not places:
        return (fill(shape, points, OVAL) > 0) & ~taken
    medians = np.array(medians)
    typical = np.median(medians, 0)
    bare = (medians[:, 0] > typical[0] - w.covered_dark) & (np.abs(medians[:, 1:] - typical[1:]).max(1) < w.covered_hue)
    bare |= not bare.any()
    chosen = np.any([place for place, ok in zip(places, bare) if ok], 0)
    return chosen & (np.abs(color - typical[1:]).max(-1) < w.start_hue)


def _log_density(flat: np.ndarray, weight: np.ndarray, components: int, floor: np.ndarray, w: SkinWeights) -> np.ndarray:
    """(N,) log density under a mixture fitted to some of the weighted pixels."""
    weight = weight.reshape(-1)
    index = np.flatnonzero(weight > w.least_weight)
    if len(index) < w.least_samples:
        return np.full(len(flat), _even(w), np.float32)
    index = index[np.linspace(0, len(index) - 1, min(w.most_samples, len(index))).astype(int)]
    return fit_mixture(flat[index], weight[index], components, floor).log_density(flat)


def _connected(chance: np.ndarray, inner: np.ndarray, face: float, w: SkinWeights) -> np.ndarray:
    """The mask without islands that do not touch the face, and without crumbs and pinholes."""
    count, ids, stats, _ = cv2.connectedComponentsWithStats((chance > 0.5).astype(np.uint8), connectivity=4)
    keep = np.zeros(count, bool)
    inside = np.bincount(ids[inner], minlength=count)
    least = (w.island * face) ** 2
    keep[1:] = (inside[1:] > w.island_inside * least) & (stats[1:, cv2.CC_STAT_AREA] > least)
    chance = np.where((ids > 0) & ~keep[ids], np.minimum(chance, w.island_chance), chance)
    count, ids, stats, _ = cv2.connectedComponentsWithStats((chance <= 0.5).astype(np.uint8), connectivity=4)
    holes = stats[:, cv2.CC_STAT_AREA] < (w.hole * face) ** 2
    holes[0] = False
    return np.where(holes[ids] & (chance <= 0.5), w.hole_chance, chance)


def _highlights(
    chance: np.ndarray, rgb: np.ndarray, light: np.ndarray, inner: np.ndarray, face: float, w: SkinWeights
) -> tuple[np.ndarray, np.ndarray]:
    """Skin with reflections given back, and the map of the reflections.

    A reflection is much brighter than the skin around it and nearer to white, or burnt out.
    """
    sure = (chance > 0.5).astype(np.float32)
    sigma = w.around * face
    weight = cv2.GaussianBlur(sure, (0, 0), sigma) + w.least_around
    around = cv2.GaussianBlur(sure * light, (0, 0), sigma) / weight
    linear = power_to_linear(rgb.astype(np.float32) / 255) + w.shine_dark
    color = np.log(linear[..., 0] / linear[..., 2])
    color_around = cv2.GaussianBlur(sure * color, (0, 0), sigma) / weight
    bright = (light - around - w.bright[0]) / w.bright[1]
    pale = (color_around - color - w.pale[0]) / w.pale[1]
    burnt = (rgb.max(-1).astype(np.float32) - w.burnt[0]) / w.burnt[1]
    shine = np.clip(np.maximum(np.minimum(bright, pale), np.minimum(burnt, bright + 1)), 0, 1)
    shine = cv2.GaussianBlur(shine, (0, 0), max(w.soft_least_px, w.shine_soft * face))
    near = cv2.GaussianBlur(sure, (0, 0), w.shine_near * face)
    back = inner & (shine > w.shine_back[0]) & (near > w.shine_back[1])
    chance = np.where(back, np.maximum(chance, shine), chance)
    return chance, (shine * (chance > 0.5)).astype(np.float32)


def _compose(
    chance: np.ndarray,
    highlight: np.ndarray,
    parts: dict[str, np.ndarray],
    points: np.ndarray,
    face: float,
    w: SkinWeights,
) -> tuple[np.ndarray, ...]:
    """Skin, surface, highlight, labels."""
    sharp = np.clip((chance - 0.5) * w.sharp + 0.5, 0, 1).astype(np.float32)
    surface = _with_features(sharp, parts, points, face, w)
    labels = np.where(sharp > 0.5, 1, 0).astype(np.uint8)
    skin = surface.copy()
    for name in ("brow", "eye", "lip", "mouth", "nostril"):
        labels[parts[name] & (surface > 0.5)] = LABELS.index(name)
        skin[parts[name]] = 0
    return skin, surface, highlight * (skin > 0.5), labels


def skin_surface_of(skin: np.ndarray, points: np.ndarray, face: float) -> tuple[np.ndarray, np.ndarray]:
    """What :class:`SkinMask` holds beside `skin`, told from that alone, at any size.

    Args:
        skin: (h, w) float32 in [0, 1].
        points: (478, 2) landmarks in its pixels.
        face: width of the face in them.

    Returns:
        (h, w) float32 `surface`, and (h, w) bool where brows lie bare.
    """
    w = WEIGHTS.skin
    parts = _feature_parts(skin.shape, points, face, w)
    surface = _with_features(skin, parts, points, face, w)
    return surface, parts["brow"] & (surface > 0.5)


def _with_features(
    skin: np.ndarray, parts: dict[str, np.ndarray], points: np.ndarray, face: float, w: SkinWeights
) -> np.ndarray:
    """(h, w) float32: `skin` with brows, eyes, lips and nostrils.

    Model values inside them mean nothing: they are covered where the skin around them is.
    """
    ring = max(w.ring_least_px, round(w.ring * face))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * ring + 1,) * 2)
    surface = np.where(parts["any"], 0, skin)
    for polygon in (*BROWS, *EYES, OUTER_LIPS, *NOSTRILS):
        part = fill(skin.shape, points, polygon)
        wide = cv2.dilate(part, kernel) > 0
        rim = wide & ~parts["any"]
        share = float(skin[rim].mean()) if rim.any() else 0.0
        near = parts["any"] & wide
        surface[near] = np.maximum(surface[near], np.clip((share - w.ring_skin[0]) / w.ring_skin[1], 0, 1))
    return surface
