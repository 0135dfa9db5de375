"""Who sits for a picture of parts: a person's head with shoulders, kept for some pictures since it takes a second to make."""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import cKDTree

from ..fit.coarse.population import People, load_people
from ..geometry.smoothstep import smoothstep
from ..head import load_head_model
from ..head.model import MATERIALS, HeadModel
from .anatomy import Anatomy
from .hair_grow import Body, Solid, torso
from .heads import sample_person
from .render import Renderer

__all__ = ["Dome", "Sitter", "Studio", "studio"]

_SEED = 16001
"""First number of the generators of heads."""
_KEPT = 3
"""Sitters that are kept: 15 MB each."""
_RINGS = 61
"""Size of the grid of directions from the top down."""
_STEPS = 120
"""Its size around."""


class Dome:
    """How far the head reaches in every direction from the middle of the skull, smoothed like a thing that is worn.

    Args:
        points: (N, 3) mm of the skin above the neck.
    """

    center = np.array([0.0, 18.0, -72.0])
    """Middle of the skull, mm in model space."""

    def __init__(self, points: np.ndarray):
        away = points - self.center
        far = np.linalg.norm(away, axis=1)
        tree = cKDTree(away / far[:, None])
        near = tree.query(self.directions(), k=5)[1]
        radius = far[near].max(-1)
        for _ in range(2):
            radius = np.maximum(radius, gaussian_filter(radius, 2.5, mode=("nearest", "wrap")))
        self.radius = gaussian_filter(radius, 1.5, mode=("nearest", "wrap"))

    @staticmethod
    def directions() -> np.ndarray:
        """(R, S, 3) unit vectors of the grid: from the top down, and around from the front over the left."""
        down = np.linspace(0, np.pi, _RINGS)[:, None]
        around = np.linspace(0, 2 * np.pi, _STEPS, endpoint=False)[None]
        flat = np.sin(down)
        return np.stack([flat * np.sin(around), np.cos(down) + 0 * around, flat * np.cos(around)], -1)

    @staticmethod
    def read(grid: np.ndarray, away: np.ndarray) -> np.ndarray:
        """Values (...) of a grid (R, S) in the directions of (..., 3) vectors from the skull's middle."""
        far = np.maximum(np.linalg.norm(away, axis=-1), 1e-6)
        down = np.arccos(np.clip(away[..., 1] / far, -1, 1)) * ((_RINGS - 1) / np.pi)
        around = np.arctan2(away[..., 0], away[..., 2]) * (_STEPS / (2 * np.pi)) % _STEPS
        closed = np.concatenate([grid, grid[:, :1]], 1)
        return map_coordinates(closed, [down, around], order=1, mode="nearest")


class Sitter(NamedTuple):
    """A person who is photographed several times."""

    neutral: np.ndarray
    """(N, 3) float32 mm, the relaxed head."""
    body: Body
    """The same with shoulders."""
    solid: Solid
    """Distances to them."""
    dome: Dome
    """How far the head reaches in every direction."""
    chest: tuple[np.ndarray, np.ndarray]
    """(V, 3) mm and (T, 3) of neck, shoulders and chest, down to below the picture."""


class Studio:
    """Holds what is the same for all pictures."""

    def __init__(self, model: HeadModel):
        self.model = model
        self.renderer = Renderer(model)
        self.anatomy = Anatomy(model)
        self.people: People = load_people(model)
        self.skin = np.unique(model.faces[model.face_material == MATERIALS.index("skin")])
        self._kept: dict[int, Sitter] = {}

    def sitter(self, number: int) -> Sitter:
        """Person number `number`."""
        if number not in self._kept:
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[number] = self._made(np.random.default_rng([_SEED, number]))
        return self._kept[number]

    def _made(self, rng: np.random.Generator) -> Sitter:
        model = self.model
        neutral = sample_person(model, rng, self.anatomy, self.people).neutral
        vertices, quads = torso(model, neutral.astype(float))
        vertices = _seated(vertices, neutral[model.neck_loop].astype(float), rng)
        body = Body(model, neutral.astype(float), (vertices, quads))
        upper = self.skin[model.part("neck")[self.skin] < 0.3]
        chest = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])
        low = vertices.copy()
        drop = neutral[model.neck_loop, 1].mean() - low[:, 1]
        low[:, 1] -= 500 * smoothstep(0.6, 0.98, drop / drop.max())
        return Sitter(neutral, body, Solid(body), Dome(neutral[upper]), (low, chest))


def _seated(vertices: np.ndarray, loop: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shoulders turned, drooping, narrow or wide."""
    middle = loop.mean(0)
    drop = middle[1] - vertices[:, 1]
    low = smoothstep(5, 90, drop)[:, None]
    away = (vertices - middle) * (1 + low * (rng.uniform([-0.08, 0, -0.15], [0.4, 0, 0.35])))
    away[:, 1] *= rng.uniform(0.5, 1.0)  # shoulders higher or lower
    turn = np.clip(rng.normal(0, 0.35), -0.8, 0.8) * low[:, 0]
    x = np.cos(turn) * away[:, 0] + np.sin(turn) * away[:, 2]
    z = np.cos(turn) * away[:, 2] - np.sin(turn) * away[:, 0]
    y = away[:, 1] + low[:, 0] * rng.normal(0, 0.06) * x
    return np.stack([x, y, z + low[:, 0] * rng.uniform(-15, 15)], 1) + middle


@functools.cache
def studio() -> Studio:
    """The one studio of a process."""
    return Studio(load_head_model())
