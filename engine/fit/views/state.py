"""What the stages of a joint fit know about one photo while they work on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np

from ...camera import Camera
from ...geometry.mesh import facing_of, vertex_normals
from ...photo.parts import PhotoParts, photo_parts
from ...render import Raster, interpolate, rasterize
from ...system.concurrency import concurrently
from ...types import CoarseFit, FaceObservation, Photo
from .weights import WEIGHTS, FrameWeights

__all__ = ["Frame", "ViewState", "draw_all"]


@dataclass(frozen=True)
class Frame:
    """A window of the photo, reduced by `factor`, in which a view is worked on."""

    factor: float
    x0: int
    y0: int
    width: int
    height: int

    def camera(self, camera: Camera) -> Camera:
        """The photo's camera in pixels of the frame."""
        return camera.scaled(self.factor).cropped(self.x0, self.y0, self.width, self.height)


@dataclass
class ViewState:
    """One photo: camera, facial actions, and its pixels around the head."""

    photo: Photo
    observation: FaceObservation
    camera: Camera
    """The camera of the whole photo."""
    expression: np.ndarray
    """(52,) facial actions in this photo."""
    focal_source: str
    start: CoarseFit
    """The fit to this photo alone."""
    number: int = 0
    """Number of the photo in the order given; photos without a face come after those with one."""
    frame: Frame | None = None
    color: np.ndarray | None = None
    """(h, w, 3) uint8 sRGB: the frame."""
    grey: np.ndarray | None = None
    """(h, w) float32 in [0, 255]: the frame's luma."""
    parts: PhotoParts | None = None
    """What each pixel around the face is; None where nothing tells."""
    beard: np.ndarray | None = None
    """(h, w) float32: chance that a pixel of the frame shows a beard; None where nothing tells."""
    hair: np.ndarray | None = None
    """The same of other hair."""
    worn: np.ndarray | None = None
    """(h, w) float32 in [0, 1]: where the frame shows something that lies over the face; None where nothing does."""
    share: float = 0.0
    placed: bool = False
    """No landmarks were found, or wrong ones: the camera comes from features, the landmarks from the head."""
    moves: np.ndarray | None = None
    """(M,) weights of the modes in which the face differs from the first view's, see :mod:`.motion`; None where it does not."""
    motion: np.ndarray | None = None
    """(N, 3) mm: what these modes are together."""
    raster: Raster | None = None
    vertices: np.ndarray | None = None
    """(N, 3) mm: the head as it is in this photo."""
    facing: np.ndarray | None = None
    """(h, w) float32 cosine between surface and line of sight, 0 off the head."""
    vertex_facing: np.ndarray | None = None
    """(N,) the same at the vertices, negative where turned away."""

    def crop(self, vertices: np.ndarray, face_px: float, weights: FrameWeights = WEIGHTS.frame) -> None:
        """Choose the frame: the whole head in the present camera, the face `face_px` wide at most."""
        points, depth = self.camera.project(vertices)
        per_mm = self.camera.fx / float(np.median(depth))
        factor = min(1.0, face_px / (weights.face_mm * per_mm))
        width, height = self.photo.size
        # As a reduced photo really has it: half a pixel is more than matches err by.
        factor = max(1, round(max(width, height) * factor)) / max(width, height)
        small = (
            cv2.resize(
                self.photo.pixels, (max(1, round(width * factor)), max(1, round(height * factor))), interpolation=cv2.INTER_AREA
            )
            if factor < 1
            else self.photo.pixels
        )
        low, high = points.min(0) * factor, points.max(0) * factor
        margin = weights.margin * (high - low).max()
        x0, y0 = np.maximum(np.floor(low - margin), 0).astype(int)
        x1 = int(min(np.ceil(high[0] + margin), small.shape[1]))
        y1 = int(min(np.ceil(high[1] + margin), small.shape[0]))
        least = weights.least_px
        x0, y0 = min(int(x0), max(x1 - least, 0)), min(int(y0), max(y1 - least, 0))
        self.frame = Frame(factor, x0, y0, x1 - x0, y1 - y0)
        self.color = np.ascontiguousarray(small[y0:y1, x0:x1])
        self.grey = cv2.cvtColor(self.color, cv2.COLOR_RGB2GRAY).astype(np.float32)
        veil, self.worn = self.observation.veil, None
        if veil is not None:
            over = cv2.resize(veil.over, small.shape[1::-1], interpolation=cv2.INTER_AREA) if factor < 1 else veil.over
            self.worn = over[y0:y1, x0:x1].astype(np.float32) / 255
        self.parts = self.parts or photo_parts(self.photo, self.observation)
        if self.parts is not None:
            found = self.parts.window((x0 / factor, y0 / factor), factor, self.grey.shape)
            self.beard, self.hair = found["beard"], found["hair"]

    def straighten(self, k: float) -> None:
        """Take first-order radial distortion out of the photo and its landmarks (Brown, 1966: ``r (1 + k r^2)``)."""
        width, height = self.photo.size
        camera = self.camera
        matrix = np.array([[camera.fx, 0, camera.cx - 0.5], [0, camera.fy, camera.cy - 0.5], [0, 0, 1]])
        lens = np.array([k, 0, 0, 0], float)
        maps = cv2.initUndistortRectifyMap(matrix, lens, None, matrix, (width, height), cv2.CV_32FC1)
        veil = self.observation.veil
        pixels, shot, over, bare = (
            None if one is None else cv2.remap(one, *maps, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            for one in (self.photo.pixels, self.photo.as_shot, *((None, None) if veil is None else (veil.over, veil.bare)))
        )
        points = cv2.undistortPoints(self.observation.landmarks[:, None].astype(float) - 0.5, matrix, lens, P=matrix)
        self.photo = replace(self.photo, pixels=pixels, as_shot=shot)
        veil = None if veil is None else replace(veil, over=over, bare=bare)
        landmarks = (points[:, 0] + 0.5).astype(np.float32)
        self.observation = replace(self.observation, landmarks=landmarks, veil=veil, looked_at=None)
        self.parts = None

    @property
    def work(self) -> Camera:
        """Camera in pixels of the frame."""
        return self.frame.camera(self.camera)

    @property
    def per_mm(self) -> float:
        """Frame pixels per mm at the drawn head."""
        return self.work.fx / float(np.median(self.work.project(self.vertices)[1]))

    def draw(self, vertices: np.ndarray, triangles: np.ndarray) -> None:
        """Rasterize the head as it is in this photo."""
        camera = self.work
        points, depth = camera.project(vertices)
        self.vertices = vertices
        self.raster = rasterize(points, depth, triangles, camera.width, camera.height)
        self.vertex_facing = facing_of(camera.position, vertices, vertex_normals(vertices, triangles))
        self.facing = interpolate(self.raster, triangles, self.vertex_facing[:, None])[..., 0]

    def take_work_camera(self, work: Camera) -> None:
        """Set the camera from one in pixels of the frame (its principal point stays where it was)."""
        self.camera = replace(self.camera, fx=work.fx / self.frame.factor, fy=work.fy / self.frame.factor, R=work.R, t=work.t)


def draw_all(views: list[ViewState], posed: list[np.ndarray], triangles: np.ndarray) -> None:
    """Rasterize the head as it is in each photo, (N, 3) mm each."""
    concurrently([partial(view.draw, vertices, triangles) for view, vertices in zip(views, posed)])
