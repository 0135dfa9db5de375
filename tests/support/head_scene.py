"""A rendered head whose colour, light and occlusions are known, and its texels by what they show."""

import numpy as np

from engine.camera import Camera
from engine.geometry.harmonics import light_normals, shade
from engine.geometry.mesh import vertex_normals
from engine.head.model import MATERIALS
from engine.render import interpolate, rasterize
from engine.system.progress import SILENT
from engine.texture import build_textures
from engine.texture.atlas import gather, texel_band
from engine.types import CoarseFit, Covers, FaceObservation, MidFit, Photo, View
from engine.wire.color import linear_to_srgb
from engine.wire.settings import Settings

SKIN = np.array([0.46, 0.29, 0.21])
SIDE_LIGHT = np.zeros((9, 3))
SIDE_LIGHT[[0, 1, 2, 3]] = np.array([0.55, 0.10, 0.20, 0.38])[:, None]
SIZE = 512


class Scene:
    """The mean head, photographed from 25 degrees beside its front, on green, with a blue hand on its left cheek."""

    def __init__(self, model, yaw=25.0, size=640, covered=None, gain=(1, 1, 1), paint=None, hand=True):
        """
        Args:
            covered: mask of places (mm) under a blue cap.
            gain: exposure of each channel.
            paint: ``paint(place)`` multiplies the skin's colour.
        """
        self.model = model
        a = np.radians(yaw)
        turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
        self.camera = Camera(
            size, size, 3.1 * size, 3.1 * size, size / 2, size / 2, np.diag([1.0, -1, -1]) @ turn, np.array([0, -30.0, 1100])
        )
        vertices = model.template.astype(np.float64)
        pixels, depth = self.camera.project(vertices)
        raster = rasterize(pixels, depth, model.triangles, size, size)
        normals = light_normals(self.camera, vertex_normals(vertices, model.triangles, np.float32))
        light = interpolate(raster, model.triangles, shade(normals, SIDE_LIGHT).astype(np.float32))
        place = interpolate(raster, model.triangles, model.template)
        # Pores and a crease, so that there is something to displace.
        self.crease = np.exp(-(((place[..., 1] - 42) / 0.8) ** 2)) * (np.abs(place[..., 0]) < 25)
        image = SKIN * light * (1 - 0.35 * self.crease)[..., None]
        if paint is not None:
            image = image * paint(place)
        image = image * np.asarray(gain)
        hand = (np.linalg.norm(place - [38, -30, 15], axis=-1) < 11) & hand
        image[hand] = [0.05, 0.1, 0.7]
        image[raster.triangle < 0] = [0.05, 0.6, 0.08]
        is_skin = np.repeat(model.face_material == MATERIALS.index("skin"), 2)
        self.mask = (np.where(raster.triangle >= 0, is_skin[raster.triangle], False) & ~hand).astype(np.float32)
        if covered is not None:
            cap = covered(place) & (raster.triangle >= 0)
            image[cap] = [0.1, 0.12, 0.5]
            self.mask[cap] = 0
        self.photo = Photo((linear_to_srgb(image) * 255 + 0.5).astype(np.uint8), "scene.png", "0" * 64, None)
        landmarks = self.camera.project(model.landmarks(model.template).astype(np.float64))[0].astype(np.float32)
        none = np.zeros(52, np.float32)
        self.observation = FaceObservation(landmarks, np.zeros(478, np.float32), none, 0, 1)
        self.coarse = CoarseFit(
            self.camera, np.zeros(len(model.identity_basis), np.float32), none, np.zeros(478, np.float32), "user"
        )

    def view(self, lighting=SIDE_LIGHT):
        mid = MidFit(
            np.zeros_like(self.model.template),
            np.asarray(lighting, np.float32),
            self.mask,
            0.0,
            Covers(0.0, False, False, False),
        )
        return View(self.photo, self.observation, self.coarse, mid)

    def build(self, size=SIZE, lighting=SIDE_LIGHT, progress=SILENT):
        return build_textures(self.model, [self.view(lighting)], Settings(texture_size=size), progress)


class Where:
    """Texels by what they show."""

    def __init__(self, model, size=SIZE):
        self.texels = texel_band(model, size, 0, size)
        self.place = gather(self.texels, model.triangles, model.template)
        self.skin = model.face_material[self.texels.triangle // 2] == MATERIALS.index("skin")
        feature = model.part("right_eye", "left_eye", "right_brow", "left_brow", "upper_lip", "lower_lip", "scalp", "neck")
        self.plain = self.skin & (gather(self.texels, model.triangles, feature) < 0.02)
        # Nostrils, sockets and the inside of the lips.
        self.plain &= self.place[:, 2] > -60

    def of(self, image):
        return image.reshape(-1, *image.shape[2:])[self.texels.index]

    def near(self, x, y, radius, front=True):
        close = np.hypot(self.place[:, 0] - x, self.place[:, 1] - y) < radius
        return close & self.skin & ((self.place[:, 2] > -30) == front)
