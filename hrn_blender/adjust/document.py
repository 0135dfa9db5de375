"""Pins as the engine's corrections have them, and as text for a .blend file. No Blender."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ..engine.wire import corrections as wire
from .hit import SurfacePoint
from .pins import Pin, PinSet

__all__ = ["document", "pins_from_text", "pins_of", "pins_to_text"]


def document(
    manifest: Mapping,
    pins: PinSet,
    masks: Mapping[int, Mapping[str, str]],
    switches: wire.Switches,
    locks: wire.Locks,
    sliders: dict[str, float],
    deviation_mm: float = wire.DEVIATION_MM,
) -> wire.Corrections:
    """The whole list of what is corrected about a head.

    Args:
        manifest: of the head's bundle.
        masks: number of a photo -> ``ignore`` or ``skin`` -> name of the file.
        deviation_mm: how exactly pins are set, mm at the face.
    """
    photos = []
    for number, about in enumerate(manifest["photos"]):
        own = tuple(
            wire.Pin(pin.point.vertices, pin.point.weights, pin.pixel, deviation_mm, str(place))
            for place, pin in enumerate(pins)
            if pin.photo == number
        )
        if own or number in masks:
            size = (int(about["width"]), int(about["height"]))
            photos.append(wire.PhotoCorrections(about["name"], about["sha256"], size, own, **masks.get(number, {})))
    return wire.Corrections(str(manifest["head_model_version"]), tuple(photos), switches, locks, sliders)


def pins_of(found: wire.Corrections, manifest: Mapping) -> PinSet:
    """The pins of corrections, in the pixels of this bundle's photos; those of photos that it has not are left out."""
    numbers = {about.get("sha256"): number for number, about in enumerate(manifest["photos"])}
    pins = []
    for entry in found.photos:
        number = numbers.get(entry.sha256)
        if number is not None:
            about = manifest["photos"][number]
            across, down = about["width"] / entry.size[0], about["height"] / entry.size[1]
            for pin in entry.pins:
                place = pin.pixel[0] * across, pin.pixel[1] * down
                pins.append(Pin(number, SurfacePoint(pin.vertices, pin.weights), place))
    return PinSet(tuple(pins))


def pins_to_text(pins: PinSet) -> str:
    """The pins as text that a .blend file keeps."""
    return json.dumps([[pin.photo, pin.point.vertices, pin.point.weights, pin.pixel] for pin in pins], separators=(",", ":"))


def pins_from_text(text: str, count: int) -> PinSet:
    """The pins of :func:`pins_to_text`; those that name others than `count` vertices are left out, and other text holds none."""
    try:
        pins = [_pin(*one) for one in json.loads(text or "[]")]
    except (TypeError, ValueError):
        return PinSet()
    return PinSet(tuple(pin for pin in pins if all(0 <= v < count for v in pin.point.vertices)))


def _pin(photo, vertices, weights, pixel) -> Pin:
    a, b, c = (int(v) for v in vertices)
    u, v, w = (float(v) for v in weights)
    x, y = (float(v) for v in pixel)
    return Pin(int(photo), SurfacePoint((a, b, c), (u, v, w)), (x, y))
