"""Corrections by hand: what a person says about a head, as readable JSON (docs/develop/corrections.md).

Pins, masks, locks, sliders and switches always count from the bundle's own, uncorrected fit, and are always complete: what
is taken out of the list is undone. Photos are known by the checksum of the user's file. Standard library only: the add-on
reads, makes and writes them, too.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Collection
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from .errors import ErrorCode, HrnError
from .json_file import write_object
from .messages import say
from .png_size import png_size
from .sliders import SLIDERS

__all__ = [
    "CORRECTIONS_FILE",
    "CORRECTIONS_SCHEMA",
    "CORRECTIONS_VERSION",
    "DEVIATIONS_MM",
    "DEVIATION_MM",
    "LOCK_PARTS",
    "Corrections",
    "Locks",
    "PhotoCorrections",
    "Pin",
    "Switches",
    "read_corrections",
    "refuse_other_photos",
    "write_corrections",
]

CORRECTIONS_SCHEMA = "hrn-head-corrections"
"""The `schema` by which a JSON object is known as corrections."""
CORRECTIONS_VERSION = 1
"""Newest version that this code reads, and the one that it writes."""
CORRECTIONS_FILE = "corrections.json"
"""Name of the file in a bundle."""
LOCK_PARTS = ("nose", "eyes", "mouth", "jaw", "ears", "skull")
"""Parts of the head that can be locked."""
DEVIATION_MM = 0.3
"""How precisely a pin is set where it does not say, mm at the face."""
DEVIATIONS_MM = (0.01, 20.0)
"""Least and largest deviation of a pin, mm."""
FOCAL = ("locked", "free")
"""What a re-fit may do with the focal lengths."""
MOST_PINS = 500
"""Most pins of one photo."""


@dataclass(frozen=True)
class Pin:
    """A place of the head's surface and where a photo shows it."""

    vertices: tuple[int, int, int]
    """The triangle of the mesh, by vertex numbers."""
    weights: tuple[float, float, float]
    """Barycentric; they add up to 1."""
    pixel: tuple[float, float]
    """x to the right, y down, in the pixels of the photo's :attr:`PhotoCorrections.size`."""
    deviation_mm: float = DEVIATION_MM
    id: str = ""
    """What the answer names it by."""

    def to_json(self) -> dict:
        """The pin as JSON."""
        named = {"id": self.id} if self.id else {}
        return {
            **named,
            "vertices": list(self.vertices),
            "weights": list(self.weights),
            "pixel": list(self.pixel),
            "deviation_mm": self.deviation_mm,
        }

    @classmethod
    def from_json(cls, data: Any) -> Pin:
        """Inverse of :meth:`to_json`.

        Raises:
            HrnError: ``CORRECTIONS_INVALID``.
        """
        data = _object(data, "pins")
        vertices = _numbers(data.get("vertices"), "vertices", 3, whole=True)
        weights = _numbers(data.get("weights"), "weights", 3)
        if min(vertices) < 0 or min(weights) < -1e-3 or abs(sum(weights) - 1) > 1e-3:
            raise _wrong("weights")
        deviation = _numbers([data.get("deviation_mm", DEVIATION_MM)], "deviation_mm", 1)[0]
        if not DEVIATIONS_MM[0] <= deviation <= DEVIATIONS_MM[1]:
            raise _wrong("deviation_mm")
        return cls(
            tuple(int(v) for v in vertices),  # type: ignore[arg-type]
            tuple(weights),  # type: ignore[arg-type]
            tuple(_numbers(data.get("pixel"), "pixel", 2)),  # type: ignore[arg-type]
            deviation,
            str(data.get("id", "")),
        )


@dataclass(frozen=True)
class PhotoCorrections:
    """What is corrected in one photo."""

    name: str
    """File name for people."""
    sha256: str
    """Checksum of the user's file, by which the photo is found."""
    size: tuple[int, int]
    """(width, height) that pixels and masks refer to: the upright photo's, or that of a copy of it."""
    pins: tuple[Pin, ...] = ()
    ignore: str | None = None
    """Name of an 8-bit grey PNG of this size beside the file, 255 where nothing of the photo counts."""
    skin: str | None = None
    """The same, 255 where the photo shows bare skin."""

    def to_json(self) -> dict:
        """The photo's corrections as JSON."""
        masks = {name: value for name, value in (("ignore", self.ignore), ("skin", self.skin)) if value}
        return {
            "name": self.name,
            "sha256": self.sha256,
            "size": list(self.size),
            "pins": [pin.to_json() for pin in self.pins],
            **masks,
        }

    @classmethod
    def from_json(cls, data: Any) -> PhotoCorrections:
        """Inverse of :meth:`to_json`.

        Raises:
            HrnError: ``CORRECTIONS_INVALID``, also for pins outside the photo.
        """
        data = _object(data, "photos")
        name, sha256 = data.get("name"), data.get("sha256")
        if not isinstance(name, str) or not isinstance(sha256, str):
            raise _wrong("sha256")
        size = tuple(int(side) for side in _numbers(data.get("size"), "size", 2, whole=True))
        if min(size) < 1:
            raise _wrong("size")
        given = data.get("pins", [])
        if not isinstance(given, list) or len(given) > MOST_PINS:
            raise _wrong("pins")
        pins = tuple(Pin.from_json(one) for one in given)
        for number, pin in enumerate(pins, 1):
            if not all(0 <= place <= side for place, side in zip(pin.pixel, size)):
                raise _invalid(
                    say("Pin {number} of {photo} lies outside the photo.", number=number, photo=name),
                    hint=say("Drag the pin back into the photo, or remove it."),
                )
        masks = [data.get(kind) for kind in ("ignore", "skin")]
        for kind, mask in zip(("ignore", "skin"), masks):
            if mask is not None and (not isinstance(mask, str) or not mask or Path(mask).name != mask or "\\" in mask):
                raise _wrong(kind)
        return cls(name, sha256, size, pins, *masks)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Switches:
    """What a re-fit may change."""

    rigid_only: bool = False
    """Cameras alone."""
    shape: bool = True
    expression: bool = True
    symmetric: bool = False
    """A pin on one side moves both."""
    neutral: bool = False
    """The face is relaxed in the head's first photo: what looks like an expression there is the person's shape."""
    focal: str = "locked"
    """One of :data:`FOCAL`."""

    def to_json(self) -> dict:
        """The switches as JSON."""
        return {one.name: getattr(self, one.name) for one in fields(self)}

    @classmethod
    def from_json(cls, data: Any) -> Switches:
        """Inverse of :meth:`to_json`; what is absent has its default.

        Raises:
            HrnError: ``CORRECTIONS_INVALID``.
        """
        data = _object(data, "switches")
        given = {one.name: data[one.name] for one in fields(cls) if one.name in data}
        for name, value in given.items():
            if value not in FOCAL if name == "focal" else not isinstance(value, bool):
                raise _wrong(name)
        return cls(**given)


@dataclass(frozen=True)
class Locks:
    """What stays as it is."""

    parts: tuple[str, ...] = ()
    """Names of :data:`LOCK_PARTS`."""
    vertices: tuple[int, ...] = ()
    """Single vertices of the mesh."""

    def to_json(self) -> dict:
        """The locks as JSON."""
        return {"parts": list(self.parts), "vertices": list(self.vertices)}

    @classmethod
    def from_json(cls, data: Any) -> Locks:
        """Inverse of :meth:`to_json`.

        Raises:
            HrnError: ``CORRECTIONS_INVALID``.
        """
        data = _object(data, "locks")
        parts, vertices = data.get("parts", []), data.get("vertices", [])
        if not isinstance(parts, list) or not isinstance(vertices, list):
            raise _wrong("locks")
        for part in parts:
            if part not in LOCK_PARTS:
                raise _invalid(say("There is no part “{name}” to lock; there are {known}.", name=part, known=list(LOCK_PARTS)))
        numbers = _numbers(vertices, "vertices", len(vertices), whole=True)
        if numbers and min(numbers) < 0:
            raise _wrong("vertices")
        return cls(tuple(parts), tuple(int(one) for one in numbers))


@dataclass(frozen=True)
class Corrections:
    """Everything that a person corrected on one head."""

    head_model_version: str = ""
    """Version of the head's mesh; empty where it is not known."""
    photos: tuple[PhotoCorrections, ...] = ()
    switches: Switches = field(default_factory=Switches)
    locks: Locks = field(default_factory=Locks)
    sliders: dict[str, float] = field(default_factory=dict)
    """Name of :data:`engine.wire.sliders.SLIDERS` -> its value."""

    @property
    def empty(self) -> bool:
        """Whether nothing is corrected."""
        given = any(one.pins or one.ignore or one.skin for one in self.photos) or any(self.sliders.values())
        return not given and not self.switches.neutral

    def to_json(self) -> dict:
        """The corrections as JSON."""
        return {
            "schema": CORRECTIONS_SCHEMA,
            "schema_version": CORRECTIONS_VERSION,
            "head_model_version": self.head_model_version,
            "photos": [photo.to_json() for photo in self.photos],
            "switches": self.switches.to_json(),
            "locks": self.locks.to_json(),
            "sliders": dict(self.sliders),
        }

    @classmethod
    def from_json(cls, data: Any) -> Corrections:
        """Inverse of :meth:`to_json`; unknown members are ignored.

        Raises:
            HrnError: ``CORRECTIONS_INVALID`` with one sentence about what is wrong.
        """
        if not isinstance(data, dict) or data.get("schema") != CORRECTIONS_SCHEMA:
            raise _invalid(say("This is not a file of corrections."))
        version = data.get("schema_version")
        if not isinstance(version, int) or version > CORRECTIONS_VERSION:
            raise _invalid(
                say(
                    "The corrections have version {version}; this program reads versions up to {newest}.",
                    version=version,
                    newest=CORRECTIONS_VERSION,
                ),
                hint=say("Update the add-on."),
            )
        photos = data.get("photos", [])
        if not isinstance(photos, list):
            raise _wrong("photos")
        sliders = _object(data.get("sliders", {}), "sliders")
        for name, value in sliders.items():
            _check_slider(name, value)
        return cls(
            str(data.get("head_model_version", "")),
            tuple(PhotoCorrections.from_json(one) for one in photos),
            Switches.from_json(data.get("switches", {})),
            Locks.from_json(data.get("locks", {})),
            {name: float(value) for name, value in sliders.items()},
        )

    def check_masks(self, folder: Path) -> None:
        """Check that each mask in `folder` is there, a PNG, and of its photo's size.

        Raises:
            HrnError: ``CORRECTIONS_INVALID``.
        """
        for photo in self.photos:
            for name in (photo.ignore, photo.skin):
                if name is None:
                    continue
                size = png_size(folder / name)
                if size is None:
                    raise _invalid(
                        say("The mask {path} is not there, or not a PNG picture.", path=folder / name),
                        hint=say("Paint it again, or put it back beside the corrections."),
                    )
                if size != photo.size:
                    raise _invalid(
                        say(
                            "The mask {path} has {width} x {height} pixels; the photo {photo} has {photo_width} x {photo_height}.",
                            path=folder / name,
                            width=size[0],
                            height=size[1],
                            photo=photo.name,
                            photo_width=photo.size[0],
                            photo_height=photo.size[1],
                        ),
                        hint=say("Paint it again over this photo."),
                    )


def read_corrections(path: str | os.PathLike) -> Corrections:
    """The corrections in a file, their masks checked.

    Raises:
        HrnError: ``CORRECTIONS_INVALID``.
    """
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _invalid(say("The corrections in {path} cannot be read.", path=path)) from error
    found = Corrections.from_json(data)
    found.check_masks(path.parent)
    return found


def refuse_other_photos(corrections: Corrections, known: Collection[str]) -> None:
    """Check that all photos that are corrected are among those with these checksums.

    Raises:
        HrnError: ``CORRECTIONS_INVALID``.
    """
    for photo in corrections.photos:
        if photo.sha256 not in known:
            raise _invalid(say("The corrections are of another head: it has no photo {name}.", name=photo.name))


def write_corrections(path: str | os.PathLike, corrections: Corrections) -> None:
    """Write the file whole or not at all; masks are written by whoever painted them.

    Raises:
        OSError: the folder is not writable or the disk is full.
    """
    write_object(Path(path), corrections.to_json())


def _check_slider(name: str, value: Any) -> None:
    slider = SLIDERS.get(name)
    if slider is None:
        raise _invalid(say("There is no slider “{name}”.", name=name))
    (number,) = _numbers([value], name, 1)
    if not slider.minimum <= number <= slider.maximum:
        raise _invalid(
            say(
                "{slider} must be from {least} to {most}, not {value}.",
                slider=slider.label,
                least=slider.minimum,
                most=slider.maximum,
                value=number,
            )
        )


def _object(data: Any, name: str) -> dict:
    if not isinstance(data, dict):
        raise _wrong(name)
    return data


def _numbers(data: Any, name: str, count: int, whole: bool = False) -> list[float]:
    """`count` finite numbers."""
    if not isinstance(data, (list, tuple)) or len(data) != count:
        raise _wrong(name)
    for one in data:
        kind = int if whole else (int, float)
        if not isinstance(one, kind) or isinstance(one, bool) or not math.isfinite(one):
            raise _wrong(name)
    return list(data)


def _wrong(name: str) -> HrnError:
    return _invalid(say("“{name}” of the corrections is missing or wrong.", name=name))


def _invalid(message: str, hint: str | None = None) -> HrnError:
    return HrnError(ErrorCode.CORRECTIONS_INVALID, message, hint=hint)
