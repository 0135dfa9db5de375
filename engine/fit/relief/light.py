"""The light on the smooth head: what it explains of the photo's brightness, and how brightness changes as skin leans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...geometry.harmonics import ORDER, fit_lighting, light_normals, sh_basis
from ...geometry.mesh import vertex_normals
from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ...render import interpolate
from ..mid.sky_shadow import SkyTransfer
from ..skin_surface import skin_surface
from .picture import Picture
from .weights import LightWeights

__all__ = ["Lit", "light_of"]

_COSINE = np.array([1, 2 / 3, 1 / 4])[ORDER]
"""What a cosine leaves of each band of a distant light (Ramamoorthi and Hanrahan 2001), relative to the first."""


@dataclass(frozen=True)
class Lit:
    """Brightness of a picture of H x W pixels."""

    left: np.ndarray
    """(H, W) float32 log brightness that the light on the smooth head does not explain."""
    lean: np.ndarray
    """(H, W, 3) float32 change of log brightness when the normal leans by 1; tangential, light frame."""
    light: np.ndarray
    """(9,) grey light without the head's own shadow, for unit normals."""
    least: float
    """Least brightness on a bent surface."""
    residual: float
    """Root mean square of `left` where the light was fitted."""
    burnt: bool
    """The skin's red is burnt out."""

    def of(self, normals: np.ndarray) -> np.ndarray:
        """(..., ) brightness of unit normals (light frame) without shadow."""
        return np.maximum(sh_basis(normals) @ self.light.astype(np.float32), np.float32(self.least))

    def lean_of(self, normals: np.ndarray) -> np.ndarray:
        """(..., 3) change of log brightness when such a normal leans by 1, tangential."""
        x, y, z = np.moveaxis(normals, -1, 0)
        _, b, c, d, xy, yz, zz, xz, xx = self.light.astype(np.float32)
        change = np.stack(
            [d + xy * y + xz * z + 2 * xx * x, b + xy * x + yz * z - 2 * xx * y, c + yz * y + 6 * zz * z + xz * x], -1
        )
        change /= self.of(normals)[..., None]
        return change - (change * normals).sum(-1, keepdims=True) * normals


def light_of(model: HeadModel, vertices: np.ndarray, picture: Picture, w: LightWeights) -> Lit | None:
    """The light of a picture, fitted to its bare skin with the head's own shadow; None where too little skin shows.

    Args:
        vertices: (N, 3) mm, the posed head.
    """
    sure = picture.bare > w.scale
    if not sure.any():
        return None
    burnt = float((picture.srgb[..., 0][sure] > w.burnt).mean()) > w.burnt_share
    grey = picture.linear @ np.array(w.burnt_grey if burnt else w.grey, np.float32)
    level = float(np.median(grey[sure]))
    floor = np.float32(w.floor * level)
    surface = skin_surface(model)
    skin = vertices[surface.vertices].astype(np.float64)
    normals = light_normals(picture.camera, vertex_normals(skin, surface.triangles))
    sky = SkyTransfer((skin @ picture.camera.R.T) * [1, -1, -1], surface.triangles, normals)
    transfer = np.zeros((len(vertices), 9))
    transfer[surface.vertices] = sky.matrix(normals)
    basis = interpolate(picture.raster, model.triangles, transfer)
    hidden = 1 - np.max([picture.part[name] for name in picture.part], 0)
    trust = picture.bare * smoothstep(*w.facing, picture.facing) * hidden
    used = np.flatnonzero((trust > w.used).ravel())[:: w.every]
    if len(used) < picture.landmarks.shape[0]:
        return None
    colors = np.repeat(grey.ravel()[used, None], 3, 1)
    light = fit_lighting(
        picture.normals.reshape(-1, 3)[used],
        colors,
        np.ones((1, 3)),
        trust.ravel()[used],
        basis=basis.reshape(-1, 9)[used].astype(np.float64),
        scale=w.scale,
        steps=w.steps,
    )[:, 0]
    shading = np.maximum(basis @ light.astype(np.float32), np.float32(w.dimmest * level))
    change = np.zeros((len(vertices), 3))
    change[surface.vertices] = sky.gradient(normals, light)
    lean = interpolate(picture.raster, model.triangles, change) / (shading + floor)[..., None]
    lean -= (lean * picture.normals).sum(-1, keepdims=True) * picture.normals
    left = np.log(grey + floor) - np.log(shading + floor)
    counts = trust > w.used
    return Lit(
        np.clip(left, -w.most, w.most),
        lean,
        light * _COSINE,
        w.dimmest_bent * level,
        float(np.sqrt((left[counts] ** 2).mean())),
        burnt,
    )
