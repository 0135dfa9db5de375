"""The `open` method: analysis by synthesis on a CC0 head, from packages that anyone may install.

photo → landmarks → coarse (identity, expression, pose, camera) → mid (deformation from the pixels) → textures → bundle.
With several photos of one person, mid compares them (:mod:`engine.fit.views`).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence

import numpy as np

from ..pipeline.clock import StageClock
from ..pipeline.hair import warm_hair, with_hair
from ..pipeline.observe import observe_photos
from ..pipeline.solution import LeftOut, Solution
from ..pipeline.warm import Warm
from ..system.packages import absent_packages
from ..system.progress import SILENT, Progress
from ..types import View
from ..wire.bundle import Bundle, load_bundle, write_bundle
from ..wire.errors import ErrorCode, HrnError
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
        from ..fit import fit_coarse, fit_mid
        from ..texture import build_textures

        model, landmarker = self._shared()
        seen, left_out = observe_photos(landmarker, paths, settings, progress.stage("photo"))
        faces = [(photo, observation) for _, photo, observation in seen]
        coarsely = progress.stage("coarse", "Fitting the head")
        coarsely(0.0)
        if len(faces) == 1:
            photo, observation = faces[0]
            first = fit_coarse(model, photo, observation, settings, coarsely)
            shaping = progress.stage("mid", "Shaping the head to the photo")
            shaping(0.0)
            coarse, mid = fit_mid(model, photo, observation, first, settings, shaping)
            views = [View(photo, observation, coarse, mid)]
        else:
            from ..fit.views import fit_views
            from ..photo import load_photo

            hidden = [one for one in left_out if one.error.code is ErrorCode.NO_FACE]
            views, strangers, placed = fit_views(
                model, faces, settings, progress, [load_photo(one.path) for one in hidden if one.path is not None]
            )
            left_out = [one for one in left_out if not any(one is hidden[i] for i in placed)]
            left_out += [
                LeftOut(
                    faces[i][0].name,
                    HrnError(
                        ErrorCode.PHOTO_UNMATCHED,
                        "It shows nothing that the other photos confirm: perhaps it shows somebody else, or another light and another expression.",
                    ),
                )
                for i in strangers
            ]
        progress.stage("albedo")(0.0, "Taking the skin from the photo")
        textures = build_textures(model, views, settings, progress)
        return with_hair(Solution(model, tuple(views), textures, tuple(left_out)), settings, progress)
