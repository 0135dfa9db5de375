"""Photos opened for texture: where their points land on the head, and the texels of the analysis map as each has them."""

from __future__ import annotations

import numpy as np

from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...photo.regions import BROWS, EYES, FACE_POINTS, INNER_LIPS, OUTER_LIPS, OVAL
from ...system.failures import of_view
from ...types import View
from ..atlas import gather
from ..seen import Masks, Place, Seen, forehead_trust
from ..unlit.surface import Surface
from ..weights import WEIGHTS, SightWeights, SlideWeights, TextureWeights
from .chroma import calmed
from .photo_masks import photo_masks
from .photo_view import NOSE_TIP, PhotoView, feature_mask, lookup
from .unfolded import without_shade

__all__ = ["open_views", "read_texels"]


def open_views(
    model: HeadModel,
    surface: Surface,
    views: list[View],
    texels_per_mm: float,
    weights: TextureWeights = WEIGHTS,
) -> list[tuple[PhotoView, Masks]]:
    """Calls that make each view's :class:`PhotoView` and :class:`Masks`; they may run side by side.

    The fit leaves a few pixels between detected and modelled features; a lip contour is visible at that scale. In the
    reference view lookups are moved by that residual; as a slide along the skin it is common to all views, so that
    they still show the same skin at the same texel.
    """
    reference = views[0]
    vertices = model.posed(reference)
    camera = reference.coarse.camera
    offsets = _landmark_offsets(model, surface, vertices, reference, weights.slide)
    most = weights.view.all_pixels / len(views)
    slide = _slide(camera, vertices, offsets) if len(views) > 1 else None

    def make(number, view):
        def work():
            with of_view(number):
                return opened(view)

        return work

    def opened(view):
        if view is reference:
            source = PhotoView.of(
                model, vertices, view.photo, view.observation.landmarks, camera, texels_per_mm, most, weights.view
            )
            scale = np.array([source.camera.fx / camera.fx, source.camera.fy / camera.fy])
            source = source.moved(offsets * scale)
        else:
            place = model.posed(view)
            own = view.coarse.camera
            # Beside the front, measured landmarks are worse than the fit.
            landmarks = own.project(model.landmarks(place + slide).astype(np.float64))[0]
            source = PhotoView.of(model, place, view.photo, landmarks, own, texels_per_mm, most, weights.view)
            moved = source.camera.project((place + slide).astype(np.float64))[0]
            source = source.moved(moved - source.positions)
        masks = photo_masks(source, view.mid.skin_mask, view.observation.veil, view.coarse.camera, weights.mask)
        reduced = source.camera.fx / view.coarse.camera.fx
        source = without_shade(source, view.mid.relief)
        return calmed(source, np.maximum(masks.skin, masks.usable), reduced * view.photo.scale, weights), masks

    return [make(number, view) for number, view in enumerate(views)]


def _landmark_offsets(model: HeadModel, surface: Surface, vertices: np.ndarray, view: View, w: SlideWeights) -> np.ndarray:
    """(N, 2) pixels of the photo: moves eyes, brows, nose and lips of the photo onto those of the head."""
    camera = view.coarse.camera
    points, _ = camera.project(model.landmarks(vertices).astype(np.float64))
    residual = view.observation.landmarks[:FACE_POINTS] - points[:FACE_POINTS]
    limit = w.longest_mm * camera.fx / float(np.median(camera.project(vertices)[1]))
    length = np.linalg.norm(residual, axis=1, keepdims=True)
    residual = residual * np.minimum(1, limit / np.maximum(length, 1e-6))
    use = np.zeros(FACE_POINTS)
    use[list(set(range(FACE_POINTS)) - set(OVAL))] = w.other
    for contour in (*EYES, *BROWS, OUTER_LIPS, INNER_LIPS, NOSE_TIP):
        use[list(contour)] = 1.0
    corner = model.landmark_vertices[:FACE_POINTS].ravel()
    share = (model.landmark_weights[:FACE_POINTS] * use[:, None]).ravel()
    total = np.bincount(corner, share, len(vertices))
    value = np.stack([np.bincount(corner, share * np.repeat(residual[:, k], 3), len(vertices)) for k in range(2)], 1)
    value /= np.maximum(total, 1e-9)[:, None]
    return surface.smooth(value, np.minimum(total, 1) * w.strength, w.smooth_mm, prior_weight=w.prior)


def _slide(camera, vertices: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """(N, 3) mm, parallel to the picture: what moves the vertices by `offsets` pixels in it."""
    depth = camera.project(vertices.astype(np.float64))[1][:, None]
    across = np.concatenate([offsets * depth / [camera.fx, camera.fy], np.zeros_like(depth)], 1)
    return across @ np.asarray(camera.R)


def read_texels(place: Place, view: PhotoView, masks: Masks, weights: SightWeights = WEIGHTS.sight) -> Seen:
    """Look n texels up in one photo."""
    vertex = np.concatenate([view.positions, view.projected, view.facing[:, None], view.depth[:, None]], 1)
    found = gather(place.texels, place.triangles, vertex)
    position, facing, depth = found[:, :2], found[:, 4], found[:, 5]
    seen = view.visible(found[:, 2:4], depth, facing) * view.inside(position)
    graze = np.clip((facing - weights.facing[0]) / weights.facing[1], 0, 1) ** weights.facing_power
    shown = (seen * graze).astype(np.float32)
    xy = position - np.float32(0.5)
    # The neck's shadow patches make a poor texture; it is completed from the face.
    weight = np.clip(shown * lookup(masks.usable, xy) * (1 - place.part["neck"]), 0, 1).astype(np.float32)
    # Hair falls on the forehead; at grazing angles the fitted light is least true and the silhouette near.
    central = lookup(masks.inner, xy) * forehead_trust(place, weights) * smoothstep(*weights.central, facing)
    front = seen > 0

    def contour(*arguments, **options):
        return lookup(feature_mask(view, *arguments, **options), xy) / np.float32(255)

    brows = np.maximum(weights.brows * place.part["brows"], contour(BROWS, weights.feature_mm, hull=True))
    eyes = np.maximum(place.part["eyes"], contour(EYES, weights.feature_mm, weights.above_eyes_mm))
    lips = np.maximum(place.part["lips"], contour((OUTER_LIPS,), weights.lips_mm))
    brows, eyes, lips = (np.where(front, x, x * 0).astype(np.float32) for x in (brows, eyes, lips))
    # Just above a brow dark things may be a fringe.
    certain = np.maximum(np.maximum(eyes, lips), front * contour(BROWS, weights.certain_mm, hull=True))
    return Seen(
        view.sample(position, view.level(place.density)),
        weight,
        shown,
        front,
        (shown * lookup(masks.skin, xy)).astype(np.float32),
        central.astype(np.float32),
        brows,
        eyes,
        lips,
        certain.astype(np.float32),
    )
