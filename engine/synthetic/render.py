"""Photographs of sampled heads: camera, light, paint, hair shell, background and the faults of a real camera."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from scipy.spatial import cKDTree

from ..camera import Camera
from ..fit.crop import CROP_SIDE, crop_transform, to_crop
from ..geometry.mesh import vertex_normals
from ..head.model import MATERIALS, HeadModel
from ..render import rasterize
from ..wire.color import linear_to_power
from .heads import SampledHead
from .paint import CLOTH, EYES, HAIR, Color, Column, Paint, Point
from .shade import shade
from .skin_paint import noise_grid
from .variety import draw_lamps, draw_sky, finish, moved_paint, varied_paint

__all__ = ["Renderer", "Shot", "brightness", "develop", "visible_from"]

_SIDE = 304
"""Rendered larger than the crop, then reduced by area: smooth edges."""

_EYES_MM = 60.0
"""How much farther from the camera the eyes are than the distance that is drawn, mm."""

_BROW = (55, 65, 52, 53, 46)
"""Landmarks along the right brow's lower edge, from the nose outwards."""
_BROW_UPPER = (107, 66, 105, 63, 70)
"""Landmarks along the same brow's upper edge."""


_ENCODE = linear_to_power(np.linspace(0, 1, 4096)).astype(np.float32)
"""(4096,) float32: linear light from 0 to 1 in equal steps, as a photo stores it."""


class Shot(NamedTuple):
    """One rendered view of a head, before it is developed as a photo."""

    light: np.ndarray
    """(S, S, 3) linear radiance over the crop, 0 where no head is."""
    hit: np.ndarray
    """(S, S) bool: the head."""
    landmarks: np.ndarray
    """(478, 2) where the model's landmarks are, in pixels of the crop."""
    transform: np.ndarray
    """(2, 3) from pixels of `camera` to pixels of the crop."""
    camera: Camera


class Renderer:
    """Holds what is the same for all pictures of one head model.

    Args:
        straight: share of heads that look nearly into the camera. most_turn: of the others, radians.
        alike: share of the paint's moves that both sides have in common (:func:`.variety.moved_paint`).
    """

    def __init__(self, model: HeadModel, straight: float = 0.45, most_turn: float = 0.87, alike: float = 0.75):
        self.model = model
        self._straight, self._most_turn, self._alike = straight, most_turn, alike
        template = model.template.astype(float)
        count = len(template)
        loop = model.neck_loop
        ring = np.arange(len(loop))
        nxt = np.roll(ring, -1)
        first, second = count, count + len(loop)
        collar = [
            np.stack([loop, loop[nxt], first + nxt], 1),
            np.stack([loop, first + nxt, first + ring], 1),
            np.stack([first + ring, first + nxt, second + nxt], 1),
            np.stack([first + ring, second + nxt, second + ring], 1),
        ]
        triangles = model.triangles
        material = np.repeat(model.face_material, 2)
        skin = material == MATERIALS.index("skin")
        height = template[:, 1] + 0.55 * (-template[:, 2] - 20)
        ears = model.part("right_ear", "left_ear")
        self.height = height
        grown = skin & (height[triangles] > 25).all(1) & (ears[triangles] < 0.5).all(1)
        self.shell_of = np.unique(triangles[grown])
        place = np.full(count, -1)
        place[self.shell_of] = count + 2 * len(loop) + np.arange(len(self.shell_of))
        shell = place[triangles[grown]]
        self.plain = np.concatenate([triangles, *collar]).astype(np.int32)
        self.plain_material = np.concatenate([material, np.full(4 * len(loop), CLOTH)]).astype(np.int32)
        self.haired = np.concatenate([self.plain, shell]).astype(np.int32)
        self.haired_material = np.concatenate([self.plain_material, np.full(len(shell), HAIR)]).astype(np.int32)
        self.total = count + 2 * len(loop) + len(self.shell_of)
        self.grid = noise_grid(7)
        points = model.landmarks(template)
        left = points[list(_BROW)] * [-1, 1, 1]
        upper = points[list(_BROW_UPPER)] * [-1, 1, 1]
        self.curve = ((left + upper) / 2)[:, :2].copy()
        self.curve[:, 0] = np.abs(self.curve[:, 0])
        self.eye_centres = np.stack([template[e].mean(0) for e in model.eyeballs])
        self.mouth = np.array([points[2, 1], points[152, 1]])
        ears = model.part("right_ear", "left_ear")
        self.static = np.zeros((self.total, len(Point._fields)))
        rest = np.concatenate([template, np.zeros((2 * len(loop), 3)), template[self.shell_of]])
        self.static[:, Column.PLACE] = rest
        self.static[:count, Column.EAR] = ears
        self.static[:count, Column.LIPS] = model.part("upper_lip", "lower_lip")
        self.static[:count, Column.HEIGHT] = height + 18 * np.clip((np.abs(template[:, 0]) - 58) / 12, 0, 1)
        self.static[:, Column.OPEN] = 1
        self.static[:count, Column.OPEN] = self._occlusion(template)
        self.rest = rest
        self.eyes = np.unique(triangles[material == EYES])
        self.lips_near = np.flatnonzero(np.linalg.norm(template - points[13], axis=1) < 55)
        self.lips_tree = cKDTree(template[self.lips_near])

    def _occlusion(self, template: np.ndarray) -> np.ndarray:
        """(N,) share of the sky that each vertex of the mean head sees, softened."""
        rng = np.random.default_rng(3)
        normals = vertex_normals(template, self.model.triangles)
        total, seen = np.zeros(len(template)), np.zeros(len(template))
        for _ in range(64):
            direction = rng.normal(size=3)
            direction /= np.linalg.norm(direction)
            cosine = np.maximum(normals @ direction, 0)
            total += cosine
            seen += cosine * visible_from(template, self.model.triangles, direction, 128)
        return np.clip(0.25 + 0.75 * seen / np.maximum(total, 1e-9), 0.25, 1)

    def geometry(self, posed: np.ndarray, rng: np.random.Generator, hair: bool) -> np.ndarray:
        """(total, 3) vertices with collar and hair shell."""
        loop = posed[self.model.neck_loop]
        centre = loop.mean(0)
        out = (loop - centre) * [1, 0, 1]
        first = loop + out * rng.uniform(0.02, 0.25) + [0, -rng.uniform(5, 30), 0]
        second = loop + out * rng.uniform(0.8, 2.5) * [1.3, 1, 0.8] + [0, -rng.uniform(40, 110), 0]
        base = posed[self.shell_of]
        if hair:
            normal = vertex_normals(posed, self.model.triangles)[self.shell_of]
            low = rng.uniform(30, 75)
            thick = rng.uniform(3, 28)
            rise = np.clip((self.height[self.shell_of] - low) / rng.uniform(5, 40), 0, 1)
            from .heads import smooth_field

            wave = smooth_field(self.rest[-len(base) :], rng, (15, 90))[:, 0]
            amount = thick * rise * np.clip(1 + 0.35 * wave, 0.2, 2) - 2.0 * (rise <= 0)
            base = base + normal * amount[:, None] + np.array([0, -1, 0]) * (rise * rng.uniform(0, 8))[:, None]
        return np.concatenate([posed, first, second, base]).astype(float)

    def shoot(
        self,
        head: SampledHead,
        rng: np.random.Generator,
        side: int = _SIDE,
        margin: float = 1.5,
        varied: bool = False,
        distance_mm: float | None = None,
        skin: Color | None = None,
    ) -> Shot:
        """One view with everything about it drawn from `rng`; :func:`develop` makes a photo of it.

        Args:
            side: pixels to render. margin: side of the crop over that of the face's box.
            varied: with :mod:`.variety`, else the plain look.
            distance_mm: from the camera to the eyes, else drawn. skin: its albedo, else drawn.
        """
        more = rng.spawn(1)[0]
        hair = rng.random() < 0.4
        vertices = self.geometry(head.posed, rng, hair)
        triangles, material = (self.haired, self.haired_material) if hair else (self.plain, self.plain_material)
        kept = np.ones(len(triangles), bool)
        lashes = material == MATERIALS.index("lashes")
        kept[lashes] = rng.random(int(lashes.sum())) < rng.choice([0.0, 0.35, 0.7])
        triangles, material = triangles[kept], material[kept]
        camera = self._camera(rng, distance_mm)
        transform = self._window(head.posed, camera, margin, rng)
        at = camera.to_camera(vertices)
        pixel = to_crop(transform, camera.project(vertices)[0]) * (side / CROP_SIDE)
        raster = rasterize(pixel, at[:, 2], triangles, side, side)
        values = self.static.copy()
        values[:, Column.NORMAL] = vertex_normals(vertices, triangles) @ camera.R.T
        values[:, Column.CAMERA] = at
        lights, paint, harmonics = self.look(rng)
        if skin is not None:
            lip = np.array(paint.lip) * skin / paint.skin
            paint = paint._replace(skin=skin, lip=tuple(lip), beard=0.0, freckle=0.0, red_nose=0.0)
        if varied:
            paint = varied_paint(paint, more)
            self.move_paint(values, more)
            lights, colors = self._light(values, vertices, triangles, camera, harmonics, more)
            paint = paint._replace(key=colors[0], fill=colors[1])
        else:
            shadows = rng.random() < 0.75
            for lamp in range(2):
                direction = lights[lamp] @ camera.R
                values[:, Column.LAMPS][:, lamp] = visible_from(vertices, triangles, direction, 176) if shadows else 1.0
        picture = np.zeros((side, side, 3), np.float64)
        shade(
            raster.triangle,
            raster.weights,
            triangles,
            material,
            values,
            paint,
            self.grid,
            self.curve,
            self.eye_centres,
            self.mouth,
            lights,
            harmonics,
            picture,
        )
        landmarks = to_crop(transform, camera.project(self.model.landmarks(head.posed))[0])
        return Shot(picture.astype(np.float32), raster.triangle >= 0, landmarks, transform, camera)

    def move_paint(self, values: np.ndarray, rng: np.random.Generator) -> None:
        """Colours keep their sharpness but not their place; irises stay in the eyes."""
        shift = moved_paint(self.rest, rng, self._alike)
        shift[self.eyes] = 0
        values[:, Column.PLACE] += shift
        values[:, Column.HEIGHT] += shift[:, 1]
        near = self.lips_near
        nearest = self.lips_tree.query(self.rest[near] + shift[near], 3)
        weight = 1 / (nearest[0] + 0.5)
        values[near, Column.LIPS] = (self.static[near[nearest[1]], Column.LIPS] * weight).sum(1) / weight.sum(1)

    def _light(
        self,
        values: np.ndarray,
        vertices: np.ndarray,
        triangles: np.ndarray,
        camera: Camera,
        harmonics: np.ndarray,
        rng: np.random.Generator,
    ) -> tuple[np.ndarray, list[Color]]:
        """Fill in what lamps and sky give each vertex; the lamps' directions (2, 3) and radiances."""
        lights, soft, colors = draw_lamps(rng)
        if rng.random() < 0.7:
            harmonics[:] = 0
            normals = vertex_normals(vertices, triangles)
            directions, shine = draw_sky(rng)
            for direction, radiance in zip(directions @ camera.R, shine):
                cosine = np.maximum(normals @ direction, 0)
                values[:, Column.SKY] += (cosine * visible_from(vertices, triangles, direction, 72))[:, None] * radiance
        for lamp, angle in enumerate(soft):
            towards = [lights[lamp]] if angle == 0 else lights[lamp] + angle * rng.normal(size=(4, 3))
            seen = [visible_from(vertices, triangles, d / np.linalg.norm(d), 144) for d in np.asarray(towards) @ camera.R]
            values[:, Column.LAMPS][:, lamp] = np.mean(seen, 0)
        return lights, [tuple(color) for color in colors]

    def _camera(self, rng: np.random.Generator, distance_mm: float | None) -> Camera:
        distance = np.exp(rng.uniform(np.log(330), np.log(2200)))
        if distance_mm is not None:
            distance = distance_mm - _EYES_MM
        yaw = rng.normal(0, 0.15) if rng.random() < self._straight else rng.uniform(-self._most_turn, self._most_turn)
        pitch, roll = np.clip(rng.normal(0, 0.13, 2), -0.38, 0.38)
        R = np.diag([1.0, -1.0, -1.0]) @ _turn(2, roll) @ _turn(0, pitch) @ _turn(1, yaw)
        focal = distance * 3.0
        aim = rng.normal(0, 0.04, 2) * distance
        return Camera(1000, 1000, focal, focal, 500, 500, R, np.array([aim[0], aim[1], distance + _EYES_MM]))

    def _window(self, posed: np.ndarray, camera: Camera, margin: float, rng: np.random.Generator) -> np.ndarray:
        landmarks = camera.project(self.model.landmarks(posed))[0]
        landmarks = landmarks + rng.normal(0, 3, 2)
        return crop_transform(
            landmarks, margin * np.exp(rng.normal(0, 0.05)), rng.normal(0, 0.05), tuple(rng.normal(0, 0.018, 2))
        )

    def look(self, rng: np.random.Generator) -> tuple[np.ndarray, Paint, np.ndarray]:
        """Directions of the lamps, paint, ambient light."""
        tone = rng.beta(1.3, 1.1)
        light, dark = np.array([0.72, 0.50, 0.40]), np.array([0.09, 0.045, 0.028])
        skin = np.exp(np.log(dark) * (1 - tone) + np.log(light) * tone) * np.exp(rng.normal(0, 0.07, 3))
        hair = np.exp(rng.uniform(np.log(0.012), np.log(0.35 if rng.random() < 0.35 else 0.05)))
        hair = hair * np.array([1.0, rng.uniform(0.55, 0.95), rng.uniform(0.3, 0.85)])
        lip = skin * np.array([rng.uniform(0.75, 1.05), rng.uniform(0.4, 0.75), rng.uniform(0.45, 0.85)])
        iris = [np.array([0.10, 0.05, 0.025]), np.array([0.12, 0.20, 0.28]), np.array([0.14, 0.16, 0.08])][rng.integers(3)]
        iris = iris * np.exp(rng.normal(0, 0.4))
        lamp = rng.uniform(0.2, 1.6) * np.exp(rng.normal(0, 0.12, 3))
        fill = rng.uniform(0.0, 0.7) * np.exp(rng.normal(0, 0.2, 3))
        paint = Paint(
            *(tuple(color) for color in (skin, hair, lip, iris, lamp, fill)),
            blotch=rng.uniform(0.0, 0.16),
            fine=rng.uniform(0, 0.14),
            red_nose=rng.uniform(0, 0.8),
            brow_width=rng.uniform(2.2, 5.5),
            brow_rise=rng.normal(0, 2.0),
            brow_strength=rng.uniform(0.2, 1.0),
            hairline=rng.uniform(42, 88) if rng.random() < 0.85 else 300.0,
            hair_noise=rng.uniform(1, 9),
            lip_strength=rng.uniform(0.1, 1.0),
            beard=rng.uniform(0.15, 1.0) if rng.random() < 0.22 else 0.0,
            beard_low=rng.uniform(-14, 3),
            iris_radius=rng.normal(5.85, 0.2),
            pupil_radius=rng.uniform(1.3, 3),
            freckle=rng.uniform(0, 1) if rng.random() < 0.5 else 0.0,
            gloss=rng.gamma(1.5, 0.12),
            shininess=np.exp(rng.uniform(np.log(5), np.log(50))),
            wrap=rng.uniform(0, 0.35),
            seed=rng.uniform(0, 40),
            bump=rng.uniform(0, 0.12) if rng.random() < 0.5 else 0.0,
            hair_gloss=rng.uniform(0, 0.25),
            shadow_red=rng.uniform(0, 0.6),
        )
        harmonics = np.zeros((9, 3))
        ambient = rng.uniform(0.15, 0.9) * np.exp(rng.normal(0, 0.1, 3))
        harmonics[0] = ambient
        direction = rng.normal(size=3) * [1, 0.8, 1] + [0, 0.5, 0.3]
        harmonics[1:4] = direction[[1, 2, 0], None] / np.linalg.norm(direction) * rng.uniform(0, 0.6) * ambient
        harmonics[4:] = rng.normal(0, 0.08, (5, 1)) * ambient
        lights = rng.normal(size=(2, 3)) * [1, 0.7, 0.4] + [0, -0.5, -0.8]
        if rng.random() < 0.15:
            lights[0] = [rng.normal(0, 0.05), rng.normal(-0.08, 0.05), -1]
        lights /= np.linalg.norm(lights, axis=1, keepdims=True)
        return lights, paint, harmonics


def _turn(axis: int, angle: float) -> np.ndarray:
    vector = np.zeros(3)
    vector[axis] = angle
    return cv2.Rodrigues(vector)[0]


def visible_from(vertices: np.ndarray, triangles: np.ndarray, direction: np.ndarray, side: int) -> np.ndarray:
    """(V,) in [0, 1]: how much of a far lamp in `direction` (3,) each vertex sees, from a shadow map."""
    aside = np.cross(direction, [0.0, 1.0, 0.0] if abs(direction[1]) < 0.9 else [1.0, 0.0, 0.0])
    aside /= np.linalg.norm(aside)
    axes = np.stack([aside, np.cross(direction, aside), -direction])
    at = axes @ vertices.T
    low, high = at.min(1), at.max(1)
    mm = (high - low)[:2].max() / (side - 2)
    pixel = np.ascontiguousarray((at[:2] - low[:2, None]).T) / mm + 1
    depth = at[2] - low[2] + 1000
    behind = rasterize(pixel, depth, triangles, side, side).depth
    behind = np.where(np.isfinite(behind), behind, 1e6).astype(np.float32)
    x, y = np.clip(pixel.T - 0.5, 0, side - 1.001)
    total = np.zeros(len(vertices))
    for dx in (0, 1):
        for dy in (0, 1):
            near = behind[y.astype(int) + dy, x.astype(int) + dx]
            total += depth < near + 2.5 * mm + 1.5
    return total / 4


def brightness(light: np.ndarray, hit: np.ndarray) -> float:
    """The linear light of what is bright in a head (:class:`Shot`), by which a photo is exposed."""
    return np.percentile(light[hit][::7].mean(1), 75) + 1e-6


def develop(
    shot: Shot,
    rng: np.random.Generator,
    flip: bool = False,
    side: int = CROP_SIDE,
    varied: bool = False,
    level: float | None = None,
) -> np.ndarray:
    """(side, side, 3) uint8 sRGB as a camera would have saved it: exposure, background, glasses, blur, noise, JPEG.

    Args:
        flip: mirror the picture left to right. varied: as in :meth:`Renderer.shoot`.
        level: the light that the camera is set for, else the head's own (:func:`brightness`).
    """
    picture, hit, landmarks = shot.light, shot.hit, shot.landmarks
    if flip:
        picture, hit, landmarks = picture[:, ::-1], hit[:, ::-1], landmarks * [-1, 1] + [CROP_SIDE, 0]
    level = level or brightness(picture, hit)
    gain = (rng.uniform(0.2, 0.75) / level) * np.exp(rng.normal(0, 0.06, 3))
    small = cv2.resize(
        rng.random((rng.integers(2, 12),) * 2 + (3,), np.float32), picture.shape[:2], interpolation=cv2.INTER_CUBIC
    )
    color = (rng.random(3) ** 2).astype(np.float32)
    contrast = np.float32(rng.choice([0.0, 0.1, 0.5]) * rng.uniform(0.3, 1))
    picture = np.where(hit[..., None], picture * gain.astype(np.float32), color + contrast * (small - np.float32(0.5)))
    picture = cv2.resize(np.clip(picture, 0, 1), (side, side), interpolation=cv2.INTER_AREA)
    landmarks = landmarks * (side / CROP_SIDE)
    picture = _ENCODE[(picture * 4095).astype(np.uint16)]
    contrast = np.float32(rng.uniform(0, 0.35))
    picture = picture * (1 - contrast) + contrast * picture * picture * (3 - 2 * picture)
    grey = picture.mean(-1, keepdims=True)
    picture = grey + (picture - grey) * np.float32(rng.uniform(0.6, 1.25))
    if varied:
        picture = finish(picture, rng)
    if rng.random() < 0.06:
        _glasses(picture, landmarks, rng)
    if rng.random() < 0.12:
        _occlude(picture, landmarks, rng)
    if rng.random() < 0.35:
        size = max(48, int(side * rng.uniform(0.3, 0.9)))
        picture = cv2.resize(
            cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA), (side, side), interpolation=cv2.INTER_LINEAR
        )
    if rng.random() < 0.5:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.3) * side / CROP_SIDE)
    picture = picture + rng.standard_normal(picture.shape, np.float32) * np.float32(rng.uniform(0, 0.025))
    eight = np.ascontiguousarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
    if rng.random() < 0.5:
        coded = cv2.imencode(".jpg", eight, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 96))])[1]
        eight = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return eight


def _glasses(picture, landmarks, rng) -> None:
    color = tuple(float(c) for c in rng.uniform(0, 0.35, 3))
    width = int(rng.integers(1, 5))
    for outer, inner in ((33, 133), (263, 362)):
        centre = (landmarks[outer] + landmarks[inner]) / 2
        half = np.linalg.norm(landmarks[outer] - landmarks[inner]) * rng.uniform(0.8, 1.0)
        axes = (max(2, int(half)), max(2, int(half * rng.uniform(0.6, 0.9))))
        cv2.ellipse(picture, tuple(int(v) for v in centre + [0, 3]), axes, 0, 0, 360, color, width, cv2.LINE_AA)
    cv2.line(picture, tuple(int(v) for v in landmarks[133]), tuple(int(v) for v in landmarks[362]), color, width, cv2.LINE_AA)


def _occlude(picture, landmarks, rng) -> None:
    """A blob of one colour somewhere at the face's border: a lock of hair, a hand, a cap."""
    at = landmarks[rng.choice([10, 67, 297, 127, 356, 234, 454, 172, 397, 152])] + rng.normal(0, 8, 2)
    axes = tuple(int(v) for v in rng.uniform(8, 45, 2))
    color = (rng.random(3) ** 2).astype(np.float32)
    texture = 1 + 0.3 * rng.standard_normal(picture.shape[:2], np.float32)[..., None]
    mask = np.zeros(picture.shape[:2], np.float32)
    cv2.ellipse(mask, tuple(int(v) for v in at), axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1, cv2.LINE_AA)
    picture += mask[..., None] * (color * texture - picture)
