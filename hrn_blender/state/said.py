"""What the engine says about a head's last fit and the maps that followed: pins that it did not meet, and its other warnings. Kept
with the head, so that it is saved and undone with it."""

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
from ..link.quality import quality_warnings
from .corrected import pins_of_head

__all__ = ["about_maps", "add_kept_hair", "keep", "keep_about_maps", "missed", "sentences"]

MET_PX = 1.0
"""A pin that is farther off than this is told of, pixels of its photo; the engine says so at the same distance."""
NEAR_M = 0.03
"""Pins of one photo that lie nearer to each other than this, metres, are told to pull on each other."""
MOST = 5
"""Pins that are told of one by one; the engine's own sentence stands for more."""
_PINS = ("pin_not_met", "pin_outvoted")
"""Codes of the engine's sentences about pins."""
_MAPS = "maps"
"""Begins the names of what is said about the maps."""


def keep(head: bpy.types.Object, result: Mapping, sent: PinSet, fitted: Fitted) -> None:
    """Note what the engine's answer to corrections says beside the shape.

    Args:
        sent: the pins that it answers.
        fitted: the head as it is now.
    """
    off = {int(one["id"]): float(one["error_px"]) for one in result.get("pins", ()) if str(one.get("id", "")).isdigit()}
    off = {number: pixels for number, pixels in off.items() if pixels > MET_PX and number < len(sent)}
    outvoted = {int(one["id"]) for one in result.get("pins", ()) if one.get("outvoted") and str(one.get("id", "")).isdigit()}
    told = [one for one in result.get("warnings", ()) if isinstance(one, dict)]
    found = [Message.from_json(one) for one in told if one.get("code") not in _PINS or len(off) > MOST or not off]
    if len(off) <= MOST:
        found = [_about(head, number, off[number], sent, fitted, number in outvoted) for number in off] + found
    document = {"pins": _sum(sent), "off": {str(number): round(pixels, 2) for number, pixels in off.items()}}
    _write(head, document | list_to_json("sentences", found), off or found)


def add_kept_hair(head: bpy.types.Object, groups: list[str]) -> None:
    """Say that strands which the artist has changed were not replaced by those that the engine made for the corrected head."""
    if groups:
        found = [
            *sentences(head),
            say("The engine has new hair for this head. Yours stays; Comb to Photo Again takes the new one."),
        ]
        document = {"off": {}} | _read(head) | {"pins": _sum(pins_of_head(head))} | list_to_json("sentences", found)
        _write(head, document)


def keep_about_maps(head: bpy.types.Object, before: Mapping | None, after: Mapping | None) -> None:
    """Note what the engine says about maps and hair that it made for the corrected head and did not say about the first ones; it stays
    until there are new ones.

    Args:
        before, after: the quality reports of the head's folder.
    """
    known = [str(one) for one in quality_warnings(before)]
    told = [str(one) for one in about_maps(head)]
    about_pins = [one for one in (after or {}).get("warnings", ()) if isinstance(one, dict) and one.get("code") in _PINS]
    left_out = [str(one) for one in quality_warnings({"warnings": about_pins})]
    found = [one for one in quality_warnings(after) if str(one) not in left_out and (str(one) not in known or str(one) in told)]
    rest = {name: value for name, value in _whole(head).items() if not name.startswith(_MAPS)}
    head.hrn_correct.said = json.dumps(rest | list_to_json(_MAPS, found), ensure_ascii=False) if rest or found else ""


def about_maps(head: bpy.types.Object) -> list[Message]:
    """What :func:`keep_about_maps` noted."""
    return list_from_json(_whole(head), _MAPS)


def missed(head: bpy.types.Object) -> dict[int, float]:
    """Number of a pin -> pixels of its photo that it is off, for those that the last fit did not meet; empty while the pins are others
    than those that were fitted."""
    return {int(number): float(pixels) for number, pixels in _read(head).get("off", {}).items()}


def sentences(head: bpy.types.Object) -> list[Message]:
    """What the panel says about the last fit; nothing while the pins are others than those that were fitted."""
    return list_from_json(_read(head), "sentences")


def _whole(head: bpy.types.Object) -> dict:
    return json.loads(head.hrn_correct.said or "{}")


def _read(head: bpy.types.Object) -> dict:
    """What is said about the pins that the head has."""
    document = _whole(head)
    return document if document.get("pins") == _sum(pins_of_head(head)) else {}


def _write(head: bpy.types.Object, document: Mapping, anything: object = True) -> None:
    """Note what is said about the pins, beside what is said about the maps.

    Args:
        anything: whether there is something to say.
    """
    maps = {name: value for name, value in _whole(head).items() if name.startswith(_MAPS)}
    kept = {**(document if anything else {}), **maps}
    head.hrn_correct.said = json.dumps(kept, ensure_ascii=False) if kept else ""


def _sum(pins: PinSet) -> int:
    """Tells one list of pins from another."""
    return zlib.crc32(repr([(pin.photo, pin.point.vertices, *np.round(pin.pixel, 3)) for pin in pins]).encode())


def _about(head: bpy.types.Object, number: int, pixels: float, pins: PinSet, fitted: Fitted, outvoted: bool) -> Message:
    photo = pins.pins[number].photo
    name = next((eye.name for eye in fitted.eyes if eye.number == photo), "") or say("Photo {number}", number=photo + 1)
    return say(
        "Pin {number} in {photo} is {pixels:.1f} pixels off: {reason}.",
        number=number + 1,
        photo=name,
        pixels=pixels,
        reason=say("the other pins contradict it") if outvoted else _reason(head, number, pins, fitted),
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
