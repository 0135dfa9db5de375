"""Brightness of the bare skin: shading by the light times slow albedo should be what the photo has."""

from __future__ import annotations

import numpy as np

from ....geometry.harmonics import fit_lighting, light_normals
from ....geometry.mesh import facing_of, normal_row_jacobian, vertex_normals
from ..lamp import Lamp, find_lamp
from ..photo_cells import CellColors
from ..sky_shadow import SkyTransfer
from ..state import State
from ..weights import MidWeights

__all__ = ["PhotoTerm"]


class PhotoTerm:
    """What the photo shows around each skin vertex when it was last read, and how far that is believed."""

    def __init__(self, weights: MidWeights):
        self.weights = weights
        self.colors: CellColors
        self.trust: np.ndarray
        """(V,) in [0, 1]."""
        self.lamp: Lamp | None = None
        """The hard lamp beside the sky, where there is one."""
        self.residual: np.ndarray | None = None
        """(U,) log brightness that the last step found unexplained, where it is used."""
        self.residual_weight: np.ndarray | None = None

    def read(self, state: State, skin: np.ndarray, normals: np.ndarray, colors: CellColors) -> None:
        """Take (V,) colours of the present skin (V, 3) with its normals."""
        w, self.colors = self.weights, colors
        facing = facing_of(state.camera.position, skin, normals)
        ramp = np.clip((facing - w.facing[0]) / w.facing[1], 0, 1)
        clean = np.clip((colors.share - w.clean[0]) / w.clean[1], 0, 1)
        exposed = np.clip((w.burnt[0] - colors.color.max(1)) / w.burnt[1], 0, 1)
        self.trust = np.where(colors.seen > w.seen, state.surface.trust * ramp * clean * exposed, 0.0)
        grey = colors.color @ np.array(w.channels)
        sure = self.trust > w.bright_trust
        level = np.median(grey[sure]) if sure.any() else w.usual
        self.floor = w.floor * max(level, w.least_level)
        self.log_grey = np.log(grey + self.floor)

    def read_sky(self, state: State, skin: np.ndarray, normals: np.ndarray) -> None:
        """Work out which part of the sky each vertex sees."""
        in_light = light_normals(state.camera, normals)
        self.sky = SkyTransfer((skin @ state.camera.R.T) * [1, -1, -1], state.surface.triangles, in_light, self.weights.sky)

    @property
    def area(self) -> np.ndarray:
        """(V,) mm^2 of skin that count for each vertex."""
        return self.trust * np.minimum(self.colors.seen, self.weights.cell)

    def first_light(self, state: State) -> np.ndarray:
        """(9,) the light that explains the photo best before anything moves."""
        normals = light_normals(state.camera, vertex_normals(state.skin(), state.surface.triangles))
        grey = np.exp(self.log_grey) - self.floor
        found = find_lamp(self.sky, normals, grey, self.area, state.surface.triangles, self.weights.lamp)
        if found is not None:
            self.lamp, light = found
            self.trust = self.trust * self.lamp.sure
            return light
        transfer = self.sky.matrix(normals)
        return fit_lighting(normals, np.repeat(grey[:, None], 3, 1), np.ones((1, 3)), self.area, basis=transfer)[:, 0]

    def add(self, hessian: np.ndarray, gradient: np.ndarray, state: State) -> None:
        """Add the normal equations of all unknowns but the pose."""
        w, bases = self.weights, state.bases
        skin = state.skin()
        normals = vertex_normals(skin, state.surface.triangles)
        in_light = light_normals(state.camera, normals)
        transfer = self.sky.matrix(in_light)
        shading = transfer @ state.light
        if self.lamp is not None:
            shading = shading + self.lamp.shading(in_light)
        used = np.flatnonzero((self.trust > w.least_trust) & (shading > self.floor))
        if len(used) < w.least_vertices:
            return
        predicted = np.log(shading[used] + self.floor) + bases.albedo[used] @ state.albedo
        residual = self.log_grey[used] - predicted
        scale = np.where(residual > 0, w.bright, w.dark)
        robust = 1 / (1 + (residual / scale) ** 2) ** 2
        weight = robust * self.trust[used] * np.minimum(self.colors.seen[used], w.cell) / w.patch / w.photo**2
        self.residual, self.residual_weight = residual, self.trust[used]

        by_shading = 1 / (shading[used] + self.floor)
        slope = np.zeros_like(skin)
        to_model = state.camera.R * np.array([[1], [-1], [-1]])
        by_normal = self.sky.gradient(in_light, state.light)
        if self.lamp is not None:
            by_normal = by_normal + self.lamp.gradient(in_light)
        slope[used] = (by_normal[used] * by_shading[:, None]) @ to_model
        rows = normal_row_jacobian(skin, state.surface.triangles, normals, slope)[used]
        jacobian = np.zeros((len(used), bases.size))
        jacobian[:, bases.shape_part] = rows @ bases.shape
        jacobian[:, bases.albedo_part] = bases.albedo[used]
        jacobian[:, bases.light_part] = transfer[used] * by_shading[:, None]
        # A matrix with its own transpose costs half of a product of two.
        share = np.sqrt(weight)
        jacobian *= share[:, None]
        hessian += jacobian.T @ jacobian
        gradient -= jacobian.T @ (share * residual)
