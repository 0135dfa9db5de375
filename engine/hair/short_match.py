"""Brows and beard that take the light from the skin that the painted ones do, place by place.

What strands cover is measured, by drawing them; what paint they stand for is known: the albedo with it and without. Widths along
every strand are solved for by the multiplicative rounds of Richardson and Lucy, so that the drawn strands' shade has the paint's
outline and gaps at the sharpness of the photo.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import NamedTuple

import cv2
import numpy as np
from scipy.spatial import cKDTree

from ..wire.color import LUMINANCE, srgb_to_linear
from .closeup import Closeup, sampled
from .draw import draw_tufts, light_beneath
from .short_roots import joined
from .short_weights import MatchWeights
from .skin import SkinTriangles
from .types import Strands, Tufts

__all__ = ["as_painted"]


_BELOW_MM = 3.0
"""How far below the fitted skin hairs may lie and still count as seen, mm."""
_SHARPER = 2
"""Pixels of the picture that strands are drawn in per pixel of the closeup, across and down."""
_TOLD = 0.9
"""Share of a strand that lies over skin which the photo shows from which on its width is solved for."""
_NEIGHBOURS = 24
"""Number of such strands whose widths others take on."""
_LEAST_GIVEN = 1e-3
"""Light that strands take at least, for what is lacking to be a factor."""


class _Paint(NamedTuple):
    """Pictures (h, w) of what strands stand for."""

    shown: np.ndarray
    """bool: skin that tells anything."""
    below: np.ndarray
    """(h, w, 3) linear colors of the bare skin."""
    taken: np.ndarray
    """(h, w, 3) what the paint takes off them, at least 0; 0 where nothing is shown."""


def as_painted(
    closeup: Closeup,
    skin: SkinTriangles,
    tufts: Tufts,
    painted: np.ndarray,
    bare: np.ndarray,
    weights: MatchWeights,
) -> Tufts:
    """The tufts in widths and colors that darken the bare skin as the paint does; each side of the face for itself.

    Args:
        closeup: of the first photo.
        tufts: on the head as it is in that photo.
        painted: (S, S, 3) uint8 sRGB albedo with the hair. bare: the same without it.
    """
    known, below = (_seen(closeup, skin, albedo) for albedo in (painted, bare))
    towards = closeup.camera.position.astype(np.float32) - closeup.position
    facing = (towards * closeup.normal).sum(-1) > weights.facing * np.linalg.norm(towards, axis=-1)
    shown = closeup.on_skin & facing
    paint = _Paint(shown, below, np.maximum(below - known, 0) * shown[..., None])
    strands = tufts.strands
    left = strands.points[:, 0, 0] > 0
    # Brows have a color of their own each; hair that grows on both sides of the chin's middle stands for the same paint.
    sides = (~left, left) if weights.recolored else (left | ~left,)
    goals = [_goal(closeup, tufts._replace(strands=_some(strands, side)), paint, weights) for side in sides]
    tufts = _as_many(closeup, tufts, paint, [goal for goal in goals if goal is not None], weights)
    parts = [
        _some(strands, side)
        if goal is None
        else _matched(closeup, tufts._replace(strands=_some(strands, side)), paint, goal, weights)
        for side, goal in zip(sides, goals)
    ]
    return tufts._replace(strands=joined(parts))


class _Goal(NamedTuple):
    """What the strands of one side are to take off the skin."""

    color: np.ndarray
    """(3,) their linear color."""
    wanted: np.ndarray
    """(h, w) luminance, sharp."""


def _goal(closeup: Closeup, tufts: Tufts, paint: _Paint, w: MatchWeights) -> _Goal | None:
    """None where the photo shows too little of them."""
    if not len(tufts.strands.points):
        return None
    covered = _covered(closeup, tufts)[0] * paint.shown
    side = 2 * max(1, round(w.beside * closeup.face)) + 1
    region = cv2.dilate((covered > 0.02).astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    taken = paint.taken * region[..., None]
    if covered.sum() < w.least or not taken.any():
        return None
    usual = tufts.strands.color.mean((0, 1))
    color = _color(paint.below, taken, w) if w.recolored else usual
    most = w.most_cover * np.maximum((paint.below - color) @ LUMINANCE, 0)
    return _Goal(color, np.minimum(taken @ LUMINANCE, most))


def _as_many(closeup: Closeup, tufts: Tufts, paint: _Paint, goals: list[_Goal], w: MatchWeights) -> Tufts:
    """The tufts with about as many hairs each as take the light that is wanted when they are as thick as hairs are."""
    if not goals:
        return tufts
    wanted = sum(float(goal.wanted.sum()) for goal in goals)
    given = float(_given(closeup, tufts, paint, np.mean([goal.color for goal in goals], 0)).sum())
    children = tufts.style.children * wanted / max(given, 1e-6) / w.thick
    return tufts._replace(style=replace(tufts.style, children=int(np.clip(round(children), *w.children))))


def _given(closeup: Closeup, tufts: Tufts, paint: _Paint, color: np.ndarray) -> np.ndarray:
    """(h, w) luminance that the strands, in their widths and one color, take off the bare skin."""
    cover, left = _covered(closeup, tufts)
    return ((paint.below @ LUMINANCE) * (1 - left) - float(color @ LUMINANCE) * cover) * paint.shown


def _matched(closeup: Closeup, tufts: Tufts, paint: _Paint, goal: _Goal, w: MatchWeights) -> Strands:
    """The strands with widths that follow the paint from place to place, in one color."""
    strands = tufts.strands
    usual, soft = strands.color.mean((0, 1)), w.local * closeup.face
    wanted = cv2.GaussianBlur(goal.wanted, (0, 0), soft)
    pixels = closeup.camera.project(strands.points.reshape(-1, 3).astype(np.float64))[0]
    times = np.ones(strands.radius.shape, np.float32)
    for _ in range(w.rounds):
        made = tufts._replace(strands=replace(strands, radius=strands.radius * times))
        given = cv2.GaussianBlur(_given(closeup, made, paint, goal.color), (0, 0), soft)
        lacking = (wanted / np.maximum(given, _LEAST_GIVEN)).clip(0, 1 / _LEAST_GIVEN)
        lacking = sampled(lacking, pixels).reshape(times.shape)
        times = np.clip(times * _along(lacking), *w.times).astype(np.float32)
    color = goal.color
    if w.recolored:
        color = _left_over(closeup, tufts._replace(strands=replace(strands, radius=strands.radius * times)), paint, goal, w)
    told = sampled(paint.shown.astype(np.float32), pixels).reshape(times.shape).mean(1) > _TOLD
    times = _continued(strands.points[:, 0], times, told)
    radius = (strands.radius * times).astype(np.float32)
    hues = (strands.color * (color / np.maximum(usual, 1e-4))).clip(*w.channels).astype(np.float32)
    return _some(replace(strands, radius=radius, color=hues), times.max(1) > w.dropped)


def _left_over(closeup: Closeup, tufts: Tufts, paint: _Paint, goal: _Goal, w: MatchWeights) -> np.ndarray:
    """(3,) linear color that the strands must have for the skin and them to be the paint together, where they cover most."""
    cover, left = _covered(closeup, tufts)
    trust = (cover * paint.shown * (goal.wanted > 0))[..., None]
    if not trust.any():
        return goal.color
    seen = paint.below * (1 - left)[..., None] - paint.taken
    least, most = w.nearby
    color = np.clip((seen * trust).sum((0, 1)) / (cover[..., None] * trust).sum(), least * goal.color, most * goal.color)
    return _as_hair(color)


def _as_hair(color: np.ndarray) -> np.ndarray:
    """(3,) float32: hair is never greener than red, nor bluer than green."""
    green = min(color[0], color[1])
    return np.array([color[0], green, min(green, color[2])], np.float32)


def _continued(roots: np.ndarray, times: np.ndarray, told: np.ndarray) -> np.ndarray:
    """Factors (G, P) in which strands about whose places the photo tells nothing are as those next to them are on average."""
    if told.all() or not told.any():
        return times
    near = cKDTree(roots[told]).query(roots[~told], k=min(_NEIGHBOURS, int(told.sum())))[1].reshape((~told).sum(), -1)
    out = times.copy()
    out[~told] = times[told][near].mean((1, 2))[:, None]
    return out


def _some(strands: Strands, rows: np.ndarray) -> Strands:
    return Strands(*(getattr(strands, field.name)[rows] for field in fields(strands)))


def _color(below: np.ndarray, taken: np.ndarray, w: MatchWeights) -> np.ndarray:
    """(3,) linear color of the hair: the hue of the paint where it is darkest, dark enough to be as dark where all is hair.

    Args:
        below, taken: as in :class:`_Paint`.
    """
    shade = taken @ LUMINANCE
    core = shade >= np.quantile(shade[shade > 0], w.core)
    skin, shown = below[core].mean(0), (below - taken)[core].mean(0)
    light = float(shown @ LUMINANCE)
    pure = float((skin - (skin - shown) / w.most_cover) @ LUMINANCE)
    return _as_hair(shown * np.clip(pure, w.darkest * light, w.brightest * light) / max(light, 1e-4))


def _along(values: np.ndarray) -> np.ndarray:
    """(G, P) values smoothed along the strands."""
    padded = np.pad(values, ((0, 0), (1, 1)), mode="edge")
    return 0.25 * padded[:, :-2] + 0.5 * values + 0.25 * padded[:, 2:]


def _covered(closeup: Closeup, tufts: Tufts) -> tuple[np.ndarray, np.ndarray]:
    """(h, w) how far strands cover the skin, and (h, w) the share of its light that they leave: drawn sharper than the closeup,
    for hairs that lie over each other cover less than they do side by side."""
    camera = closeup.camera.scaled(float(_SHARPER))
    depth = cv2.resize(closeup.raster.depth, (camera.width, camera.height), interpolation=cv2.INTER_NEAREST)
    layer = draw_tufts([tufts], camera, depth + np.float32(_BELOW_MM))
    left = (1 - layer.alpha) * light_beneath(layer, camera)
    cover, left = (cv2.resize(one, closeup.skin.shape[::-1], interpolation=cv2.INTER_AREA) for one in (layer.alpha, left))
    return cover, left


def _seen(closeup: Closeup, skin: SkinTriangles, albedo: np.ndarray) -> np.ndarray:
    """(h, w, 3) linear: an albedo in the close-up's pixels, 0 beside the skin."""
    triangle = np.maximum(closeup.raster.triangle, 0)
    uv = np.einsum("hwc,hwci->hwi", closeup.raster.weights, skin.uv[triangle]).astype(np.float32)
    size = albedo.shape[0]
    at = uv * (size, -size) + (-0.5, size - 0.5)
    texel = size * float(np.median(np.abs(np.diff(uv[..., 0], axis=1))[closeup.on_skin[:, 1:]])) if closeup.on_skin.any() else 1
    if texel > 1.5:
        albedo = cv2.GaussianBlur(albedo, (0, 0), 0.4 * texel)
    seen = cv2.remap(albedo, *np.moveaxis(at.astype(np.float32), -1, 0), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return srgb_to_linear(seen / np.float32(255)) * closeup.on_skin[..., None]
