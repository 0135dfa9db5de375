"""Colours of what no photo shows well: eyeballs, teeth, tongue, mouth, lashes."""

from __future__ import annotations

import cv2
import numpy as np

from ..fit.lighting import srgb_to_linear
from ..head.model import MATERIALS, HeadModel
from .atlas import Texels, gather
from .grain import octave_noise
from .photo_view import EYES, PhotoView, feature_mask
from .teeth import tooth_colors

__all__ = ["IRIS_RADIUS_MM", "baked_colors", "iris_color"]

IRIS_RADIUS_MM = 5.85
_PUPIL = 0.36
"""Pupil radius as a share of the iris."""

_SCLERA = srgb_to_linear(np.array([208, 201, 194]) / 255)
_TONGUE = srgb_to_linear(np.array([184, 98, 96]) / 255)
_MOUTH = srgb_to_linear(np.array([142, 62, 58]) / 255)
_LASH = srgb_to_linear(np.array([34, 26, 22]) / 255)
_DEFAULT_IRIS = np.array([94, 72, 52], np.uint8)


def iris_color(view: PhotoView, gain: np.ndarray) -> np.ndarray:
    """Iris colour from the photo's iris rings.

    Pixels between pupil and limbus, inside the visible eye; catchlights (bright, white) and lashes (dark) are left out
    by quantiles; then the eye's own shade is lifted a little, for lids always shadow it.

    Args:
        view: the photo.
        gain: (3,) white balance of the photo.

    Returns:
        (3,) uint8 sRGB; a plain brown where neither iris can be seen.
    """
    opening = feature_mask(view, EYES)
    r = max(1, int(round(0.4 * view.pixels_per_mm)))
    opening = cv2.erode(opening, np.ones((2 * r + 1, 2 * r + 1), np.uint8))
    picks = []
    for centre, ring in ((468, (469, 470, 471, 472)), (473, (474, 475, 476, 477))):
        c = view.landmarks[centre]
        radius = float(np.linalg.norm(view.landmarks[list(ring)] - c, axis=1).mean())
        if radius < 1.5:
            continue
        x0, y0 = np.maximum(np.floor(c - radius).astype(int), 0)
        x1, y1 = np.ceil(c + radius).astype(int) + 1
        window = view.pyramid[0][y0:y1, x0:x1] * np.float32(1 / 65535)
        if window.size == 0:
            continue
        yy, xx = np.mgrid[y0:y0 + window.shape[0], x0:x0 + window.shape[1]]
        distance = np.hypot(xx + 0.5 - c[0], yy + 0.5 - c[1]) / radius
        good = (distance > 0.45) & (distance < 0.88) & (opening[y0:y1, x0:x1] > 127)
        picks.append(window[good])
    pixels = np.concatenate(picks) if picks else np.zeros((0, 3), np.float32)
    if len(pixels) < 6:
        return _DEFAULT_IRIS.copy()
    luminance = pixels.mean(1)
    low, high = np.quantile(luminance, [0.35, 0.8])
    color = np.median(pixels[(luminance >= low) & (luminance <= high)], axis=0) * gain
    luminance = float(color.mean())
    target = np.clip(luminance * 1.5, 0.025, 0.22)
    color = np.clip(color * target / max(luminance, 1e-4), 0, 1)
    # No iris is redder than brown; a photo in red light is.
    color[1] = max(color[1], color[0] / 2.2)
    color[2] = max(color[2], color[1] / 3.5)
    srgb = np.where(color <= 0.0031308, color * 12.92, 1.055 * color ** (1 / 2.4) - 0.055)
    return np.clip(srgb * 255 + 0.5, 0, 255).astype(np.uint8)


def baked_colors(model: HeadModel, texels: Texels, rows: np.ndarray, place: np.ndarray, density: np.ndarray,
                 iris: np.ndarray) -> np.ndarray:
    """Linear colours of texels that are not skin.

    Args:
        texels: of the band.
        rows: (m,) which of them.
        place: (m, 3) mm where they are on the mean head.
        density: (m,) texels per mm on a map of side 1.
        iris: (3,) uint8 sRGB.

    Returns:
        (m, 3) float32.
    """
    part = Texels(texels.size, texels.row0, texels.row1, texels.index[rows], texels.triangle[rows],
                  texels.weights[rows])
    material = model.face_material[part.triangle // 2]
    position = place
    out = np.empty((len(rows), 3), np.float32)
    noise = octave_noise(place, density, (0.02, 0.03, 0.03, 0.03, 0.02, 0.02), texels.size, seed=3)[:, None]
    plain = {"tongue": _TONGUE, "mouth": _MOUTH, "lashes": _LASH}
    for number, name in enumerate(MATERIALS):
        chosen = material == number
        if not chosen.any() or name == "skin":
            continue
        if name == "eyes":
            out[chosen] = _eye(model, part, chosen, position[chosen], iris)
        elif name == "teeth":
            out[chosen] = tooth_colors(model, model.triangles[part.triangle[chosen], 0], position[chosen],
                                       1 / np.maximum(density[chosen] * texels.size, 1e-6))
            out[chosen] *= 1 + 0.4 * noise[chosen]
        elif name == "mouth":
            z = position[chosen][:, 2]
            deep = np.clip((z.max() - z) / 40, 0, 1)[:, None]
            out[chosen] = _MOUTH * (1 - 0.55 * deep) * (1 + noise[chosen])
        else:
            out[chosen] = plain[name] * (1 + noise[chosen])
    return out


def _eye(model: HeadModel, part: Texels, chosen: np.ndarray, position: np.ndarray, iris: np.ndarray) -> np.ndarray:
    out = np.empty((len(position), 3), np.float32)
    vertex = model.triangles[part.triangle[chosen], 0]
    iris_linear = srgb_to_linear(iris.astype(np.float32) / 255)
    for side, members in enumerate(model.eyeballs):
        mine = np.isin(vertex, members)
        if not mine.any():
            continue
        points = model.template[members].astype(np.float64)
        centre, radius = _sphere(points)
        d = (position[mine] - centre) / radius
        # On a sphere the chord's distance from the axis is what a front view shows.
        off = np.hypot(d[:, 0], d[:, 1])
        front = d[:, 2] > 0
        rho = np.where(front, off * radius / IRIS_RADIUS_MM, 9).astype(np.float32)
        angle = np.arctan2(d[:, 1], d[:, 0]).astype(np.float32)
        out[mine] = _eye_color(rho, angle, d.astype(np.float32), iris_linear, side)
    return out


def _sphere(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Least-squares sphere through (M, 3) points."""
    design = np.concatenate([2 * points, np.ones((len(points), 1))], 1)
    solution = np.linalg.lstsq(design, (points ** 2).sum(1), rcond=None)[0]
    return solution[:3], float(np.sqrt(solution[3] + solution[:3] @ solution[:3]))


def _ring_noise(angle: np.ndarray, rho: np.ndarray, frequency: int, seed: int) -> np.ndarray:
    """Noise in [-1, 1] that runs radially: many cycles around the pupil, few along the radius."""
    rng = np.random.default_rng(seed)
    table = rng.uniform(-1, 1, (4, frequency)).astype(np.float32)
    x = (angle / (2 * np.pi) + 0.5) * frequency
    y = np.clip(rho, 0, 1) * 2.999
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = x - i, y - j
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    def at(a, b):
        return table[a, b % frequency]

    return (at(j, i) * (1 - fx) + at(j, i + 1) * fx) * (1 - fy) + (at(j + 1, i) * (1 - fx) + at(j + 1, i + 1) * fx) * fy


def _eye_color(rho, angle, direction, iris, seed):
    # Sclera: whitest beside the iris, pinker and darker towards the corners and the back, faint veins.
    away = np.clip((1 - direction[:, 2]) / 1.2, 0, 1)[:, None]
    color = _SCLERA * (1 - away * np.array([0.22, 0.46, 0.48], np.float32))
    veins = np.abs(_ring_noise(angle + 0.25 * np.sin(9 * away[:, 0]), away[:, 0], 46, 11 + seed))
    veins = np.clip(1 - veins / 0.10, 0, 1) * np.clip(away[:, 0] * 6 - 0.5, 0, 1)
    color = color * (1 - 0.35 * veins[:, None] * np.array([0.25, 1, 1], np.float32))
    fibres = 0.6 * _ring_noise(angle, rho, 96, 23 + seed) + 0.4 * _ring_noise(angle, rho, 37, 29 + seed)
    ring = iris * (1 + 0.30 * fibres[:, None])
    # A lighter collarette around the pupil, darker towards the limbus.
    ring = ring * (1.22 - 0.45 * np.clip((rho - 0.45) / 0.5, 0, 1) ** 2)[:, None]
    collarette = np.exp(-((rho - 0.5 - 0.03 * fibres) / 0.1) ** 2)[:, None]
    ring = ring * (1 + 0.25 * collarette * np.array([1.15, 1, 0.8], np.float32))
    ring = ring * (1 - 0.72 * np.clip((rho - 0.82) / 0.18, 0, 1) ** 1.5)[:, None]
    inside = np.clip((1.04 - rho) / 0.10, 0, 1)[:, None]
    color = color * (1 - inside) + ring * inside
    pupil = np.clip((_PUPIL + 0.03 - rho) / 0.06, 0, 1)[:, None]
    return (color * (1 - pupil) + np.array([0.004, 0.004, 0.004], np.float32) * pupil).astype(np.float32)
