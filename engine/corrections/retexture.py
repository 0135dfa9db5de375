"""The fit that a bundle holds, as a method would have found it in the bundle's own copies of the photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..head.model import HeadModel
from ..photo import find_covers, segment_skin
from ..types import CoarseFit, FaceObservation, MidFit, Photo, View
from ..wire.bundle import Bundle
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from .base import MM, Base, base_of_bundle
from .replay import Replay

__all__ = ["Stored", "known_photo", "stored_fit", "stored_photos"]


class Stored(NamedTuple):
    """A bundle's photos with the fit that it was made of."""

    views: list[View]
    """Without reliefs: they are read again."""
    base: Base


def stored_photos(bundle: Bundle) -> list[dict]:
    """The manifest's entries of the photos that made the head, the reference first.

    Raises:
        HrnError: ``CORRECTIONS_INVALID`` where a copy of one is not in the bundle, or the head comes from a published method.
    """
    manifest = bundle.manifest
    if manifest["method"] != "open":
        raise HrnError(
            ErrorCode.CORRECTIONS_INVALID,
            say("Textures of a corrected head are made by method “open”, not by “{name}”.", name=manifest["method"]),
            hint=say("Correct its shape alone, or reconstruct the photo with method “open”."),
        )
    found = [manifest["photos"][camera["photo"]] for camera in manifest["cameras"]]
    for photo in found:
        if not (bundle.path / photo["file"]).is_file():
            raise HrnError(
                ErrorCode.CORRECTIONS_INVALID,
                say("The head has no copy of its photo {name}.", name=photo["name"]),
                hint=say("Put the head's folder back together, or reconstruct the photo again."),
            )
    return found


def stored_fit(model: HeadModel, bundle: Bundle, faces: Sequence[tuple[Photo, FaceObservation]], replay: Replay) -> Stored:
    """The bundle's uncorrected fit on its photos.

    Args:
        faces: what is seen in the bundle's copies, in the order of its cameras.
        replay: whose masks count.
    """
    manifest, base = bundle.manifest, base_of_bundle(bundle)
    measured = bundle.arrays().get("measured_waves")
    views = []
    for number, (photo, observation) in enumerate(faces):
        entry = manifest["photos"][manifest["cameras"][number]["photo"]]
        observation = replay.covered(photo, observation)
        skin = segment_skin(photo, observation)
        coarse = CoarseFit(
            base.cameras[number],
            np.float32(base.identity),
            np.float32(base.actions[number]),
            np.zeros(len(observation.landmarks), np.float32),
            entry["focal_source"],
        )
        mid = MidFit(
            np.float32(base.deformation),
            np.array(entry["lighting"], np.float32),
            skin.skin.astype(np.float32),
            float(manifest["quality"]["photometric_residual"]),
            find_covers(photo, observation, skin),
            measured=None if measured is None else measured * np.float32(MM),
        )
        views.append(View(photo, observation, coarse, mid, float(entry["share"])))
    return Stored(views, base)


def known_photo(photo: Photo, entry: dict) -> Photo:
    """A bundle's copy under the name and checksum of the user's file."""
    return replace(photo, name=entry["name"], sha256=entry["sha256"], scale=entry["scale"])
