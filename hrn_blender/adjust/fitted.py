"""A head as the engine fitted it, in the axes of its object, and how its photos see it. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .camera import PhotoCamera

__all__ = ["Fitted"]


@dataclass(frozen=True)
class Fitted:
    """The shape of a head and the cameras that it was fitted to. Metres, Blender's axes."""

    vertices: np.ndarray
    """(N, 3) neutral coarse head."""
    deformation: np.ndarray
    """(N, 3) all that is added to it, folds included."""
    folds: np.ndarray | None
    """(N, 3) what of the deformation are folds, where the bundle tells them apart."""
    deltas: np.ndarray
    """(E, N, 3) offset of each facial action at value 1."""
    names: tuple[str, ...]
    """The names of the facial actions."""
    values: np.ndarray
    """(E,) what the shape keys are set to."""
    faces: np.ndarray
    """(Q, 4)."""
    material: np.ndarray
    """(Q,) number of each face's material."""
    parts: dict[str, np.ndarray]
    """Name -> (N,) weights."""
    landmark_vertices: np.ndarray
    """(L, 3) the three vertices of each landmark."""
    landmark_weights: np.ndarray
    """(L, 3) barycentric weights."""
    eyes: tuple[PhotoCamera, ...]
    """The cameras of the photos, in the order of the photos."""
    _posed: dict[int, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def eye(self, photo: int) -> PhotoCamera | None:
        """The camera of a photo; None where the head has none for it."""
        return next((eye for eye in self.eyes if eye.number == photo), None)

    def posed(self, photo: int) -> np.ndarray:
        """(N, 3) float64: the head as it is in a photo, its expression included."""
        if photo not in self._posed:
            eye = self.eye(photo)
            values = self.values if eye is None or not len(eye.expression) else eye.expression
            self._posed[photo] = (self.vertices + self.deformation + np.tensordot(np.asarray(values), self.deltas, 1)).astype(
                np.float64
            )
        return self._posed[photo]

    @cached_property
    def triangles(self) -> np.ndarray:
        """(2Q, 3): quad q gives triangles 2q = (0, 1, 2) and 2q + 1 = (0, 2, 3), as the engine cuts it."""
        return self.faces[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)

    @cached_property
    def edges(self) -> np.ndarray:
        """(M, 2) edges of the quads, each once."""
        pairs = self.faces[:, [0, 1, 1, 2, 2, 3, 3, 0]].reshape(-1, 2)
        return np.unique(np.sort(pairs, 1), axis=0)
