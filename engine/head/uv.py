"""The head's own UV layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["load_uv"]

_FILE = Path(__file__).parent / "data" / "uv.npz"


def load_uv() -> np.ndarray:
    """(Q, 4, 2) float32 UVs, as ``python -m engine.head.making.uv_layout`` wrote them."""
    with np.load(_FILE, allow_pickle=False) as data:
        return data["values"].astype(np.float32)[data["corners"]]
