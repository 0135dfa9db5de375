"""What the engine says about a head's last fit: pins that it did not meet, and its other warnings. Kept with the head, so that it
is saved and undone with it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping

import bpy
import numpy as np

from ..adjust.fitted import Fitted
from ..adjust.pins import PinSet
from ..build.refit import photo_cameras
from ..engine.wire.corrections import LOCK_PARTS
from ..engine.wire.messages import Message, list_from_json, list_to_json, say
from .corrected import pins_of_head

__all__ = ["add_kept_hair", "keep", "missed", "sentences"]

MET_PX = 1.0
"""A pin that is farther off than this is told of, pixels of its photo; the engine says so at the same distance."""
NEAR_M = 0.03
"""Pins of one photo that lie nearer to each other than this, metres, are told to pull on each other."""
MOST = 5
"""Pins that are told of one by one; the engine's own sentence stands for more."""
_PINS = "pin_not_met"
"""Code of the engine's sentence about all pins."""


def keep(head: bpy.types.Object, result: Mapping, sent: PinSet, fitted: Fitted) -> None:
    """Note what the engine's answer to corrections says beside the shape.

    Args:
        sent: the pins that it answers.
        fitted: the head as it is now.
    """
    off = {int(one["id"]): float(one["error_px"]) for one in result.get("pins", ()) if str(one.get("id", "")).isdigit()}
    off = {number: pixels for number, pixels in off.items() if pixels > MET_PX and number < len(sent)}
    told = [one for one in result.get("warnings", ()) if isinstance(one, dict)]
    found = [Message.from_json(one) for one in told if one.get("code") != _PINS or len(off) > MOST or not off]
    if len(off) <= MOST:
        found = [_about(head, number, pixels, sent, fitted) for number, pixels in off.items()] + found
    document = {"pins": _sum(sent), "off": {str(number): round(pixels, 2) for number, pixels in off.items()}}
    document |= list_to_json("sentences", found)
    head.hrn_correct.said = json.dumps(document, ensure_ascii=False) if off or found else ""


def add_kept_hair(head: bpy.types.Object, groups: list[str]) -> None:
    """Say that strands which the artist has changed were not replaced by those that the engine made for the corrected head."""
    if groups:
        found = [
            *sentences(head),
            say("The engine has new hair for this head. Yours stays; Comb to Photo Again takes the new one."),
        ]
        document = {"off": {}} | _read(head) | {"pins": _sum(pins_of_head(head))} | list_to_json("sentences", found)
        head.hrn_correct.said = json.dumps(document, ensure_ascii=False)


def missed(head: bpy.types.Object) -> dict[int, float]:
    """Number of a pin -> pixels of its photo that it is off, for those that the last fit did not meet; empty while the pins are others
    than those that were fitted."""
    return {int(number): float(pixels) for number, pixels in _read(head).get("off", {}).items()}


def sentences(head: bpy.types.Object) -> list[Message]:
    """What the panel says about the last fit; nothing while the pins are others than those that were fitted."""
    return list_from_json(_read(head), "sentences")


def _read(head: bpy.types.Object) -> dict:
    text = head.hrn_correct.said
    if not text:
        return {}
    document = json.loads(text)
    return document if document["pins"] == _sum(pins_of_head(head)) else {}


def _sum(pins: PinSet) -> int:
    """Tells one list of pins from another."""
    return zlib.crc32(repr([(pin.photo, pin.point.vertices, *np.round(pin.pixel, 3)) for pin in pins]).encode())


def _about(head: bpy.types.Object, number: int, pixels: float, pins: PinSet, fitted: Fitted) -> Message:
    photo = pins.pins[number].photo
    name = next((eye.name for eye in fitted.eyes if eye.number == photo), "") or say("Photo {number}", number=photo + 1)
    return say(
        "Pin {number} in {photo} is {pixels:.1f} pixels off: {reason}.",
        number=number + 1,
        photo=name,
        pixels=pixels,
        reason=_reason(head, number, pins, fitted),
    )


def _reason(head: bpy.types.Object, number: int, pins: PinSet, fitted: Fitted) -> Message:
    """What most likely holds the head there."""
    wanted, pin = head.hrn_correct, pins.pins[number]
    if wanted.rigid_only:
        return say("Camera Only leaves the head as it is")
    if not wanted.shape:
        return say("Shape is switched off")
    if wanted.lock_group or any(getattr(wanted, f"lock_{name}") for name in LOCK_PARTS):
        return say("something stays as it is")
    place = pin.point.on(fitted.posed(pin.photo))
    others = [one for one in pins.of(pin.photo) if one != number]
    away = [float(np.linalg.norm(pins.pins[one].point.on(fitted.posed(pin.photo)) - place)) for one in others]
    if away and min(away) < NEAR_M:
        return say("pin {other} near it pulls another way", other=others[int(np.argmin(away))] + 1)
    if wanted.symmetric:
        return say("Symmetric asks the same of the other side")
    if len(pins.of(pin.photo)) < len(pins) and len(photo_cameras(head)) > 1:
        return say("pins of other photos pull another way")
    return say("the head cannot follow so far without folding")
