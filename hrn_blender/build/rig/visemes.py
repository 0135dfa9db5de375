"""Mouth shapes of speech as combinations of the facial actions."""

from __future__ import annotations

import bpy
import numpy as np

from ..mesh_arrays import key_offset, points_of
from ..names import ACTIONS_PROPERTY

__all__ = ["VISEMES", "add_visemes"]


def _both(**values: float) -> dict[str, float]:
    """Actions by value; those of both sides are given once, without the side."""
    one = ("jawOpen", "jawForward", "mouthClose", "mouthFunnel", "mouthPucker", "mouthRollLower", "mouthRollUpper",
           "mouthShrugLower", "mouthShrugUpper", "tongueOut")  # fmt: skip
    found = {}
    for name, value in values.items():
        found |= {name: value} if name in one else {f"{name}Left": value, f"{name}Right": value}
    return found


_SILENCE: dict[str, float] = {}
_LIPS = _both(mouthPress=0.5, mouthRollLower=0.35, mouthRollUpper=0.3)
_TEETH = _both(jawOpen=0.06, mouthRollLower=0.55, mouthUpperUp=0.3)
_TONGUE_OUT = _both(jawOpen=0.2, tongueOut=0.35, mouthLowerDown=0.2, mouthUpperUp=0.1)
_TONGUE_UP = _both(jawOpen=0.16, mouthLowerDown=0.22, mouthUpperUp=0.12)
_BACK = _both(jawOpen=0.24, mouthLowerDown=0.15, mouthUpperUp=0.08)
_SH = _both(jawOpen=0.12, mouthFunnel=0.55, mouthPucker=0.15)
_S = _both(jawOpen=0.05, mouthStretch=0.3, mouthLowerDown=0.25, mouthUpperUp=0.15)
_R = _both(jawOpen=0.15, mouthFunnel=0.3, mouthPucker=0.25)
_AA = _both(jawOpen=0.6, mouthLowerDown=0.15, mouthUpperUp=0.1)
_E = _both(jawOpen=0.35, mouthStretch=0.25, mouthSmile=0.2, mouthLowerDown=0.15)
_I = _both(jawOpen=0.18, mouthStretch=0.25, mouthSmile=0.3, mouthLowerDown=0.2)
_O = _both(jawOpen=0.4, mouthFunnel=0.5, mouthPucker=0.15)
_U = _both(jawOpen=0.15, mouthPucker=0.7, mouthFunnel=0.3)
_A = _both(jawOpen=0.42, mouthStretch=0.15, mouthLowerDown=0.15, mouthUpperUp=0.08)
_AO = _both(jawOpen=0.5, mouthFunnel=0.35)


def _between(first: dict[str, float], second: dict[str, float], share: float = 0.5) -> dict[str, float]:
    return {name: (1 - share) * first.get(name, 0) + share * second.get(name, 0) for name in {**first, **second}}


VISEMES: dict[str, dict[str, dict[str, float]]] = {
    "OCULUS": {
        "sil": _SILENCE, "PP": _LIPS, "FF": _TEETH, "TH": _TONGUE_OUT, "DD": _TONGUE_UP, "kk": _BACK, "CH": _SH, "SS": _S,
        "nn": _between(_TONGUE_UP, _SILENCE, 0.2), "RR": _R, "aa": _AA, "E": _E, "ih": _I, "oh": _O, "ou": _U,
    },
    "MICROSOFT": {
        "00": _SILENCE, "01": _A, "02": _AA, "03": _AO, "04": _E, "05": _R, "06": _I, "07": _U, "08": _O,
        "09": _between(_AA, _U), "10": _between(_AO, _I), "11": _between(_AA, _I), "12": _between(_A, _SILENCE, 0.3), "13": _R,
        "14": _TONGUE_UP, "15": _S, "16": _SH, "17": _TONGUE_OUT, "18": _TEETH, "19": _TONGUE_UP, "20": _BACK, "21": _LIPS,
    },
}  # fmt: skip
"""Set -> viseme -> facial action -> value: the 15 of Meta's (Oculus) lip sync and the 22 numbers of Microsoft's speech service.
Values are ours, by how each sound is made (articulatory phonetics), for a clear but not loud voice."""

_PREFIX = {"OCULUS": "viseme_", "MICROSOFT": "viseme_ms_"}
"""Beginning of the shape keys' names: that of Ready Player Me's heads, which lip-sync add-ons look for, and one of our own."""


def add_visemes(head: bpy.types.Object, kind: str) -> list[str]:
    """Give a head shape keys for a set of :data:`VISEMES`, or make those that it has anew from its actions.

    They count as facial actions: exports write them as targets.

    Returns:
        Names of the keys; none for a head without shape keys.
    """
    keys = head.data.shape_keys
    if keys is None:
        return []
    basis = points_of(keys.reference_key.points)
    offsets = {name: key_offset(head, keys.key_blocks[name]) for name in _needed(kind) if name in keys.key_blocks}
    names = []
    for viseme, parts in VISEMES[kind].items():
        name = _PREFIX[kind] + viseme
        block = keys.key_blocks.get(name) or head.shape_key_add(name=name, from_mix=False)
        moved = sum((value * offsets[part] for part, value in parts.items() if part in offsets), np.zeros_like(basis))
        block.points.foreach_set("co", (basis + moved).astype(np.float32).ravel())
        names.append(name)
    known = str(head.get(ACTIONS_PROPERTY, "")).split("\n")
    head[ACTIONS_PROPERTY] = "\n".join([*known, *(name for name in names if name not in known)])
    return names


def _needed(kind: str) -> set[str]:
    return {name for parts in VISEMES[kind].values() for name in parts}
