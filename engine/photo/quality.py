"""What an artist should know about a photo before trusting the head."""

from __future__ import annotations

import cv2
import numpy as np

from ..types import ARKIT_ACTIONS, Covers, FaceObservation, Photo
from ..wire.color import LUMINANCE, power_to_linear
from ..wire.messages import Message, say
from .landmarks import face_width
from .regions import BROWS, EYES, OUTER_LIPS, OVAL, SURE_SKIN, face_crop, fill
from .shading import skin_shading
from .weights import WEIGHTS, QualityWeights

__all__ = ["cover_warnings", "face_quality", "photo_warnings"]

_EYES = ("right eye", "left eye")
"""Names of the eyes among the places of the face."""
_PLACES = {
    "forehead": say("forehead"),
    "eyes": say("eyes"),
    "right eye": say("right eye"),
    "left eye": say("left eye"),
    "nose": say("nose"),
    "right cheek": say("right cheek"),
    "left cheek": say("left cheek"),
    "mouth": say("mouth"),
    "chin": say("chin"),
}
"""How the places are called, in the order in which they are named."""


def face_quality(
    photo: Photo, observation: FaceObservation, covers: Covers | None = None, weights: QualityWeights = WEIGHTS.quality
) -> dict[str, float]:
    """Figures about the face in the photo.

    Args:
        covers: of the same face; adds ``covered``.
        weights: how the figures are taken.

    Returns:
        ``face_width_px``; ``sharpness`` (share of the contrast around eyes, brows and mouth that lies in detail finer
        than about 1/200 of the face: 0.1 is blurred, 0.3 crisp); ``side_ratio`` (luminance of the brighter cheek over
        the darker, linear light); ``overexposed`` (share of the face with a burnt channel); ``brightness`` (median
        linear luminance of the skin, 0 to 1); ``shading`` (of :func:`.skin_shading`, where enough skin shows); ``eyes_closed``, ``mouth_open`` (scores, 0 to 1); ``yaw_deg`` (turn to
        the subject's left, from MediaPipe's relative depth, so only rough); with `covers`, ``covered`` (share
        of the face oval that is neither skin nor a feature of the face).
    """
    width = face_width(observation)
    crop, points = face_crop(photo.pixels, observation.landmarks, width, weights.face_px)
    shape = crop.shape[:2]
    oval = fill(shape, points, OVAL) > 0
    luminance = power_to_linear(crop.astype(np.float32) / 255) @ LUMINANCE
    bare = np.ones(shape, bool)
    if observation.veil is not None:
        bare = face_crop(observation.veil.over, observation.landmarks, width, weights.face_px)[0] < 128
    sure = (fill(shape, points, *SURE_SKIN) > 0) & bare
    oval &= bare
    cheeks = [fill(shape, points, polygon) > 0 for polygon in SURE_SKIN[:2]]
    sides = [float(np.median(luminance[cheek & bare])) if (cheek & bare).any() else 0.0 for cheek in cheeks]
    if any(cheek.any() and bare[cheek].mean() < weights.bare_cheek for cheek in cheeks):  # what covers a cheek has no say
        sides = [1.0, 1.0]
    detail = cv2.dilate(fill(shape, points, *EYES, *BROWS, OUTER_LIPS), np.ones((5, 5), np.uint8)) > 0
    score = dict(zip(ARKIT_ACTIONS, observation.blendshapes.tolist()))
    outer = observation.landmarks[263] - observation.landmarks[33]
    across = float(np.linalg.norm(outer)) or 1.0
    figures = {
        "face_width_px": width,
        "sharpness": _sharpness(crop, detail, weights),
        "side_ratio": (max(sides) + weights.dark) / (min(sides) + weights.dark),
        "overexposed": float((crop.max(-1)[oval] >= weights.burnt).mean()) if oval.any() else 0.0,
        "brightness": float(np.median(luminance[sure])) if sure.any() else 0.0,
        "eyes_closed": min(score["eyeBlinkLeft"], score["eyeBlinkRight"]),
        "mouth_open": score["jawOpen"],
        "yaw_deg": float(np.degrees(np.arctan2(observation.depth[263] - observation.depth[33], across))),
    }
    shading = skin_shading(crop, points, bare)
    if shading is not None:
        figures["shading"] = shading
    if covers is not None:
        figures["covered"] = covers.share
    return {name: round(float(value), 4) for name, value in figures.items()}


def photo_warnings(
    photo: Photo, observation: FaceObservation, covers: Covers | None = None, weights: QualityWeights = WEIGHTS.quality
) -> list[dict]:
    """What may spoil the head, most serious first: ``code``, and the members of :meth:`engine.wire.messages.Message.to_json`."""
    q = face_quality(photo, observation, covers, weights)
    over = [] if covers is None else [(True, *each) for each in cover_warnings(covers, observation.veil is not None, weights)]
    closed = _closed(observation, weights.eyes_closed) if covers is None or not covers.eyes else say("")
    found: list[tuple[bool, str, Message]] = [
        (
            q["face_width_px"] < weights.small_px,
            "face_small",
            say("The face is only {width:.0f} pixels wide; fine detail will be missing.", width=q["face_width_px"]),
        ),
        (
            q.get("shading", 1.0) < WEIGHTS.shading.drawn,
            "drawn_face",
            say("The skin shows no shading: this may be a drawing or a thing, not a photo of a face. The head is a guess."),
        ),
        (q["sharpness"] < weights.blurred, "blurred", say("The face is blurred; wrinkles and pores cannot be recovered.")),
        (
            abs(q["yaw_deg"]) > weights.turned_degrees,
            "turned",
            say("The face is turned by about {degrees:.0f} degrees; its far side is guessed.", degrees=abs(q["yaw_deg"])),
        ),
        (bool(closed), "eyes_closed", closed),
        (q["mouth_open"] > weights.mouth_open, "mouth_open", say("The mouth is wide open; the relaxed jaw is guessed.")),
        *over,
        (
            q["side_ratio"] > weights.shadow,
            "strong_shadow",
            say("One side of the face lies in deep shadow; its colour is uncertain."),
        ),
        (
            q["overexposed"] > weights.overexposed,
            "overexposed",
            say("{percent:.0f} % of the face is overexposed; its colour is lost there.", percent=100 * q["overexposed"]),
        ),
        (q["brightness"] < weights.too_dark, "dark", say("The face is very dark; colour and detail are noisy.")),
        (
            observation.count > 1,
            "several_faces",
            say(
                "The photo shows {count} faces; number {number} by size was used.",
                count=observation.count,
                number=observation.index + 1,
            ),
        ),
    ]
    found += [(True, code, message) for code, message in photo.remarks]
    return [{"code": code, **message.to_json()} for holds, code, message in found if holds]


def _closed(observation: FaceObservation, least: float) -> Message:
    """A sentence about the eyes that are closed; empty where both are open."""
    right, left = (bool(observation.blendshapes[ARKIT_ACTIONS.index(f"eyeBlink{side}")] > least) for side in ("Right", "Left"))
    return {
        (False, False): say(""),
        (True, False): say("The right eye is closed; its colour is taken from the left one."),
        (False, True): say("The left eye is closed; its colour is taken from the right one."),
        (True, True): say("The eyes are closed; their colour is guessed."),
    }[right, left]


def cover_warnings(covers: Covers, outlined: bool, weights: QualityWeights = WEIGHTS.quality) -> list[tuple[str, Message]]:
    """Warnings about what lies over the face: ``glasses`` and ``covered`` where they hold, each with its sentence.

    Args:
        outlined: whether it is known to the pixel. weights: from which share of the face on it is covered.
    """
    places = [place for place in (*covers.places, *covers.crossed) if not (covers.glasses and place in _EYES)]
    places += [place for place, hidden in (("eyes", covers.eyes and not covers.glasses), ("mouth", covers.mouth)) if hidden]
    if {"right eye", "left eye"} <= set(places):
        places.append("eyes")
    places = [name for name in _PLACES if name in places and not (name in _EYES and "eyes" in places)]
    where = _listed([_PLACES[name] for name in places])
    share, percent = covers.share > weights.covered, 100 * covers.share
    blind = covers.glasses and (covers.eyes or set(_EYES) & set(covers.places))
    if blind:
        glasses = say("Sunglasses hide the eyes; their shape, colour and gaze are guessed.")
    elif covers.tinted:
        glasses = say("The glasses are tinted; the colour of the eyes and of the skin around them is guessed.")
    elif outlined:
        glasses = say("The person wears glasses; they were left out, and the skin behind the frames is guessed.")
    else:
        glasses = say(
            "The person wears glasses; their rims can show in the skin and in the shape. A photo without them is better."
        )
    if share and where:
        covered = say(
            "About {percent:.0f} % of the face is covered: {places}; shape and colour there are guessed.",
            percent=percent,
            places=where,
        )
    elif share:
        covered = say(
            "About {percent:.0f} % of the face is covered, by hair for instance, or in deep shadow; all of that is guessed.",
            percent=percent,
        )
    else:
        covered = say("Something covers the face: {places}; shape and colour there are guessed.", places=where)
    only_glasses = covers.glasses and not places
    found = (covers.glasses, "glasses", glasses), (bool(where) or (share and not only_glasses), "covered", covered)
    return [(code, message) for holds, code, message in found if holds]


def _listed(names: list[Message]) -> Message:
    """Several things in a sentence; empty without any."""
    if len(names) < 2:
        return names[0] if names else say("")
    return say("{first} and {last}", first=names[:-1], last=names[-1])


def _sharpness(crop: np.ndarray, where: np.ndarray, w: QualityWeights) -> float:
    """Fine contrast over all that is not coarse."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    if where.sum() < w.least_detail:
        return 0.0
    fine, coarse = (grey - cv2.GaussianBlur(grey, (0, 0), sigma) for sigma in (w.fine_px, w.coarse_px))
    return float(fine[where].std() / (coarse[where].std() + w.flat))
