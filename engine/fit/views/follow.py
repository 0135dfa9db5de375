"""How the head follows the points: coefficients, offset, lids and lips, eyes."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from scipy.spatial import cKDTree

from ...geometry.smoothstep import smoothstep
from ...system.concurrency import concurrently
from ...system.progress import Progress
from ..mid.deformation import without_folds
from ..mid.registration import slide
from ..veiled import hidden_landmarks
from .compare import Compared
from .eyes import fit_eyeballs
from .head import JointHead
from .landmark_places import landmark_places
from .silhouette import Cutout, find_rims, foreground
from .state import ViewState, draw_all
from .surface import Cloud, Evidence, Rims, fit_coefficients, fit_offset, nearest_places, resolution
from .weights import Bending, CloudWeights, Round, ViewsWeights

__all__ = ["follow", "foregrounds"]


def _cloud(found: Compared, skin: np.ndarray, fine: bool, weights: CloudWeights) -> Cloud:
    """The points of (P,) bool `skin`, hair before it included; fewer of them where not `fine`."""
    points, hair = found.points[skin], found.hairy[skin]
    weight = np.clip((found.tracks.contrast[skin] / weights.full_contrast) ** 2, weights.least, 1)
    if not fine and len(points) > weights.many:
        points, weight, hair = points[::2], 2 * weight[::2], hair[::2]
    if weights.edge_points < len(hair) - hair.sum():
        # At its edge a beard is thin.
        hair = hair.copy()
        near, _ = cKDTree(points[~hair]).query(points[hair], k=[weights.edge_points])
        hair[hair] = near[:, 0] > weights.edge_mm
    return Cloud(points, weight, hair)


def foregrounds(head: JointHead, views: list[ViewState], weights: ViewsWeights) -> list[Cutout | None]:
    """What is head in each drawn view, see :func:`.silhouette.foreground`."""
    chin = int(head.model.landmark_vertices[152, 0])
    return concurrently(
        [partial(foreground, view, view.work.project(view.vertices[chin])[0][1], weights.outline) for view in views]
    )


def follow(
    head: JointHead,
    views: list[ViewState],
    masks: list[Cutout | None] | None,
    found: Compared,
    doubt: np.ndarray,
    step: Round,
    weights: ViewsWeights,
    progress: Progress,
) -> list[Cutout | None]:
    """Move the head, and the views' facial actions with it, onto the points.

    Args:
        masks: of :func:`foregrounds`; None where they are not known yet.
        found: tracks and their points.
        doubt: (V,) share to which the points around each skin vertex are doubted.

    Returns:
        The masks.
    """
    tracks, points = found.tracks, found.points
    cloud = _cloud(found, head.is_skin[tracks.triangle], step.fine, weights.cloud)
    w = weights.doubt
    bending = Bending(
        stiffness=step.stiffness + doubt * max(w.stiffness - step.stiffness, 0),
        damping=weights.surface.damping,
        robust_mm=step.robust_mm,
        membrane=step.membrane + doubt * max(w.membrane - step.membrane, 0),
    )
    for turn in range(2):
        draw_all(views, head.all_posed(views), head.triangles)
        if masks is None:
            masks = foregrounds(head, views, weights)
        rims = _rims(head, views, masks, cloud, step, weights)
        progress(0.2 + 0.4 * turn)
        if turn == 0:
            _follow_coefficients(head, views, cloud, rims, weights)
        bare = head.bare(views[0].expression)
        head.offset = fit_offset(head.surface.triangles, bare, cloud, head.offset, rims, bending, weights.surface)
        if step.fine and turn == 0:
            _register(head, views[0], weights.cloud.lift_mm)
        progress(0.4 + 0.4 * turn)
    head.offset = without_folds(bare, head.surface.triangles, head.offset)
    if step.fine:
        head.resolution = resolution(head.surface.triangles, bare + head.offset, cloud, bending, weights.surface)
    head.eyes[:] = 0
    head.eyes = fit_eyeballs(head.model, head.posed(views[0]), head.triangles, points, tracks.triangle, weights.eyes)
    return masks


def _rims(
    head: JointHead, views: list[ViewState], masks: list[Cutout | None], cloud: Cloud, step: Round, weights: ViewsWeights
) -> Rims:
    """The head's outlines in the photos, less where points lie."""
    skins = [view.vertices[head.surface.vertices] for view in views]
    reach = step.rim_reach_mm, step.rim_scale_mm
    rims = find_rims(head.model, head.surface, views, masks, skins, reach, weights.outline)
    if len(rims.weight):
        skin = cKDTree(cloud.points[~cloud.hair])
        rims.weight *= np.minimum(skin.query(rims.target)[0] / weights.cloud.rim_gap_mm, 1) ** 2
    return rims


def _follow_coefficients(head: JointHead, views: list[ViewState], cloud: Cloud, rims: Rims, weights: ViewsWeights) -> None:
    """Identity and facial actions; what changes in the first view's actions changes in all."""
    evidence = Evidence(
        Cloud(
            np.concatenate([cloud.points, rims.target]),
            np.concatenate([cloud.weight, rims.weight]),
            np.concatenate([cloud.hair, np.zeros(len(rims.weight), bool)]),
        ),
        *landmark_places(head.model, views, [view.vertices for view in views], weights.landmarks),
    )
    w = weights.coefficients
    veils = [view.observation.veil for view in views]
    worn = float(np.mean([0.0 if veil is None else veil.hidden.mean() for veil in veils]))
    # What a beard or a mask hides is too much to be told by the rest.
    nose = head.model.landmarks(views[0].vertices)[4]
    near = np.linalg.norm(cloud.points - nose, axis=1) < w.face_mm
    hair = float(cloud.hair[near].mean()) if near.any() else 0.0
    hidden = float(smoothstep(*w.hidden, hair + worn))
    # Where points lie close together they need no word about people.
    dense = (1 - hidden) * float(smoothstep(*w.dense, cloud.weight[near & ~cloud.hair].sum()))
    w = replace(w, model_mm=w.model_mm + hidden * (w.hidden_mm - w.model_mm) + dense * (w.dense_mm - w.model_mm))
    gain = w.person_gain * min((len(views) - 1) / (w.person_photos - 1), 1.0) ** 2
    alone = np.eye(len(head.identity))
    firm = (1 - dense) * head.belief.identity_precision / max(gain, 1.0) + (hidden + dense) * alone
    # The face is seen well; what its coefficients do to the skull behind it is a side effect.
    firm += head.belief.skull / w.skull_mm**2
    head.identity, expression = fit_coefficients(
        head.model,
        head.surface,
        evidence,
        head.identity,
        views[0].expression,
        replace(head.belief, identity_precision=firm),
        w,
    )
    change = expression - views[0].expression
    for view in views:
        view.expression = np.clip(view.expression + change, 0, 1)


def _register(head: JointHead, first: ViewState, lift_mm: float) -> None:
    """Slide lids, lips and brows onto those of the photo that shows them best; the surface stays where it is."""
    surface = head.surface
    posed = head.posed(first)
    own = first.camera.project(head.model.landmarks(posed).astype(float))[0]
    hidden = hidden_landmarks(first.observation.veil)[:, None]
    landmarks = (first.observation.landmarks * (1 - hidden) + own * hidden).astype(np.float32)
    move = slide(head.model, surface, first.camera, posed.astype(np.float32), landmarks)
    bare = head.bare(first.expression)
    goal = bare + head.offset + move
    found = nearest_places(posed[surface.vertices], surface.triangles, goal)
    height = np.einsum("vd,vd->v", found.normal, goal - found.point)
    lifted = np.abs(height) < lift_mm
    goal[lifted] -= (height[:, None] * found.normal)[lifted]
    head.offset = without_folds(bare, surface.triangles, goal - bare)
