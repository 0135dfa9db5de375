"""The `open` method: analysis by synthesis on a CC0 head, from packages that anyone may install.

photo → landmarks → coarse (identity, expression, pose, camera) → mid (deformation from the pixels) → textures → bundle.
With several photos of one person, mid compares them (:mod:`engine.fit.views`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..head.model import HeadModel
from ..pipeline.clock import StageClock
from ..pipeline.early import is_watched, show_early
from ..pipeline.finite import refuse_view
from ..pipeline.hair import warm_hair, with_hair
from ..pipeline.leave_out import culprit, without_failing
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

if TYPE_CHECKING:
    from ..corrections.base import Base
    from ..corrections.replay import Replay

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
        self,
        photos: Sequence[str | os.PathLike],
        out: str | os.PathLike,
        settings: Settings,
        progress: Progress,
        replay: Replay | None = None,
    ) -> Bundle:
        """See :func:`engine.methods.reconstruct`.

        Args:
            replay: corrections that are applied after the fit.
        """
        clock = StageClock(progress)
        return _written(self.solve(photos, settings, Progress(clock), replay), out, settings, clock)

    def retexture(self, bundle: Bundle, replay: Replay, out: str | os.PathLike, progress: Progress) -> Bundle:
        """See :func:`engine.methods.retexture`."""
        from ..corrections.retexture import stored_fit

        clock, settings = StageClock(progress), _settings_of(bundle)
        progress = Progress(clock)
        replay.check([bundle.manifest["photos"][camera["photo"]]["sha256"] for camera in bundle.manifest["cameras"]])
        with self._lock:
            faces = self._seen_again(bundle, settings, progress)
            stored = stored_fit(self._shared()[0], bundle, faces, replay)
            try:
                found = self._finished(stored.views, [], settings, progress, replay, stored.base)
            except ViewFailed as failed:
                raise failed.error from failed
        return _written(found, out, settings, clock)

    def add_photo(
        self, bundle: Bundle, photo: str | os.PathLike, out: str | os.PathLike, replay: Replay | None, progress: Progress
    ) -> Bundle:
        """See :func:`engine.methods.add_photo`."""
        from .added import check_addable, fitted_with, kept_fits, left_out_before, observed

        clock, settings = StageClock(progress), _settings_of(bundle)
        progress = Progress(clock)
        with self._lock:
            self._load(progress.stage("start", "Loading the models"))
            model, landmarker = self._shared()
            check_addable(model, bundle)
            faces = self._seen_again(bundle, settings, progress)
            added = observed(landmarker, photo, faces, settings, progress.stage("photo"))
            if replay is not None:
                faces = [(one, replay.covered(one, face)) for one, face in faces]
            progress.stage("coarse", "Fitting the head")(0.0)
            views, left_out = fitted_with(model, faces, kept_fits(bundle), added, settings, progress)
            try:
                found = self._finished(views, [*left_out_before(bundle), *left_out], settings, progress, replay)
            except ViewFailed as failed:
                raise failed.error from failed
        return _written(found, out, settings, clock, bundle.manifest["name"])

    def _seen_again(self, bundle: Bundle, settings: Settings, progress: Progress) -> list[_Face]:
        """What is seen in a bundle's copies of its photos, in the order of its cameras."""
        from ..corrections.retexture import known_photo, stored_photos

        entries = stored_photos(bundle)
        self._load(progress.stage("start", "Loading the models"))
        paths = [bundle.path / entry["file"] for entry in entries]
        seen, _ = observe_photos(self._shared()[1], paths, settings, progress.stage("photo"))
        if len(seen) < len(paths):
            raise HrnError(ErrorCode.CORRECTIONS_INVALID, "The face is no longer found in the head's copy of a photo.")
        return [(known_photo(photo, entry), face) for (_, photo, face), entry in zip(seen, entries)]

    def solve(
        self,
        paths: Sequence[str | os.PathLike],
        settings: Settings,
        progress: Progress = SILENT,
        replay: Replay | None = None,
    ) -> Solution:
        """All stages but the bundle, for one or several photos of one head.

        Raises:
            HrnError: see the stages. Of several photos, those that cannot be used are left out and reported; when none
                is left, the first one's error is raised.
        """
        with self._lock:
            start = progress.stage("start", "Loading the models")
            start(0.0)
            self._load(start)
            return self._solve(paths, settings, progress, replay)

    def _solve(
        self, paths: Sequence[str | os.PathLike], settings: Settings, progress: Progress, replay: Replay | None
    ) -> Solution:
        model, landmarker = self._shared()

        def show(photo: Photo, observation: FaceObservation) -> None:
            _show_first(model, photo, observation, settings)

        seen, left_out = observe_photos(landmarker, paths, settings, progress.stage("photo"), show if is_watched() else None)
        faces = [(photo, observation) for _, photo, observation in seen]
        if replay is not None:
            replay.check([photo.sha256 for photo, _ in faces])
            faces = [(photo, replay.covered(photo, observation)) for photo, observation in faces]
        while True:
            try:
                return self._solved(faces, left_out, settings, progress, replay)
            except ViewFailed as failed:
                if len(faces) == 1 and failed.number == 0:
                    raise failed.error from failed
                faces, left_out = _without(failed, faces, left_out)

    def _solved(
        self, faces: list[_Face], left_out: list[LeftOut], settings: Settings, progress: Progress, replay: Replay | None
    ) -> Solution:
        """
        Raises:
            ViewFailed: with the number of the photo, those without a face counted after the others.
        """
        progress.stage("coarse", "Fitting the head")(0.0)
        views, left_out = _fitted(self._shared()[0], faces, left_out, settings, progress)
        try:
            return self._finished(views, left_out, settings, progress, replay)
        except ViewFailed as failed:
            raise ViewFailed(_number(views[0], [photo for photo, _ in faces]), failed.error) from failed

    def _finished(
        self,
        views: list[View],
        left_out: list[LeftOut],
        settings: Settings,
        progress: Progress,
        replay: Replay | None,
        base: Base | None = None,
    ) -> Solution:
        """What follows the fit: corrections, textures, hair.

        Raises:
            ViewFailed: number 0, for the first of the views.
        """
        from ..texture import build_textures

        model, kept_corrections = self._shared()[0], None
        if replay is not None and (base is not None or not replay.corrections.empty):
            from ..corrections.replay import corrected_views

            views, kept_corrections = corrected_views(model, views, replay, settings, base)
        progress.stage("albedo")(0.0, "Taking the skin from the photo")

        def paint(kept: tuple[View, ...]) -> Textures:
            return build_textures(model, kept, settings, progress)

        textures, failures = without_failing(say("texture"), tuple(views), paint)
        solution = Solution(model, tuple(views), textures, tuple(left_out), None, failures, kept_corrections)
        return with_hair(solution, settings, progress)


def _settings_of(bundle: Bundle) -> Settings:
    """Those of the bundle's settings that this engine knows."""
    kept = bundle.manifest["settings"]
    return Settings.from_json({name: kept[name] for name in Settings().to_json() if name in kept})


def _written(found: Solution, out: str | os.PathLike, settings: Settings, clock: StageClock, name: str = "") -> Bundle:
    """The bundle of what was found.

    Args:
        name: of the head; empty: that of the first photo.
    """
    from ..pipeline.assemble import assemble, write_maps

    writing = Progress(clock).stage("bundle", "Writing the head")
    writing(0.0)
    manifest, arrays = assemble(found, settings)
    manifest["name"] = name or manifest["name"]
    with write_bundle(out, manifest, arrays) as folder:
        write_maps(folder, found, writing)
        manifest["timings"] = clock.timings()
    return load_bundle(out)


_Face = tuple[Photo, FaceObservation]
"""A photo and its face."""


def _show_first(model: HeadModel, photo: Photo, observation: FaceObservation, settings: Settings) -> None:
    """Show whoever watches the head of the first of several photos on its own, while the others are read and compared: a tenth of
    a second that is spent again on the fit of all."""
    from ..fit import fit_coarse
    from ..fit.plausible import refuse_implausible

    try:
        found = fit_coarse(model, photo, observation, settings, SILENT)
        refuse_implausible(photo, observation, found)
    except Exception:
        return  # The photo says so itself when its turn comes.
    show_early(model, photo, found)


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

        def without(number: int) -> None:
            rest = [face for i, face in enumerate(faces) if i != number]
            fit_views(model, rest, settings, progress, [one for i, one in enumerate(profiles, len(faces)) if i != number])

        by_width = sorted(range(len(faces)), key=lambda i: face_width(faces[i][1]))
        hidden_ones = range(len(faces), len(faces) + len(profiles))
        guilty = culprit([*hidden_ones, *(by_width if len(faces) > 2 else ())], without)
        if guilty is not None:
            raise ViewFailed(guilty, failure) from error
        # Nobody knows which of them it was: the largest face alone.
        best = by_width[-1]
        others = [LeftOut(photo.name, failure) for i, (photo, _) in enumerate(faces) if i != best]
        return _fitted(model, [faces[best]], [*left_out, *others], settings, progress)
    shown = next((view for view in views if view.photo.sha256 == faces[0][0].sha256), views[0])  # as at first, if it is kept
    show_early(model, shown.photo, shown.coarse, shown.mid.deformation)
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
