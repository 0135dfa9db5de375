"""Bones of a head: where their joints lie in any head of the shared topology, and which vertices they carry.

The table is made once from MakeHuman's rig and the head model's own actions (``python -m engine.head.making.rig``). NumPy only:
the add-on reads it, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

__all__ = ["BONES", "GAZE_ACTIONS", "RIG_FILE", "Rig", "load_rig"]

RIG_FILE = Path(__file__).parent / "data" / "rig.npz"
"""The shipped table of bones."""

BONES = {
    "root": "",
    "neck_01": "root",
    "neck_02": "neck_01",
    "head": "neck_02",
    "jaw": "head",
    "eye_L": "head",
    "eye_R": "head",
    "tongue_01": "jaw",
    "tongue_02": "tongue_01",
    "tongue_03": "tongue_02",
}
"""Bone -> parent, parents first. L and R are the subject's left and right."""

GAZE_ACTIONS = ("Down", "Up", "In", "Out")
"""Ends of the names of an eye's four actions, such as ``eyeLookDownLeft``; In is towards the nose."""


@dataclass(frozen=True)
class Rig:
    """Bones over N vertices, in the order of :data:`BONES`."""

    joint_vertices: np.ndarray
    """(B, 2, K) int32: vertices that say where a bone's head and tail are."""
    joint_weights: np.ndarray
    """(B, 2, K) float64, each row's sum 1: a joint moves, turns and grows with its head (a joint regressor as in SMPL,
    Loper et al. 2015, eq. 10)."""
    skin: np.ndarray
    """(B, N) float32 weights of linear blend skinning; their sum over the bones is 1."""
    jaw_degrees: float
    """How far `jawOpen` at 1 turns the lower teeth about the jaw's joint."""
    gaze_degrees: np.ndarray
    """(4,) how far each of :data:`GAZE_ACTIONS` at 1 turns an eyeball."""

    def joints(self, vertices: np.ndarray) -> np.ndarray:
        """(B, 2, 3) heads and tails of the bones of a head at rest, in the unit and axes of its (N, 3) `vertices`."""
        return np.einsum("bek,bekd->bed", self.joint_weights, vertices[self.joint_vertices])


@cache
def load_rig() -> Rig:
    """The shipped table."""
    with np.load(RIG_FILE, allow_pickle=False) as data:
        skin = np.zeros((len(BONES), int(data["vertices"])), np.float32)
        skin[data["skin_bone"], data["skin_vertex"]] = data["skin_weight"]
        return Rig(
            data["joint_vertices"],
            data["joint_weights"],
            skin,
            float(data["jaw_degrees"]),
            data["gaze_degrees"].astype(np.float64),
        )
