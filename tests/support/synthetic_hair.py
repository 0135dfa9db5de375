"""Guides for the synthetic head: what the add-on's tests grow hair from."""

from __future__ import annotations

import numpy as np

from engine.wire.bundle import PARTS
from engine.wire.hair import HairGroup, HairStyle

POINTS = 8
"""Points of each guide."""


def synthetic_hair(arrays: dict[str, np.ndarray], count: int = 60) -> dict[str, HairGroup]:
    """Groups hair, brows, lashes and beard on the head of a bundle's `arrays`; `count` guides of hair, fewer of the others."""
    rest = (arrays["vertices"] + arrays["deformation"]).astype(np.float64)
    generator = np.random.default_rng(0)
    x, y, z = rest.T
    chin = np.exp(-((x / 0.03) ** 2 + ((y + 0.085) / 0.02) ** 2)) * (z > -0.05)
    weight = dict(zip(PARTS, arrays["parts"]))
    places = {
        "hair": (weight["scalp"], count, 0.08, 0.15),
        "brows": (np.maximum(weight["right_brow"], weight["left_brow"]), count // 3, 0.006, 0.3),
        "lashes": (np.maximum(weight["right_eye"], weight["left_eye"]) * (weight["skin"] > 0.5), count // 4, 0.008, 0.0),
        "beard": (chin, count // 3, 0.01, 0.4),
    }
    return {
        name: _group(arrays, rest, part, guides, length, droop, generator)
        for name, (part, guides, length, droop) in places.items()
    }


def _group(arrays, rest, part, guides, length, droop, generator) -> HairGroup:
    """`guides` curves of `length` metres that leave the skin along its normal and bend down by `droop` of their length."""
    share = part[arrays["faces"]].mean(1) * (arrays["face_material"] == 0)
    skin = np.flatnonzero(share >= min(0.3, 0.5 * share.max()))
    chosen = generator.choice(skin, guides)
    weights = generator.dirichlet((2, 2, 2), guides)
    corners = rest[arrays["faces"][chosen][:, :3]]
    roots = np.einsum("gc,gci->gi", weights, corners)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    along = np.linspace(0, 1, POINTS)
    points = roots[:, None] + length * (along[:, None] * normal[:, None] + droop * along[:, None] ** 2 * np.array([0, -1.0, 0]))
    radius = np.broadcast_to(3e-5 * (1 - 0.7 * along), (guides, POINTS))
    color = np.broadcast_to((0.12, 0.06, 0.03), (guides, POINTS, 3)) * generator.uniform(0.7, 1.3, (guides, 1, 1))
    short = np.arange(guides) % 3 == 0
    return HairGroup(
        points=points.astype(np.float32),
        root_uv=np.einsum("gc,gcu->gu", weights, arrays["uv"][chosen][:, :3]).astype(np.float32),
        radius=radius.astype(np.float32),
        color=color.astype(np.float32),
        source=(np.arange(guides) % 3).astype(np.uint8),
        layer=short.astype(np.uint8),
        style=HairStyle(
            children=4, spread=0.002, clump=0.2, noise=0.001, frizz=0.0002, curl_radius=0.0, curl_length=0.0, roughness=0.3
        ),
    )
