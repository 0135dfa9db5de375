"""The `open` method: analysis by synthesis on a CC0 head, from packages that anyone may install.

photo → landmarks → coarse (identity, expression, pose, camera) → mid (deformation from the pixels) → textures → bundle.
With several photos of one person, mid compares them (:mod:`engine.fit.views`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

import numpy as np

from ..head.model import HeadModel
from ..pipeline.clock import StageClock
from ..pipeline.early import show_early
from ..pipeline.finite import refuse_view
from ..pipeline.hair import warm_hair, with_hair
from ..pipeline.leave_out import without_failing
from ..pipeline.observe import observe_photos
from ..pipeline.solution import LeftOut, Solution
from ..pipeline.warm import Warm
from ..system.failures import ViewFailed, unexpected
from ..system.packages import absent_packages
from ..system.progress import SILENT, Progress
from ..types import FaceObservation, Photo, Textures, View
from ..wire.bundle import Bundle, load_bundle, write_bundle
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from ..wire.methods import METHODS
from ..wire.settings import Settings

__all__ = ["OpenMethod", "create"]


def create() -> OpenMethod:
    """A new instance of the `open` method."""
    return OpenMethod()


class OpenMethod(Warm):
    """Holds the head model and the landmark networks from the first photo on. Runs one photo at a time."""

    def __init__(self):
        super().__init__()
        self._lock = threading.Lock()

    def missing(self) -> list[str]:
        return absent_packages(METHODS["open"].packages)

    def warm_up(self, progress: Progress = SILENT) -> None:
        """Load the head model (built on the very first call), the landmark networks and the stages' code.

        Raises:
            HrnError: ``MODEL_MISSING``.
        """
        with self._lock:
            self._load(progress.stage("start"))
            from ..render import rasterize

            rasterize(np.array([[0.0, 0], [4, 0], [0, 4]]), np.ones(3), np.array([[0, 1, 2]]), 4, 4)
            warm_hair(self._shared()[0])
            from ..corrections.refit import warm_refit

            warm_refit(self._shared()[0])

    def _load(self, progress: Progress) -> None:
        self._load_shared(progress)
        from ..fit import fit_coarse, fit_mid  # noqa: F401
        from ..pipeline.assemble import assemble  # noqa: F401
        from ..texture import build_textures  # noqa: F401

    def reconstruct(
        self, photos: Sequence[str | os.PathLike], out: str | os.PathLike, settings: Settings, progress: Progress
    ) -> Bundle:
        """See :func:`engine.methods.reconstruct`."""
        clock = StageClock(progress)
        progress = Progress(clock)
        found = self.solve(photos, settings, progress)
        from ..pipeline.assemble import assemble, write_maps

        writing = progress.stage("bundle", "Writing the head")
        writing(0.0)
        manifest, arrays = assemble(found, settings)
        with write_bundle(out, manifest, arrays) as folder:
            write_maps(folder, found, writing)
            manifest["timings"] = clock.timings()
        return load_bundle(out)

    def solve(self, paths: Sequence[str | os.PathLike], settings: Settings, progress: Progress = SILENT) -> Solution:
        """All stages but the bundle, for one or several photos of one head.

        Raises:
            HrnError: see the stages. Of several photos, those that cannot be used are left out and reported; when none
                is left, the first one's error is raised.
        """
        with self._lock:
            start = progress.stage("start", "Loading the models")
            start(0.0)
            self._load(start)
            return self._solve(paths, settings, progress)

    def _solve(self, paths: Sequence[str | os.PathLike], settings: Settings, progress: Progress) -> Solution:
        seen, left_out = observe_photos(self._shared()[1], paths, settings, progress.stage("photo"))
        faces = [(photo, observation) for _, photo, observation in seen]
        while True:
            try:
                return self._solved(faces, left_out, settings, progress)
            except ViewFailed as failed:
                if len(faces) == 1 and failed.number == 0:
                    raise failed.error from failed
                faces, left_out = _without(failed, faces, left_out)

    def _solved(self, faces: list[_Face], left_out: list[LeftOut], settings: Settings, progress: Progress) -> Solution:
        """
        Raises:
            ViewFailed: with the number of the photo, those without a face counted after the others.
        """
        from ..texture import build_textures

        model = self._shared()[0]
        progress.stage("coarse", "Fitting the head")(0.0)
        views, left_out = _fitted(model, faces, left_out, settings, progress)
        progress.stage("albedo")(0.0, "Taking the skin from the photo")

        def paint(kept: tuple[View, ...]) -> Textures:
            return build_textures(model, kept, settings, progress)

        try:
            textures, failures = without_failing(say("texture"), tuple(views), paint)
        except ViewFailed as failed:
            raise ViewFailed(_number(views[0], [photo for photo, _ in faces]), failed.error) from failed
        solution = Solution(model, tuple(views), textures, tuple(left_out), None, failures)
        return with_hair(solution, settings, progress)


_Face = tuple[Photo, FaceObservation]
"""A photo and its face."""


def _fitted(
    model: HeadModel, faces: list[_Face], left_out: list[LeftOut], settings: Settings, progress: Progress
) -> tuple[list[View], list[LeftOut]]:
    """The photos that fit one head, the reference first, and those that are left out.

    Raises:
        ViewFailed: see :meth:`OpenMethod._solved`.
    """
    if len(faces) == 1:
        from ..fit import fit_coarse, fit_mid, with_relief
        from ..fit.plausible import refuse_implausible
        from ..fit.veiled import unveiled

        photo, observation = faces[0]
        first = fit_coarse(model, photo, observation, settings, progress.stage("coarse"))
        refuse_implausible(photo, observation, first)
        show_early(model, photo, first)
        observation = unveiled(model, observation, first)
        shaping = progress.stage("mid", "Shaping the head to the photo")
        shaping(0.0)
        view = View(photo, observation, *fit_mid(model, photo, observation, first, settings, shaping.part(0.0, 0.6)))
        show_early(model, photo, view.coarse, view.mid.deformation)
        reading = shaping.part(0.6, 1.0, "Reading folds and wrinkles")
        return [with_relief(model, view, settings, reading)], left_out
    from ..fit.views import fit_views
    from ..photo import load_photo
    from ..photo.landmarks import face_width

    hidden = _hidden(left_out)
    profiles = [load_photo(one.path) for one in hidden if one.path is not None]
    try:
        views, strangers, placed = fit_views(model, faces, settings, progress, profiles)
    except Exception as error:
        failure = unexpected(error)
        # Nobody knows which of them it was: the largest face alone.
        best = max(range(len(faces)), key=lambda i: face_width(faces[i][1]))
        others = [LeftOut(photo.name, failure) for i, (photo, _) in enumerate(faces) if i != best]
        return _fitted(model, [faces[best]], [*left_out, *others], settings, progress)
    show_early(model, views[0].photo, views[0].coarse, views[0].mid.deformation)
    known = [photo for photo, _ in faces] + profiles
    for view in views:
        try:
            refuse_view(view)
        except HrnError as error:
            raise ViewFailed(_number(view, known), error) from error
    left_out = [one for one in left_out if not any(one is hidden[i] for i in placed)]
    unmatched = HrnError(
        ErrorCode.PHOTO_UNMATCHED,
        "It shows nothing that the other photos confirm: perhaps it shows somebody else, or another light and another expression.",
    )
    return views, [*left_out, *(LeftOut(faces[i][0].name, unmatched) for i in strangers)]


def _hidden(left_out: list[LeftOut]) -> list[LeftOut]:
    """The photos without a face: profiles among them may still be placed."""
    return [one for one in left_out if one.error.code is ErrorCode.NO_FACE and one.path is not None]


def _number(view: View, photos: list[Photo]) -> int:
    """The number of the photo that a view shows, by its file: the fit may have straightened its pixels."""
    return [photo.sha256 for photo in photos].index(view.photo.sha256)


def _without(failed: ViewFailed, faces: list[_Face], left_out: list[LeftOut]) -> tuple[list[_Face], list[LeftOut]]:
    """The photos that remain when one of them is left out because a stage failed on it."""
    if failed.number >= len(faces):
        lost = _hidden(left_out)[failed.number - len(faces)]
        return faces, [LeftOut(one.name, failed.error) if one is lost else one for one in left_out]
    name = faces[failed.number][0].name
    return [face for i, face in enumerate(faces) if i != failed.number], [*left_out, LeftOut(name, failed.error)]
