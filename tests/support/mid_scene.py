"""A rendered head of known shape, light and camera, for the mid-frequency stage."""

from types import SimpleNamespace

import numpy as np

import engine.photo
from engine.camera import Camera
from engine.fit import fit_mid
from engine.fit.skin_surface import skin_surface
from engine.geometry.harmonics import light_normals, shade
from engine.geometry.mesh import vertex_normals
from engine.render import interpolate, rasterize
from engine.system.progress import SILENT
from engine.types import CoarseFit, FaceObservation, Photo
from engine.wire.color import linear_to_srgb
from engine.wire.settings import Settings

LIGHT = np.zeros((9, 3))
LIGHT[0], LIGHT[1], LIGHT[2], LIGHT[3] = 0.45, 0.12, 0.25, 0.22


class Scene:
    """A head with fuller cheeks than the model's, photographed from the front with light from its left."""

    def __init__(self, model, size=420, place=(0, -30.0, 1100)):
        self.model = model
        surface = skin_surface(model)
        self.skin = surface.vertices
        rotation = np.diag([1.0, -1.0, -1.0])
        self.camera = Camera(size, size, 1764.0, 1764.0, size / 2, size / 2, rotation, np.array(place))
        points = model.template[self.skin].astype(float)
        self.normals = vertex_normals(points, surface.triangles)
        cheek = sum(np.exp(-((points - [side * 38, -38, 12]) ** 2).sum(1) / (2 * 16.0**2)) for side in (-1, 1))
        self.bulge = np.zeros_like(model.template, dtype=float)
        self.bulge[self.skin] = 3.5 * cheek[:, None] * self.normals
        self.cheek = cheek > 0.3
        self.truth = model.template + self.bulge
        self.coarse = CoarseFit(
            self.camera,
            np.zeros(len(model.identity_basis), np.float32),
            np.zeros(52, np.float32),
            np.zeros(478, np.float32),
            "user",
        )
        pixels, depth = self.camera.project(self.truth)
        raster = rasterize(pixels, depth, model.triangles, size, size)
        normals = vertex_normals(self.truth, model.triangles)
        color = shade(light_normals(self.camera, normals), LIGHT) * [0.62, 0.45, 0.36]
        image = interpolate(raster, model.triangles, color)
        image[raster.triangle < 0] = [0.1, 0.2, 0.5]
        self.photo = Photo((linear_to_srgb(image) * 255 + 0.5).astype(np.uint8), "scene.png", "0" * 64, None)
        is_skin = np.repeat(model.face_material == 0, 2)
        self.mask = (np.where(raster.triangle >= 0, is_skin[raster.triangle], False)).astype(np.float32)
        landmarks = self.camera.project(model.landmarks(self.truth))[0].astype(np.float32)
        self.observation = FaceObservation(landmarks, np.zeros(478, np.float32), np.zeros(52, np.float32), 0, 1)

    def fit(self, monkeypatch, mask=None, quality="standard", progress=SILENT, weights=None):
        mask = self.mask if mask is None else mask
        empty = np.zeros_like(mask)
        monkeypatch.setattr(
            engine.photo,
            "segment_skin",
            lambda photo, observation, progress: SimpleNamespace(
                skin=mask, surface=mask, highlight=empty, labels=empty.astype(np.uint8)
            ),
        )
        return fit_mid(self.model, self.photo, self.observation, self.coarse, Settings(quality=quality), progress, weights)

    def moved(self, result):
        coarse, mid = result
        return self.model.shape(coarse.identity, coarse.expression) + mid.deformation - self.model.template
