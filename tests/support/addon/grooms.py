"""Plausible grooms on the synthetic head: hair that falls from the scalp, for what is made of hair for games."""

from __future__ import annotations

import numpy as np

from engine.wire.bundle import PARTS
from engine.wire.hair import HairGroup, HairStyle

__all__ = ["STYLES", "falling_hair"]

STYLES = {"long": (0.22, 0.9), "bob": (0.12, 0.7), "short": (0.035, 0.25)}
"""Length in metres, and how far hair falls instead of standing, of each style."""


def falling_hair(arrays: dict[str, np.ndarray], style: str = "bob", guides: int = 400, points: int = 16) -> HairGroup:
    """Guides on the scalp of a bundle's `arrays` (engine axes), a third of them short hair beneath."""
    length, fall = STYLES[style]
    rest = (arrays["vertices"] + arrays["deformation"]).astype(np.float64)
    rng = np.random.default_rng(1)
    scalp = dict(zip(PARTS, arrays["parts"]))["scalp"]
    faces = arrays["faces"][(arrays["face_material"] == 0) & (scalp[arrays["faces"]].min(1) > 0.5)]
    uv = arrays["uv"][(arrays["face_material"] == 0) & (scalp[arrays["faces"]].min(1) > 0.5)]
    chosen = rng.integers(0, len(faces), guides)
    weights = rng.dirichlet((2, 2, 2), guides)
    corner = rest[faces[chosen][:, :3]]
    root = np.einsum("gc,gci->gi", weights, corner)
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    layer = (np.arange(guides) % 3 == 0).astype(np.uint8)
    long = length * rng.uniform(0.8, 1.1, guides) * np.where(layer == 1, 0.4, 1)
    middle, half = np.array([0, 0, -0.07]), np.array([0.075, 0.115, 0.095])
    place, direction, path = root.copy(), normal.copy(), [root]
    for _ in range(points - 1):
        direction = direction + fall * np.array([0, -1.0, 0]) * 0.5
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        place = place + direction * (long / (points - 1))[:, None]
        away = (place - middle) / half
        away[:, 1] = np.where(place[:, 1] < middle[1], 0, away[:, 1])
        distance = np.linalg.norm(away, axis=1, keepdims=True)
        height = np.where(layer == 1, 1.03, 1.12)[:, None]
        place = np.where(distance < height, middle + (place - middle) * height / np.maximum(distance, 1e-6), place)
        path.append(place)
    color = np.array([0.1, 0.05, 0.025]) * rng.uniform(0.5, 1.6, (guides, 1, 1)) * np.linspace(0.8, 1.2, points)[None, :, None]
    return HairGroup(
        points=np.stack(path, 1).astype(np.float32),
        root_uv=np.einsum("gc,gcu->gu", weights, uv[chosen][:, :3]).astype(np.float32),
        radius=np.full((guides, points), 4e-5, np.float32),
        color=color.astype(np.float32),
        source=np.full(guides, 2, np.uint8),
        layer=layer,
        style=HairStyle(
            children=3, spread=0.003, clump=0.2, noise=0.001, frizz=0.0, curl_radius=0.0, curl_length=0.0, roughness=0.3
        ),
    )
