"""Brows and beard about as dark as the painted ones.

What strands cover is measured, by drawing them; what paint they stand for is known: the albedo with it and without.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import NamedTuple

import cv2
import numpy as np

from ..wire.color import LUMINANCE, srgb_to_linear
from .closeup import Closeup, sampled
from .draw import draw_tufts
from .skin import SkinTriangles
from .types import Strands, Tufts

__all__ = ["MATCHING", "Matching", "as_painted"]

_BELOW_MM = 3.0
"""How far below the fitted skin hairs may lie and still count as seen, mm."""
_BESIDE = 0.012
"""Width of the skin around the hairs whose paint they stand for, too, face widths."""
_LOCAL = 0.015
"""Standard deviation over which widths follow the paint, face widths."""
_FACING = 0.4
"""Cosine of the angle under which skin is looked at from which on it tells anything."""
_LEAST = 30.0
"""Fewer pixels that strands cover tell no color."""
_THROUGH = 0.65
"""Color of single hairs over what they are to look like: before skin they are lit through (looked at in Cycles)."""
_ROUNDS = 2
"""Number of times that widths are corrected: hairs cover each other."""
_RANGE = (0.25, 0.9)
"""Least and largest color of strands over that of the paint beneath them, and of the bare skin."""
_CHANNELS = (0.002, 0.7)
"""Least and largest channel."""


class Matching(NamedTuple):
    """What may be changed of strands."""

    times: tuple[float, float]
    """Least and largest factor of their width."""
    recolor: bool
    """Their color makes up for what widths cannot."""


MATCHING = {"brows": Matching((0.3, 1.8), True), "beard": Matching((0.5, 1.3), False)}
"""What is changed of each group. A beard is dark and sparse; where it is seen from its side, at the jaw, it must not be a rim."""


def as_painted(
    closeup: Closeup, skin: SkinTriangles, tufts: Tufts, painted: np.ndarray, bare: np.ndarray, how: Matching
) -> Tufts:
    """The tufts in widths and colors that darken the bare skin as much as the paint does; each side of the face for itself.

    Args:
        closeup: of the first photo.
        tufts: on the head as it is in that photo.
        painted: (S, S, 3) uint8 sRGB albedo with the hair. bare: the same without it.
    """
    known, below = (_seen(closeup, skin, albedo) for albedo in (painted, bare))
    strands = tufts.strands
    left = strands.points[:, 0, 0] > 0
    color, radius = strands.color.copy(), strands.radius.copy()
    for side in (~left, left):
        if side.any():
            part = Strands(*(getattr(strands, field.name)[side] for field in fields(strands)))
            made = _matched(closeup, tufts._replace(strands=part), known, below, how)
            color[side], radius[side] = made.color, made.radius
    return tufts._replace(strands=replace(strands, color=color, radius=radius))


def _matched(closeup: Closeup, tufts: Tufts, known: np.ndarray, below: np.ndarray, how: Matching) -> Strands:
    """The strands with other widths first, from place to place, for hair is dark; then with another color as a whole."""
    strands = tufts.strands
    towards = closeup.camera.position.astype(np.float32) - closeup.position
    facing = (towards * closeup.normal).sum(-1) > _FACING * np.linalg.norm(towards, axis=-1)
    shown = closeup.on_skin & facing
    covered = _cover(closeup, tufts, shown)
    if covered.sum() < _LEAST:
        return strands
    side = 2 * max(1, round(_BESIDE * closeup.face)) + 1
    region = (cv2.dilate((covered > 0.02).astype(np.uint8), np.ones((side, side), np.uint8)) > 0) & shown
    usual = strands.color.mean((0, 1))
    # Skin that is brighter with paint than without is not hair.
    taken = cv2.GaussianBlur(below - known, (0, 0), max(1.0, _BESIDE * closeup.face))
    taken = np.maximum(taken, 0) * region[..., None]
    wanted = cv2.GaussianBlur(taken @ LUMINANCE, (0, 0), _LOCAL * closeup.face)
    pixels = closeup.camera.project(strands.points.reshape(-1, 3).astype(np.float64))[0]
    times = np.ones(strands.radius.shape, np.float32)
    for _ in range(_ROUNDS):
        given = covered * ((below - usual) @ LUMINANCE)
        lacking = wanted / np.maximum(cv2.GaussianBlur(given, (0, 0), _LOCAL * closeup.face), 1e-4)
        lacking = sampled(lacking, pixels).reshape(times.shape).mean(1, keepdims=True)
        times = np.clip(times * lacking, *how.times)
        made = replace(strands, radius=(strands.radius * times).astype(np.float32))
        covered = _cover(closeup, tufts._replace(strands=made), shown)
    if not how.recolor:
        return made
    amount = max(float(covered.sum()), 1.0)
    paint, skin = ((covered[..., None] * values).sum((0, 1)) / amount for values in (known, below))
    own = skin - taken.sum((0, 1)) / amount
    own = np.clip(own, np.minimum(_RANGE[0] * paint, usual), _RANGE[1] * skin)
    # Hair is never greener than red, nor bluer than green.
    own[1:] = np.minimum(own[1:], own[0])
    own[2] = min(own[2], own[1])
    color = made.color * (_THROUGH * own / np.maximum(usual, 1e-4))
    return replace(made, color=color.clip(*_CHANNELS).astype(np.float32))


def _cover(closeup: Closeup, tufts: Tufts, shown: np.ndarray) -> np.ndarray:
    """(h, w) how far strands cover the `shown` skin."""
    return draw_tufts([tufts], closeup.camera, closeup.raster.depth + np.float32(_BELOW_MM)).alpha * shown


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
