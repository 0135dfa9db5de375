"""Bones for the synthetic head of :mod:`.synthetic_bundle`, made by rule."""

from __future__ import annotations

import numpy as np

from engine.wire.rig import BONES, Rig

__all__ = ["synthetic_rig"]

_JOINTS = {
    "root": ((0, -0.24, -0.07), (0, -0.2, -0.07)), "neck_01": ((0, -0.2, -0.07), (0, -0.15, -0.07)),
    "neck_02": ((0, -0.15, -0.07), (0, -0.1, -0.07)), "head": ((0, -0.1, -0.07), (0, 0.05, -0.07)),
    "jaw": ((0, -0.05, -0.05), (0, -0.1, 0)), "eye_L": ((0.031, 0, 0), (0.031, 0, 0.0117)),
    "eye_R": ((-0.031, 0, 0), (-0.031, 0, 0.0117)), "tongue_01": ((0, -0.07, -0.035), (0, -0.07, -0.025)),
    "tongue_02": ((0, -0.07, -0.025), (0, -0.07, -0.015)), "tongue_03": ((0, -0.07, -0.015), (0, -0.07, -0.005)),
}  # fmt: skip
"""Bone -> head and tail, metres in the bundle's axes."""


def synthetic_rig(vertices: np.ndarray) -> Rig:
    """Bones for (N, 3) metres of the synthetic head: what is at the chin goes with the jaw, what is in an eye with that."""
    places = np.array([_JOINTS[name] for name in BONES])
    spread = np.linspace(0, len(vertices) - 1, 60).astype(int)
    system = np.concatenate([vertices[spread].T, np.ones((1, len(spread)))])
    joints = np.concatenate([places, np.ones((*places.shape[:2], 1))], -1)
    weights = joints @ np.linalg.pinv(system).T
    skin = np.zeros((len(BONES), len(vertices)))
    x, y, z = vertices.T
    row = {name: number for number, name in enumerate(BONES)}
    skin[row["jaw"]] = np.exp(-((x / 0.03) ** 2) - ((y + 0.1) / 0.02) ** 2) * (z > -0.06)
    for name, side in (("eye_L", 1), ("eye_R", -1)):
        inside = np.linalg.norm(vertices - (side * 0.031, 0, 0), axis=1) < 0.0125
        skin[:, inside] = 0
        skin[row[name], inside] = 1
    neck = np.clip((-0.1 - y) / 0.1, 0, 1) * (1 - skin.sum(0))
    skin[row["neck_01"]] += neck
    skin[row["head"]] += 1 - skin.sum(0)
    return Rig(
        np.tile(spread.astype(np.int32), (len(BONES), 2, 1)),
        weights,
        skin.astype(np.float32),
        20.0,
        np.array([11.0, 9.5, 14.6, 14.1]),
    )
