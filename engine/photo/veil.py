"""What lies over a face: glasses, sunglasses, masks, hands, microphones, letters, hair; made once for each face of a photo.

The part network (:mod:`.parts`) says where something is; colours and edges say to the pixel how far it reaches, except where
it has the skin's own colour, as a hand has. Without the network the colours' rules of :mod:`.covers` stand alone.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ..types import FaceObservation, Photo, Veil
from ..wire.color import power_to_linear
from .landmarks import Landmarker
from .mixture import fit_mixture
from .parts import photo_parts
from .regions import BROWS, CHIN, EYES, FACE_POINTS, IRISES, OUTER_LIPS, OVAL, SURE_SKIN, TOP, disk, fill
from .thin import thin_things
from .weights import WEIGHTS, VeilWeights
from .window import FaceWindow, face_window, guided

__all__ = ["PLACES", "find_veil", "with_veil"]

_NOSE = (168, 188, 174, 236, 198, 209, 49, 48, 219, 64, 98, 97, 2, 326, 327, 294, 439, 278, 279, 429, 420, 456, 399, 412)
"""Outline of the nose."""
PLACES = {
    "forehead": (SURE_SKIN[3],),
    "right eye": (EYES[0],),
    "left eye": (EYES[1],),
    "right cheek": (SURE_SKIN[0],),
    "left cheek": (SURE_SKIN[1],),
    "nose": (_NOSE,),
    "mouth": (OUTER_LIPS,),
    "chin": (SURE_SKIN[4],),
}
"""Places of the face that may be hidden, the subject's right and left, and their outlines."""
_EYES = ("right eye", "left eye")
"""Those that lenses hide."""
_EYE_CORNERS = (133, 362)
"""Landmarks at the inner corners of the right and of the left eye."""
_FACE = ("skin", "brows", "beard", "eyes", "lips")
"""Parts of :data:`.part_net.PARTS` that are the face."""
_THINGS = ("cover", "hat")
"""Parts that lie over a face wherever they are in it."""
_ELSE = ("clothes", "other", "background")
"""Parts that lie over it where they are well inside of it."""


def with_veil(photo: Photo, observation: FaceObservation, landmarker: Landmarker, known: Veil | None = None) -> FaceObservation:
    """The observation with what lies over its face, and measured again without that.

    Args:
        known: what was found over it before the photo's colors were changed.
    """
    veil = find_veil(photo, observation, known)
    if veil is None or veil.bare is None:
        return replace(observation, veil=veil)
    again = landmarker.again(replace(photo, pixels=veil.bare), observation)
    # Smooth skin where a mouth should be is as strange to the networks as a mask.
    share = 0.5 if veil.places else 1.0
    names = ("landmarks", "depth", "blendshapes")
    mixed = {name: (1 - share) * getattr(observation, name) + share * getattr(again, name) for name in names}
    measured = {name: np.float32(value) for name, value in mixed.items()}
    return replace(observation, veil=veil, looked_at=observation.landmarks, **measured)


def find_veil(
    photo: Photo, observation: FaceObservation, known: Veil | None = None, weights: VeilWeights = WEIGHTS.veil
) -> Veil | None:
    """What lies over a face; None where nothing does, or the part network is not installed.

    Args:
        known: what was found over it in other colors, which belongs to it, too.
        weights: what is believed of things over faces.
    """
    parts = photo_parts(photo, observation)
    window = face_window(photo.pixels, observation)
    if parts is None or window is None:
        return None
    chance = parts.window(window.corner, window.scale, window.shape)
    return _veil(window, chance, photo.pixels, known, weights)


def _veil(
    window: FaceWindow, chance: dict[str, np.ndarray], photo: np.ndarray, known: Veil | None, w: VeilWeights
) -> Veil | None:
    points, face = window.points, window.face
    features = _colors(window.pixels, face)
    cover = _covers(window, chance, features, w)
    frames = _frames(window, chance, features, w)
    lens = _lenses(window, chance, features, frames, w)
    hair = _hair(window, chance, w)
    # A mask's upper rim lies on the nose's ridge, too, whatever is worn above it.
    masked = known is not None and bool(set(known.places) - set(_EYES)) or _share(window, cover, *PLACES["mouth"]) > w.place
    band = not masked and _is_band(window, np.maximum.reduce([cover, frames, lens]), w)
    if band:  # it hides the eyes as glasses do not
        cover = np.maximum.reduce([cover, frames, lens])
        frames = lens = np.zeros_like(cover)
    thin = thin_things(window, chance["beard"])
    if known is not None:
        before = window.reduced(known.over)
        other = set(known.places) - set(_EYES) or not known.glasses  # a brim hides no place, and glasses were not seen
        thing = cover if other else lens if known.tinted else frames
        np.maximum(thing, before, out=thing)
    over = np.maximum.reduce([cover, frames, lens, hair, thin])
    if not (over > 0.5).any():
        return None
    solid = np.maximum(cover, hair)
    radius = max(1, round(w.landmark * face))
    soft = cv2.blur(solid, (2 * radius + 1,) * 2)
    xy = (points - 0.5).astype(np.float32)
    hidden = cv2.remap(soft, xy[:, 0].copy(), xy[:, 1].copy(), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).reshape(-1)
    places = [name for name, polygons in PLACES.items() if _share(window, solid, *polygons) > w.place]
    if places:  # of a face that shows little, hair is easily taken for skin
        over = np.maximum(over, chance["hair"] > w.sure_thing).astype(np.float32)
    for name, blind, lids, (centre, edge) in zip(_EYES, _behind(window, lens, w), EYES, IRISES):
        if blind or band:  # landmarks are a guess there
            hidden[[centre, *edge, *lids]] = 1
            places.append(name)
    tinted = bool((lens > 0.5).any())
    crossed = [
        name
        for name, polygons in PLACES.items()
        if name not in places and _share(window, thin, *polygons) > WEIGHTS.thin.crossed
    ]
    things = np.maximum(solid, thin)
    return Veil(
        np.round(255 * window.in_photo(over, photo.shape[:2])).astype(np.uint8),
        np.clip(hidden, 0, 1).astype(np.float32),
        tuple(name for name in PLACES if name in places),
        tuple(crossed),
        bool((frames > 0.5).any()) or tinted,
        tinted,
        _bare(window, photo, things if tinted else np.maximum(things, frames), over, chance["skin"], w),
    )


def _share(window: FaceWindow, thing: np.ndarray, *polygons) -> float:
    """Share of a place of the face that something lies over; 0 of one that is not in the window."""
    inside = fill(window.shape, window.points, *polygons) > 0
    return float(thing[inside].mean()) if inside.any() else 0.0


def _is_band(window: FaceWindow, thing: np.ndarray, w: VeilWeights) -> bool:
    """Whether what lies over both eyes goes on between them, as blindfolds and goggles do, and glasses do not."""
    corners = window.points[[_EYE_CORNERS[0], _EYE_CORNERS[1]]]
    corners = corners.mean(0) + w.bridge * (corners - corners.mean(0))  # broad lenses reach nearly to the nose's ridge
    up = window.points[TOP] - window.points[CHIN]
    up = up / max(float(np.linalg.norm(up)), 1.0)
    above, below, least = w.across
    between = np.concatenate([corners + above * window.face * up, (corners - below * window.face * up)[::-1]])
    inside = fill(window.shape, between) > 0
    eyes = fill(window.shape, window.points, *EYES) > 0
    return bool(inside.any() and eyes.any() and thing[inside].mean() > least and thing[eyes].mean() > least)


def _bare(
    window: FaceWindow, photo: np.ndarray, thing: np.ndarray, over: np.ndarray, skin: np.ndarray, w: VeilWeights
) -> np.ndarray | None:
    """(H, W, 3) uint8: the photo with a membrane of the skin around in place of things on the face; None without any.

    Args:
        thing: (h, w) what goes. over: (h, w) what is not skin, whatever it is. skin: (h, w) chance of skin.
    """
    thing = thing * (_hull(window) > -w.fill_around)
    known = ((skin > w.thing) & (over < 0.5)).astype(np.float32)
    if not (thing > 0.5).any() or not known.any():
        return None
    levels = [(window.pixels.astype(np.float32) * known[..., None], known)]
    while min(levels[-1][1].shape) > 3:
        levels.append((cv2.pyrDown(levels[-1][0]), cv2.pyrDown(levels[-1][1])))
    color = np.broadcast_to(levels[0][0].sum((0, 1)) / known.sum(), (*levels[-1][1].shape, 3))
    for total, amount in levels[::-1]:
        color = cv2.resize(np.ascontiguousarray(color, np.float32), amount.shape[::-1], interpolation=cv2.INTER_LINEAR)
        color = (total + w.membrane * color) / (amount + w.membrane)[..., None]
    soft = cv2.GaussianBlur(thing, (0, 0), max(WEIGHTS.skin.soft_least_px, w.grow * window.face))
    x, y = window.corner
    large, size = window.large, window.large.shape[1::-1]
    alpha = np.clip(w.fill * cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR), 0, 1)[..., None]
    out = photo.copy()
    filled = large + alpha * (cv2.resize(color, size, interpolation=cv2.INTER_LINEAR) - large)
    out[y : y + size[1], x : x + size[0]] = np.clip(filled + 0.5, 0, 255).astype(np.uint8)
    return out


def _colors(pixels: np.ndarray, face: float) -> np.ndarray:
    """(h, w, 3) float32: log luminance and two log hues."""
    w = WEIGHTS.skin
    soft = cv2.GaussianBlur(pixels, (0, 0), max(w.soft_least_px, w.soft * face))
    linear = power_to_linear(soft.astype(np.float32) / 255) + np.float32(w.dark)
    r, g, b = linear[..., 0], linear[..., 1], linear[..., 2]
    light = np.log(linear @ np.float32(w.light))
    return np.stack([light, np.log(r / g), np.log(b / g)], -1).astype(np.float32)


def _hull(window: FaceWindow) -> np.ndarray:
    """(h, w) float32: depth inside the face's outline, of the face; negative outside."""
    inside = fill(window.shape, cv2.convexHull(window.points[:FACE_POINTS]).reshape(-1, 2))
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 3) - cv2.distanceTransform(255 - inside, cv2.DIST_L2, 3)
    return depth / window.face


def _covers(window: FaceWindow, chance: dict[str, np.ndarray], features: np.ndarray, w: VeilWeights) -> np.ndarray:
    """(h, w) float32 in [0, 1]: masks, hands, cups, microphones, brims, letters."""
    depth = _hull(window)
    thing = chance["cover"] + chance["hat"] * (depth > 0)
    thing = thing + sum(chance[name] for name in _ELSE) * (depth > w.inner)
    inside = fill(window.shape, window.points, OVAL) > 0
    count, ids, stats, _ = cv2.connectedComponentsWithStats((thing > w.thing).astype(np.uint8))
    least = (w.least_area * window.face) ** 2
    within = np.bincount(ids[inside], minlength=count)
    peak = np.zeros(count)
    np.maximum.at(peak, ids[inside], thing[inside])
    keep = (within > least) & (peak > w.least_peak)
    keep[0] = False
    if not keep.any():
        return np.zeros(window.shape, np.float32)
    near = cv2.dilate(keep[ids].astype(np.uint8), disk(w.band * window.face)) > 0
    thing = np.where(near, np.clip(thing, 0, 1), 0)
    return _outlined(window, thing, near, sum(chance[name] for name in _FACE), features, w)


def _outlined(
    window: FaceWindow, thing: np.ndarray, near: np.ndarray, face: np.ndarray, features: np.ndarray, w: VeilWeights
) -> np.ndarray:
    """A thing of which the network knows roughly where it is, with the border that its colours have."""
    y, x = np.mgrid[: thing.shape[0], : thing.shape[1]].astype(np.float32) / window.face
    seen = np.concatenate([features, x[..., None], y[..., None]], -1)
    samples = seen.reshape(-1, seen.shape[-1])
    floor = np.float32([*WEIGHTS.skin.least_spread[:3], *WEIGHTS.skin.least_spread[4:]])
    around = cv2.dilate(near.astype(np.uint8), disk(4 * w.band * window.face)) > 0
    odds = _odds(np.clip(thing, 0, 1), w.most_odds[1])
    densities = []
    for sure, components in zip((thing > w.sure_thing, around & (face > w.sure_face)), w.parts):
        index = np.flatnonzero(sure)
        if len(index) < WEIGHTS.skin.least_samples:
            break
        index = index[np.linspace(0, len(index) - 1, min(WEIGHTS.skin.most_samples, len(index))).astype(int)]
        densities.append(fit_mixture(samples[index], np.ones(len(index)), components, floor).log_density(samples))
    if len(densities) == 2:
        ratio = np.clip(densities[0] - densities[1], -w.most_odds[0], w.most_odds[0]).reshape(thing.shape)
        odds = odds + w.colors * ratio
    odds = guided(
        np.where(near, odds, -w.most_odds[1]), features[..., 0], max(1, round(w.edge * window.face)), WEIGHTS.skin.edge_contrast
    )
    found = (near & (odds > 0)).astype(np.uint8)
    found = cv2.morphologyEx(found, cv2.MORPH_CLOSE, disk(w.grow * window.face))
    return cv2.dilate(found, disk(w.grow * window.face)).astype(np.float32)


def _odds(chance: np.ndarray, most: float) -> np.ndarray:
    chance = np.clip(chance, 1e-4, 1 - 1e-4)
    return np.clip(np.log(chance / (1 - chance)), -most, most)


def _frames(window: FaceWindow, chance: dict[str, np.ndarray], features: np.ndarray, w: VeilWeights) -> np.ndarray:
    """(h, w) float32 in [0, 1]: frames of glasses."""
    glasses, face = chance["glasses"], window.face
    around_eyes = cv2.dilate(fill(window.shape, window.points, *EYES, *BROWS), disk(w.frame_eyes * face)) > 0
    if ((glasses > w.frame_sure) & around_eyes).sum() < w.frame_area * face**2:
        return np.zeros(window.shape, np.float32)
    near = cv2.dilate((glasses > w.frame).astype(np.uint8), disk(w.frame_near * face)) > 0
    bare = ((chance["skin"] > w.thing) & (glasses < w.frame)).astype(np.float32)
    sigma = w.frame_around * face
    weight = cv2.GaussianBlur(bare, (0, 0), sigma) + 1e-3
    level = cv2.GaussianBlur(features * bare[..., None], (0, 0), sigma) / weight[..., None]
    unlike = np.abs(features - level) / np.float32((w.frame_light, w.frame_hue, w.frame_hue))
    unlike = unlike.max(-1)
    eyes = fill(window.shape, window.points, *EYES) > 0
    least = max(1.0, w.frame_contrast * float(np.quantile(unlike[glasses > w.frame_sure], w.frame_quantile)))
    sure = (glasses > w.frame_sure) & (unlike > w.frame_unlike * least)
    other = near & (unlike > least) & (chance["brows"] < 0.5) & (chance["hair"] < 0.5)
    brows = fill(window.shape, window.points, *BROWS) > 0  # they are unlike the skin, too
    found = ((sure | (other & ~brows)) & ~eyes).astype(np.uint8)
    count, ids, stats, _ = cv2.connectedComponentsWithStats(found, connectivity=8)
    keep = np.bincount(ids[(glasses > w.frame_sure) & (found > 0)], minlength=count) > 0
    keep[0] = False
    return cv2.dilate(keep[ids].astype(np.uint8), disk(w.frame_grow * face)).astype(np.float32)


def _lenses(
    window: FaceWindow, chance: dict[str, np.ndarray], features: np.ndarray, frames: np.ndarray, w: VeilWeights
) -> np.ndarray:
    """(h, w) float32 in [0, 1]: lenses that tint, mirror or hide; where one does, so does what the other's frame encloses."""
    lens = chance["lens"] > np.maximum(chance["glasses"], w.thing / 2)
    eyes = cv2.dilate(fill(window.shape, window.points, *EYES), disk(w.lens_lids * window.face)) > 0
    enclosed = _enclosed(window, frames)
    if lens[eyes].mean() < w.lens_area and not _tinted(window, chance, features, frames, enclosed, w):
        return np.zeros(window.shape, np.float32)
    _, ids = cv2.connectedComponents(lens.astype(np.uint8))
    mine = np.isin(ids, np.unique(ids[eyes & lens]))
    found = cv2.morphologyEx((mine & lens).astype(np.uint8), cv2.MORPH_CLOSE, disk(w.lens_close * window.face))
    found |= (enclosed[0] | enclosed[1]).astype(np.uint8)
    return cv2.dilate(found, disk(w.grow * window.face)).astype(np.float32)


def _enclosed(window: FaceWindow, frames: np.ndarray) -> list[np.ndarray]:
    """(h, w) bool: what the frame encloses around the right and around the left eye; nothing where it has gaps."""
    _, ids = cv2.connectedComponents((frames < 0.5).astype(np.uint8), connectivity=4)
    open_ids = np.concatenate([[0], ids[0], ids[-1], ids[:, 0], ids[:, -1]])
    return [np.isin(ids, np.setdiff1d(ids[fill(window.shape, window.points, eye) > 0], open_ids)) for eye in EYES]


def _tinted(
    window: FaceWindow,
    chance: dict[str, np.ndarray],
    features: np.ndarray,
    frames: np.ndarray,
    enclosed: list[np.ndarray],
    w: VeilWeights,
) -> bool:
    """Whether the skin within both frames is darker, or of another hue, than the skin right around them."""
    near = (frames > 0.5) | enclosed[0] | enclosed[1]
    around = cv2.dilate(near.astype(np.uint8), disk(w.tint_around * window.face)) > 0
    around &= ~near & (chance["skin"] > w.thing)
    differences = []
    for eye, inside in zip(EYES, enclosed):
        lids = cv2.dilate(fill(window.shape, window.points, eye), disk(w.tint_lids * window.face)) > 0
        skin = inside & ~lids & (chance["brows"] < 0.5)
        if skin.sum() < WEIGHTS.skin.least_place or not around.any():
            return False
        differences.append(np.median(features[skin], 0) - np.median(features[around], 0))
    light, hues = np.max(differences, 0), np.min(np.abs(differences), 0)
    return bool(light[0] < -w.tint_dark or hues[1:].max() > w.tint_hue)


def _behind(window: FaceWindow, lens: np.ndarray, w: VeilWeights) -> list[bool]:
    """Whether a lens hides the right and the left eye; one that only tints shows it."""
    light = power_to_linear(window.pixels.astype(np.float32) / 255) @ np.float32(WEIGHTS.skin.light)
    logs = np.log(light + np.float32(w.eye_floor))
    behind, flat = [], []
    for eye, (_, iris) in zip(EYES, IRISES):
        inside, round_iris = (fill(window.shape, window.points, outline) > 0 for outline in (eye, iris))
        behind.append(bool(inside.any() and lens[inside].mean() > w.place))
        dark, white = logs[inside & round_iris], logs[inside & ~round_iris]
        # A reflection makes contrast, too, but no eye.
        like_an_eye = bool(dark.size and white.size) and np.median(white) - np.median(dark) > w.eye_white
        flat.append(not like_an_eye or bool(logs[inside].std() < w.eye_contrast))
    # Both lenses are alike: where one eye shows, so would the other.
    return [one and all(other for other, here in zip(flat, behind) if here) for one in behind]


def _hair(window: FaceWindow, chance: dict[str, np.ndarray], w: VeilWeights) -> np.ndarray:
    """(h, w) float32 in [0, 1]: locks before eyes, nose and cheeks; not a fringe on the forehead, nor a beard."""
    points, face = window.points, window.face
    up = points[TOP] - points[CHIN]
    up = up / np.linalg.norm(up)
    y, x = np.mgrid[: window.shape[0], : window.shape[1]].astype(np.float32)

    def level(place: np.ndarray) -> np.ndarray:
        return ((x - place[0]) * up[0] + (y - place[1]) * up[1]) / face

    between = (level(points[list(BROWS[0] + BROWS[1])].mean(0)) < w.hair_between[0]) & (
        level(points[list(OUTER_LIPS)].mean(0)) > w.hair_between[1]
    )
    lock = ((chance["hair"] > w.thing) & (_hull(window) > w.hair_inner) & between).astype(np.uint8)
    count, ids, stats, _ = cv2.connectedComponentsWithStats(lock)
    keep = stats[:, cv2.CC_STAT_AREA] > (w.hair_area * face) ** 2
    keep[0] = False
    return cv2.dilate(keep[ids].astype(np.uint8), disk(w.grow * face)).astype(np.float32)
