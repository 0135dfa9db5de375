"""What the part segmenter tells apart, and the folder of pictures that it learns from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..photo.part_net import PARTS, SIDE

__all__ = ["PARTS", "SIDE", "Part", "PartPictures", "open_pictures"]


class Part:
    """Labels by name."""

    BACKGROUND = 0
    """Neither a person nor anything before one."""
    SKIN = 1
    """Bare skin of the person in the middle: face, ears, scalp without hair, neck, shoulders. Hands are covers."""
    HAIR = 2
    """Hair of the scalp: fringe, tails, buns, locks over face and clothes."""
    BROWS = 3
    """Brows."""
    BEARD = 4
    """Moustache and beard, stubble as soon as it is dense enough to darken the skin."""
    EYES = 5
    """The eyeballs between the lids, and the lashes."""
    LIPS = 6
    """Lips, and what is seen between them: teeth, tongue."""
    GLASSES = 7
    """Frames and temples of glasses. Clear lenses have the label of what is seen through them."""
    LENS = 8
    """Tinted or mirroring lenses."""
    COVER = 9
    """What lies over the face: mask, scarf, hand, microphone, phone, paint, caption."""
    HAT = 10
    """Cap, beanie, hood, headscarf, helmet, headband, headphones."""
    CLOTHES = 11
    """Clothes below the neck."""
    OTHER = 12
    """All of another person."""


class PartPictures(NamedTuple):
    """Memory-mapped arrays of n pictures."""

    pictures: np.ndarray
    """(n, SIDE, SIDE, 3) uint8 sRGB."""
    labels: np.ndarray
    """(n, SIDE, SIDE) uint8, places in :data:`PARTS`."""
    landmarks: np.ndarray
    """(n, 478, 2) float32 true places of the landmarks in pixels of the picture, pixel centers at 0.5."""
    done: np.ndarray
    """(n,) uint8: 1 where the picture has been made."""


_FIELDS = {
    "pictures": ((SIDE, SIDE, 3), "uint8"),
    "labels": ((SIDE, SIDE), "uint8"),
    "landmarks": ((478, 2), "float32"),
    "done": ((), "uint8"),
}
"""Shape of one picture's share of each file, and its type."""


def open_pictures(folder: Path, count: int | None = None) -> PartPictures:
    """The pictures in a folder: with `count`, made or gone on with for writing; without, as they are, for reading."""
    told = folder / "parts.json"
    mode = "r"
    if count is not None:
        folder.mkdir(parents=True, exist_ok=True)
        if not told.is_file():
            told.write_text(json.dumps({"count": count, "side": SIDE, "parts": PARTS}), encoding="utf-8")
        mode = "r+"
    known = json.loads(told.read_text(encoding="utf-8"))
    if tuple(known["parts"]) != PARTS or known["side"] != SIDE or count not in (None, known["count"]):
        raise ValueError(f"{folder} holds pictures of another kind: {known}")
    arrays = {}
    for name, (shape, kind) in _FIELDS.items():
        file = folder / f"{name}.bin"
        if mode == "r+" and not file.exists():
            with open(file, "wb") as stream:
                stream.truncate(known["count"] * int(np.prod(shape, dtype=int)) * np.dtype(kind).itemsize)
        arrays[name] = np.memmap(file, kind, mode, shape=(known["count"], *shape))
    return PartPictures(**arrays)
