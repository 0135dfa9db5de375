"""How the face moved between the photos, from matches of a head that is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from engine.camera import orbit_camera
from engine.fit.views.bundle_adjustment import Lens
from engine.fit.views.head import JointHead
from engine.fit.views.matching import Tracks
from engine.fit.views.motion import find_moves
from engine.fit.views.silhouette import Cutout, find_rims, foreground
from engine.fit.views.state import Frame, ViewState
from engine.fit.views.weights import WEIGHTS
from engine.geometry.mesh import facing_of, vertex_normals

SIDE = 640
YAWS = (0, -55, -28, 28, 55)


class Scene:
    """The mean head in five photos, and matches of a head that is up to 2 mm different and moves as told."""

    def __init__(self, model, moves: dict[int, np.ndarray], noise: float = 0.15):
        random = np.random.default_rng(8)
        self.head = JointHead(model, np.zeros(len(model.identity_basis)), np.zeros(52), 0.01)
        self.views = []
        for number, yaw in enumerate(YAWS):
            camera = orbit_camera(model.template, yaw, width=SIDE, height=SIDE)
            view = ViewState(None, None, camera, np.zeros(52), "exif", None, number, Frame(1.0, 0, 0, SIDE, SIDE))
            view.vertices = model.template.astype(float)
            self.views.append(view)
        relief = 2 * np.sin(model.template[:, :1] / 25) * np.cos(model.template[:, 1:2] / 30)
        normals = vertex_normals(model.template, model.triangles)
        self.true = [model.template + relief * normals + moves.get(number, 0) for number in range(len(YAWS))]
        self.tracks = self._tracks(random, noise)

    def _tracks(self, random, noise: float) -> Tracks:
        head, points = self.head, [self.true[i] for i in range(len(YAWS))]
        triangles, normals = head.triangles, vertex_normals(points[0], head.triangles)
        near = np.flatnonzero(np.isin(triangles, head.face).all(1))
        hits = random.choice(near, 1500)
        weights = random.dirichlet([1, 1, 1], len(hits))
        seen = np.stack(
            [facing_of(view.camera.position, points[0], normals)[triangles[hits]].min(1) > 0.3 for view in self.views]
        )
        kept = seen.sum(0) > 1
        hits, weights, seen = hits[kept], weights[kept], seen[:, kept]
        view_of = np.concatenate([np.flatnonzero(column) for column in seen.T])
        track = np.repeat(np.arange(len(hits)), seen.sum(0))
        pixel = np.zeros((len(view_of), 2))
        for number, view in enumerate(self.views):
            at = view_of == number
            corner = points[number][triangles[hits[track[at]]]]
            pixel[at] = view.camera.project(np.einsum("pk,pkd->pd", weights[track[at]], corner))[0]
        pixel += random.normal(0, noise, pixel.shape)
        start = np.concatenate([[0], np.cumsum(seen.sum(0))])
        return Tracks(start, view_of, pixel, hits, weights, np.full(len(hits), 5.0))

    def found(self):
        """Cameras, and how far each view's face is from the truth, root mean square in mm."""
        views = self.views
        lenses = [Lens(list(range(len(views))), 0.01, views[0].camera.fx)]
        cameras = find_moves(
            self.head, views, [view.work for view in views], np.zeros(len(views)), self.tracks, lenses, WEIGHTS
        )
        left = []
        for view, true in zip(views[1:], self.true[1:]):
            move = (true - self.true[0])[self.head.face] - (0 if view.motion is None else view.motion[self.head.face])
            left.append(np.sqrt((move**2).sum(1).mean()))
        return cameras, np.array(left)


@pytest.fixture(scope="module")
def smile(model):
    """(N, 3) mm: more than the model's own smile."""
    names = list(model.expression_names)
    move = 0.35 * model.expression_basis[names.index("mouthSmileLeft")] + 0.3 * model.expression_basis[names.index("jawOpen")]
    cheek = model.landmarks(model.template)[425]
    bump = np.exp(-((model.template - cheek) ** 2).sum(1) / (2 * 20**2))
    return move + bump[:, None] * np.array([0.5, 0.8, 0])


def test_a_move_of_the_face_is_found(model, smile):
    face = JointHead(model, np.zeros(len(model.identity_basis)), np.zeros(52), 0.01).face
    whole = np.sqrt((smile[face] ** 2).sum(1).mean())
    _, left = Scene(model, {3: smile}).found()
    assert left[2] < 0.5 * whole
    assert left.max() < 0.5 * whole  # nor do the others get moves that they do not have


def test_a_still_face_leaves_all_as_it_was(model):
    scene = Scene(model, {})
    cameras, left = scene.found()
    assert all(view.motion is None for view in scene.views) and left.max() == 0
    assert all((camera.R == view.camera.R).all() for camera, view in zip(cameras, scene.views))


def test_a_move_is_part_of_the_drawn_head(model, smile):
    scene = Scene(model, {3: smile})
    scene.found()
    first, moved = (scene.head.posed(scene.views[number]) for number in (0, 3))
    np.testing.assert_allclose(moved - first, scene.views[3].motion, atol=1e-3)


def test_an_outline_in_a_busy_room_counts_less(model):
    view = ViewState(
        None,
        None,
        orbit_camera(model.template, 40, width=300, height=300),
        np.zeros(52),
        "exif",
        None,
        0,
        Frame(1.0, 0, 0, 300, 300),
    )
    head = JointHead(model, np.zeros(len(model.identity_basis)), np.zeros(52), 0.01)
    view.draw(model.template.astype(float), head.triangles)
    mask = (view.raster.triangle >= 0).astype(np.float32)
    skin = [model.template[head.surface.vertices].astype(float)]
    plain, busy = (
        find_rims(model, head.surface, [view], [Cutout(mask, each)], skin, (7.0, 5.0)).weight.sum() for each in (True, False)
    )
    assert 0 < busy < 0.5 * plain


def test_a_busy_room_is_told_from_a_plain_wall(model):
    random = np.random.default_rng(3)
    side = 300
    view = ViewState(
        None,
        None,
        orbit_camera(model.template, 0, width=side, height=side),
        np.zeros(52),
        "exif",
        None,
        0,
        Frame(1.0, 0, 0, side, side),
    )
    view.draw(model.template.astype(float), model.triangles)
    body = (view.raster.triangle >= 0)[..., None]
    chin = view.work.project(view.vertices[int(model.landmark_vertices[152, 0])])[0][1]
    blocks = cv2.resize(random.integers(0, 255, (12, 12, 3)).astype(np.uint8), (side, side), interpolation=cv2.INTER_NEAREST)
    for room, plain in ((np.full((side, side, 3), 200), True), (blocks, False)):
        view.color = np.where(body, np.array([150, 110, 90]), room).astype(np.uint8)
        found = foreground(view, chin)
        assert bool(found and found.plain) == plain
