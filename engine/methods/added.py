"""One more photo of a finished head: fitted together with those that made it, from where these stand."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..corrections.base import base_of_bundle
from ..head.model import HeadModel
from ..pipeline.early import show_early
from ..pipeline.finite import refuse_view
from ..pipeline.observe import observe_photos
from ..pipeline.solution import LeftOut
from ..system.failures import ViewFailed, unexpected
from ..system.progress import Progress
from ..types import CoarseFit, FaceObservation, Photo, View
from ..wire.bundle import Bundle
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from ..wire.settings import Settings

if TYPE_CHECKING:
    from ..photo import Landmarker

__all__ = ["check_addable", "fitted_with", "kept_fits", "left_out_before", "observed"]


def check_addable(model: HeadModel, bundle: Bundle) -> None:
    """
    Raises:
        HrnError: ``BUNDLE_INVALID`` where the head is not one that photos can be added to.
    """
    method = bundle.manifest["method"]
    if method != "open":
        raise HrnError(
            ErrorCode.BUNDLE_INVALID,
            say("Photos are added to heads of method “open”, not of “{name}”.", name=method),
            hint="Reconstruct all photos together instead.",
        )
    if bundle.manifest["head_model_version"] != model.version:
        raise HrnError(
            ErrorCode.BUNDLE_INVALID,
            "This head was made with another mesh; no photo can be added to it.",
            hint="Reconstruct all photos together instead.",
        )


def kept_fits(bundle: Bundle) -> list[CoarseFit]:
    """The fits of a bundle's photos in the order of its cameras, as a fit of each alone would have found them: without what was
    corrected by hand, which is applied again afterwards."""
    manifest, base = bundle.manifest, base_of_bundle(bundle)
    sources = [manifest["photos"][camera["photo"]]["focal_source"] for camera in manifest["cameras"]]
    residual = np.zeros(len(bundle.arrays()["landmarks_detected"]), np.float32)
    return [
        CoarseFit(camera, np.asarray(base.identity, np.float32), np.asarray(actions, np.float32), residual, source)
        for camera, actions, source in zip(base.cameras, base.actions, sources)
    ]


def left_out_before(bundle: Bundle) -> list[LeftOut]:
    """The photos that had been left out of a head."""
    entries = [one for one in bundle.manifest["photos"] if not one.get("used", True)]
    return [LeftOut(one["name"], HrnError.from_json(one.get("error", {}))) for one in entries]


def observed(
    landmarker: Landmarker,
    path: str | os.PathLike,
    faces: Sequence[tuple[Photo, FaceObservation]],
    settings: Settings,
    progress: Progress,
) -> tuple[Photo, FaceObservation | None]:
    """The new photo and its face; None where only the photos that are there may tell from where it was taken.

    Args:
        faces: the photos that are there.

    Raises:
        HrnError: those of a photo that cannot be used; ``PHOTO_UNMATCHED`` for one that is there already.
    """
    from ..photo import load_photo

    try:
        # The number of a face belongs to the first photos: here it is the largest one.
        seen, _ = observe_photos(landmarker, [path], replace(settings, face_index=0), progress, known=faces)
    except HrnError as error:
        if error.code is not ErrorCode.NO_FACE or len(faces) < 2:
            raise
        return load_photo(path), None
    return seen[0][1:]


def fitted_with(
    model: HeadModel,
    faces: Sequence[tuple[Photo, FaceObservation]],
    known: Sequence[CoarseFit],
    added: tuple[Photo, FaceObservation | None],
    settings: Settings,
    progress: Progress,
) -> tuple[list[View], list[LeftOut]]:
    """One head from the photos that are there and the new one, and those of the former that do not match any more.

    Args:
        faces: photos that are there, with their fits `known`.

    Raises:
        HrnError: ``PHOTO_UNMATCHED`` where the new one shows nothing that the others confirm; ``NO_FACE`` where it shows no face
            and they do not tell where it was taken.
    """
    from ..fit.views import fit_views

    photo, observation = added
    together = [*faces, *([] if observation is None else [(photo, observation)])]
    try:
        views, strangers, _ = fit_views(
            model, together, settings, progress, [photo] if observation is None else [], known=dict(enumerate(known))
        )
    except Exception as error:
        failure = error.error if isinstance(error, ViewFailed) else unexpected(error)
        raise failure from error
    used = {view.photo.sha256 for view in views}
    if photo.sha256 not in used or not used & {one.sha256 for one, _ in faces}:
        raise _stranger(photo) if observation is not None else _faceless(photo)
    for view in views:
        refuse_view(view)
    show_early(model, views[0].photo, views[0].coarse, views[0].mid.deformation)
    failure = HrnError(ErrorCode.PHOTO_UNMATCHED, say("It does not match the photos that were added later."))
    return views, [LeftOut(together[number][0].name, failure) for number in strangers]


def _stranger(photo: Photo) -> HrnError:
    return HrnError(
        ErrorCode.PHOTO_UNMATCHED,
        say("{file} shows nothing that the head's photos confirm: perhaps it shows somebody else.", file=photo.name),
        hint="Add a photo of the same person, of about the same time and without large shadows.",
    )


def _faceless(photo: Photo) -> HrnError:
    return HrnError(ErrorCode.NO_FACE, say("No face was found in {file}.", file=photo.name))
