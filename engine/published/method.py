"""What the published single-photo methods on the Basel face share: from the photo to both meshes in one bundle.

A subclass turns an aligned crop into a face (:class:`Prediction`); here are the photo's points, the crop's camera over
the uncropped photo, the transfer to the head model, textures and the bundle.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..fit.weights import WEIGHTS as FIT
from ..head.landmarks68 import five_of_478
from ..head.model import HeadModel
from ..pipeline.clock import StageClock
from ..pipeline.hair import warm_hair, with_hair
from ..pipeline.leave_out import without_failing
from ..pipeline.observe import observe_photos
from ..pipeline.solution import Solution
from ..pipeline.warm import Warm
from ..system.progress import SILENT, Progress
from ..types import FaceObservation, Photo
from ..wire.bundle import Bundle, load_bundle, write_bundle
from ..wire.errors import ErrorCode, HrnError
from ..wire.licenses import forbids_commercial
from ..wire.messages import say
from ..wire.settings import Settings
from ..wire.user_settings import read_user_settings
from .carried_relief import Relief, with_relief
from .carry import SeenFace
from .files import required_paths, why_not

__all__ = ["GivenFace", "Prediction", "PublishedMethod", "points_beside", "refuse_nobody"]


class GivenFace(NamedTuple):
    """A photo and where its face is."""

    photo: Photo
    observation: FaceObservation
    points: np.ndarray
    """(5, 2) or (68, 2) photo pixels, centre of the first pixel at (0, 0), y down."""
    prepared: bool
    """Whether the user gave the points."""


class Prediction(NamedTuple):
    """A face that a method found, in the references' frame: decimetres, unposed."""

    relaxed: np.ndarray
    """(M, 3) without expression."""
    triangles: np.ndarray
    """(F, 3)."""
    keypoints: np.ndarray
    """(68,)."""
    origin: np.ndarray
    """(3,) :func:`engine.published.basel.border.eye_origin` of the model."""
    faces: Sequence[SeenFace]
    """The face in its photos, best first; vertices and cameras in the engine's millimetres (:func:`to_engine`)."""
    rotation: np.ndarray
    """(3, 3) with `translation`: unposed points -> those of the method's mesh file."""
    translation: np.ndarray
    """(3,) decimetres."""
    write: Callable[[Path, str], list[str]]
    """``write(folder, stem)`` makes the method's own files and names them."""
    about: dict
    """What the manifest says about this result beyond the files."""
    relief: Relief | None = None
    """Fine relief that the method found."""


class PublishedMethod(Warm, ABC):
    """Holds the networks from the first photo on, until their files change. Runs one photo at a time."""

    name: str

    def __init__(self):
        super().__init__()
        self._lock = threading.Lock()
        self._from: tuple = ()

    @abstractmethod
    def load(self, paths: dict[str, Path], progress: Progress = SILENT) -> None:
        """Load networks and face model from the official files, by their keys in the catalogue.

        Raises:
            HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
        """

    @abstractmethod
    def predict(self, faces: Sequence[GivenFace], settings: Settings, progress: Progress = SILENT) -> Prediction:
        """The face in its photos, of which there are no more than the method takes."""

    def _load_optimiser(self, progress: Progress) -> None:
        """Load the optimiser of methods that fit: the first one of a process loads PyTorch modules for about a second."""
        progress(0.3, "Loading the optimiser")
        import torch

        torch.optim.Adam([torch.zeros(1)])

    def missing(self) -> list[str]:
        return why_not(self.name, read=False)

    def warm_up(self, progress: Progress = SILENT) -> None:
        """Load everything that does not depend on the photo.

        Raises:
            HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
        """
        with self._lock:
            self._load(progress.stage("start"))
            warm_hair(self._shared()[0])

    def _load(self, progress: Progress) -> None:
        if read_user_settings().commercial_work and forbids_commercial(self.name):
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("Commercial work is switched on, and the licences of method “{name}” do not allow it.", name=self.name),
                hint="Use method “open”, or switch commercial work off in the preferences.",
            )
        paths = required_paths(self.name)
        state = tuple((key, path, path.stat().st_size, path.stat().st_mtime_ns) for key, path in sorted(paths.items()))
        if state != self._from:
            progress(0.2, "Reading the official files")
            self._from = ()
            self.load(paths, progress)
            self._from = state
        self._load_shared(progress)

    def reconstruct(
        self, photos: Sequence[str | os.PathLike], out: str | os.PathLike, settings: Settings, progress: Progress
    ) -> Bundle:
        """See :func:`engine.methods.reconstruct`."""
        clock = StageClock(progress)
        with self._lock:
            start = Progress(clock).stage("start", "Loading the models")
            start(0.0)
            self._load(start)
            return self._reconstruct(photos, out, settings, clock)

    def _reconstruct(
        self, photos: Sequence[str | os.PathLike], out: str | os.PathLike, settings: Settings, clock: StageClock
    ) -> Bundle:
        from ..pipeline.assemble import assemble, write_maps
        from ..texture import build_textures
        from .basel.border import to_engine
        from .basel.files import BFM_VERTICES
        from .carry import carry_over
        from .conform import FaceMesh

        progress = Progress(clock)
        seen, left_out = observe_photos(self._landmarker, photos, settings, progress.stage("photo"))
        coarsely = progress.stage("coarse", "Predicting the face")
        coarsely(0.0)
        faces = [self._given(path, photo, observation) for path, photo, observation in seen]
        if len(faces) == 1 and not faces[0].prepared:
            refuse_nobody(self._model, faces[0].photo, faces[0].observation, settings)
        found = self.predict(faces, settings, coarsely)
        # Every published mesh begins with the Basel face.
        relaxed = FaceMesh(
            to_engine(found.relaxed, found.origin),
            found.triangles,
            found.keypoints,
            np.arange(len(found.relaxed)) < BFM_VERTICES,
        )
        carrying = progress.stage("mid", "Transferring the face to the head")
        carrying(0.0)
        carried = carry_over(self._model, relaxed, found.faces, carrying)
        progress.stage("albedo")(0.0, "Taking the skin from the photo")
        textures, failures = without_failing(
            say("texture"), carried.views, lambda kept: build_textures(self._model, kept, settings, progress)
        )
        if found.relief is not None:
            progress.stage("displacement")(0.96, "Transferring the relief to the head")
            textures = with_relief(self._model, carried, textures, found.relief, found.triangles, settings.detail)
        solution = with_hair(
            Solution(self._model, carried.views, textures, tuple(left_out), None, failures), settings, progress
        )
        writing = progress.stage("bundle", "Writing the head")
        writing(0.0)
        manifest, arrays = assemble(solution, settings)
        manifest["quality"]["transfer_mm"] = {**carried.found.error.to_json(), "face": carried.found.face_error.to_json()}
        with write_bundle(out, manifest, arrays) as folder:
            own = folder / self.name
            own.mkdir()
            files = [f"{self.name}/{name}" for name in found.write(own, manifest["name"])]
            prepared = all(face.prepared for face in faces)
            manifest["published"] = {
                "method": self.name,
                "files": files,
                "points": "given" if prepared else "detected",
                "mesh_to_head": _mesh_to_head(found, carried.placement).tolist(),
                **found.about,
            }
            write_maps(folder, solution, writing)
            manifest["timings"] = clock.timings()
        return load_bundle(out)

    @staticmethod
    def _given(path: str | os.PathLike, photo: Photo, observation: FaceObservation) -> GivenFace:
        points = points_beside(Path(path), photo)
        if points is not None:
            return GivenFace(photo, observation, points, True)
        return GivenFace(photo, observation, five_of_478(observation.landmarks.astype(np.float64)) - 0.5, False)


def refuse_nobody(model: HeadModel, photo: Photo, observation: FaceObservation, settings: Settings) -> None:
    """
    Raises:
        HrnError: ``NO_FACE`` where the detector is not sure of the face and no head of people's shapes fits it, as for method `open`.
    """
    from ..fit import fit_coarse
    from ..fit.plausible import refuse_implausible

    if observation.score < FIT.sure[1]:
        refuse_implausible(photo, observation, fit_coarse(model, photo, observation, settings))


def _mesh_to_head(found: Prediction, placement: np.ndarray) -> np.ndarray:
    """(4, 4): coordinates in the method's mesh file (posed, decimetres) -> the bundle's metres."""
    unposed, millimetres = np.eye(4), np.eye(4)
    unposed[:3, :3], unposed[:3, 3] = found.rotation.T, -found.rotation.T @ found.translation
    millimetres[:3] *= 100
    millimetres[:3, 3] = -100 * np.asarray(found.origin)
    return np.diag([0.001, 0.001, 0.001, 1]) @ placement @ millimetres @ unposed


def points_beside(path: Path, photo: Photo) -> np.ndarray | None:
    """The points of ``detections/<name>.txt`` beside a photo, where a user of the references has prepared them.

    Returns:
        (5, 2) or (68, 2) pixels of `photo`, centre of the first at (0, 0), or None.

    Raises:
        HrnError: PHOTO_UNREADABLE when the file is there but holds no such table.
    """
    file = path.parent / "detections" / f"{path.stem}.txt"
    if not file.is_file():
        return None
    try:
        points = np.array([line.split() for line in file.read_text().splitlines() if line.strip()], np.float64)
        if points.shape not in ((5, 2), (68, 2)) or not np.isfinite(points).all():
            raise ValueError
    except (OSError, ValueError) as error:  # also of lines that differ in length
        raise HrnError(
            ErrorCode.PHOTO_UNREADABLE,
            say("{path} does not contain 5 or 68 points as lines “x y”.", path=file),
            hint="Correct or remove this file; without it the points are found by the engine.",
        ) from error
    return (points + 0.5) * photo.scale - 0.5
