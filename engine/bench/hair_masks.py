"""Hair masks against masks that were drawn by hand: ``tests/engine/hair/drawn``.

Each drawing names its photo (in the folder of test photos) and has polygons in its pixels: hair, holes in it, and places
where even the eye cannot tell. Around the drawn outline a thin band is left out, too: hair ends softly.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..hair.mask import hair_mask
from ..hair.person import person_matte, window_parts
from ..hair.types import Window
from ..hair.window import make_window
from ..head import load_head_model
from ..photo import Landmarker
from ..wire.settings import Settings
from .hair_bundle import fitted_view

__all__ = ["BAND", "DRAWN", "Drawing", "drawings", "overlap", "score_masks"]

DRAWN = Path(__file__).resolve().parents[2] / "tests" / "engine" / "hair" / "drawn"
"""Folder of the drawings."""
BAND = 0.015
"""Half width of the band along the drawn outline in which nothing is scored, face widths (some 2 mm)."""


@dataclass(frozen=True)
class Drawing:
    """One photo's hair, drawn by hand."""

    name: str
    photo: str
    """Path in the folder of photos; ``astronaut``: the demo's photo."""
    sha256: str
    hair: list[np.ndarray]
    """Polygons (K, 2), pixels of the photo."""
    holes: list[np.ndarray]
    unsure: list[np.ndarray]
    refusal: str
    """What :attr:`HairMask.refusal` must say."""
    kept_aside: bool
    """Not looked at while the mask was made."""

    def find(self, shared: Path) -> Path | None:
        """The photo's file, or None where it is absent or another one."""
        if self.photo == "astronaut":
            spec = importlib.util.find_spec("skimage")
            path = Path(spec.submodule_search_locations[0]) / "data" / "astronaut.png" if spec else Path("absent")
        else:
            path = shared / "photos" / self.photo
        return path if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256 else None


def drawings() -> Iterator[Drawing]:
    """All drawings, by name."""
    for file in sorted(DRAWN.glob("*.json")):
        data = json.loads(file.read_text(encoding="utf-8"))
        polygons = {key: [np.array(one, np.float64) for one in data[key]] for key in ("hair", "holes", "unsure")}
        yield Drawing(
            file.stem, data["photo"], data["sha256"], **polygons, refusal=data["refusal"], kept_aside=data["kept_aside"]
        )


def overlap(drawing: Drawing, window: Window, hair: np.ndarray) -> tuple[float, float, float]:
    """Intersection over union, precision and recall of a mask outside of what is unsure.

    Args:
        hair: (H, W) alpha in pixels of the window.
    """

    def drawn(polygons: list[np.ndarray]) -> np.ndarray:
        mask = np.zeros(hair.shape, np.uint8)
        for polygon in polygons:
            points = (polygon - window.origin) * window.scale
            one = np.zeros_like(mask)
            cv2.fillPoly(one, [np.round((points - 0.5) * 16).astype(np.int32)], 1, shift=4)
            mask |= one
        return mask

    truth = drawn(drawing.hair) & (1 - drawn(drawing.holes))
    side = 2 * max(1, round(BAND * window.face)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    band = (cv2.dilate(truth, kernel) > 0) & (cv2.erode(truth, kernel, borderValue=1) == 0)
    counted = window.shown & ~band & (drawn(drawing.unsure) == 0)
    true, found = (truth > 0) & counted, (hair > 0.5) & counted
    both = float((true & found).sum())
    return both / max(1.0, float((true | found).sum())), both / max(1.0, float(found.sum())), both / max(1.0, float(true.sum()))


def score_masks(shared: Path) -> list[dict]:
    """One row per drawing whose photo is there: ``name, iou, precision, recall, refusal, expected, kept_aside``.

    ``iou`` is None where the drawing says that there is nothing to build. The head is fitted to each photo alone.
    """
    model, settings, rows = load_head_model(), Settings(), []
    with Landmarker() as landmarker:
        for drawing in drawings():
            path = drawing.find(shared)
            if path is None:
                continue
            view = fitted_view(model, path, landmarker, settings)
            window = make_window(model, model.posed(view), view)
            mask = hair_mask(window, person_matte(window), window_parts(window, view))
            iou, precision, recall = overlap(drawing, window, mask.hair) if not drawing.refusal else (None, None, None)
            rows.append(
                {
                    "name": drawing.name,
                    "iou": iou,
                    "precision": precision,
                    "recall": recall,
                    "refusal": mask.refusal,
                    "expected": drawing.refusal,
                    "kept_aside": drawing.kept_aside,
                }
            )
    return rows
