"""How near the head of a photo with something painted over the face comes to that of the photo as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ..head import load_head_model
from ..head.model import HeadModel
from ..methods import reconstruct
from ..pipeline.image_files import write_png
from ..synthetic.dataset import face_vertices
from ..wire.bundle import Bundle
from ..wire.columns import row
from ..wire.errors import HrnError
from ..wire.language import local
from ..wire.messages import say
from ..wire.settings import Settings
from .generated import face_distance
from .painted import paint

__all__ = ["WornHead", "compare_heads", "face_albedo", "print_heads", "shape_between"]

_SETTINGS = Settings(texture_size=1024, hair=False)
"""How heads are made that are compared."""
_FACE_ROWS = (0.2, 0.62)
"""Where the face lies in the albedo, from the forehead to the chin, shares of its side."""
_FACE_COLUMNS = (0.29, 0.71)
"""Where it lies from its right to its left side."""
_COLUMNS = (24, -10, -10)
"""Width of the columns of figures."""


class WornHead(NamedTuple):
    """A head beside that of the photo as it is."""

    thing: str
    """What is painted; nothing where it is empty."""
    shape_mm: float
    """Mean distance of the face's surface, after alignment; NaN where there is no head."""
    albedo: float
    """Mean difference of the albedo's levels in the face; NaN where there is no head."""
    codes: tuple[str, ...]
    """Codes of the warnings, or of the error."""


def face_albedo(bundle: Bundle) -> np.ndarray:
    """(h, w, 3) levels of the face in a bundle's albedo, from the forehead to the chin."""
    albedo = np.asarray(Image.open(bundle.file("albedo")).convert("RGB"), float)
    (top, bottom), (left, right) = (np.int64(np.multiply(ends, len(albedo))) for ends in (_FACE_ROWS, _FACE_COLUMNS))
    return albedo[top:bottom, left:right]


def compare_heads(
    pixels: np.ndarray, landmarks: np.ndarray, things: Iterable[str], folder: Path, settings: Settings = _SETTINGS
) -> Iterator[WornHead]:
    """Heads of the photo as it is and with each of the things; what has no head comes with the error's code.

    Args:
        pixels: (H, W, 3) uint8. landmarks: (478, 2) of the face in them. folder: for photos and bundles.

    Raises:
        HrnError: the photo as it is gives no head.
    """
    model, bare = load_head_model(), None
    folder.mkdir(parents=True, exist_ok=True)
    for thing in ("", *things):
        file = folder / f"{thing or 'bare'}.png"
        write_png(file, paint(thing, pixels, landmarks).pixels if thing else pixels)
        try:
            bundle = reconstruct([file], file.with_suffix(""), settings)
        except HrnError as error:
            if not thing:
                raise
            yield WornHead(thing, np.nan, np.nan, (error.code.value,))
            continue
        bare = bare or bundle
        yield WornHead(
            thing,
            shape_between(model, bare, bundle),
            float(np.abs(face_albedo(bundle) - face_albedo(bare)).mean()),
            tuple(warning["code"] for warning in bundle.manifest["quality"]["warnings"]),
        )


def shape_between(model: HeadModel, truth: Bundle, other: Bundle) -> float:
    """Mean distance in mm of two heads' faces, after alignment."""
    shapes = (1000 * bundle.arrays()["vertices"] for bundle in (truth, other))
    return face_distance(model, *shapes, face_vertices(model))


def print_heads(name: str, heads: Iterable[WornHead]) -> None:
    """A table of the heads of one photo."""
    titles = (name, local(say("shape, mm")), local(say("albedo")))
    print(row(*zip(titles, _COLUMNS)), local(say("warnings")))
    for head in heads:
        figures = (head.thing or local(say("as it is")), f"{head.shape_mm:.2f}", f"{head.albedo:.1f}")
        print(row(*zip(figures, _COLUMNS)), " ".join(head.codes), flush=True)
