"""Corrections as the engine reads them: an object of JSON (docs/develop/corrections.md). No Blender."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from .hit import SurfacePoint
from .pins import Pin, PinSet

__all__ = ["LOCKS", "document", "pins_from_text", "pins_of_document", "pins_to_text"]

LOCKS = ("nose", "eyes", "mouth", "jaw", "ears", "skull")
"""Parts that can be locked, as the engine calls them."""


def document(
    manifest: Mapping,
    pins: PinSet,
    masks: Mapping[int, Mapping[str, str]],
    switches: Mapping[str, object],
    locks: Mapping[str, list],
    sliders: Mapping[str, float],
) -> dict:
    """The whole list of what is corrected about a head.

    Args:
        manifest: of the head's bundle.
        masks: number of a photo -> ``ignore`` or ``skin`` -> name of the file.
    """
    photos = []
    for number, about in enumerate(manifest["photos"]):
        entry: dict = {"pins": [_pin(pin, place) for place, pin in enumerate(pins) if pin.photo == number]}
        entry |= masks.get(number, {})
        if len(entry) > 1 or entry["pins"]:
            size = [int(about["width"]), int(about["height"])]
            photos.append({"name": about["name"], "sha256": about["sha256"], "size": size, **entry})
    found: dict = {
        "schema": "hrn-head-corrections",
        "schema_version": 1,
        "head_model_version": manifest["head_model_version"],
        "photos": photos,
        "switches": dict(switches),
        "locks": {name: values for name, values in locks.items() if values},
        "sliders": {name: value for name, value in sliders.items() if value},
    }
    return found


def _pin(pin: Pin, number: int) -> dict:
    return {
        "id": str(number),
        "vertices": list(pin.point.vertices),
        "weights": list(pin.point.weights),
        "pixel": list(pin.pixel),
    }


def pins_of_document(found: Mapping, manifest: Mapping) -> PinSet:
    """The pins of corrections, in the pixels of this bundle's photos; those of photos that it has not are left out.

    Raises:
        HrnError: ``CORRECTIONS_INVALID``.
    """
    numbers = {about.get("sha256"): number for number, about in enumerate(manifest["photos"])}
    pins = []
    try:
        for entry in found.get("photos", ()):
            number = numbers.get(entry["sha256"])
            if number is None:
                continue
            about = manifest["photos"][number]
            across, down = (about[side] / given for side, given in zip(("width", "height"), entry["size"]))
            for one in entry.get("pins", ()):
                x, y = one["pixel"]
                pins.append(_read(number, one["vertices"], one["weights"], (x * across, y * down)))
    except (AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise HrnError(ErrorCode.CORRECTIONS_INVALID, say("The corrections cannot be read: {reason}.", reason=error)) from error
    return PinSet(tuple(pins))


def _read(photo: int, vertices, weights, pixel) -> Pin:
    a, b, c = (int(v) for v in vertices)
    u, v, w = (float(v) for v in weights)
    x, y = (float(v) for v in pixel)
    return Pin(int(photo), SurfacePoint((a, b, c), (u, v, w)), (x, y))


def pins_to_text(pins: PinSet) -> str:
    """The pins as text that a .blend file keeps."""
    return json.dumps([[pin.photo, pin.point.vertices, pin.point.weights, pin.pixel] for pin in pins], separators=(",", ":"))


def pins_from_text(text: str, count: int) -> PinSet:
    """The pins of :func:`pins_to_text`; those that name none of `count` vertices are left out, and so is what is no text of pins."""
    try:
        pins = [_read(*one) for one in json.loads(text or "[]")]
    except (TypeError, ValueError):
        return PinSet()
    return PinSet(tuple(pin for pin in pins if all(0 <= v < count for v in pin.point.vertices)))
