"""The head's own UV layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np

__all__ = ["load_uv"]

_FILE = Path(__file__).parent / "data" / "uv.npz"


def load_uv(original: np.ndarray) -> np.ndarray:
    """(Q, 4, 2) float64 UVs of the head layout; `original` are those of the base mesh's atlas, as fallback."""
    if not _FILE.is_file():
        return original
    with np.load(_FILE, allow_pickle=False) as data:
        return data["uv"].astype(np.float64)
