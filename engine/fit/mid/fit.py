"""Mid-frequency stage: pixels, landmarks and the face's outline refine the coarse head.

Analysis by synthesis in the spirit of HRN's deformation map (Lei et al., CVPR 2023), solved as a maximum a posteriori
Gauss-Newton problem in a reduced basis rather than predicted: identity (held near the coarse fit), a broad offset in
x, y, z, a fine offset along the normal, slow log albedo, and light. Every data term says how little it knows: photo
residuals are counted per patch of skin, not per pixel, and landmarks err together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.linalg import solve_triangular

from ...geometry.harmonics import fit_lighting, light_normals
from ...geometry.mesh import facing_of, normal_row_jacobian, vertex_normals
from ...head.model import MATERIALS, HeadModel
from ...photo.regions import FACE_POINTS
from ...photo.teeth import find_bite
from ...system.progress import SILENT, Progress
from ...types import CoarseFit, Covers, FaceObservation, MidFit, Photo
from ...wire.settings import Settings
from ..coarse.projection import projection
from ..features.ears import ear_shift
from ..features.gaze import level_gaze
from ..features.jaw import bite_shift
from ..features.sockets import socket_shift
from ..skin_surface import skin_surface
from .contour import find_outline
from .deformation import propagate, without_folds
from .part_term import PartTerm
from .photo_cells import CellColors, PhotoCells
from .registration import close_lids, fit_actions, slide
from .sky_shadow import SkyTransfer

__all__ = ["MidWeights", "fit_mid"]


@dataclass(frozen=True)
class MidWeights:
    """What the stage believes about the world; lengths in mm, colours as log ratios."""

    identity: float = 0.15
    """Deviation of each identity coefficient from the coarse fit."""
    broad: float = 1.0
    fine: float = 0.6
    """Deviation of the offsets where the skin may move freely."""
    albedo: float = 0.15
    """Deviation of slow log albedo."""
    photo: float = 0.06
    """Residual of log brightness that is nothing special."""
    patch: float = 80.0
    """mm^2 of skin that count as one independent measurement of brightness."""
    bright: float = 0.30
    dark: float = 0.18
    """Residuals (observed above and below the prediction) at which a vertex has lost three quarters of its say:
    cast shadows, hair and pores darken."""
    landmark: float = 6.0
    """Independent error of a landmark, mm."""
    landmark_common: float = 10.0
    """Error that neighbouring landmarks share, mm."""
    contour: float = 1.5
    """Error of the photo's border of the face, mm."""
    turn: float = 0.02
    """Error of the coarse pose: rotation, radians;"""
    shift: float = 1.5
    """across the picture, mm;"""
    depth: float = 0.03
    """and along the view, as a share of the distance."""
    part: float = 0.0
    """Error of the place of an eye, a brow, a lip or the face as a region (:mod:`.part_term`), mm; 0 leaves it out."""
    steps: int = 8


_CHANNELS = np.array([0.5, 0.4, 0.1])
"""Grey of the residual. Skin colour varies least in red and most in blue, light the other way round."""

_PART_ERROR = 6.0
"""mm, where the setting asks for the parts' distance."""


def fit_mid(
    model: HeadModel,
    photo: Photo,
    observation: FaceObservation,
    coarse: CoarseFit,
    settings: Settings,
    progress: Progress = SILENT,
    weights: MidWeights | None = None,
) -> tuple[CoarseFit, MidFit]:
    """Refine a coarse fit with the photo's pixels.

    Args:
        model: head model. photo: upright photo. observation: the face's landmarks.
        coarse: camera, identity and expression to start from.
        settings: ``quality`` draft leaves the shape alone, high takes twice the steps; ``part_distance`` compares the
            parts' regions, too.
        progress: may raise to cancel.
        weights: for experiments.

    Returns:
        The coarse fit with refined pose and identity, and the deformation, light and skin mask.
    """
    from ...photo import find_covers, segment_skin

    weights = weights or MidWeights(part=_PART_ERROR if settings.part_distance else 0.0)
    finding, reading = progress.part(0.0, 0.1, "Finding bare skin"), progress.part(0.1, 0.2, "Estimating the light")
    matching, finishing = progress.part(0.2, 0.9, "Matching the photo"), progress.part(0.9, 1.0, "Finishing the shape")
    finding(0.0)
    skin = segment_skin(photo, observation, finding)
    reading(0.0)
    problem = _Problem(
        model,
        photo,
        observation,
        coarse,
        skin.skin * (1 - skin.highlight),
        skin.surface,
        weights,
        reading,
    )
    steps = {"draft": 0, "standard": weights.steps, "high": 2 * weights.steps}[settings.quality]
    for step in range(steps):
        if problem.step(matching.part(step / steps, (step + 1) / steps)) < 0.02 and step >= 3:
            break
    return problem.result(
        skin.skin.astype(np.float32),
        find_covers(photo, observation, skin),
        finishing,
    )


class _Problem:
    """Unknowns, in order: pose (6), identity, broad, fine, albedo, light (9, grey)."""

    def __init__(
        self,
        model: HeadModel,
        photo: Photo,
        observation: FaceObservation,
        coarse: CoarseFit,
        mask: np.ndarray,
        surface_mask: np.ndarray,
        weights: MidWeights,
        progress: Progress,
    ):
        self.model, self.photo, self.coarse, self.weights = model, photo, coarse, weights
        self.surface = surface = skin_surface(model)
        self.camera = coarse.camera
        distance = float(coarse.camera.t[2])
        # Fixed for the whole fit: errors in mm must not shrink when the head comes nearer.
        self.mm_per_px = distance / coarse.camera.fx
        self.pose = np.zeros(6)
        self.pose_precision = np.array([weights.turn] * 3 + [weights.shift] * 2 + [weights.depth * distance]) ** -2.0
        self.base = model.shape(coarse.identity, coarse.expression).astype(np.float64)
        self.triangles = model.triangles
        local = np.full(len(model.template), -1, np.int32)
        local[surface.vertices] = np.arange(len(surface.vertices))
        self.corner = local[self.triangles]
        self.corner[np.repeat(model.face_material != MATERIALS.index("skin"), 2)] = -1
        self.cells = PhotoCells(photo, self.camera, self.base, mask, surface_mask)
        progress(0.3)

        start = self.base[surface.vertices]
        normals = vertex_normals(start, surface.triangles)
        identity = model.identity_basis[:, surface.vertices].astype(np.float64).transpose(1, 2, 0)
        identity = identity.reshape(3 * len(start), -1) * weights.identity
        fine = (normals[:, :, None] * surface.fine[:, None, :]).reshape(3 * len(start), -1) * weights.fine
        self.shape_basis = np.hstack([identity, surface.broad * weights.broad, fine])
        self.identities = identity.shape[1]
        self.albedo_basis = surface.albedo * weights.albedo
        shapes, albedos = self.shape_basis.shape[1], self.albedo_basis.shape[1]
        self.shape_part = slice(6, 6 + shapes)
        self.albedo_part = slice(6 + shapes, 6 + shapes + albedos)
        self.light_part = slice(6 + shapes + albedos, 6 + shapes + albedos + 9)
        self.size = 6 + shapes + albedos + 9

        self.observed, self.bite = observation.landmarks, find_bite(photo, observation)
        self.landmarks = observation.landmarks[:FACE_POINTS].astype(np.float64)
        self._landmark_rows(local)
        self.parts = None
        if weights.part:
            self.parts = PartTerm(model, surface, self.landmarks, self.mm_per_px, weights.part)
        self.shape = np.zeros(shapes)
        self.albedo = np.zeros(albedos)
        self.colors: CellColors | None = None
        progress(0.5)
        self.read_photo(progress)
        self._start_light()

    # -- what does not change ------------------------------------------------------------------------------------

    def _landmark_rows(self, local: np.ndarray) -> None:
        carriers = local[self.model.landmark_vertices[:FACE_POINTS]]
        on_skin = (carriers >= 0).all(1)
        self.landmark_ids = np.flatnonzero(on_skin)
        self.carriers = carriers[on_skin]
        self.carrier_weights = self.model.landmark_weights[self.landmark_ids].astype(np.float64)
        shapes = self.shape_basis.reshape(-1, 3, self.shape_basis.shape[1])
        self.landmark_basis = np.einsum("lk,lkdn->ldn", self.carrier_weights, shapes[self.carriers], optimize=True)
        points = self.model.landmarks(self.model.template)[self.landmark_ids].astype(np.float64)
        # Errors of neighbouring landmarks go together: an independent part and one shared over some 35 mm.
        distance2 = ((points[:, None] - points[None]) ** 2).sum(-1)
        self.landmark_common = self.weights.landmark_common**2 * np.exp(-distance2 / (2 * 35.0**2))

    # -- state ---------------------------------------------------------------------------------------------------

    def skin_vertices(self) -> np.ndarray:
        """(V, 3) posed skin in model space, mm."""
        return self.base[self.surface.vertices] + (self.shape_basis @ self.shape).reshape(-1, 3)

    def read_photo(self, progress: Progress) -> None:
        surface = self.surface
        skin = self.skin_vertices()
        head = self.base.copy()
        head[surface.vertices] = skin
        raster = self.cells.raster(self.camera, head, self.triangles)
        self.colors = self.cells.colors(raster, self.corner, len(skin))
        normals = vertex_normals(skin, surface.triangles)
        facing = facing_of(self.camera.position, skin, normals)
        ramp = np.clip((facing - 0.2) / 0.4, 0, 1)
        clean = np.clip((self.colors.share - 0.5) / 0.4, 0, 1)
        exposed = np.clip((0.97 - self.colors.color.max(1)) / 0.07, 0, 1)
        self.trust = np.where(self.colors.seen > 0.5, surface.trust * ramp * clean * exposed, 0.0)
        grey = self.colors.color @ _CHANNELS
        level = np.median(grey[self.trust > 0.3]) if (self.trust > 0.3).any() else 0.2
        self.floor = 0.03 * max(level, 1e-3)
        self.log_grey = np.log(grey + self.floor)
        self.outline = find_outline(
            self.camera, self.cells.project, raster, self.cells.surface, skin, normals, surface.edges, surface.outline
        )
        self._fix_outline_goal(skin)
        progress(0.7)
        in_light = light_normals(self.camera, normals)
        self.sky = SkyTransfer((skin @ self.camera.R.T) * [1, -1, -1], surface.triangles, in_light)

    def _fix_outline_goal(self, skin: np.ndarray) -> None:
        """Where the photo's border is, along each point's direction, in mm of the picture plane."""
        found = self.outline
        if not len(found.target):
            return
        t = found.share[:, None]
        points = skin[found.edges[:, 0]] * (1 - t) + skin[found.edges[:, 1]] * t
        pixels = self.camera.project(points)[0]
        self.outline_goal = np.einsum("ci,ci->c", found.direction, pixels) * self.mm_per_px + found.target

    def _start_light(self) -> None:
        normals = light_normals(self.camera, vertex_normals(self.skin_vertices(), self.surface.triangles))
        transfer = self.sky.matrix(normals)
        grey = np.exp(self.log_grey) - self.floor
        area = self.trust * np.minimum(self.colors.seen, 40.0)
        self.light = fit_lighting(normals, np.repeat(grey[:, None], 3, 1), np.ones((1, 3)), area, basis=transfer)[:, 0]

    # -- one Gauss-Newton step -----------------------------------------------------------------------------------

    def step(self, progress: Progress) -> float:
        """One step; returns the largest move of a skin vertex, mm."""
        progress(0.0)
        hessian = np.zeros((self.size, self.size))
        gradient = np.zeros(self.size)
        self._add_photo(hessian, gradient)
        progress(0.4)
        self._add_landmarks(hessian, gradient)
        progress(0.8)
        self._add_outline(hessian, gradient)
        if self.parts is not None:
            self.parts.add(hessian, gradient, self.camera, self.skin_vertices(), self.shape_basis)
        prior = np.ones(self.size)
        prior[:6] = self.pose_precision
        prior[self.light_part] = 1e-3
        away = np.zeros(self.size)
        away[:6] = self.pose
        away[self.shape_part], away[self.albedo_part] = self.shape, self.albedo
        hessian[np.diag_indices(self.size)] += prior
        gradient += prior * away
        move = -np.linalg.solve(hessian, gradient)
        moved = (self.shape_basis @ move[self.shape_part]).reshape(-1, 3)
        largest = np.linalg.norm(moved, axis=1).max()
        move *= min(1.0, 4.0 / max(largest, 1e-9))
        self.camera = replace(self.camera, R=cv2.Rodrigues(move[:3])[0] @ self.camera.R, t=self.camera.t + move[3:6])
        self.pose += move[:6]
        self.shape += move[self.shape_part]
        self.albedo += move[self.albedo_part]
        self.light += move[self.light_part]
        return float(largest)

    def _add_photo(self, hessian: np.ndarray, gradient: np.ndarray) -> None:
        w = self.weights
        skin = self.skin_vertices()
        normals = vertex_normals(skin, self.surface.triangles)
        in_light = light_normals(self.camera, normals)
        transfer = self.sky.matrix(in_light)
        shading = transfer @ self.light
        used = np.flatnonzero((self.trust > 0.02) & (shading > self.floor))
        if len(used) < 50:
            return
        predicted = np.log(shading[used] + self.floor) + self.albedo_basis[used] @ self.albedo
        residual = self.log_grey[used] - predicted
        scale = np.where(residual > 0, w.bright, w.dark)
        robust = 1 / (1 + (residual / scale) ** 2) ** 2
        weight = robust * self.trust[used] * np.minimum(self.colors.seen[used], 40.0) / w.patch / w.photo**2
        self.residual, self.residual_weight = residual, self.trust[used]

        by_shading = 1 / (shading[used] + self.floor)
        slope = np.zeros_like(skin)
        to_model = self.camera.R * np.array([[1], [-1], [-1]])
        slope[used] = (self.sky.gradient(in_light, self.light)[used] * by_shading[:, None]) @ to_model
        rows = normal_row_jacobian(skin, self.surface.triangles, normals, slope)[used]
        jacobian = np.zeros((len(used), self.size))
        jacobian[:, self.shape_part] = rows @ self.shape_basis
        jacobian[:, self.albedo_part] = self.albedo_basis[used]
        jacobian[:, self.light_part] = transfer[used] * by_shading[:, None]
        # A matrix with its own transpose costs half of a product of two.
        share = np.sqrt(weight)
        jacobian *= share[:, None]
        hessian += jacobian.T @ jacobian
        gradient -= jacobian.T @ (share * residual)

    def _add_landmarks(self, hessian: np.ndarray, gradient: np.ndarray) -> None:
        skin = self.skin_vertices()
        points = np.einsum("lk,lkd->ld", self.carrier_weights, skin[self.carriers])
        pixels, project, turn = projection(self.camera, points, self.mm_per_px)
        residual = (pixels - self.landmarks[self.landmark_ids]) * self.mm_per_px
        poses = np.concatenate([project @ turn, project], -1)
        shapes = np.matmul(project @ self.camera.R, self.landmark_basis)
        # A landmark that is far off has a larger error of its own (hidden, or simply wrong).
        own = self.weights.landmark * (1 + (np.linalg.norm(residual, axis=1) / 5.0) ** 2)
        root = np.linalg.cholesky(self.landmark_common + np.diag(own**2))
        place = slice(0, self.shape_part.stop)
        for axis in range(2):
            jacobian = np.concatenate([poses[:, axis], shapes[:, axis], residual[:, axis, None]], 1)
            white = solve_triangular(root, jacobian, lower=True, check_finite=False)
            jacobian, left = white[:, :-1], white[:, -1]
            hessian[place, place] += jacobian.T @ jacobian
            gradient[place] += jacobian.T @ left

    def _add_outline(self, hessian: np.ndarray, gradient: np.ndarray) -> None:
        """Points on the outline move across it to where the photo's skin ended when it was last read."""
        found = self.outline
        if not len(found.target):
            return
        first, second = found.edges.T
        t = found.share[:, None]
        shapes = self.shape_basis.reshape(-1, 3, self.shape_basis.shape[1])
        skin = self.skin_vertices()
        pixels, project, turn = projection(self.camera, skin[first] * (1 - t) + skin[second] * t, self.mm_per_px)
        across = np.einsum("ci,cij->cj", found.direction, project)
        jacobian = np.concatenate(
            [
                np.einsum("cj,cjk->ck", across, turn),
                across,
                np.einsum(
                    "cj,cjk->ck", across @ self.camera.R, shapes[first] * (1 - t[..., None]) + shapes[second] * t[..., None]
                ),
            ],
            1,
        )
        residual = np.einsum("ci,ci->c", found.direction, pixels) * self.mm_per_px - self.outline_goal
        scaled = jacobian * (found.weight / self.weights.contour**2)[:, None]
        place = slice(0, self.shape_part.stop)
        hessian[place, place] += scaled.T @ jacobian
        gradient[place] += scaled.T @ residual

    # -- result --------------------------------------------------------------------------------------------------

    def result(self, skin_mask: np.ndarray, covers: Covers, progress: Progress) -> tuple[CoarseFit, MidFit]:
        model, w, surface = self.model, self.weights, self.surface
        progress(0.0)
        identity = self.coarse.identity.astype(np.float64).copy()
        identity[: self.identities] += self.shape[: self.identities] * w.identity
        offset = (self.shape_basis[:, self.identities :] @ self.shape[self.identities :]).reshape(-1, 3)
        identity = identity.astype(np.float32)
        relaxed = model.shape(identity) + propagate(model, surface, offset)
        expression = fit_actions(model, self.camera, relaxed, self.coarse.expression, self.observed).astype(np.float32)
        bare = model.shape(identity, expression)
        progress(0.3)
        offset = offset + slide(model, surface, self.camera, bare + propagate(model, surface, offset), self.observed)
        progress(0.7)
        offset = offset + ear_shift(
            model, surface, bare + propagate(model, surface, offset), [(self.photo, self.camera, skin_mask)]
        )
        offset = without_folds(bare[surface.vertices].astype(np.float64), surface.triangles, offset)
        deformation = propagate(model, surface, offset)
        expression = close_lids(model, self.camera, bare + deformation, expression, self.observed).astype(np.float32)
        (expression,), straight = level_gaze(model, [expression])
        deformation += straight
        bare = model.shape(identity, expression)
        deformation += bite_shift(model, bare + deformation, expression, self.bite)
        deformation += socket_shift(model, model.shape(identity) + deformation)
        vertices = bare + deformation
        points = self.camera.project(model.landmarks(vertices).astype(np.float64))[0]
        coarse = replace(
            self.coarse,
            camera=self.camera,
            identity=identity,
            expression=expression,
            residual_px=np.linalg.norm(points - self.observed, axis=1).astype(np.float32),
        )
        normals = light_normals(self.camera, vertex_normals(vertices[surface.vertices], surface.triangles))
        area = self.trust * np.minimum(self.colors.seen, 40.0)
        relative = np.exp(self.albedo_basis @ self.albedo)[:, None]
        lighting = fit_lighting(normals, self.colors.color, relative, area)
        left = getattr(self, "residual", None)
        photometric = (
            float(np.average(np.minimum(np.abs(left), 0.5), weights=self.residual_weight)) if left is not None else 0.0
        )
        return coarse, MidFit(deformation, lighting.astype(np.float32), skin_mask, photometric, covers)
