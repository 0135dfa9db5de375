"""The way from a file to an upright photograph, its faces and their skin.

    photo = load_photo("me.jpg")
    with Landmarker() as landmarker:
        observation = select_face(landmarker.detect(photo), 0, photo)
    mask = segment_skin(photo, observation)

:func:`observe` does the first three steps and also reads a huge photo again, larger, when its face is small.
"""

from __future__ import annotations

from .covers import find_covers
from .landmarks import Landmarker, select_face
from .load import MAX_PIXELS, WORKING_SIDE, load_photo
from .observing import observe
from .quality import cover_warnings, face_quality, photo_warnings
from .skin import LABELS, SkinMask, segment_skin, skin_surface_of
from .teeth import Bite, find_bite
from .veil import find_veil

__all__ = [
    "Bite",
    "LABELS",
    "Landmarker",
    "MAX_PIXELS",
    "SkinMask",
    "WORKING_SIDE",
    "cover_warnings",
    "face_quality",
    "find_bite",
    "find_covers",
    "find_veil",
    "load_photo",
    "observe",
    "photo_warnings",
    "segment_skin",
    "select_face",
    "skin_surface_of",
]
