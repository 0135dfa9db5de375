"""The 52 ARKit facial actions as linear offsets."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..types import ARKIT_ACTIONS
from .makehuman import MM_PER_UNIT, read_target

__all__ = ["expression_basis"]


def expression_basis(root: Path, source: np.ndarray, count: int) -> np.ndarray:
    """Read the facial units.

    Args:
        root: see :func:`engine.head.makehuman.data_root`.
        source: (N,) base-mesh vertex of each head vertex.
        count: number of vertices of the base mesh.

    Returns:
        (52, N, 3) float64 mm at value 1.

    Raises:
        HrnError: MODEL_MISSING when a unit is absent or damaged.
    """
    basis = np.zeros((len(ARKIT_ACTIONS), len(source), 3))
    full = np.zeros((count, 3))
    for row, name in enumerate(ARKIT_ACTIONS):
        numbers, offsets = read_target(root / "faceunits01" / "targets" / "faceunits" / f"{name}.target", count)
        full[:] = 0
        full[numbers] = offsets
        basis[row] = full[source] * MM_PER_UNIT
    return basis
