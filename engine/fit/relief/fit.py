"""The relief stage: after the deformation has fitted the head to the pixels, what their shading still tells of folds.

Nobody owns waves of 6 to 20 mm otherwise: the deformation's finest field reaches 26 mm. What the mesh can carry joins the
deformation, the rest the displacement map; their sum is the relief.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...head.model import HeadModel
from ...system.progress import SILENT, Progress
from ...types import Relief, View
from ...wire.settings import Settings
from .actions import correctives_of
from .channels import channels_of
from .full import fuller
from .gate import belief_in_light, belief_in_signal, believed
from .light import light_of
from .network import load_network, told_by
from .picture import face_picture
from .places import fold_places
from .solve import plain_height, robust_height
from .solved import Solved
from .split import split
from .trust import shading_trust, skin_trust
from .weights import WEIGHTS, ReliefWeights

__all__ = ["Solved", "believed_height", "read_relief", "smooth", "solved_heights", "with_relief"]


def with_relief(
    model: HeadModel,
    view: View,
    settings: Settings | None = None,
    progress: Progress = SILENT,
    weights: ReliefWeights = WEIGHTS,
) -> View:
    """The view with the folds of its photo: in its deformation what the mesh carries, the rest in ``mid.relief``.

    The view itself where the photo is too small, or shows too little bare skin.

    Args:
        settings: ``quality`` draft reads none.
        progress: may raise to cancel.
    """
    view = smooth(view)
    if settings is not None and settings.quality == "draft":
        return view
    relief = read_relief(model, view, progress, weights)
    if relief is None:
        return view
    deformation = view.mid.deformation + relief.at_rest(view.coarse.expression)
    return replace(view, mid=replace(view.mid, deformation=deformation, relief=relief))


def solved_heights(
    model: HeadModel, view: View, progress: Progress = SILENT, weights: ReliefWeights = WEIGHTS
) -> Solved | None:
    """Both heights over the view's smooth head, without what is in its deformation of an earlier relief; None where the photo
    is too small, or shows too little bare skin.

    Args:
        progress: may raise to cancel.
    """
    view = smooth(view)
    progress(0.0)
    picture = face_picture(model, view, weights.picture)
    if picture is None:
        return None
    progress(0.1)
    lit = light_of(model, model.posed(view), picture, weights.light)
    if lit is None:
        return None
    progress(0.3)
    places = fold_places(model, view.coarse.expression, picture, weights.places)
    trust = skin_trust(picture, lit, weights)
    shading = shading_trust(picture, lit, trust, places.chance, weights)
    progress(0.4)
    robust = robust_height(picture, lit, trust, shading, places, weights.solve)
    progress(0.8)
    plain = plain_height(picture, lit, shading, weights.solve)
    progress(1.0)
    return Solved(picture, lit, places, trust, shading, robust, plain)


def read_relief(model: HeadModel, view: View, progress: Progress = SILENT, weights: ReliefWeights = WEIGHTS) -> Relief | None:
    """See :func:`with_relief`; the relief alone."""
    solved = solved_heights(model, view, progress.part(0.0, 0.8), weights)
    if solved is None:
        return None
    progress(0.8)
    height = believed_height(model, solved, weights)
    progress(0.9)
    relief = split(model, model.posed(smooth(view)), (solved.picture, solved.lit, solved.trust), height, weights)
    actions, correctives = correctives_of(model, view.coarse.expression, relief.offset, weights)
    return replace(relief, actions=actions, correctives=correctives) if actions else relief


def believed_height(model: HeadModel, solved: Solved, weights: ReliefWeights = WEIGHTS) -> np.ndarray:
    """(H, W) float32 mm: what of a photo's heights is believed."""
    channels = channels_of(model, solved, weights)
    if channels is None:
        return np.zeros_like(solved.trust)
    told = told_by(load_network(), channels, weights.channels)
    trust = channels.grid.seen(solved.trust)
    height = believed(solved.picture, channels.grid, fuller(told, trust, weights), solved.trust, weights)
    belief = belief_in_light(solved.lit.residual, weights.gate) * belief_in_signal(told, trust, weights.gate)
    return height * np.float32(belief)


def smooth(view: View) -> View:
    """The view without folds in its deformation."""
    relief = view.mid.relief
    if relief is None:
        return view
    deformation = view.mid.deformation - relief.at_rest(view.coarse.expression)
    return replace(view, mid=replace(view.mid, deformation=deformation, relief=None))
