"""What about a photo an artist should know before trusting the head."""

from __future__ import annotations

from ..types import FaceObservation, Photo
from .landmarks import face_width

__all__ = ["face_quality", "photo_warnings"]


def face_quality(photo: Photo, observation: FaceObservation) -> dict[str, float]:
    """Figures about the face in the photo."""
    return {"face_width_px": face_width(observation)}


def photo_warnings(photo: Photo, observation: FaceObservation) -> list[dict[str, str]]:
    """Warnings as ``{"code", "message"}``."""
    width = face_quality(photo, observation)["face_width_px"]
    if width < 100:
        return [{"code": "face_small", "message": f"The face is only {width:.0f} pixels wide; fine detail is guessed."}]
    return []
