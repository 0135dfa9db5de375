"""The numbers of the references: all of them where the developers' folder is, else the small ones that are shipped.

``../shared/golden`` holds what the published programs gave for inputs and weights made by rule. ``tests/golden`` holds what
this engine gives for them, after it was proven equal: fewer elements, written by ``tests/golden/make.py``. A number that only
the developers' folder has (made of official files, or of inputs without a rule) skips the test that asks for it.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from support.checkout import SHARED, TESTS

__all__ = ["FEW", "FULL", "SHIPPED", "HrnGolden", "Numbers", "few_of", "key_lists", "listing_digest", "saw"]

FULL, SHIPPED = SHARED / "golden", TESTS / "golden"
FEW = 128
"""About how many elements are shipped of an array of which a sample is compared."""


def few_of(count: int) -> int:
    """How many evenly spaced elements are shipped for `count` of them: such that they are among these."""
    if count <= FEW:
        return count
    return 1 + max(gaps for gaps in range(1, FEW) if (count - 1) % gaps == 0)


class Recorder(Protocol):
    """What ``make.py`` puts here to see which values of ours are compared with which number."""

    def saw(self, origin: tuple[str, str], value: Any) -> None: ...

    def traced(self, origin: tuple[str, str], array: np.ndarray) -> np.ndarray: ...


recorder: Recorder | None = None


def saw(golden: np.ndarray, value: Any) -> None:
    """`value` (whole) is about to be compared with samples `golden` of it."""
    if recorder is not None and getattr(golden, "origin", None):
        recorder.saw(golden.origin, value)


def only_in_shared(what: str) -> None:
    pytest.skip(f"needs the developers' folder ../shared: {what} is not among the numbers that are shipped")


@functools.cache
def _shipped(system: str) -> dict[str, np.ndarray]:
    with np.load(SHIPPED / f"{system}.npz") as archive:
        return dict(archive)


@functools.cache
def _facts() -> dict:
    """What is no array: shapes, ranges and counts of HRN's goldens, and digests of the networks' key lists."""
    return json.loads((SHIPPED / "facts.json").read_text(encoding="utf-8"))


class Numbers:
    """Arrays of one file ``SYSTEM/FILE.npz``, by name.

    Args:
        name: ``SYSTEM/FILE``.
        full: whether to take the developers' folder; without it, whether it is there.
    """

    def __init__(self, name: str, full: bool | None = None):
        self.name = name
        self.full = FULL.is_dir() if full is None else full
        system, file = name.split("/", 1)
        if self.full:
            archive = np.load(FULL / f"{name}.npz")
            self._arrays = {key: archive[key] for key in archive.files}
        else:
            self._arrays = {
                key.removeprefix(f"{file}/"): value for key, value in _shipped(system).items() if key.startswith(f"{file}/")
            }

    @property
    def files(self) -> list[str]:
        return list(self._arrays)

    def __getitem__(self, key: str) -> np.ndarray:
        if key not in self._arrays:
            only_in_shared(f"{self.name}/{key}")
        array = self._arrays[key]
        return array if recorder is None else recorder.traced((self.name, key), array)


class HrnGolden:
    """One folder of HRN's and ModelScope's numbers: arrays stored whole or as every k-th element.

    Args:
        name: of the folder.
        full: as in :class:`Numbers`.
    """

    def __init__(self, name: str, full: bool | None = None):
        self.name = f"hrn/{name}"
        full = FULL.is_dir() if full is None else full
        if full:
            self.meta = json.loads((FULL / "hrn" / name / "meta.json").read_text(encoding="utf-8"))
            archive = np.load(FULL / "hrn" / name / "output.npz")
            self._arrays = {key: archive[key] for key in archive.files}
        else:
            self.meta = _facts()["hrn"].get(name, {"arrays": {}})
            self._arrays = {key: _shipped("hrn")[f"{name}/{key}"] for key in self.meta["arrays"]}

    def _about(self, name: str) -> dict:
        if name not in self.meta["arrays"]:
            only_in_shared(f"{self.name}/{name}")
        return self.meta["arrays"][name]

    def _stored(self, name: str) -> np.ndarray:
        about = self._about(name)
        return self._arrays[name].reshape(about["shape"]) if about["stride"] == 1 else self._arrays[name]

    def __getitem__(self, name: str) -> np.ndarray:
        """The stored values: in full shape when complete, else the strided vector."""
        stored = self._stored(name)
        return stored if recorder is None else recorder.traced((self.name, name), stored)

    def __contains__(self, name: str) -> bool:
        return name in self.meta["arrays"]

    def fact(self, name: str, ours: Any = None) -> Any:
        """A number of the folder that is no array; `ours` is what it will be compared with, None for part of the rule."""
        if name not in self.meta:
            only_in_shared(f"{self.name}: {name}")
        if recorder is not None:
            recorder.saw((self.name, f"fact:{name}"), self.meta[name] if ours is None else ours)
        return self.meta[name]

    def sample(self, name: str, value) -> np.ndarray:
        """The elements of `value` (full array) that are stored under `name`, after checking its shape."""
        value, about = np.asarray(value), self._about(name)
        assert list(value.shape) == about["shape"], f"{name}: {value.shape} instead of {about['shape']}"
        if recorder is not None:
            recorder.saw((self.name, name), value)
        return value if about["stride"] == 1 else value.reshape(-1)[:: about["stride"]]

    def equal(self, name: str, value) -> bool:
        """Whether all stored elements are those of `value`."""
        return np.array_equal(self.sample(name, value), self._stored(name))

    def error(self, name: str, value) -> np.ndarray:
        """Absolute differences relative to the largest magnitude of the full golden array."""
        about = self._about(name)
        scale = max(abs(about["min"]), abs(about["max"]))
        stored = self._stored(name).astype(np.float64)
        return np.abs(self.sample(name, value).astype(np.float64) - stored) / scale


def listing_digest(entries: Iterable[tuple[str, tuple[int, ...], str]]) -> str:
    """Of the names, shapes and types of a network's weights, in their order."""
    return hashlib.sha256(json.dumps([[name, list(shape), kind] for name, shape, kind in entries]).encode()).hexdigest()


def key_lists() -> dict[str, str]:
    """Digests of the published networks' lists of weights, by the list's file."""
    if not FULL.is_dir():
        return dict(_facts()["keys"])
    return {path.relative_to(FULL).as_posix(): _digest_of_list(path) for path in sorted(FULL.glob("**/keys*.json"))}


def _digest_of_list(path: Path) -> str:
    keys = json.loads(path.read_text(encoding="utf-8"))
    entries = []
    for name, about in keys.get("keys", keys).items():
        shape, kind = (about["shape"], about["dtype"]) if isinstance(about, dict) else about
        entries.append((name, tuple(shape), kind.removeprefix("torch.")))
    return listing_digest(entries)
