"""The head's outline against the background, in every photo."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import cv2
import numpy as np

from ...camera import Camera
from ...geometry.mesh import vertex_normals
from ...head.model import HeadModel
from ...system.concurrency import concurrently
from ..mid.contour import Picture, find_outline
from ..mid.weights import Search
from ..skin_surface import SkinSurface
from .hairy import hairy_at, worn_at
from .state import ViewState
from .surface import Rims
from .weights import WEIGHTS, OutlineWeights

__all__ = ["Cutout", "find_rims", "foreground", "plain_background"]


class Cutout(NamedTuple):
    """What is head in a picture."""

    mask: np.ndarray
    """(h, w) float32 in [0, 1]."""
    plain: bool
    """Whether it stands before a plain background, where the outline is exact."""


def foreground(view: ViewState, chin: float, weights: OutlineWeights = WEIGHTS.outline) -> Cutout | None:
    """The head, its hair and the neck in the view's frame, None where they cannot be told.

    A plain background is modelled as a colour that changes with the square of the place; else the head is cut out
    with Rother, Kolmogorov and Blake, "GrabCut" (SIGGRAPH 2004), started from the fitted head.

    Args:
        view: drawn. chin: row of the frame below which clothes begin to matter.
    """
    lab = cv2.cvtColor(view.color.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    head = (view.raster.triangle >= 0).astype(np.uint8)
    per_mm = view.per_mm
    above = np.arange(head.shape[0])[:, None] < chin
    outside = (_grown(head, weights.near_mm * per_mm) == 0) & above
    inside = (_grown(1 - head, weights.inside * weights.near_mm * per_mm) == 0) & above
    if min(outside.sum(), inside.sum()) < weights.least_pixels:
        return None
    mask = plain_background(lab, outside, weights)
    plain = mask is not None and _plausible(mask, inside, outside, weights)
    if not plain:
        mask = _cut(view.color, head, per_mm, weights)
        if not _plausible(mask, inside, outside, weights):
            return None
    # Only what hangs together with the head, and all that lies within it.
    _, labels = cv2.connectedComponents((mask > 0.5).astype(np.uint8))
    own = np.bincount(labels[inside], minlength=labels.max() + 1)
    own[0] = 0
    body = (labels == own.argmax()).astype(np.uint8)
    near = weights.joined_px
    whole = np.where(_grown(body, near) > 0, np.maximum(mask, _grown(1 - body, near) == 0), 0).astype(np.float32)
    return Cutout(whole, plain)


def _grown(mask: np.ndarray, radius: float) -> np.ndarray:
    """(h, w) uint8: all that lies within `radius` of a 0/1 mask."""
    if not mask.any():
        return np.zeros(mask.shape, np.uint8)
    return (cv2.distanceTransform((mask == 0).astype(np.uint8), cv2.DIST_L2, 5) <= max(1, round(radius))).astype(np.uint8)


def plain_background(lab: np.ndarray, outside: np.ndarray, weights: OutlineWeights = WEIGHTS.outline) -> np.ndarray | None:
    """What stands out against a background that changes slowly.

    Args:
        lab: (h, w, 3) float32 CIELAB.
        outside: (h, w) bool, where the background is seen.

    Returns:
        (h, w) float in [0, 1]; None where the background is not plain.
    """
    height, width = outside.shape
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1)
    rows = np.argwhere(outside)
    rows = rows[:: max(1, len(rows) // weights.samples)]
    a, b = basis[rows[:, 0], rows[:, 1]], lab[rows[:, 0], rows[:, 1]].astype(float)
    used = np.ones(len(rows), bool)
    for _ in range(weights.rounds):
        solution = np.linalg.lstsq(a[used], b[used], rcond=None)[0]
        left = b - a @ solution
        sigma = np.maximum(weights.mad_sigma * np.median(np.abs(left[used]), 0), weights.least_sigma)
        used = (np.abs(left / sigma) < weights.stray).all(1)
    if used.mean() < weights.plain or sigma.max() > weights.most_sigma:
        return None
    distance = np.sqrt((((lab - basis @ solution) / sigma) ** 2).sum(-1)).astype(np.float32)
    # A pixel that is half head looks half as different as the head beside it.
    beside = np.maximum(cv2.dilate(distance, np.ones((weights.half_px, weights.half_px))), 2 * weights.different)
    return np.where(distance > weights.different / 2, np.minimum(distance / beside, 1), 0)


def _cut(color: np.ndarray, head: np.ndarray, per_mm: float, weights: OutlineWeights) -> np.ndarray:
    scale = min(1.0, weights.cut_side / max(head.shape))
    size = tuple(max(weights.cut_least_side, round(side * scale)) for side in head.shape[::-1])
    small = cv2.resize(color, size, interpolation=cv2.INTER_AREA)
    shape = cv2.resize(head, size, interpolation=cv2.INTER_NEAREST)
    mask = np.full(shape.shape, cv2.GC_PR_FGD, np.uint8)
    mask[shape == 0] = cv2.GC_PR_BGD
    mask[_grown(shape, weights.far_mm * per_mm * scale) == 0] = cv2.GC_BGD
    mask[_grown(1 - shape, weights.near_mm * per_mm * scale) == 0] = cv2.GC_FGD
    if min((mask == cv2.GC_BGD).sum(), (mask == cv2.GC_FGD).sum()) < weights.cut_least:
        return head.astype(np.float32)
    cv2.setRNGSeed(0)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(np.ascontiguousarray(small[..., ::-1]), mask, None, *models, weights.cut_rounds, cv2.GC_INIT_WITH_MASK)
    found = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)
    return _snapped(found, small, color, max(2, round(weights.snap_mm * per_mm * scale)), weights)


def _snapped(found: np.ndarray, small: np.ndarray, color: np.ndarray, radius: int, weights: OutlineWeights) -> np.ndarray:
    """A mask of a reduced picture at the size of the whole one, its border on the picture's edges: a guided filter (He, Sun and
    Tang, TPAMI 2013), its coefficients worked out on the reduced picture."""

    def mean(image: np.ndarray) -> np.ndarray:
        return cv2.blur(image, (2 * radius + 1,) * 2)

    guide = small.astype(np.float32) / 255
    middle, level = mean(guide), mean(found)
    shared = mean(guide * found[..., None]) - middle * level[..., None]
    products = mean((guide[..., :, None] * guide[..., None, :]).reshape(*found.shape, 9)).reshape(*found.shape, 3, 3)
    spread = (
        products - middle[..., :, None] * middle[..., None, :] + np.float32(weights.snap_contrast) * np.eye(3, dtype=np.float32)
    )
    slope = np.linalg.solve(spread, shared[..., None])[..., 0].astype(np.float32)
    shift = level - (slope * middle).sum(-1)
    slope, shift = (cv2.resize(mean(each), color.shape[1::-1], interpolation=cv2.INTER_LINEAR) for each in (slope, shift))
    alpha = (slope * color).sum(-1) / 255 + shift
    return np.clip((alpha - 0.5) * weights.snap_steep + 0.5, 0, 1).astype(np.float32)


def _plausible(mask: np.ndarray, inside: np.ndarray, outside: np.ndarray, weights: OutlineWeights) -> bool:
    least, most = weights.plausible
    return mask[inside].mean() > least and mask[outside].mean() < most


def _is_hair(places: np.ndarray, targets: np.ndarray, weights: OutlineWeights) -> bool:
    """Whether an outline above the forehead is that of hair: far outside the head, or rough."""
    if len(targets) < weights.least_points:
        return True
    near = np.linalg.norm(places[:, None] - places[None], axis=-1) < weights.stretch_mm
    rough = [targets[i] - np.median(targets[near[i]]) for i in range(len(targets))]
    return bool(np.median(targets) > weights.strand_mm or np.mean(np.abs(rough)) > weights.rough_mm)


def find_rims(
    model: HeadModel,
    surface: SkinSurface,
    views: list[ViewState],
    masks: list[Cutout | None],
    skins: list[np.ndarray],
    search: tuple[float, float],
    weights: OutlineWeights = WEIGHTS.outline,
) -> Rims:
    """Places where the head turns away from a camera, moved to where the photo has its outline.

    Args:
        skins: (V, 3) mm of each view's posed skin. search: how far the outline is looked for, and at which
            distance it has lost three quarters of its weight (:class:`engine.fit.mid.contour.Search`), mm.
    """
    at, (reach, scale) = surface.vertices, search
    scalp = model.part("scalp")[at]
    # Clothes and hair hide the neck, not the underside of the chin that goes over into it.
    chin = model.template[model.landmark_vertices[152, 0]]
    low, back = (chin - model.template[at])[:, 1:].T
    neck = np.where((low < weights.under_chin_mm[0]) & (back < weights.under_chin_mm[1]), 0, model.part("neck")[at])
    ears, hidden = model.part("right_ear", "left_ear")[at], weights.hidden
    trust = np.clip(1 - hidden * neck - hidden * ears, 0, 1).astype(float)

    def rims(view: ViewState, cut: Cutout, skin: np.ndarray) -> Rims | None:
        camera = view.work
        normals = vertex_normals(skin, surface.triangles)
        picture = Picture(Camera.project, view.raster, cut.mask)
        found = find_outline(camera, picture, skin, normals, surface.edges, trust, Search(reach, scale, scale))
        if not len(found.target):
            return None
        t = found.share[:, None]
        first, second = found.edges.T
        place = skin[first] * (1 - t) + skin[second] * t
        normal = normals[first] * (1 - t) + normals[second] * t
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
        weight = weights.points * found.weight * (1.0 if cut.plain else weights.cut_trust)
        # The outline of a beard: the skin ends there or within.
        seen = camera.project(place + normal * (found.target - weights.within_mm)[:, None])[0]
        beyond = (hairy_at(view, seen, scalp[first]) > weights.hairy) & (found.target > 0)
        # A mask, or a hand, has an outline of its own.
        ends = camera.project(place + normal * found.target[:, None])[0]
        beyond |= np.maximum(worn_at(view, seen), worn_at(view, ends)) > weights.worn
        weight = np.where(beyond, 0, weight)
        top = (scalp[first] > 0.5) & (found.weight > 0)
        if _is_hair(place[top], found.target[top], weights):
            weight = np.where(top, 0, weight)
        return Rims(found.edges, found.share, place + normal * found.target[:, None], normal, weight)

    parts = concurrently([partial(rims, *each) for each in zip(views, masks, skins) if each[1] is not None])
    parts = [part for part in parts if part is not None]
    if not parts:
        return Rims(np.zeros((0, 2), int), np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0))
    return Rims(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in ("edges", "share", "target", "normal", "weight"))
    )
