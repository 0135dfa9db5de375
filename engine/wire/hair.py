"""The hair of a head bundle: guide curves in ``hair.npz``, described by the manifest's ``hair`` member.

A guide stands for a tuft: Blender grows its neighbours from it (:class:`HairStyle`). All groups share one format. Standard
library and NumPy only: Blender reads it too. The format, field by field, is in ``docs/develop/bundle.md``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, NamedTuple, Protocol

import numpy as np

from .bundle import MANIFEST, Bundle, read_arrays
from .errors import ErrorCode, HrnError
from .messages import say

__all__ = ["FILE", "GROUPS", "VERSION", "HairGroup", "HairStyle", "hair_json", "load_hair", "write_hair"]

FILE = "hair.npz"
"""Name of the file of curves in the bundle."""
VERSION = 1
"""Newest version of the ``hair`` member that this code reads, and the one that it writes."""
GROUPS = ("hair", "brows", "lashes", "beard")
"""Names of the groups, the same in every bundle; a group without curves is absent."""


@dataclass(frozen=True)
class HairStyle:
    """How the curves between the guides of one group look; Blender's hair nodes start with these numbers."""

    children: int
    """Curves that grow for each guide, itself included."""
    spread: float
    """Distance from the guide's root within which they stand, metres."""
    clump: float
    """How far their tips meet at the guide's, 0 (parallel) to 1 (one point)."""
    noise: float
    """Size of slow wandering off the guide, metres."""
    frizz: float
    """Size of quick wandering off the guide, metres."""
    curl_radius: float
    """Radius of the curls that guides are too coarse to show, metres; 0 where there are none."""
    curl_length: float
    """Length of one turn of such a curl, metres."""
    roughness: float
    """Roughness of the strands along their length, 0 to 1."""


class HairGroup(NamedTuple):
    """The guides of one group. G guides of P points each, the root first."""

    points: np.ndarray
    """(G, P, 3) float32 metres, engine axes, on the head at rest: ``vertices + deformation``, no facial action."""
    root_uv: np.ndarray
    """(G, 2) float32 roots in the head's UV layout."""
    radius: np.ndarray
    """(G, P) float32 metres: half the thickness of a strand."""
    color: np.ndarray
    """(G, P, 3) float32 linear sRGB of what the hair looks like there, as the albedo of a matt surface, without the photo's light;
    :class:`.hair_color.StrandCurve` tells what a hair shader is to be given for it."""
    source: np.ndarray
    """(G,) uint8: 2 seen in a photo, 1 completed from what is seen, 0 guessed."""
    layer: np.ndarray
    """(G,) uint8: 0 outer hair, which makes the shape; 1 the short hair beneath it, which hides the skin."""
    style: HairStyle


_ARRAYS = {
    "points": ("f", ("G", "P", 3)),
    "root_uv": ("f", ("G", 2)),
    "radius": ("f", ("G", "P")),
    "color": ("f", ("G", "P", 3)),
    "source": ("u", ("G",)),
    "layer": ("u", ("G",)),
}
"""Kind and shape of the arrays of a group; in the file each is called ``<group>_<name>``."""


class _Guides(Protocol):
    """What the manifest tells of a group, be it in metres or not."""

    @property
    def points(self) -> np.ndarray: ...
    @property
    def style(self) -> HairStyle: ...


def hair_json(groups: Mapping[str, _Guides], **more: Any) -> dict:
    """The manifest's ``hair`` member.

    Args:
        groups: of the guides that :func:`write_hair` writes, only their numbers and styles are read.
        more: further members, such as ``scalp_color``.
    """
    described = {
        name: {"guides": len(group.points), "points": group.points.shape[1], "style": asdict(group.style)}
        for name, group in groups.items()
    }
    return {"version": VERSION, "file": FILE, "groups": described, **more}


def write_hair(folder, groups: dict[str, HairGroup]) -> None:
    """Write ``hair.npz`` into a bundle that is being made.

    Raises:
        HrnError: ``BUNDLE_INVALID`` for arrays that do not fit.
    """
    arrays = {}
    for name, group in groups.items():
        _check(name, group)
        for key, (kind, _) in _ARRAYS.items():
            arrays[f"{name}_{key}"] = getattr(group, key).astype(np.float32 if kind == "f" else np.uint8)
    np.savez(folder / FILE, **arrays)


def load_hair(bundle: Bundle) -> dict[str, HairGroup]:
    """The groups of curves of a bundle; empty for a head without hair.

    Raises:
        HrnError: ``BUNDLE_INVALID`` for a newer version or arrays that do not fit.
    """
    described = bundle.manifest.get("hair")
    if not described:
        return {}
    path = bundle.path / FILE
    try:
        if not isinstance(described["version"], int) or described["version"] > VERSION:
            raise HrnError(
                ErrorCode.BUNDLE_INVALID,
                say(
                    "{path} has hair of version {version}; this program reads versions up to {newest}.",
                    path=bundle.path,
                    version=described["version"],
                    newest=VERSION,
                ),
                hint="Update the add-on.",
            )
        styles = {name: _style(described["groups"][name]["style"]) for name in GROUPS if name in described["groups"]}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HrnError(
            ErrorCode.BUNDLE_INVALID,
            say("{path} lacks a required field ({error}).", path=bundle.path / MANIFEST, error=repr(error)),
        ) from error
    arrays = read_arrays(path, [f"{name}_{key}" for name in styles for key in _ARRAYS])
    groups = {
        name: HairGroup(**{key: arrays[f"{name}_{key}"] for key in _ARRAYS}, style=style) for name, style in styles.items()
    }
    for name, group in groups.items():
        _check(name, group)
    return groups


def _style(members: dict) -> HairStyle:
    values = {one.name: members[one.name] for one in fields(HairStyle)}
    for value in values.values():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(f"style value {value!r}")
    return HairStyle(**{**values, "children": int(values["children"])})


def _check(name: str, group: HairGroup) -> None:
    """Raises ``BUNDLE_INVALID`` unless the arrays of `group` fit together."""
    sizes: dict[str, int] = {}
    for key, (kind, shape) in _ARRAYS.items():
        array = getattr(group, key)
        fits = array.dtype.kind == kind and array.ndim == len(shape)
        for want, have in zip(shape, array.shape):
            fits = fits and (sizes.setdefault(want, have) == have if isinstance(want, str) else want == have)
        if not fits or (kind == "f" and not np.isfinite(array).all()):
            raise HrnError(
                ErrorCode.BUNDLE_INVALID,
                say(
                    "Array “{name}” has type {type} and shape {shape}.",
                    name=f"{name}_{key}",
                    type=array.dtype,
                    shape=str(array.shape),
                ),
            )
