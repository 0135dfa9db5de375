"""The joint fit of several photos of one head."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from ...geometry.mesh import vertex_normals
from ...geometry.similarity import similarity
from ...head.model import MATERIALS, HeadModel
from ...system.concurrency import concurrently
from ...system.progress import SILENT, Progress
from ...types import CoarseFit, FaceObservation, Photo, View
from ...wire.settings import Settings
from ..coarse.focal import choose_focal
from ..features.jaw import action_limits
from ..mid.deformation import propagate, without_folds
from ..mid.registration import slide
from ..skin_surface import skin_surface
from .bundle_adjustment import Lens, adjust, triangulate
from .company import agreement, strangers
from .eyes import fit_eyeballs
from .finish import finished_views
from .landmark_places import landmark_places
from .matching import Tracks, choose_pairs, match_views
from .placing import place_photo
from .silhouette import find_rims, foreground
from .start import group_lenses, join, order_views, same_expression, significant_distortion, single_fits
from .state import ViewState
from .surface import fit_coefficients, fit_offset, nearest_places

__all__ = ["JointFit", "fit_views"]

_log = logging.getLogger(__name__)

_FACE_PX = {"draft": 300.0, "standard": 420.0, "high": 700.0}
"""Width of the face in the frames."""
_LEAST_TRACKS = 400
"""Fewer matches than that say less than the pixels of the best photo."""
_MANY_POINTS = 8000
"""Of more, every other one shapes the surface in all rounds but the last."""
_LEAST_OBSERVATIONS = 60
"""A camera with fewer is left where the landmarks put it."""
_MOST_RMS_PX = 0.8
_MOST_MOVE_MM = 25.0
_MOST_VAGUE_MM = 4.0
"""Error of a point for a match that is one pixel off."""
_FULL_CONTRAST = 2.0
"""Deviation of a patch, grey levels, from which on its match counts in full."""
_LEAST_WEIGHT = 0.03
_PRIOR_MM = 0.3
_RIM_GAP_MM = 8.0
"""Where points lie nearer than that, an outline counts less: a mask's border is less exact."""
_OFFSET_DAMPING = 1e-3
_LIFT_MM = 1.5
_STIFF, _TAUT = 20.0, 1.0
"""Where the points are doubted, the surface follows them only at large."""
_MOVED_MM = 1.0, 4.0
"""Move of the skin between the photos from which on, and at which wholly, matches on it are doubted."""
_CONSISTENT = 0.9, 0.5
"""Share of the matches that lie on one point below which all are doubted, and at which wholly: pixels of photos in quite
different lights look alike where they are not the same."""
_TURN_ERROR, _TURN_SHARE = np.radians(2.5), 0.1
"""Deviation of a camera's turn as landmarks tell it, and what such an error weighs against the matches' own where these are
wholly doubted, px^2 per match."""
_STILL_ACTIONS, _MOVING_ACTIONS = 0.15, 0.01
"""How far the points may change a facial action: matches on a face that moved say nothing about it."""


class _Round(NamedTuple):
    """How much the mesh is believed in one round, and how freely it moves; `face_px` bounds the frames."""

    face_px: float
    fine: bool
    least_ncc: float
    start_px: float
    robust_mm: float
    stiffness: float
    membrane: float
    rim_reach_mm: float
    rim_scale_mm: float


_SMALL_PX = 250.0
"""Enough for cameras, and for whether two photos show one head (:mod:`.company` has limits for this size)."""
_ROUNDS = (
    _Round(_SMALL_PX, False, 0.5, 4.0, 6.0, 100.0, 1.0, 30.0, 25.0),
    _Round(_SMALL_PX, False, 0.65, 1.5, 1.5, 2.0, 0.05, 10.0, 8.0),
    _Round(np.inf, True, 0.65, 1.0, 1.0, 0.25, 0.02, 7.0, 5.0),
)
_ROUNDS_OF = {"draft": _ROUNDS[::2], "standard": _ROUNDS, "high": (*_ROUNDS, _ROUNDS[-1])}


class JointFit(NamedTuple):
    """What several photos tell about one head."""

    views: list[View]
    """The one that shows the face best comes first."""
    strangers: list[int]
    """Numbers of the photos that do not match the others and were left out."""
    placed: list[int]
    """Numbers of the photos without a face that could be used after all."""


def fit_views(
    model: HeadModel,
    photos: Sequence[tuple[Photo, FaceObservation]],
    settings: Settings,
    progress: Progress = SILENT,
    faceless: Sequence[Photo] = (),
) -> JointFit:
    """One head from several photos of it.

    Args:
        model: the head model.
        photos: two or more photos, each with its face.
        settings: ``quality`` and ``same_expression`` (None: decided from the photos) are used.
        progress: may raise to cancel.
        faceless: photos in which no face was found; profiles among them are placed by their features.

    Returns:
        The joint fit. Where the photos have too little in common, the pixels of the first view alone give the
        deformation.
    """
    fits = single_fits(model, photos, settings, progress.stage("coarse", "Fitting each photo on its own"))
    rounds = _ROUNDS_OF[settings.quality]
    mid = progress.stage("mid")
    comparing, finishing = mid.part(0.0, 0.85, "Comparing the photos"), mid.part(0.85, 1.0, "Finishing the shape")
    shares = [comparing.part(number / len(rounds), (number + 1) / len(rounds)) for number in range(len(rounds))]
    company = list(range(len(photos)))
    while True:
        views = order_views([_state(i, *photos[i], fits[i]) for i in company])
        problem = _Problem(model, views, settings)
        if len(views) == 1:
            break
        problem.improve(rounds[0], shares[0])
        odd = {views[i].number for i in strangers(problem.agreement)}
        if not odd:
            break
        company = [i for i in company if i not in odd]
    rest = [i for i in range(len(photos)) if i not in company]
    if problem.matched:
        spare = {i: photos[i][0] for i in rest} | dict(enumerate(faceless, len(photos)))
        problem.place(spare, shares[0].part(1.0, 1.0, "Placing photos without a face"))
    for number, step in enumerate(rounds[1:], 1):
        if not problem.matched:
            break
        problem.improve(step, shares[number])
        if number == 1:
            problem.dismiss()
        if number == len(rounds) - 2:
            problem.straighten()
    finishing(0.0)
    placed = [view.number for view in views if view.placed]
    views = finished_views(
        model,
        views,
        problem.identity,
        problem.deformation() if problem.matched else None,
        settings,
        finishing,
    )
    return JointFit(views, [i for i in rest if i not in placed], [i - len(photos) for i in placed if i >= len(photos)])


def _state(number: int, photo: Photo, observation: FaceObservation, found: CoarseFit) -> ViewState:
    return ViewState(photo, observation, found.camera, found.expression.astype(float), found.focal_source, found, number)


class _Problem:
    """Identity, offset and eyes of the head, and the cameras in its views; the first view's actions are the head's."""

    def __init__(self, model: HeadModel, views: list[ViewState], settings: Settings):
        self.still = same_expression(views) if settings.same_expression is None else settings.same_expression
        if self.still:
            shared = np.median([view.expression for view in views], 0)
            for view in views:
                view.expression = shared
        self.model, self.views, self.settings, self.most_px = model, views, settings, _FACE_PX[settings.quality]
        self.expression_sigma = _STILL_ACTIONS if self.still else _MOVING_ACTIONS
        self.surface = skin_surface(model)
        # Lashes are cards around the eyes; what shows in a photo is behind them.
        solid = np.repeat(model.face_material != MATERIALS.index("lashes"), 2)
        self.triangles, material = model.triangles[solid], np.repeat(model.face_material, 2)[solid]
        self.is_skin = material == MATERIALS.index("skin")
        self.usable = self.is_skin | (material == MATERIALS.index("eyes"))
        self.lenses: list[Lens] = group_lenses(views)
        self.identity = join(model, views, self.lenses)
        self.believed = self.identity.copy()
        self.believed_expression = views[0].expression.copy()
        self.action_limits = action_limits(model, self.believed_expression)
        self.offset = np.zeros((len(self.surface.vertices), 3))
        self.eyes = np.zeros(model.template.shape)
        self.anchor = self.posed(views[0])
        self.masks: list[np.ndarray | None] | None = None
        self.face_px = 0.0
        self.distortion = self.distortion_deviation = np.zeros(len(views))
        self.matched = False
        self.agreement: np.ndarray | None = None
        self.mismatch = 0.0

    def place(self, photos: dict[int, Photo], progress: Progress) -> None:
        """Add those photos, given by their numbers, whose features show from where they were taken."""
        first = self.views[0]
        posed = self.draw()
        drawn = list(self.views)
        for number, photo in photos.items():
            lens = [view.camera.fx / max(view.photo.size) for view in drawn if sorted(view.photo.size) == sorted(photo.size)]
            usual = np.median(lens or [view.camera.fx / max(view.photo.size) for view in drawn])
            focal, source = choose_focal(photo, self.settings, float(usual) * max(photo.size), 1.0)
            width, height = photo.size
            guess = replace(first.camera, width=width, height=height, fx=focal, fy=focal, cx=width / 2, cy=height / 2)
            camera = place_photo(photo.pixels, guess, drawn, self.triangles, progress)
            if camera is None:
                continue
            points = camera.project(self.model.landmarks(posed[0]).astype(float))[0].astype(np.float32)
            observation = FaceObservation(points, np.zeros(478, np.float32), first.observation.blendshapes, 0, 1)
            start = CoarseFit(
                camera, self.identity.astype(np.float32), first.expression.astype(np.float32), np.zeros(478, np.float32), source
            )
            self.views.append(ViewState(photo, observation, camera, first.expression, source, start, number, placed=True))
        added = len(self.views) - len(drawn)
        if added:
            self.distortion, self.distortion_deviation = (
                np.append(values, np.zeros(added)) for values in (self.distortion, self.distortion_deviation)
            )
            self.lenses = group_lenses(self.views)
            self.reframe(self.face_px)

    def dismiss(self) -> None:
        """Take placed photos out again that do not agree with the others."""
        odd = [number for number in strangers(self.agreement) if self.views[number].placed]
        for number in reversed(odd):
            del self.views[number]
        if odd:
            self.distortion, self.distortion_deviation = (
                np.delete(values, odd) for values in (self.distortion, self.distortion_deviation)
            )
            self.masks = None
            self.lenses = group_lenses(self.views)

    def _doubt(self) -> np.ndarray:
        """(V,) share in [0, 1] to which the points are doubted: where the skin moved between the photos, matched with skin
        elsewhere, and all over where photos from different days and lights match badly."""
        doubt = np.full(len(self.surface.vertices), self.mismatch)
        if self.still:
            return doubt
        actions = np.array([view.expression for view in self.views])
        moves = np.tensordot(actions - actions[0], self.model.expression_basis[:, self.surface.vertices], 1)
        spread = np.linalg.norm(moves, axis=-1).max(0)
        return np.maximum(doubt, np.clip((spread - _MOVED_MM[0]) / (_MOVED_MM[1] - _MOVED_MM[0]), 0, 1))

    def _turn_precision(self, observations: int) -> np.ndarray:
        """(V,) 1/rad^2: how firmly the cameras keep the turns of the single fits. Matches that do not lie on one point
        would trade turn for depth, and the head would become flatter with every round."""
        share = self.mismatch * _TURN_SHARE * observations / len(self.views)
        return np.array([0.0 if view.placed else share / _TURN_ERROR**2 for view in self.views])

    def deformation(self) -> np.ndarray:
        """(N, 3) mm"""
        return propagate(self.model, self.surface, self.offset) + self.eyes

    def posed(self, view: ViewState) -> np.ndarray:
        """(N, 3) mm: the head as it is in the photo."""
        return self.model.shape(self.identity, view.expression) + self.deformation()

    def all_posed(self) -> list[np.ndarray]:
        """:meth:`posed` of every view."""
        deformation = self.deformation()
        return [self.model.shape(self.identity, view.expression) + deformation for view in self.views]

    def draw(self) -> list[np.ndarray]:
        posed = self.all_posed()
        concurrently([partial(view.draw, vertices, self.triangles) for view, vertices in zip(self.views, posed)])
        return posed

    def reframe(self, face_px: float) -> None:
        """Work on the photos with the face so wide, where they are large enough."""
        self.face_px, self.masks = face_px, None
        concurrently([partial(view.crop, vertices, face_px) for view, vertices in zip(self.views, self.all_posed())])

    def improve(self, step: _Round, progress: Progress) -> bool:
        """Match, adjust, and let the head follow. False where too little matches; then nothing has changed."""
        views = self.views
        face_px = min(step.face_px, self.most_px)
        if face_px != self.face_px:
            self.reframe(face_px)
        posed = self.draw()
        tracks, possible = match_views(
            views, choose_pairs(views), self.triangles, self.usable, step.least_ncc, step.fine, progress.part(0.0, 0.5)
        )
        if len(tracks.contrast) < len(views):
            self.agreement = agreement(tracks, np.ones(len(tracks.contrast), bool), possible)
            return False
        corners = self.triangles[tracks.triangle]
        places = np.stack([np.einsum("pk,pkd->pd", tracks.weights, vertices[corners]) for vertices in posed])
        track = np.repeat(np.arange(len(corners)), np.diff(tracks.start))
        own = places[tracks.anchor_view, np.arange(len(corners))]
        moves = places[tracks.view, track] - own[track]
        normals = np.einsum("pk,pkd->pd", tracks.weights, vertex_normals(posed[0], self.triangles)[corners])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
        cameras, distortion, deviation = adjust(
            [view.work for view in views],
            tracks,
            own,
            moves,
            normals,
            self.lenses,
            np.array([view.frame.factor for view in views]),
            prior_mm=_PRIOR_MM,
            scale_px=step.start_px,
            iterations=30,
            turn_precision=self._turn_precision(len(tracks.view)),
            progress=progress.part(0.5, 0.7),
        )
        progress(0.7)
        found = triangulate(cameras, distortion, tracks, own, moves)
        consistent = found.rms < _MOST_RMS_PX
        self.agreement = agreement(tracks, consistent, possible)
        _log.info("of %d matches %.0f %% are consistent", len(consistent), 100 * consistent.mean())
        self.mismatch = float(np.clip((_CONSISTENT[0] - consistent.mean()) / (_CONSISTENT[0] - _CONSISTENT[1]), 0, 1))
        # Photos from one place agree on everything but depth.
        vague = np.linalg.eigvalsh(found.information)[:, 0] < _MOST_VAGUE_MM**-2
        keep = consistent & ~vague & (np.linalg.norm(found.points - own, axis=1) < _MOST_MOVE_MM)
        if keep.sum() < _LEAST_TRACKS:
            _log.info("only %d of %d matches agree with one another", keep.sum(), len(keep))
            return False
        tracks, points, own = tracks.take(keep), found.points[keep], own[keep]
        corners, places = corners[keep], places[:, keep]
        # Place and turn are those of the mesh; its size is what was believed before the photos were compared.
        scale, _, _ = similarity(points, np.einsum("pk,pkd->pd", tracks.weights, self.anchor[corners]))
        _, R, t = similarity(points * scale, own)
        seen = np.bincount(tracks.view, minlength=len(views))
        for number, (view, camera) in enumerate(zip(views, cameras)):
            view.share = seen[number] / seen.sum()
            if seen[number] >= _LEAST_OBSERVATIONS:
                turned = camera.R @ R.T
                view.take_work_camera(replace(camera, R=turned, t=scale * camera.t - turned @ t))
        self.distortion, self.distortion_deviation = distortion, deviation
        # From the anchor's facial actions to the head's.
        points = scale * points @ R.T + t + places[0] - own
        progress(0.75)
        self._follow(step, tracks, points, progress)
        self.matched = True
        return True

    def _follow(self, step: _Round, tracks: Tracks, points: np.ndarray, progress: Progress) -> None:
        model, surface = self.model, self.surface
        skin = self.is_skin[tracks.triangle]
        cloud = points[skin]
        weight = np.clip((tracks.contrast[skin] / _FULL_CONTRAST) ** 2, _LEAST_WEIGHT, 1)
        if not step.fine and len(cloud) > _MANY_POINTS:
            cloud, weight = cloud[::2], 2 * weight[::2]
        tree = cKDTree(cloud)
        damping = np.full(len(self.offset), _OFFSET_DAMPING)
        doubt = self._doubt()
        stiffness = step.stiffness + doubt * max(_STIFF - step.stiffness, 0)
        membrane = step.membrane + doubt * max(_TAUT - step.membrane, 0)
        for turn in range(2):
            posed = self.draw()
            if self.masks is None:
                chin = int(model.landmark_vertices[152, 0])
                self.masks = concurrently(
                    [
                        partial(foreground, view, view.work.project(vertices[chin])[0][1])
                        for view, vertices in zip(self.views, posed)
                    ]
                )
            rims = find_rims(
                model,
                surface,
                self.views,
                self.masks,
                [vertices[surface.vertices] for vertices in posed],
                step.rim_reach_mm,
                step.rim_scale_mm,
            )
            if len(rims.weight):
                rims.weight *= np.minimum(tree.query(rims.target)[0] / _RIM_GAP_MM, 1) ** 2
            progress(0.8 + 0.1 * turn)
            if turn == 0:
                self.identity, expression = fit_coefficients(
                    model,
                    surface,
                    np.concatenate([cloud, rims.target]),
                    np.concatenate([weight, rims.weight]),
                    *landmark_places(model, self.views, posed),
                    self.identity,
                    self.views[0].expression,
                    self.believed,
                    self.believed_expression,
                    self.expression_sigma,
                    self.action_limits,
                )
                change = expression - self.views[0].expression
                for view in self.views:
                    view.expression = np.clip(view.expression + change, 0, 1)
                if not self.matched:
                    self.offset[:] = 0
            bare = model.shape(self.identity, self.views[0].expression)[surface.vertices].astype(float)
            self.offset = fit_offset(
                surface.triangles,
                bare,
                cloud,
                weight,
                self.offset,
                rims,
                stiffness=stiffness,
                damping=damping,
                robust_mm=step.robust_mm,
                membrane=membrane,
            )
            if step.fine and turn == 0:
                self._register()
            progress(0.85 + 0.1 * turn)
        self.offset = without_folds(bare, surface.triangles, self.offset)
        self.eyes[:] = 0
        self.eyes = fit_eyeballs(model, self.posed(self.views[0]), self.triangles, points, tracks.triangle)

    def _register(self) -> None:
        """Slide lids, lips and brows onto those of the photo that shows them best; the surface stays where it is."""
        first = self.views[0]
        posed = self.posed(first)
        move = slide(self.model, self.surface, first.camera, posed.astype(np.float32), first.observation.landmarks)
        bare = self.model.shape(self.identity, first.expression)[self.surface.vertices].astype(float)
        goal = bare + self.offset + move
        found = nearest_places(posed[self.surface.vertices], self.surface.triangles, goal)
        height = np.einsum("vd,vd->v", found.normal, goal - found.point)
        lifted = np.abs(height) < _LIFT_MM
        goal[lifted] -= (height[:, None] * found.normal)[lifted]
        self.offset = without_folds(bare, self.surface.triangles, goal - bare)

    def straighten(self) -> None:
        """Take out lens distortion that the matches bear out; what they do not is none."""
        bent = [
            significant_distortion(view, k, deviation)
            for view, k, deviation in zip(self.views, self.distortion, self.distortion_deviation)
        ]
        for number in np.flatnonzero(bent):
            self.views[number].straighten(self.distortion[number])
        if any(bent):
            self.reframe(self.face_px)
        for lens in self.lenses:
            lens.distortion_sigma = 0.0
