"""The quality report of a bundle: figures, and what an artist should know before trusting the head."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..photo.weights import WEIGHTS as PHOTO
from ..wire.messages import Message, say
from .solution import Solution

__all__ = ["quality_report"]

_POOR_FIT_MM = 4.0
"""Residual of the landmarks from which on a warning says that the head fits poorly, mm."""
_LITTLE_SHARE = 0.15
"""A photo with less than this part of an even share of the matches hardly helps the head and is named in a warning."""


def quality_report(found: Solution, fitted: np.ndarray, depth: np.ndarray) -> dict:
    """The `quality` member of the manifest.

    Args:
        fitted, depth: (478, 2) pixels and (478,) mm of the final head's landmark points.
    """
    photo, observation, coarse, mid, textures = found.photo, found.observation, found.coarse, found.mid, found.textures
    residual = np.linalg.norm(fitted - observation.landmarks, axis=1)
    per_mm = coarse.camera.fx / depth
    report: dict[str, Any] = {
        "landmark_residual_px": round(float(np.median(residual)), 3),
        "landmark_residual_mm": round(float(np.median(residual / per_mm)), 3),
        "photometric_residual": round(float(mid.photometric_residual), 4),
        "seen_fraction": round(float((textures.confidence == 2).mean()), 4),
        "yaw_degrees": round(coarse.camera.yaw_degrees, 1),
    }
    from ..fit.coarse.distance import MEASURED, measured_distance
    from ..photo import face_quality, photo_warnings

    measured = measured_distance(photo, observation)
    if measured is not None:
        report["distance_m"] = round(measured / 1000, 3)
        if coarse.focal_source in ("exif", "user"):  # else the size was taken for granted
            report["life_size"] = round(measured / float(np.median(depth[list(MEASURED)])), 3)
    report.update({key: round(float(value), 3) for key, value in face_quality(photo, observation, mid.covers).items()})
    if found.hair is not None:
        report["hair"] = found.hair.report
    warnings = photo_warnings(photo, observation, mid.covers)
    if len(found.views) > 1:
        over = _covered(found)
        codes = {warning["code"] for warning in over}
        warnings = [*over, *(warning for warning in warnings if warning["code"] not in codes)]
    if found.corrections is not None:
        warnings = [*({"code": code, **message.to_json()} for code, message in found.corrections.warnings), *warnings]
    report["warnings"] = [*warnings, *_warnings(found, report)]
    return report


def _covered(found: Solution) -> list[dict]:
    """What lies over the face in each of several photos, the photos named of which the same is to be said."""
    from ..photo import cover_warnings

    said: dict[tuple[str, Message], list[str]] = {}
    for view in found.views:
        for each in cover_warnings(view.mid.covers, view.observation.veil is not None):
            said.setdefault(each, []).append(view.photo.name)
    return [
        {"code": code, **say("{files}: {remark}", files=names, remark=message).to_json()}
        for (code, message), names in said.items()
    ]


def _warnings(found: Solution, report: dict):
    photo, observation = found.photo, found.observation

    def warn(code: str, message: Message) -> dict:
        return {"code": code, **message.to_json()}

    width, height = photo.size
    inside = ((observation.landmarks >= 0) & (observation.landmarks < (width, height))).all(1)
    if inside.mean() < 0.98:
        yield warn("face_cut_off", say("The face is cut off by the edge of the photo; what lies outside is a guess."))
    for one in found.left_out:
        yield warn("photo_left_out", say("{file} was left out: {reason}", file=one.name, reason=one.error))
    for failure in found.failures:
        yield warn(
            "stage_failed",
            say(
                "{file} was left out of the {stage}, which failed on it: {reason}",
                file=failure.name,
                stage=failure.stage,
                reason=failure.error,
            ),
        )
    if len(found.views) > 1:
        if max(view.share for view in found.views) == 1.0:
            yield warn(
                "photos_differ",
                say(
                    "The photos have too little in common to be compared, so the shape comes from the best one. Take all photos in one go: same light, same face, 20 to 30 degrees apart."
                ),
            )
        else:
            for view in found.views:
                if view.share < _LITTLE_SHARE / len(found.views):
                    yield warn(
                        "photo_unmatched", say("{file} shows little that the other photos confirm.", file=view.photo.name)
                    )
    if report["landmark_residual_mm"] > _POOR_FIT_MM:
        yield warn(
            "poor_fit",
            say(
                "The head misses the landmarks by {distance:.1f} mm; check the result.", distance=report["landmark_residual_mm"]
            ),
        )
    if abs(np.log(report.get("life_size", 1.0))) > PHOTO.depth.life_size:
        yield warn(
            "life_size",
            say(
                "The phone measured {distance:.2f} m to the face: scale the head by {factor:.2f} and it is as large as the person.",
                distance=report["distance_m"],
                factor=report["life_size"],
            ),
        )
    if found.hair is not None:
        for doubt in found.hair.warnings:
            yield warn(doubt.code, doubt.message)
