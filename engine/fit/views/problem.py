"""Several photos of one head while they are fitted: which of them belong together, their cameras, and the head."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from ...head.model import HeadModel
from ...photo.regions import LANDMARKS
from ...photo.veil import find_veil
from ...system.concurrency import concurrently
from ...system.progress import Progress
from ...types import CoarseFit, FaceObservation, Photo
from ...wire.settings import Settings
from ..coarse.focal import choose_focal
from .bundle_adjustment import Lens
from .compare import compare
from .follow import follow
from .head import JointHead
from .placing import place_photo
from .same_person import strangers
from .silhouette import Cutout
from .start import group_lenses, join, same_expression, shared_expression, significant_distortion
from .state import ViewState, draw_all
from .weights import Round, ViewsWeights

__all__ = ["Problem"]


class Problem:
    """The views, and the head that they share.

    Args:
        views: the one that shows the face best comes first.
        settings: ``quality`` and ``same_expression`` are used.
    """

    def __init__(self, model: HeadModel, views: list[ViewState], settings: Settings, weights: ViewsWeights):
        self._settings, self._weights = settings, weights
        self._still = same_expression(views, weights.order) if settings.same_expression is None else settings.same_expression
        if self._still:
            shared = shared_expression(views, weights.order)
            for view in views:
                view.expression = shared
        self.views, self._most_px = views, weights.face_px[settings.quality]
        self._lenses: list[Lens] = group_lenses(views, weights.lens)
        identity = join(model, views, self._lenses, weights.order)
        sigma = weights.order.still_actions if self._still else weights.order.moving_actions
        self.head = JointHead(model, identity, views[0].expression, sigma)
        self._anchor = self.head.posed(views[0])
        self._masks: list[Cutout | None] | None = None
        self._face_px = 0.0
        self._distortion = self._distortion_deviation = np.zeros(len(views))
        self._mismatch = 0.0
        self.matched = False
        """Whether the views could be compared."""
        self.agreement: np.ndarray | None = None
        """(V, V), see :func:`.same_person.agreement`."""

    def place(self, photos: dict[int, Photo], progress: Progress) -> None:
        """Add those photos, given by their numbers, whose features show from where they were taken."""
        first = self.views[0]
        posed = self._draw()
        drawn = list(self.views)
        for number, photo in photos.items():
            lens = [view.camera.fx / max(view.photo.size) for view in drawn if sorted(view.photo.size) == sorted(photo.size)]
            usual = np.median(lens or [view.camera.fx / max(view.photo.size) for view in drawn])
            focal, source = choose_focal(photo, self._settings, float(usual) * max(photo.size), 1.0)
            width, height = photo.size
            guess = replace(first.camera, width=width, height=height, fx=focal, fy=focal, cx=width / 2, cy=height / 2)
            camera = place_photo(photo.pixels, guess, drawn, self.head.triangles, self._weights.place, progress)
            if camera is None:
                continue
            points = camera.project(self.head.model.landmarks(posed[0]).astype(float))[0].astype(np.float32)
            observation = FaceObservation(points, np.zeros(LANDMARKS, np.float32), first.observation.blendshapes, 0, 1)
            observation = replace(observation, veil=find_veil(photo, observation))
            start = CoarseFit(
                camera,
                self.head.identity.astype(np.float32),
                first.expression.astype(np.float32),
                np.zeros(LANDMARKS, np.float32),
                source,
            )
            self.views.append(ViewState(photo, observation, camera, first.expression, source, start, number, placed=True))
        added = len(self.views) - len(drawn)
        if added:
            self._distortion, self._distortion_deviation = (
                np.append(values, np.zeros(added)) for values in (self._distortion, self._distortion_deviation)
            )
            self._lenses = group_lenses(self.views, self._weights.lens)
            self._reframe(self._face_px)

    def dismiss(self) -> None:
        """Take placed photos out again that do not agree with the others."""
        odd = [number for number in strangers(self.agreement, self._weights.same_person) if self.views[number].placed]
        for number in reversed(odd):
            del self.views[number]
        if odd:
            self._distortion, self._distortion_deviation = (
                np.delete(values, odd) for values in (self._distortion, self._distortion_deviation)
            )
            self._masks = None
            self._lenses = group_lenses(self.views, self._weights.lens)

    def _doubt(self) -> np.ndarray:
        """(V,) share in [0, 1] to which the points are doubted: where the skin moved between the photos, matched with skin
        elsewhere, and all over where photos from different days and lights match badly."""
        head, (low, high) = self.head, self._weights.doubt.moved_mm
        doubt = np.full(len(head.surface.vertices), self._mismatch)
        if self._still:
            return doubt
        actions = np.array([view.expression for view in self.views])
        moves = np.tensordot(actions - actions[0], head.model.expression_basis[:, head.surface.vertices], 1)
        spread = np.linalg.norm(moves, axis=-1).max(0)
        return np.maximum(doubt, np.clip((spread - low) / (high - low), 0, 1))

    def _turn_precision(self, observations: int) -> np.ndarray:
        """(V,) 1/rad^2: how firmly the cameras keep the turns of the single fits. Matches that do not lie on one point
        would trade turn for depth, and the head would become flatter with every round."""
        w = self._weights.doubt
        share = self._mismatch * w.turn_share * observations / len(self.views)
        return np.array([0.0 if view.placed else share / w.turn_error**2 for view in self.views])

    def _draw(self) -> list[np.ndarray]:
        posed = self.head.all_posed(self.views)
        draw_all(self.views, posed, self.head.triangles)
        return posed

    def _reframe(self, face_px: float) -> None:
        """Work on the photos with the face so wide, where they are large enough."""
        self._face_px, self._masks = face_px, None
        posed = self.head.all_posed(self.views)
        concurrently([partial(view.crop, vertices, face_px, self._weights.frame) for view, vertices in zip(self.views, posed)])

    def improve(self, step: Round, progress: Progress) -> None:
        """Match, adjust, and let the head follow; where too little matches nothing changes."""
        face_px = min(step.face_px, self._most_px)
        if face_px != self._face_px:
            self._reframe(face_px)
        self._draw()
        if self._settings.same_expression:
            step = replace(step, moves=False)
        found = compare(self.head, self._anchor, self.views, self._lenses, step, self._turn_precision, self._weights, progress)
        self.agreement = found.agreement
        if found.consistent is not None:
            low, high = self._weights.doubt.consistent
            self._mismatch = float(np.clip((low - found.consistent) / (low - high), 0, 1))
        if found.tracks is None:
            return
        self._distortion, self._distortion_deviation = found.distortion, found.distortion_deviation
        progress(0.75)
        self._masks = follow(
            self.head,
            self.views,
            self._masks,
            found,
            self._doubt(),
            step,
            self._weights,
            progress.part(0.75, 1.0),
        )
        self.matched = True

    def straighten(self) -> None:
        """Take out the lens distortion that the matches confirm; any other counts as zero."""
        bent = [
            significant_distortion(view, k, deviation, self._weights.lens)
            for view, k, deviation in zip(self.views, self._distortion, self._distortion_deviation)
        ]
        for number in np.flatnonzero(bent):
            self.views[number].straighten(self._distortion[number])
        if any(bent):
            self._reframe(self._face_px)
        for lens in self._lenses:
            lens.distortion_sigma = 0.0
