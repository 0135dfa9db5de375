"""The height over the smooth head that explains the brightness which its light leaves: linear shape from shading.

To first order a height h (mm along the normal) changes log brightness by ``D h = -(a h_x + b h_y)``, where (a, b) is the
change of log brightness as the normal leans, in steps of the picture. What is minimised is

``|| sqrt(w) HP(r - D h - C h) ||^2 + height h^2 + bend (lap h)^2 + along f (t . grad h)^2``

with HP the picture less its weighted blur, so that slow pigment and errors of the light vanish, C a little darkness of what
lies deep, t the direction of folds; by conjugate gradients from coarse to fine, linearised again about the result
(Gauss-Newton), with robust weights.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numba import njit

from ...geometry.smoothstep import smoothstep
from .filters import blur, blur_within, slopes, wide_blur
from .light import Lit
from .picture import Picture
from .places import Places
from .weights import SolveWeights

__all__ = ["plain_height", "robust_height"]


class _Level(NamedTuple):
    """One linear problem; (H, W) float32 arrays in pixels of this level."""

    a: np.ndarray
    b: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    trust: np.ndarray
    along_x: np.ndarray
    along_y: np.ndarray
    directed: np.ndarray
    recessed: np.ndarray
    mm: float


def plain_height(picture: Picture, lit: Lit, trust: np.ndarray, w: SolveWeights) -> np.ndarray:
    """(H, W) float32 mm: the plain least-squares solution on all trusted skin; more of the truth than the robust one in fine
    waves, and more that is not there."""
    a, b = picture.along(lit.lean)
    nothing = np.zeros_like(trust)
    finest = _Level(a, b, lit.left, trust, trust, nothing, nothing, nothing, nothing, picture.pixels_per_mm)
    return _descend(finest, nothing, w.plain_iterations, w)


def robust_height(
    picture: Picture, lit: Lit, trust: np.ndarray, shading: np.ndarray, places: Places, w: SolveWeights
) -> np.ndarray:
    """(H, W) float32 mm.

    Args:
        trust: (H, W) where height may be at all. shading: (H, W) where brightness tells it.
        places: where folds are usual, and which way they run.
    """
    mm, height = picture.pixels_per_mm, np.zeros_like(trust)
    recessed = np.clip(w.recess_folds * places.chance, 0, 1).astype(np.float32)
    smooth, smooth_lean = lit.of(picture.normals), lit.lean_of(picture.normals)
    directed = (w.along * places.directed * (trust > 0)).astype(np.float32)
    for number in range(w.rounds):
        slope = slopes(height)
        lean, change = lit.lean, np.float32(0)
        if number:
            normals = picture.bent(*slope)
            lean, change = lean + lit.lean_of(normals) - smooth_lean, np.log(lit.of(normals) / smooth)
        a, b = picture.along(lean)
        left = lit.left - change
        if number:
            left = left - _recess(height, recessed, mm, w)
        left = left - blur_within(left, shading + np.float32(1e-4), w.slow_mm * mm)
        scale = w.robust * (1.0 if number else w.robust_first)
        counts = shading / (1 + (left / np.where(left > 0, np.float32(scale), np.float32(scale * w.robust_dark))) ** 2) ** 2
        target = lit.left - change - (a * slope[0] + b * slope[1])
        finest = _Level(a, b, target, counts, shading, *places.along, directed, recessed, mm)
        height = _descend(finest, height, w.iterations, w)
    return height


def _descend(finest: _Level, height: np.ndarray, iterations: tuple[int, ...], w: SolveWeights) -> np.ndarray:
    """The problem solved on ever finer pictures, each from the one before."""
    shape, found = finest.target.shape, None
    for reduction, steps in zip(w.levels, iterations):
        level = _reduced(finest, reduction)
        size = level.target.shape[::-1]
        if found is not None:
            start = cv2.resize(found, size, interpolation=cv2.INTER_CUBIC)
        else:
            start = cv2.resize(height, size, interpolation=cv2.INTER_AREA)
        found = _conjugate_gradients(level, start, steps, w)
    assert found is not None and found.shape == shape
    return found


def _reduced(level: _Level, by: int) -> _Level:
    """A level whose pixels are `by` times as large."""
    if by == 1:
        return _Level(*(np.ascontiguousarray(x, np.float32) for x in level[:-1]), level.mm)
    height, width = level.target.shape
    size = (max(8, width // by), max(8, height // by))

    def small(image):
        return cv2.resize(np.ascontiguousarray(image, np.float32), size, interpolation=cv2.INTER_AREA)

    weight = small(level.weight)
    share = 1 / np.maximum(weight, np.float32(1e-4))
    a, b, target = (small(x * level.weight) * share for x in (level.a, level.b, level.target))
    rest = (small(x) for x in (level.trust, level.along_x, level.along_y, level.directed, level.recessed))
    each = np.float32(1 / by)
    trust, along_x, along_y, directed, recessed = rest
    return _Level(a * each, b * each, target, weight, trust, along_x * each, along_y * each, directed, recessed, level.mm / by)


def _recess(height: np.ndarray, recessed: np.ndarray, mm: float, w: SolveWeights) -> np.ndarray:
    """C h: change of log brightness of what lies above or below the skin around it."""
    out = np.zeros_like(height)
    for amount, reach in zip(w.recess, w.recess_mm):
        out += np.float32(amount / reach) * (height - blur(height, reach * mm))
    return out * recessed


def _recess_adjoint(image: np.ndarray, recessed: np.ndarray, mm: float, w: SolveWeights) -> np.ndarray:
    image = image * recessed
    out = np.zeros_like(image)
    for amount, reach in zip(w.recess, w.recess_mm):
        out += np.float32(amount / reach) * (image - blur(image, reach * mm))
    return out


class _Operator:
    """The normal equations of a level."""

    def __init__(self, level: _Level, w: SolveWeights):
        self.level, self.w = level, w
        self.slow = w.slow_mm * level.mm
        mm4 = level.mm**4
        self.around = 1 / (wide_blur(level.weight, self.slow) + np.float32(1e-3))
        inside = smoothstep(0, w.outside_at, blur(level.trust, w.outside_mm * level.mm))
        self.height = (w.height * (1 + w.outside * (1 - inside))).astype(np.float32)
        self.bend = (w.bend * mm4 * (1 + 3 * (1 - level.trust))).astype(np.float32)
        self.recess = bool(level.recessed.any())

    def high(self, image: np.ndarray) -> np.ndarray:
        """HP' W HP of a picture."""
        level = self.level
        once = level.weight * (image - wide_blur(level.weight * image, self.slow) * self.around)
        return once - level.weight * wide_blur(once * self.around, self.slow)

    def right(self) -> np.ndarray:
        """The right side."""
        level = self.level
        brightness = self.high(level.target)
        nothing = np.zeros_like(brightness)
        return self._back(brightness, nothing, nothing, nothing)

    def diagonal(self) -> np.ndarray:
        """Its diagonal, nearly."""
        level, w = self.level, self.w
        slope = level.weight * (level.a**2 + level.b**2) + level.directed * (level.along_x**2 + level.along_y**2)
        deep = sum(amount / reach for amount, reach in zip(w.recess, w.recess_mm)) * level.recessed
        return 0.5 * slope + self.height + 20 * self.bend + level.weight * deep**2

    def __call__(self, height: np.ndarray) -> np.ndarray:
        level = self.level
        darker, curved, directed = _forward(height, level.a, level.b, level.along_x, level.along_y, level.directed, self.bend)
        if self.recess:
            darker += _recess(height, level.recessed, level.mm, self.w)
        return self._back(self.high(darker), directed, curved, self.height * height)

    def _back(self, brightness: np.ndarray, directed: np.ndarray, curved: np.ndarray, rest: np.ndarray) -> np.ndarray:
        """The adjoint of all terms, of brightness, slopes along folds, and curvature; and what needs none."""
        level = self.level
        if self.recess:
            rest = rest + _recess_adjoint(brightness, level.recessed, level.mm, self.w)
        return _backward(brightness, directed, curved, rest, level.a, level.b, level.along_x, level.along_y)


@njit(cache=True, nogil=True, fastmath=True)
def _forward(h, a, b, along_x, along_y, directed, bend):
    """D h, the weighted Laplacian, and the weighted slope along folds; 0 on the border."""
    rows, columns = h.shape
    darker, curved, sloped = np.zeros_like(h), np.zeros_like(h), np.zeros_like(h)
    half = np.float32(0.5)
    for i in range(1, rows - 1):
        for j in range(1, columns - 1):
            x = half * (h[i, j + 1] - h[i, j - 1])
            y = half * (h[i + 1, j] - h[i - 1, j])
            darker[i, j] = -(a[i, j] * x + b[i, j] * y)
            curved[i, j] = bend[i, j] * (h[i, j + 1] + h[i, j - 1] + h[i + 1, j] + h[i - 1, j] - np.float32(4) * h[i, j])
            sloped[i, j] = directed[i, j] * (along_x[i, j] * x + along_y[i, j] * y)
    return darker, curved, sloped


@njit(cache=True, nogil=True, fastmath=True)
def _backward(brightness, directed, curved, rest, a, b, along_x, along_y):
    """The adjoint of :func:`_forward`, added to `rest`."""
    rows, columns = rest.shape
    out = rest.copy()
    half = np.float32(0.5)
    right, down = np.zeros_like(rest), np.zeros_like(rest)
    for i in range(1, rows - 1):
        for j in range(1, columns - 1):
            right[i, j] = half * (along_x[i, j] * directed[i, j] - a[i, j] * brightness[i, j])
            down[i, j] = half * (along_y[i, j] * directed[i, j] - b[i, j] * brightness[i, j])
    for i in range(rows):
        for j in range(columns):
            value = np.float32(-4) * curved[i, j]
            if j > 0:
                value += right[i, j - 1] + curved[i, j - 1]
            if j < columns - 1:
                value += curved[i, j + 1] - right[i, j + 1]
            if i > 0:
                value += down[i - 1, j] + curved[i - 1, j]
            if i < rows - 1:
                value += curved[i + 1, j] - down[i + 1, j]
            out[i, j] += value
    return out


def _conjugate_gradients(level: _Level, height: np.ndarray, steps: int, w: SolveWeights) -> np.ndarray:
    """(H, W) float32, after some steps from `height` (Jacobi)."""
    operator = _Operator(level, w)
    inverse = 1 / operator.diagonal()
    height = height.copy()
    residual = operator.right() - operator(height)
    scaled = inverse * residual
    move = scaled.copy()
    power = float(np.vdot(residual, scaled))
    for _ in range(steps):
        answer = operator(move)
        step = np.float32(power / max(float(np.vdot(move, answer)), 1e-20))
        height += step * move
        residual -= step * answer
        scaled = inverse * residual
        before, power = power, float(np.vdot(residual, scaled))
        move = scaled + np.float32(power / max(before, 1e-20)) * move
    return height
