"""Folds, wrinkles, bumps and pores as heights over the mean head, drawn at random by age and facial action.

Places of the mean head, so that any pose carries them. Nothing here knows where the product expects folds: lines lie several
millimetres off where anatomy books draw them, differ from side to side, break off, and some lie anywhere.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy.interpolate import CubicSpline
from scipy.spatial import cKDTree

from ..head.model import MATERIALS, HeadModel
from ..synthetic.skin_paint import noise_grid

__all__ = ["FEATURES", "Relief", "Wrinkles"]

FEATURES = (
    *("right_eye", "left_eye", "right_brow", "left_brow", "nose", "upper_lip", "lower_lip"),
    *("right_ear", "left_ear", "scalp", "neck"),
)
"""Parts where relief is not judged."""

_STEPS = 40
"""Points of a line."""
_BREAK = 0.3
"""Share of lines that are interrupted."""
_HIDDEN = ("right_eye", "left_eye", "right_ear", "left_ear", "scalp", "neck")
"""Parts without relief."""
_LIPS = 0.1
"""Share of the relief on the lips."""
_BROAD_MM = 12.0
"""Wavelength of broad bumps."""
_SMALL_MM = 3.6
"""Wavelength of small bumps."""
_PORE_MM = 1.15
"""Wavelength of pores."""
_WAVES = 40
"""Number of waves that bumps are made of."""


class _Kind(NamedTuple):
    """A kind of lines on the right half, mirrored to the left: landmarks with offsets outwards and up, mm."""

    path: tuple[tuple[int, float, float], ...]
    depth: tuple[float, float]
    """Shallowest and deepest, mm."""
    width: tuple[float, float]
    """Deviation across the valley, mm."""
    bulge: float
    """Greatest height beside the valley, shares of its depth."""
    shift: float
    """Deviation of the place, mm."""
    actions: tuple[str, ...] = ()
    """Facial actions that deepen it, without the side."""


_KINDS = {
    "nasolabial": _Kind(
        ((129, 2, 4), (129, 7, -7), (61, 7, 9), (61, 10, -3), (61, 8, -13)),
        (0.35, 0.9), (1.2, 3.2), 1.2, 2.5, ("mouthSmile", "cheekSquint"),
    ),
    "smile": _Kind(((129, 19, -2), (61, 20, 12), (61, 21, -4)), (0.2, 0.7), (1.0, 2.6), 1.0, 3.5, ("mouthSmile",)),
    "marionette": _Kind(((61, 3, -3), (61, 5, -11), (61, 4, -21)), (0.2, 0.7), (0.8, 2.2), 0.6, 2.0, ("mouthFrown",)),
    "bag": _Kind(((231, 0, -4), (230, 0, -5), (229, 0, -5), (228, 1, -3)), (0.2, 0.7), (0.8, 2.2), 0.8, 1.6),
    "cheek": _Kind(((229, 4, -13), (205, 4, 8), (205, 2, -6)), (0.2, 0.5), (1.2, 3.0), 0.5, 4.0),
}  # fmt: skip
"""Kinds of which each half has at most one."""


class Wrinkles(NamedTuple):
    """The folds of one person: lines over the mean head."""

    point: np.ndarray
    """(L, K, 3) mm."""
    side: np.ndarray
    """(L, K, 3) unit, across the line to where its bulge is."""
    depth: np.ndarray
    """(L, K) mm."""
    width: np.ndarray
    """(L,) mm."""
    bulge: np.ndarray
    """(L,) height of the bulge over the depth."""
    reach: np.ndarray
    """(L,) mm from the line to the top of the bulge."""
    sharp: np.ndarray
    """(L,) exponent of the profile: 2 a round valley, 1 a crease."""


class Relief:
    """Draws and evaluates relief on one head model."""

    def __init__(self, model: HeadModel):
        self.model = model
        skin = np.unique(model.faces[model.face_material == MATERIALS.index("skin")])
        self._skin = skin[(model.template[skin, 2] > -40) & (model.part("neck", "scalp")[skin] < 0.3)]
        self._tree = cKDTree(self._dense())
        self._grid = noise_grid(4711)
        self._landmarks = model.landmarks(model.template).astype(float)

    def _dense(self) -> np.ndarray:
        """(M, 3) many points of the mean head's skin."""
        triangles = self.model.triangles[np.repeat(self.model.face_material == MATERIALS.index("skin"), 2)]
        triangles = triangles[np.isin(triangles, self._skin).all(1)]
        steps = [(i / 5, j / 5, (5 - i - j) / 5) for i in range(6) for j in range(6 - i)]
        return (np.array(steps) @ self.model.template[triangles].astype(float)).reshape(-1, 3)

    def draw(self, rng: np.random.Generator, age: float, actions: dict[str, float]) -> Wrinkles:
        """The folds of somebody.

        Args:
            age: 0 (young) to 1 (old). actions: facial actions by name without the side, 0 to 1.
        """
        lines: list[tuple] = []

        def strength(kind_actions) -> float:
            action = max((actions.get(name, 0.0) for name in kind_actions), default=0.0)
            return float(np.clip(0.25 + 0.75 * age + 0.6 * action + rng.normal(0, 0.12), 0, 1))

        for kind in _KINDS.values():
            if rng.random() > 0.35 + 0.6 * strength(kind.actions):
                continue
            shift, together = rng.normal(0, kind.shift, (len(kind.path), 2)), rng.normal(0, kind.shift, 2)
            base, width = strength(kind.actions), np.exp(rng.uniform(*np.log(kind.width)))
            for mirror in (1.0, -1.0):
                if rng.random() < 0.12:
                    continue
                path = self._path(kind.path, 0.3 * shift + together + rng.normal(0, 0.15 * kind.shift, shift.shape), mirror)
                depth = (kind.depth[0] + (kind.depth[1] - kind.depth[0]) * base) * np.exp(rng.normal(0, 0.25))
                self._add(lines, rng, path, (min(depth, kind.depth[1]), width, rng.uniform(0, kind.bulge)), -mirror)
        self._crow(lines, rng, strength(("eyeSquint", "mouthSmile")))
        self._forehead(lines, rng, strength(("browInnerUp", "browOuterUp")))
        self._frown(lines, rng, strength(("browDown",)))
        self._chin(lines, rng, strength(("mouthShrugLower",)))
        self._strays(lines, rng, age)
        return Wrinkles(*(np.array(part, float) for part in zip(*lines)))

    def _path(self, steps, shift: np.ndarray, mirror: float) -> np.ndarray:
        """(P, 3) landmarks of the right half with offsets (P, 2) outwards and up, mirrored for -1."""
        points = np.array([self._landmarks[number] for number, _, _ in steps])
        points[:, 0] -= np.array([dx for _, dx, _ in steps]) + shift[:, 0]
        points[:, 1] += np.array([dy for _, _, dy in steps]) + shift[:, 1]
        return points * [mirror, 1, 1]

    def _add(self, lines: list, rng, path: np.ndarray, shape: tuple[float, float, float], side: float = 1.0) -> None:
        """One line along (P, 3) places, of (depth, width, bulge): snapped to the skin, wavy, tapered, broken here and there."""
        depth, width, bulge = shape
        length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))]
        along = np.linspace(0, 1, _STEPS)
        fine = CubicSpline(length, path)(along * length[-1])
        wave = rng.normal(0, 0.35, 2) * np.sin(np.pi * along * rng.uniform(2, 7) + rng.uniform(0, 6))[:, None]
        fine[:, :2] += wave
        _, near = self._tree.query(fine, 6)
        fine = self._tree.data[near].mean(1)
        fine = np.stack([np.convolve(np.pad(axis, 2, mode="edge"), np.ones(5) / 5, "valid") for axis in fine.T], 1)
        tangent = np.gradient(fine, axis=0)
        out = fine - [0, -30.0, -70.0]  # about along the normal of a face
        across = side * np.cross(out, tangent)
        across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
        start, end = rng.uniform(0.05, 0.3, 2)
        amount = np.clip(along / start, 0, 1) * np.clip((1 - along) / end, 0, 1)
        amount = amount**0.8 * np.clip(1 + 0.25 * np.sin(np.pi * along * rng.uniform(1, 5) + rng.uniform(0, 6)), 0.4, 1.3)
        if rng.random() < _BREAK:
            amount *= 1 - rng.uniform(0.6, 1) * np.exp(-(((along - rng.uniform(0.25, 0.75)) / rng.uniform(0.04, 0.1)) ** 2))
        lines.append((fine, across, depth * amount, width, bulge, width * rng.uniform(1.8, 3.2), rng.uniform(1.1, 2.0)))

    def _crow(self, lines: list, rng, strength: float) -> None:
        if rng.random() > 0.3 + 0.7 * strength:
            return
        for mirror in (1.0, -1.0):
            for angle in np.radians(np.sort(rng.uniform(-45, 45, rng.integers(2, 6)))):
                direction = np.array([np.cos(angle), np.sin(angle)])
                start, end = rng.uniform(4, 8), rng.uniform(13, 24)
                steps = [(33, *(direction * t + [0, 3 * np.sin(angle)])) for t in np.linspace(start, end, 4)]
                bend = rng.normal(0, 0.8, 2) + np.linspace(0, 1, 4)[:, None] ** 2 * rng.normal(0, 1.5, 2)
                shape = (rng.uniform(0.2, 0.25 + 0.35 * strength), rng.uniform(0.5, 1.1), rng.uniform(0, 0.5))
                self._add(lines, rng, self._path(steps, bend, mirror), shape)

    def _forehead(self, lines: list, rng, strength: float) -> None:
        if rng.random() > 0.3 + 0.7 * strength:
            return
        width = rng.uniform(18, 42, 2)
        arch = rng.normal(-0.003, 0.004)
        for height in np.sort(rng.uniform(10, 42, rng.integers(1, 6))):
            ends = (-width[0] * rng.uniform(0.3, 1), width[1] * rng.uniform(0.3, 1))
            x = np.linspace(*ends, 7)
            y = height + rng.normal(0, 0.7, 7) + arch * x**2 + rng.uniform(0, 2.5) * np.sin(x / 10 + rng.uniform(0, 6))
            path = self._landmarks[9] + np.stack([x, y, -0.006 * x**2], 1)
            shape = (rng.uniform(0.2, 0.25 + 0.5 * strength), rng.uniform(0.6, 1.9), rng.uniform(0, 0.8))
            self._add(lines, rng, path, shape, rng.choice([-1.0, 1.0]))

    def _frown(self, lines: list, rng, strength: float) -> None:
        if rng.random() > 0.25 + 0.7 * strength:
            return
        lean = rng.normal(0, 0.12)
        for x in rng.choice([-6.0, -3.5, 0.0, 3.5, 6.0], rng.integers(1, 4), replace=False) + rng.normal(0, 1.0):
            y = np.linspace(rng.uniform(-5, 2), rng.uniform(9, 22), 5)
            path = self._landmarks[8] + np.stack([x + lean * y + rng.normal(0, 0.4, 5), y, 0.3 * np.abs(y) ** 0.5], 1)
            shape = (rng.uniform(0.2, 0.25 + 0.5 * strength), rng.uniform(0.7, 1.8), rng.uniform(0, 0.8))
            self._add(lines, rng, path, shape, rng.choice([-1.0, 1.0]))

    def _chin(self, lines: list, rng, strength: float) -> None:
        if rng.random() > 0.4 + 0.5 * strength:
            return
        x = np.linspace(-rng.uniform(9, 18), rng.uniform(9, 18), 7)
        y = -rng.uniform(6, 12) + rng.uniform(-0.005, 0.02) * x**2 + rng.normal(0, 0.5, 7)
        path = self._landmarks[17] + np.stack([x, y, -0.02 * x**2], 1)
        shape = (rng.uniform(0.3, 0.4 + 0.5 * strength), rng.uniform(1.4, 3.2), rng.uniform(0, 0.6))
        self._add(lines, rng, path, shape, rng.choice([-1.0, 1.0]))

    def _strays(self, lines: list, rng, age: float) -> None:
        """Lines anywhere: nobody's corridors."""
        for _ in range(rng.integers(1, 4 + round(6 * age))):
            start = self.model.template[rng.choice(self._skin)].astype(float)
            angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(10, 35)
            t = np.linspace(0, length, 5)
            turn = angle + np.linspace(0, rng.normal(0, 0.5), 5)
            path = start + np.stack([t * np.cos(turn), t * np.sin(turn), 0 * t], 1)
            shape = (rng.uniform(0.2, 0.5), np.exp(rng.uniform(np.log(0.6), np.log(2.4))), rng.uniform(0, 0.8))
            self._add(lines, rng, path, shape, rng.choice([-1.0, 1.0]))

    def shown(self, parts: dict[str, np.ndarray]) -> np.ndarray:
        """(...) share of the relief that places carry, by the weights of the model's parts there."""
        hidden = np.maximum.reduce([parts[name] for name in _HIDDEN])
        lips = np.clip(2 * np.maximum(parts["upper_lip"], parts["lower_lip"]), 0, 1)
        return np.clip(1 - 1.5 * hidden, 0, 1) * (1 - (1 - _LIPS) * lips)

    def folds(self, wrinkles: Wrinkles, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n,) mm of the folds at (n, 3) places of the mean head, and (n,) how far a place belongs to one, 0 to 1."""
        height, near = np.zeros(len(places), np.float32), np.zeros(len(places), np.float32)
        _lines(np.ascontiguousarray(places, np.float32), *wrinkles, height, near)
        return height, near

    def bumps(self, rng: np.random.Generator, places: np.ndarray) -> np.ndarray:
        """(n,) mm of bumps and pores at (n, 3) places of the mean head."""
        total = np.zeros(len(places), np.float32)
        for wavelength, rms in ((_BROAD_MM, rng.uniform(0.05, 0.18)), (_SMALL_MM, rng.uniform(0.01, 0.035))):
            total += rms * _waves(places, wavelength, rng)
        pores = np.minimum(_waves(places, _PORE_MM, rng) + 0.3, 0)
        return total + np.float32(rng.uniform(0.01, 0.035)) * pores


def _waves(places: np.ndarray, wavelength: float, rng: np.random.Generator) -> np.ndarray:
    """(n,) float32 random waves of about one length in all directions, of unit rms."""
    direction = rng.normal(size=(_WAVES, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    wave = (2 * np.pi / (wavelength * rng.uniform(0.75, 1.35, (_WAVES, 1))) * direction).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, _WAVES).astype(np.float32)
    total = np.zeros(len(places), np.float32)
    for one, start in zip(wave, phase):
        total += np.cos(places.astype(np.float32) @ one + start)
    return total / np.float32(np.sqrt(_WAVES / 2))


@njit(cache=True, nogil=True)
def _lines(places, point, side, depth, width, bulge, reach, sharp, height, near):
    """Add the profile of every line at every place: its valley, and the bulge beside it; `near` is 1 in the valley."""
    for line in range(point.shape[0]):
        far = 3.2 * max(width[line], reach[line])
        low, high = point[line, 0].copy(), point[line, 0].copy()
        for step in range(point.shape[1]):
            for axis in range(3):
                low[axis] = min(low[axis], point[line, step, axis])
                high[axis] = max(high[axis], point[line, step, axis])
        for i in range(places.shape[0]):
            x, y, z = places[i, 0], places[i, 1], places[i, 2]
            if x < low[0] - far or x > high[0] + far or y < low[1] - far or y > high[1] + far:
                continue
            if z < low[2] - far or z > high[2] + far:
                continue
            best, value, sign = 1e9, 0.0, 0.0
            for step in range(point.shape[1] - 1):
                ax, ay, az = point[line, step]
                bx, by, bz = point[line, step + 1, 0] - ax, point[line, step + 1, 1] - ay, point[line, step + 1, 2] - az
                t = ((x - ax) * bx + (y - ay) * by + (z - az) * bz) / (bx * bx + by * by + bz * bz + 1e-12)
                t = min(max(t, 0.0), 1.0)
                dx, dy, dz = x - ax - t * bx, y - ay - t * by, z - az - t * bz
                away = dx * dx + dy * dy + dz * dz
                if away < best:
                    best = away
                    value = depth[line, step] * (1 - t) + depth[line, step + 1] * t
                    sign = dx * side[line, step, 0] + dy * side[line, step, 1] + dz * side[line, step, 2]
            away = math.sqrt(best)
            if away > far or value <= 0:
                continue
            valley = math.exp(-0.5 * (away / width[line]) ** sharp[line])
            s = max(sign, 0.0) / reach[line]
            height[i] += value * (bulge[line] * s * math.exp(0.5 - 0.5 * s * s) - valley)
            near[i] = max(near[i], min(1.0, value / 0.15) * max(valley, bulge[line] * s * math.exp(0.5 - 0.5 * s * s)))
