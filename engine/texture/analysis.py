"""Everything about one photo's texture that is smooth, worked out once on a small map.

The maps of any size are then composed from these fields and the photo itself (:mod:`.compose`), which is why a head
looks the same at every size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from ..head.model import MATERIALS, HeadModel
from ..types import CoarseFit, FaceObservation, MidFit, Photo
from .atlas import Texels, corner_triangles, gather, mirrored_uv, texel_band, texel_density
from .baked import iris_color
from .completion import GAMMA, complete_base, splat
from .delight import LUMINANCE, flatten, highlight_share, shading_gain, skin_balance, smoothstep, weighted_median
from .grain import WAVES_MM, band_spread
from .padding import fill_outside
from .photo_view import (BROWS, EYES, INNER_LIPS, NOSE_TIP, OUTER_LIPS, OVAL, PhotoView, feature_mask, lookup)
from .scalp import Hair, find_hair
from .surface import Surface, vertex_normals

__all__ = ["ANALYSIS_SIZE", "Analysis", "analyse", "layout_of"]

ANALYSIS_SIZE = 1024

_DARK_SKIN = 0.8
"""Perceptual brightness, relative to its surroundings, below which skin above the mouth is taken to lie in shadow."""
_GRAIN_FLOOR = np.array([0.004, 0.006, 0.008, 0.010, 0.012, 0.010], np.float32)
"""Grain that skin has even where the photo is too coarse to show it, relative to the base, at WAVES_MM."""
_GRAIN_CEILING = np.array([0.02, 0.025, 0.03, 0.035, 0.035, 0.03], np.float32)


@dataclass(frozen=True)
class Layout:
    """What follows from the model alone."""

    surface: Surface
    mirrored: np.ndarray
    """(4Q, 2) UV of each corner's mirror image."""
    density: np.ndarray
    """(V,) texels per mm on a map of side 1, mean head."""
    skin: np.ndarray
    """(Q,) bool."""


_layouts: dict[str, Layout] = {}


def layout_of(model: HeadModel) -> Layout:
    """The model's :class:`Layout`, remembered for the last model."""
    key = f"{model.version}/{len(model.faces)}"
    if key not in _layouts:
        _layouts.clear()
        triangles = model.triangles
        per_triangle = texel_density(model, model.template)
        count = np.bincount(triangles.ravel(), minlength=len(model.template))
        density = np.bincount(triangles.ravel(), np.repeat(per_triangle, 3), len(model.template)) / np.maximum(count, 1)
        _layouts[key] = Layout(Surface(model.template, triangles), mirrored_uv(model).reshape(-1, 2),
                               density.astype(np.float32), model.face_material == MATERIALS.index("skin"))
    return _layouts[key]


@dataclass(frozen=True)
class Analysis:
    """Fields of one photo. Images are ANALYSIS_SIZE squared and filled outside the layout."""

    vertices: np.ndarray
    """(N, 3) mm, posed."""
    view: PhotoView
    gain: np.ndarray
    """(A, A, 3) float32: photographed linear colour times gain is albedo."""
    weight: np.ndarray
    """(A, A) float32: how well each texel is seen."""
    bare: np.ndarray
    """(A, A) float32: seen to be bare skin (scalp included)."""
    features: np.ndarray
    """(A, A) float32: brows and eyes, where dark is not deep."""
    lips: np.ndarray
    """(A, A) float32."""
    base: np.ndarray
    """(N, 3) float32 perceptual colour of the skin around each vertex."""
    allow_mirror: np.ndarray
    """(N,) float32."""
    near: np.ndarray
    """(N,) float32: close to something seen, through either side."""
    spectrum: np.ndarray
    """(6,) grain of completed skin relative to the base, at WAVES_MM."""
    extra: np.ndarray
    """(6,) grain that the photo was too coarse to show."""
    hairline: np.ndarray
    """(N,) float32: how much of the scalp's hair grows around each vertex, fading over centimetres."""
    hair: Hair
    iris: np.ndarray
    """(3,) uint8."""
    brows: np.ndarray | None
    """(N,) float32: brows to be drawn, where the photo shows neither of them."""


def analyse(model: HeadModel, photo: Photo, observation: FaceObservation, coarse: CoarseFit, mid: MidFit,
            size: int) -> Analysis:
    """Work out all fields for maps of `size`."""
    layout = layout_of(model)
    surface, mirror, triangles = layout.surface, model.mirror, model.triangles.astype(np.int32)
    vertices = (model.shape(coarse.identity, coarse.expression) + mid.deformation).astype(np.float32)
    face_density = float(np.median(layout.density[model.landmark_vertices[:, 0]]))
    view = PhotoView.of(model, vertices, photo, observation, coarse.camera, face_density * max(size, ANALYSIS_SIZE),
                        _landmark_offsets(model, surface, vertices, observation, coarse))
    photo_mask, skin_mask, inner_mask, brows_shown = _photo_masks(view, mid.skin_mask, coarse.camera)

    texels = _skin_texels(model, layout)
    position = gather(texels, triangles, view.positions)
    facing = gather(texels, triangles, view.facing)
    depth = gather(texels, triangles, view.depth)
    density = gather(texels, triangles, layout.density) * ANALYSIS_SIZE
    level = np.clip(np.log2(np.maximum(view.pixels_per_mm / density, 1e-3)), 0, 2).astype(np.float32)
    photographed = view.sample(position, level)
    seen = view.visible(gather(texels, triangles, view.projected), depth, facing) * view.inside(position)
    graze = np.clip((facing - 0.18) / 0.42, 0, 1) ** 1.5
    xy = position - np.float32(0.5)
    # The neck's shadow patches make a poor texture; it is completed from the face.
    neck = gather(texels, triangles, model.part("neck"))
    weight = (seen * graze * lookup(photo_mask, xy) * (1 - neck)).astype(np.float32)
    height = gather(texels, triangles, model.template[:, 1])
    # Hair falls on the forehead; at grazing angles the fitted light is least true and the silhouette near.
    central = lookup(inner_mask, xy) * (1 - 0.5 * smoothstep(20, 34, height)) * smoothstep(0.3, 0.65, facing)

    part = {name: gather(texels, triangles, model.part(*names)) for name, names in {
        "eyes": ("right_eye", "left_eye"), "brows": ("right_brow", "left_brow"), "lips": ("upper_lip", "lower_lip"),
        "scalp": ("scalp",), "ears": ("right_ear", "left_ear")}.items()}
    brows = np.maximum(0.6 * part["brows"], lookup(feature_mask(view, BROWS, 2.0, hull=True), xy) / np.float32(255))
    eyes = np.maximum(part["eyes"], lookup(feature_mask(view, EYES, 2.0, 1.5), xy) / np.float32(255))
    lips = np.maximum(part["lips"], lookup(feature_mask(view, (OUTER_LIPS,), 0.8), xy) / np.float32(255))
    front = seen > 0
    brows, eyes, lips = (np.where(front, x, x * 0).astype(np.float32) for x in (brows, eyes, lips))
    feature = np.clip(np.maximum(np.maximum(brows, eyes), lips), 0, 1)
    # Within these contours dark things belong to the face; just above a brow they may be a fringe.
    certain = np.maximum(np.maximum(eyes, lips), front * lookup(feature_mask(view, BROWS, 0.6, hull=True), xy)
                         / np.float32(255))
    nose = gather(texels, triangles, model.part("nose"))
    clean = weight * (1 - feature)

    shading = shading_gain(coarse.camera, vertex_normals(vertices, triangles), mid.lighting,
                           splat(texels, triangles, len(vertices), photographed, clean)[1] * surface.area)
    delit = photographed * gather(texels, triangles, shading)[:, None]
    gain = np.ones_like(photographed)
    base = None
    for _ in range(2):
        color, amount = splat(texels, triangles, len(vertices), delit, clean)
        skin = flatten(surface, mirror, color, amount)
        level_gain = gather(texels, triangles, skin.gain)
        base = gather(texels, triangles, skin.base)
        corrected = delit * level_gain
        gloss = highlight_share(corrected, base, photographed)
        # Dark things at the rim of the mask are hair and its shadow, not skin.
        ratio = (corrected @ LUMINANCE) / np.maximum(base @ LUMINANCE, 1e-3)
        dark = central * (1 - smoothstep(0.28, 0.5, ratio)) + (1 - central) * (1 - smoothstep(0.62, 0.92, ratio))
        doubtful = 1 - dark * (1 - certain) * (1 - nose)
        clean = weight * (1 - feature) * (1 - 0.95 * gloss) * doubtful
    weight = weight * doubtful
    middle = weighted_median(base, clean + 1e-6)
    balance = skin_balance(middle)
    gain = gather(texels, triangles, shading)[:, None] * level_gain * balance
    gain = gain * _highlight_gain(texels, corrected, base, gloss * (1 - feature), clean, density)
    gain = gain * _lip_gain(texels, corrected, photographed, lips, weight, density)
    gain = gain * _tint_gain(texels, photographed * gain, base * balance, weight * (1 - feature),
                            weight * (1 - np.clip(np.maximum(eyes, lips), 0, 1)), density)

    albedo = np.maximum(photographed * gain, 1e-4)
    perceptual = albedo ** np.float32(GAMMA)
    allow_mirror = np.clip(1 - model.part("neck"), 0, 1).astype(np.float32)
    # Brows and lashes are detail on the skin, not a colour for the skin beside them.
    color, amount = splat(texels, triangles, len(vertices), perceptual,
                          weight * (1 - np.clip(np.maximum(brows, eyes) * (1 - lips), 0, 1)))
    fallback = (middle * balance) ** GAMMA
    # Towards the rim of what is seen the photo darkens into hair, shadow and silhouette; completed skin grows out of
    # the even level of the skin instead.
    held = splat(texels, triangles, len(vertices), np.maximum(central * front, lips)[:, None],
                 np.ones_like(central))[0]
    even = 0.5 * ((skin.base * balance) ** GAMMA + fallback)
    drift = np.clip(color, even * 0.97, even * 1.04) / np.maximum(color, 1e-3)
    drift = 1 + (1 - held) * (drift - 1)
    # Above the mouth no bare skin is this dark by itself: a cap's or a fringe's shadow. Below, it may be a beard.
    dark = (color.mean(1) * drift.mean(1) / np.maximum(even.mean(1), 1e-3)).clip(0.2, None) / _DARK_SKIN
    lift = np.minimum(dark, 1) ** -0.6
    drift *= (1 + (lift - 1) * smoothstep(-30, -22, model.template[:, 1]))[:, None]
    drift = surface.smooth(np.clip(drift, 0.75, 1.8), amount + 1e-4, 4.0, prior=1.0)
    # The photo's texels follow, or its rim would be a step to what continues it.
    color = color * drift
    gain = gain * gather(texels, triangles, drift) ** np.float32(1 / GAMMA)
    base_vertices = complete_base(surface, mirror, color, amount, fallback, allow_mirror)
    amount = splat(texels, triangles, len(vertices), perceptual, weight)[1]
    near = surface.smooth(np.maximum(amount, amount[mirror] * allow_mirror), np.ones(len(amount)), 10.0)

    weight_image = _feathered(texels, weight, density)
    relative = perceptual.mean(1) / np.maximum(gather(texels, triangles, base_vertices).mean(1), 1e-3) - 1
    spectrum, extra = _spectra(texels, relative, clean * (part["scalp"] < 0.1), density, view.pixels_per_mm)
    hair = find_hair(view, skin_mask, position, seen * graze, part["scalp"], balance)
    bare = seen * graze * lookup(skin_mask, xy)

    def image(values, sigma=0.0):
        out = fill_outside(model, texels.image(np.ascontiguousarray(values, np.float32)), texels)
        return cv2.GaussianBlur(out, (0, 0), sigma) if sigma else out

    return Analysis(vertices, view, image(gain, 0.8), fill_outside(model, weight_image, texels), image(bare, 2.0),
                    image(np.maximum(brows, eyes), 1.5), image(lips, 1.0), base_vertices, allow_mirror,
                    np.clip(near * 1.6, 0, 1), spectrum, extra,
                    surface.smooth(model.part("scalp"), np.ones(len(vertices)), 9.0),
                    hair, iris_color(view, balance), None if brows_shown else model.part("right_brow", "left_brow"))


def _skin_texels(model: HeadModel, layout: Layout) -> Texels:
    whole = texel_band(model, ANALYSIS_SIZE, 0, ANALYSIS_SIZE)
    rows = np.flatnonzero(layout.skin[whole.triangle // 2])
    return Texels(whole.size, whole.row0, whole.row1, whole.index[rows], whole.triangle[rows], whole.weights[rows])


def _landmark_offsets(model, surface, vertices, observation, coarse) -> np.ndarray:
    """(N, 2) pixels: moves eyes, brows, nose and lips of the photo onto those of the head.

    The fit leaves a few pixels between detected and modelled features; a lip contour is visible at that scale.
    """
    points, _ = coarse.camera.project(model.landmarks(vertices).astype(np.float64))
    residual = observation.landmarks[:468] - points[:468]
    limit = 3.5 * coarse.camera.fx / float(np.median(coarse.camera.project(vertices)[1]))
    length = np.linalg.norm(residual, axis=1, keepdims=True)
    residual = residual * np.minimum(1, limit / np.maximum(length, 1e-6))
    use = np.zeros(468)
    use[list(set(range(468)) - set(OVAL))] = 0.3
    for contour in (*EYES, *BROWS, OUTER_LIPS, INNER_LIPS, NOSE_TIP):
        use[list(contour)] = 1.0
    corner = model.landmark_vertices[:468].ravel()
    share = (model.landmark_weights[:468] * use[:, None]).ravel()
    total = np.bincount(corner, share, len(vertices))
    value = np.stack([np.bincount(corner, share * np.repeat(residual[:, k], 3), len(vertices)) for k in range(2)], 1)
    value /= np.maximum(total, 1e-9)[:, None]
    return surface.smooth(value, np.minimum(total, 1) * 4, 8.0, prior_weight=0.02)


def _photo_masks(view: PhotoView, skin_mask: np.ndarray, camera) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """(h, w) float32 masks of the crop: usable for texture, bare skin, safely inside the face; whether a brow shows."""
    crop = view.camera
    scale_x, scale_y = crop.fx / camera.fx, crop.fy / camera.fy
    x0, y0 = round(camera.cx - crop.cx / scale_x), round(camera.cy - crop.cy / scale_y)
    window = skin_mask[y0:y0 + round(crop.height / scale_y), x0:x0 + round(crop.width / scale_x)]
    skin = cv2.resize(np.ascontiguousarray(window, np.float32), (crop.width, crop.height),
                      interpolation=cv2.INTER_LINEAR if scale_x >= 1 else cv2.INTER_AREA)
    brows = _shown_brows(view, skin)
    keep = np.maximum.reduce([brows, feature_mask(view, (OUTER_LIPS,), 1.5),
                              feature_mask(view, EYES, 4.0), feature_mask(view, (NOSE_TIP,), 1.0, hull=True)])
    usable = np.maximum(skin, keep.astype(np.float32) / 255)
    mm = view.pixels_per_mm
    # Strands of hair and their shadow reach over the rim of what the segmentation calls skin.
    depth = _depth(usable) / mm
    usable = usable * smoothstep(1.8, 3.2, depth)
    closed = feature_mask(view, EYES, 1.0, 1.4)
    gap = np.abs(view.landmarks[13] - view.landmarks[14]).max() / mm
    if gap > 1.5:
        closed = np.maximum(closed, feature_mask(view, (INNER_LIPS,), 0.6))
    usable = usable * (1 - closed.astype(np.float32) / 255)
    usable = cv2.GaussianBlur(usable, (0, 0), max(0.5, 0.6 * mm))
    inner = np.minimum(_depth(feature_mask(view, (OVAL,)) / np.float32(255)) / (9 * mm), (depth - 2.5) / 7).clip(0, 1)
    return usable, skin, inner.astype(np.float32), bool(brows.any())


def _depth(mask: np.ndarray) -> np.ndarray:
    """(h, w) float32 pixels from each pixel of a mask to its rim."""
    padded = cv2.copyMakeBorder((mask > 0.5).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    return cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]


def _shown_brows(view: PhotoView, skin: np.ndarray) -> np.ndarray:
    """(h, w) uint8: brows that bare skin surrounds; one under a fringe or a cap is not kept."""
    out = np.zeros(skin.shape, np.uint8)
    for contour in BROWS:
        brow = feature_mask(view, (contour,), 1.5, hull=True)
        above = cv2.subtract(feature_mask(view, (contour,), 2.0, 4.5, hull=True),
                             feature_mask(view, (contour,), 3.0, hull=True)) > 127
        # The segmentation takes brow hair for hair, but never all of a brow's outline.
        if above.any() and skin[above].mean() > 0.5 and skin[brow > 127].mean() > 0.2:
            out = np.maximum(out, brow)
    return out


def _highlight_gain(texels: Texels, color, base, gloss, clean, density) -> np.ndarray:
    """(n, 3) gain that replaces highlights by the diffuse skin around them."""
    mm = float(np.median(density[clean > 0.5])) if (clean > 0.5).any() else 2.0
    share = texels.image(gloss)
    share = np.minimum(cv2.GaussianBlur(cv2.dilate(share, np.ones((3, 3), np.uint8)), (0, 0), 0.8 * mm) * 1.15, 1)
    if share.max() < 0.05:
        return np.ones_like(color)
    mask = texels.image(clean.astype(np.float32))
    cover = texels.image(np.ones(len(color), np.float32))

    def blurred(values, weights, sigma):
        return cv2.GaussianBlur(values * weights[..., None], (0, 0), sigma), cv2.GaussianBlur(weights, (0, 0), sigma)

    picture, smooth = texels.image(color), texels.image(base)
    near, near_weight = blurred(picture, mask, 3.0 * mm)
    diffuse = (near + 0.05 * smooth) / (near_weight + 0.05)[..., None]
    local, local_weight = blurred(picture, cover, 0.7 * mm)
    local /= np.maximum(local_weight, 1e-4)[..., None]
    gain = np.clip(diffuse / np.maximum(local, 1e-3), 0.15, 1.1)
    gain = 1 + share[..., None] * (gain - 1)
    return gain.reshape(-1, 3)[texels.index].astype(np.float32)


def _tint_gain(texels: Texels, color, base, clean, shown, density) -> np.ndarray:
    """(n, 3) gain that takes most out of blotches of hue, and of brightness, of more than a millimetre.

    Reflected surroundings and a camera's tone curve tint shadows and half-tones of a photo, and gloss leaves bright
    patches; unlit skin is more even.
    Dark patches stay: freckles, moles, beards.
    """
    mm = float(np.median(density[clean > 0.5])) if (clean > 0.5).any() else 2.0
    logs = np.log(np.maximum(color, 2e-3)) - np.log(np.maximum(base, 2e-3))
    light = (logs @ LUMINANCE)[:, None]
    tint = np.concatenate([logs - light, light], 1)
    weights = texels.image(clean.astype(np.float32))
    soft = cv2.GaussianBlur(texels.image(tint.astype(np.float32)) * weights[..., None], (0, 0), 1.5 * mm)
    soft /= np.maximum(cv2.GaussianBlur(weights, (0, 0), 1.5 * mm), 0.05)[..., None]
    change = -0.7 * np.clip(soft[..., :3].reshape(-1, 3)[texels.index], -0.6, 0.6)
    change -= 0.6 * np.clip(soft[..., 3].reshape(-1)[texels.index], 0, 0.5)[:, None]
    return np.exp(change * shown[:, None]).astype(np.float32)


def _lip_gain(texels: Texels, color, photographed, lips, weight, density) -> np.ndarray:
    """(n, 3) gain that replaces highlights on the lips by the lips' own colour."""
    member = np.flatnonzero((lips > 0.5) & (weight > 0.3))
    gain = np.ones_like(color)
    if len(member) < 50:
        return gain
    own = 1.1 * weighted_median(color[member], np.ones(len(member))).astype(np.float32)
    rows = np.flatnonzero(lips > 0)
    brighter = (color[rows] @ LUMINANCE) / max(float(own @ LUMINANCE), 1e-3)
    whiter = (color[rows, 2] / np.maximum(color[rows, 0], 1e-3)) / max(own[2] / max(own[0], 1e-3), 1e-3)
    share = np.zeros(len(color), np.float32)
    share[rows] = smoothstep(1.05, 1.35, brighter) * smoothstep(0.9, 1.2, whiter) * smoothstep(0.6, 1, lips[rows])
    mm = float(np.median(density[member]))
    soft = cv2.GaussianBlur(texels.image(share), (0, 0), 0.5 * mm).reshape(-1)[texels.index[rows], None]
    gain[rows] = np.clip(own / np.maximum(color[rows], 1e-3), 0.2, 1) ** (0.85 * np.minimum(1.3 * soft, 1))
    return gain


def _feathered(texels: Texels, weight: np.ndarray, density: np.ndarray) -> np.ndarray:
    """(A, A) weights whose rim fades over some millimetres, always inwards."""
    mm = float(np.median(density[weight > 0.5])) if (weight > 0.5).any() else 2.0
    image, cover = texels.image(weight.astype(np.float32)), texels.image(np.ones(len(weight), np.float32))
    # Outside the layout there is no border to fade towards.
    image = np.where(cover > 0, image, 1).astype(np.float32)
    soft = cv2.GaussianBlur(image, (0, 0), 3.0 * mm)
    return np.where(cover > 0, image * smoothstep(0.35, 0.95, soft), 0).astype(np.float32)


def _spectra(texels, relative, weight, density, pixels_per_mm):
    """Grain spectrum for completed skin, and the share of it that the photo was too coarse to show."""
    mm = float(np.median(density[weight > 0.5])) if (weight > 0.5).any() else 2.0
    measured = band_spread(texels.image(relative.astype(np.float32)), texels.image(weight.astype(np.float32)), mm)
    waves = np.array(WAVES_MM)
    # The photo shows waves of more than about 2.5 of its pixels.
    resolved = np.clip(np.log2(waves * pixels_per_mm / 2.0), 0, 1) * (waves * mm / 5.0 > 0.35)
    for k in range(1, len(waves)):
        if measured[k] == 0:
            measured[k] = 0.75 * measured[k - 1]
    spectrum = np.clip(measured, _GRAIN_FLOOR, _GRAIN_CEILING)
    return spectrum.astype(np.float32), ((1 - resolved) * _GRAIN_FLOOR * (waves < 3)).astype(np.float32)
