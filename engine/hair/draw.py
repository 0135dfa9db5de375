"""Strands in a quick picture of a head: what previews and one's own looking need; renders of record are Blender's.

Every tuft is drawn as its guide and the strands around it, lines as opaque as they cover their pixels, shaded by Kajiya and Kay
("Rendering Fur with Three Dimensional Textures", 1989) and darkened towards the skin, where hair shades itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numba import njit

from ..camera import Camera
from .types import Tufts

__all__ = ["Layer", "draw_lines", "draw_tufts", "grown", "light_beneath"]


@dataclass(frozen=True)
class DrawWeights:
    """How strands look in a quick picture."""

    key: tuple[float, float, float] = (-0.45, 0.55, -0.70)
    """Direction to the light in the camera's axes with y up and z into the scene; not of unit length."""
    diffuse: float = 0.87
    """Light that a strand across the light's direction scatters. With what comes from all sides, and less the shade at the roots,
    hair is as bright as a matt surface of its color that faces the camera."""
    ambient: float = 0.40
    """Light from all sides."""
    gloss: float = 0.05
    """Reflection where a strand mirrors the light into the camera, for white light."""
    laid_gloss: float = 0.008
    """The same of brows and beards: their hairs part the light among them, and lie in each other's shade (looked at in Cycles)."""
    shine: float = 24.0
    """Exponent of that reflection."""
    root_shade: float = 0.55
    """Share of the light that reaches the roots of outer hair."""
    under_shade: float = 0.5
    """Share of the light that reaches the short hair beneath."""
    beneath: float = 0.65
    """Share of the light that short hairs take from the skin between them, where they cover it wholly: their shadows (brows in
    Cycles are that much darker than by what they cover)."""
    beneath_mm: float = 0.6
    """Standard deviation of these shadows, mm."""
    width: float = 1.5
    """The scalp's strands are drawn so many times as wide as they are: there are fewer of them than hairs."""
    seed: int = 5
    """Start of the random numbers that place strands in their tuft."""


WEIGHTS = DrawWeights()


class Layer(NamedTuple):
    """What lies over a picture."""

    color: np.ndarray
    """(H, W, 3) float32 linear, times `alpha`."""
    alpha: np.ndarray
    """(H, W) float32: how far strands cover a pixel."""
    depth: np.ndarray
    """(H, W) float32 mm along the viewing axis to the nearest strand, infinity where there is none."""


def grown(tufts: Tufts, weights: DrawWeights = WEIGHTS) -> np.ndarray:
    """(G, C, P, 3) float32 mm: the strands of all tufts, the guide first."""
    points, style = tufts.strands.points.astype(np.float32), tufts.style
    guides, count = points.shape[:2]
    children = max(1, style.children)
    rng = np.random.default_rng(weights.seed)
    around = rng.normal(0, 0.5, (guides, children, 1, 3)).astype(np.float32) * np.float32(1000 * style.spread)
    around[:, 0] = 0
    along = np.linspace(0, 1, count, dtype=np.float32)[None, None, :, None]
    wander = rng.normal(0, 1, (guides, children, 4, 3)).astype(np.float32)
    wave = sum(np.sin(np.pi * (k + 1) * along + wander[:, :, k : k + 1]) * wander[:, :, k : k + 1] / (k + 1) for k in range(2))
    return points[:, None] + around * (1 - style.clump * along) + along * np.float32(500 * style.noise) * wave


def draw_tufts(
    groups: Iterable[Tufts], camera: Camera, head: np.ndarray, lit: np.ndarray | None = None, weights: DrawWeights = WEIGHTS
) -> Layer:
    """Draw strands in front of a head.

    Args:
        groups: on the head as it is in the picture.
        camera: point of view.
        head: (H, W) mm along the viewing axis to what hides strands, infinity beside it; the picture's size.
        lit: (H, W) light on the head's skin, 1 where it faces the camera, 0 beside it: what lies on the skin has its light.
    """
    color = np.zeros((*head.shape, 3), np.float32)
    alpha = np.zeros(head.shape, np.float32)
    depth = np.full(head.shape, np.inf, np.float32)
    for tufts in groups:
        if not len(tufts.strands.points):
            continue
        points = grown(tufts, weights)
        count = points.shape[2]
        shaded = _shaded(tufts, points, camera, weights)
        pixels, distance = camera.project(points.astype(np.float32))
        on_skin = _lies_on_skin(tufts)
        if on_skin and lit is not None:
            shaded *= _light_below(lit, pixels)[..., None]
        times = 1.0 if on_skin else weights.width
        width = times * 2 * tufts.strands.radius[:, None] * np.float32(camera.fx) / np.maximum(distance, 1)
        draw_lines(
            pixels.reshape(-1, count, 2).astype(np.float32),
            distance.reshape(-1, count).astype(np.float32),
            shaded.reshape(-1, count, 3),
            np.broadcast_to(width, distance.shape).reshape(-1, count).astype(np.float32),
            head,
            color,
            alpha,
            depth,
        )
    return Layer(color, alpha, depth)


def _lies_on_skin(tufts: Tufts) -> bool:
    """Brows, lashes and beards do: only the scalp has short hair beneath its own."""
    return not tufts.strands.layer.any()


def light_beneath(layer: Layer, camera: Camera, weights: DrawWeights = WEIGHTS) -> np.ndarray:
    """(H, W) float32 share of the light that a layer of hairs that lie on the skin leaves to the skin between them."""
    there = np.isfinite(layer.depth)
    if not there.any():
        return np.ones_like(layer.alpha)
    sigma = weights.beneath_mm * camera.fx / float(np.median(layer.depth[there]))
    return 1 - weights.beneath * cv2.GaussianBlur(layer.alpha, (0, 0), max(0.3, sigma))


def _shaded(tufts: Tufts, points: np.ndarray, camera: Camera, weights: DrawWeights) -> np.ndarray:
    """(G, C, P, 3) float32 linear color that the strands send to the camera."""
    axis = np.diag([1.0, -1.0, 1.0]) @ camera.R
    along = np.gradient(points, axis=2) @ axis.T.astype(np.float32)
    along /= np.maximum(np.linalg.norm(along, axis=-1, keepdims=True), 1e-6)
    light = np.array(weights.key, np.float32)
    light /= np.linalg.norm(light)
    towards = along @ light
    across = np.sqrt(np.clip(1 - towards**2, 0, 1))
    # The eye looks along z: the mirror cone of a strand holds it where both angles agree.
    eye = -along[..., 2]
    mirrored = np.clip(across * np.sqrt(np.clip(1 - eye**2, 0, 1)) - towards * eye, 0, 1) ** weights.shine
    share = np.linspace(0, 1, points.shape[2], dtype=np.float32)
    outer = weights.root_shade + (1 - weights.root_shade) * np.minimum(2 * share, 1)
    shade = np.where(tufts.strands.layer[:, None] == 0, outer[None], weights.under_shade)[:, None]
    color = tufts.strands.color[:, None] * ((weights.ambient + weights.diffuse * across) * shade)[..., None]
    gloss = weights.laid_gloss if _lies_on_skin(tufts) else weights.gloss
    return (color + (gloss * mirrored * shade)[..., None]).astype(np.float32)


def _light_below(lit: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """(...) light on the skin at pixels (..., 2); beside it as on skin that faces the camera."""
    height, width = lit.shape
    column, row = (pixels[..., axis].clip(0, limit - 1).astype(int) for axis, limit in enumerate((width, height)))
    below = lit[row, column]
    return np.where(below > 0, below, 1)


@njit(cache=True, nogil=True)
def draw_lines(pixels, distance, shaded, width, head, color, alpha, depth):
    """Lines through points (S, P), each as opaque as its `width` (S, P) in pixels covers; what is nearer lies over the rest."""
    height, across = head.shape
    for strand in range(pixels.shape[0]):
        for number in range(pixels.shape[1] - 1):
            x0, y0 = pixels[strand, number, 0], pixels[strand, number, 1]
            dx, dy = pixels[strand, number + 1, 0] - x0, pixels[strand, number + 1, 1] - y0
            z0, dz = distance[strand, number], distance[strand, number + 1] - distance[strand, number]
            reach = max(abs(dx), abs(dy))
            if not reach < 4096.0:
                continue
            steps = int(reach) + 1
            # What the line covers of the pixels that it is drawn in.
            cover = min(1.0, width[strand, number] * (dx * dx + dy * dy) ** 0.5 / steps)
            for step in range(steps):
                share = step / steps
                x, y, z = x0 + share * dx, y0 + share * dy, z0 + share * dz
                if not (0.0 <= x < across and 0.0 <= y < height and z > 0.0):
                    continue
                column, row = int(x), int(y)
                if z >= head[row, column]:
                    continue
                nearer = z < depth[row, column]
                old = 1.0 - cover if nearer else 1.0
                new = cover if nearer else cover * (1.0 - alpha[row, column])
                for channel in range(3):
                    paint = (1 - share) * shaded[strand, number, channel] + share * shaded[strand, number + 1, channel]
                    color[row, column, channel] = old * color[row, column, channel] + new * paint
                alpha[row, column] = old * alpha[row, column] + new
                if nearer:
                    depth[row, column] = z
