"""The head that several photos share."""

from __future__ import annotations

import numpy as np

from ...head.model import MATERIALS, HeadModel
from ..coarse.fit import person_precision, skull_square
from ..features.jaw import action_limits
from ..mid.deformation import propagate
from ..skin_surface import skin_surface
from .state import ViewState
from .surface import Belief
from .weights import WEIGHTS

__all__ = ["JointHead"]


class JointHead:
    """Identity, offset and eyes; facial actions are the views' own, and the first view's are those that the points shape.

    Args:
        identity: (K,) mean of the single fits.
        expression: (52,) of the first view.
        expression_sigma: how far the points may change a facial action.
    """

    def __init__(self, model: HeadModel, identity: np.ndarray, expression: np.ndarray, expression_sigma: float):
        self.model, self.surface = model, skin_surface(model)
        # Lashes are cards around the eyes; what shows in a photo is behind them.
        solid = np.repeat(model.face_material != MATERIALS.index("lashes"), 2)
        self.triangles, material = model.triangles[solid], np.repeat(model.face_material, 2)[solid]
        self.is_skin = material == MATERIALS.index("skin")
        self.usable = self.is_skin | (material == MATERIALS.index("eyes"))
        marks = model.landmarks(model.template)
        reach = np.linalg.norm(model.template - marks[4], axis=1)
        self.face = self.surface.vertices[reach[self.surface.vertices] < WEIGHTS.motion.face_mm]
        self.identity = identity
        self.belief = Belief(
            identity.copy(),
            person_precision(model),
            skull_square(model),
            expression.copy(),
            expression_sigma,
            action_limits(model, expression),
        )
        self.offset = np.zeros((len(self.surface.vertices), 3))
        """(V, 3) mm that the skin differs from the model's."""
        self.resolution = np.full(len(self.surface.vertices), np.inf)
        """(V,) mm: shortest waves that the points have measured."""
        self.eyes = np.zeros(model.template.shape)
        """(N, 3) mm that the eyeballs differ from where the lids put them."""

    def deformation(self) -> np.ndarray:
        """(N, 3) mm"""
        return propagate(self.model, self.surface, self.offset) + self.eyes

    def posed(self, view: ViewState) -> np.ndarray:
        """(N, 3) mm: the head as it is in the photo."""
        return self.all_posed([view])[0]

    def all_posed(self, views: list[ViewState]) -> list[np.ndarray]:
        """:meth:`posed` of every view."""
        deformation = self.deformation()
        bare = [self.model.shape(self.identity, view.expression) + deformation for view in views]
        return [vertices if view.motion is None else vertices + view.motion for view, vertices in zip(views, bare)]

    def bare(self, expression: np.ndarray) -> np.ndarray:
        """(V, 3) mm: the skin without offset."""
        return self.model.shape(self.identity, expression)[self.surface.vertices].astype(float)
