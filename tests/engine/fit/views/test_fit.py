"""Several photos of one head: cameras, points and surface from synthetic matches and from rendered heads."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.camera import Camera
from engine.fit.views.bundle_adjustment import Lens, OnMesh, adjust, triangulate
from engine.fit.views.hairy import hairy_at
from engine.fit.views.matching import Tracks, choose_pairs, predicted
from engine.fit.views.same_person import agreement, strangers
from engine.fit.views.silhouette import plain_background
from engine.fit.views.start import order_views, same_expression
from engine.fit.views.state import Frame, ViewState
from engine.fit.views.surface import Cloud, fit_offset, nearest_places
from engine.fit.views.weights import Bending, CameraWeights
from engine.photo.regions import INNER_LIPS, OUTER_LIPS
from engine.types import ARKIT_ACTIONS, FaceObservation, Photo, Veil


def turned_camera(yaw: float, focal: float = 1500.0, size: int = 800) -> Camera:
    """Looks at the origin from 700 mm; positive yaw shows the subject's left side."""
    a = np.radians(yaw)
    turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    return Camera(size, size, focal, focal, size / 2, size / 2, np.diag([1.0, -1.0, -1.0]) @ turn, np.array([0, 0, 700.0]))


def ball(radius: float = 80.0, rows: int = 24):
    """Vertices and triangles of the front half of a sphere."""
    v, u = np.meshgrid(np.linspace(-1.3, 1.3, rows), np.linspace(-1.4, 1.4, rows), indexing="ij")
    vertices = radius * np.stack([np.cos(v) * np.sin(u), np.sin(v), np.cos(v) * np.cos(u)], -1).reshape(-1, 3)
    i = (np.arange(rows - 1)[:, None] * rows + np.arange(rows - 1)).ravel()
    return vertices, np.concatenate([np.stack([i, i + 1, i + rows + 1], 1), np.stack([i, i + rows + 1, i + rows], 1)])


class Scene:
    """A ball with relief seen by three cameras; believed are a smooth ball and cameras that are some degrees off."""

    def __init__(self, distortion: float = 0.0, wrong: float = 0.0, noise: float = 0.1):
        random = np.random.default_rng(5)
        self.cameras = [turned_camera(yaw) for yaw in (-25, 0, 25)]
        vertices, triangles = ball()
        hits = random.integers(0, len(triangles), 900)
        weights = random.dirichlet([1, 1, 1], len(hits))
        smooth = np.einsum("pk,pkd->pd", weights, vertices[triangles[hits]])
        self.normals = smooth / np.linalg.norm(smooth, axis=1, keepdims=True)
        self.points = smooth + self.normals * 3 * np.sin(smooth[:, :1] / 12) * np.cos(smooth[:, 1:2] / 15)
        self.start = smooth
        pixels = np.stack([self.seen(camera, distortion) for camera in self.cameras], 1)
        pixels += random.normal(0, noise, pixels.shape)
        bad = random.random(pixels.shape[:2]) < wrong
        pixels[bad] += random.normal(0, 15, (bad.sum(), 2))
        count = len(self.points)
        self.tracks = Tracks(
            np.arange(count + 1) * 3, np.tile([0, 1, 2], count), pixels.reshape(-1, 2), hits, weights, np.full(count, 5.0)
        )
        self.believed = [
            replace(
                camera,
                R=cv2.Rodrigues(random.normal(0, 0.03, 3))[0] @ camera.R,
                t=camera.t + random.normal(0, 4, 3),
                fx=1350.0,
                fy=1350.0,
            )
            for camera in self.cameras
        ]

    def seen(self, camera: Camera, k: float) -> np.ndarray:
        plane = (camera.project(self.points)[0] - [camera.cx, camera.cy]) / camera.fx
        return plane * (1 + k * (plane**2).sum(1, keepdims=True)) * camera.fx + [camera.cx, camera.cy]

    def solve(self, distortion_sigma: float = 0.0, **more):
        moves = np.zeros((len(self.tracks.view), 3))
        lens = Lens([0, 1, 2], 0.25, 1350.0, distortion_sigma)
        cameras, k, _ = adjust(
            self.believed,
            OnMesh(self.tracks, self.start, moves, self.normals),
            [lens],
            np.ones(3),
            CameraWeights(start_px=20.0, iterations=60),
            **more,
        )
        return cameras, k, triangulate(cameras, k, self.tracks, self.start, moves)


def turn_between(a: Camera, b: Camera) -> np.ndarray:
    return b.R @ a.R.T


class TestBundleAdjustment:
    def test_cameras_and_focal_length_are_found(self):
        scene = Scene()
        cameras, _, _ = scene.solve()
        assert cameras[0].fx == pytest.approx(1500, rel=0.02)
        for k in (1, 2):
            off = turn_between(cameras[0], cameras[k]) @ turn_between(scene.cameras[0], scene.cameras[k]).T
            assert np.degrees(np.linalg.norm(cv2.Rodrigues(off)[0])) < 0.15

    def test_points_have_their_shape(self):
        from engine.geometry.similarity import similarity

        scene = Scene()
        found = scene.solve()[2]
        scale, R, t = similarity(found.points, scene.points)
        assert np.median(np.linalg.norm(scale * found.points @ R.T + t - scene.points, axis=1)) < 0.25
        assert np.median(found.rms) < 0.2

    def test_wrong_matches_do_not_count(self):
        cameras, _, found = Scene(wrong=0.15).solve()
        assert cameras[0].fx == pytest.approx(1500, rel=0.03)
        assert 0.5 < (found.rms < 0.8).mean() < 0.75  # tracks with a wrong match are told from those without

    def test_cameras_keep_the_turns_that_are_held(self):
        scene = Scene(wrong=0.15)

        def turned(**more) -> float:
            cameras, _, _ = scene.solve(**more)
            return max(
                np.degrees(np.linalg.norm(cv2.Rodrigues(turn_between(a, b))[0])) for a, b in zip(scene.believed, cameras)
            )

        assert turned(turn_precision=np.full(3, 1e9)) < 0.1 and turned() > 1

    def test_distortion_is_found_where_it_is(self):
        assert Scene(distortion=0.5, noise=0.02).solve(0.5)[1][0] == pytest.approx(0.5, abs=0.15)
        assert abs(Scene(noise=0.02).solve(0.5)[1][0]) < 0.1


@pytest.mark.parametrize(("out_mm", "least", "most"), [(5.0, -0.3, 0.5), (-3.0, -4.0, -1.5)])
def test_the_surface_stays_behind_points_of_hair(out_mm, least, most):
    vertices, triangles = ball()
    normals = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    weights = np.random.default_rng(1).dirichlet([1, 1, 1], 4 * len(triangles))
    places = np.einsum("pk,pkd->pd", weights, vertices[np.tile(triangles, (4, 1))])
    beard = places[:, 1] < -20
    points = places * np.where(beard, 1 + out_mm / 80, 1)[:, None]
    cloud = Cloud(points, np.ones(len(points)), beard)
    bending = Bending(stiffness=0.25, damping=1e-3, robust_mm=4.0, membrane=0.02)
    height = np.einsum("vd,vd->v", fit_offset(triangles, vertices, cloud, np.zeros_like(vertices), None, bending), normals)
    assert least < height[vertices[:, 1] < -35].mean() < most
    assert np.abs(height[vertices[:, 1] > 0]).mean() < 0.2


def test_hair_counts_over_the_face_and_not_on_the_scalp():
    camera = turned_camera(0)
    view = ViewState(None, None, camera, np.zeros(52), "user", None)
    pixels = np.array([[10.5, 10.5], [30.5, 10.5], [30.5, 10.5], [50.5, 10.5]])
    scalp = np.array([0.0, 0.0, 1.0, 0.0])
    assert not hairy_at(view, pixels, scalp).any()
    view.beard, view.hair = np.zeros((20, 60), np.float32), np.zeros((20, 60), np.float32)
    view.beard[:, :20], view.hair[:, 20:40] = 1, 1
    np.testing.assert_allclose(hairy_at(view, pixels, scalp), [1, 1, 0, 0])


def test_offset_follows_points_and_stays_calm_where_there_are_none():
    vertices, triangles = ball()
    normals = vertices / np.linalg.norm(vertices, axis=1, keepdims=True)
    random = np.random.default_rng(1)
    weights = random.dirichlet([1, 1, 1], 4 * len(triangles))
    places = np.einsum("pk,pkd->pd", weights, vertices[np.tile(triangles, (4, 1))])
    left = places[:, 0] < 0
    target = places[left] * (1 + 2.0 / 80)
    offset = fit_offset(
        triangles,
        vertices,
        Cloud(target, np.ones(len(target)), np.zeros(len(target), bool)),
        np.zeros_like(vertices),
        None,
        Bending(stiffness=0.25, damping=1e-3, robust_mm=4.0, membrane=0.02),
    )
    height = np.einsum("vd,vd->v", offset, normals)
    assert np.abs(height[vertices[:, 0] < -15] - 2.0).mean() < 0.2
    assert np.abs(height).max() < 3.0


def test_nearest_places_are_nearest():
    vertices, triangles = ball(rows=10)
    points = np.random.default_rng(2).normal(0, 60, (200, 3)) + [0, 0, 40]
    found = nearest_places(vertices, triangles, points, candidates=len(triangles))
    grid = np.array([(a, b, 1 - a - b) for a in np.linspace(0, 1, 21) for b in np.linspace(0, 1 - a, 21)])
    sampled = np.einsum("gk,tkd->tgd", grid, vertices[triangles]).reshape(-1, 3)
    brute = np.linalg.norm(points[:, None] - sampled[None], axis=-1).min(1)
    distance = np.linalg.norm(points - found.point, axis=1)
    assert (distance <= brute + 1e-9).all() and np.abs(distance - brute).max() < 0.5


def test_pairs_grow_linearly_with_the_views():
    def count(n: int) -> int:
        views = [ViewState(None, None, turned_camera(yaw), np.zeros(52), "estimated", None) for yaw in np.linspace(-60, 60, n)]
        return len(choose_pairs(views))

    assert count(5) == 7 and count(10) == 17 and count(30) == 57


def test_views_on_opposite_sides_are_not_compared():
    views = [ViewState(None, None, turned_camera(yaw), np.zeros(52), "estimated", None) for yaw in (-60, 60)]
    assert choose_pairs(views) == []


def seen_from(name: str, yaw: float, face_px: float = 400, veil: Veil | None = None, **actions: float) -> ViewState:
    landmarks = np.zeros((478, 2), np.float32)
    landmarks[0] = face_px
    scores = np.array([actions.get(action, 0.0) for action in ARKIT_ACTIONS], np.float32)
    photo = Photo(np.zeros((8, 8, 3), np.uint8), name, "", None)
    observation = FaceObservation(landmarks, np.zeros(478), scores, 0, 1, veil=veil)
    return ViewState(photo, observation, turned_camera(yaw), scores, "estimated", None)


def mask_over_the_mouth() -> Veil:
    hidden = np.zeros(478, np.float32)
    hidden[[*range(150), *OUTER_LIPS, *INNER_LIPS]] = 1
    return Veil(np.zeros((8, 8), np.uint8), hidden, ("mouth",))


def first(*views: ViewState) -> str:
    return order_views(list(views))[0].photo.name


def test_the_reference_is_frontal_large_and_has_open_eyes():
    def view(name: str, yaw: float, face_px: float, shut: float) -> ViewState:
        return seen_from(name, yaw, face_px, eyeBlinkLeft=shut, eyeBlinkRight=shut)

    front, side, small = view("front", 0, 400, 0.1), view("side", 45, 400, 0.1), view("small", 0, 120, 0.1)
    assert first(side, front) == first(small, front) == "front"
    assert first(view("blink", 0, 400, 0.9), view("open", 15, 400, 0.1), side) == "open"
    assert first(view("down", 0, 400, 0.35), view("open", 15, 400, 0.1)) == "down"
    assert first(view("blink", 0, 400, 0.9), side) == "blink"


def test_the_reference_is_bare():
    masked = seen_from("masked", 0, veil=mask_over_the_mouth())
    assert first(masked, seen_from("bare", 25)) == "bare"
    assert first(masked, seen_from("side", 60)) == "masked"


def test_what_a_mask_hides_is_no_other_expression():
    smile = {"mouthSmileLeft": 0.9, "mouthSmileRight": 0.9, "jawOpen": 0.8}
    bare = [seen_from("a", 0, **smile), seen_from("b", 5, **smile)]
    assert same_expression([*bare, seen_from("c", 0, veil=mask_over_the_mouth())])
    assert not same_expression([*bare, seen_from("c", 0)])


def test_what_is_worn_is_not_matched():
    vertices, triangles = ball()
    views = [ViewState(None, None, turned_camera(yaw), np.zeros(52), "user", None) for yaw in (-10, 10)]
    for view in views:
        view.frame, view.grey = Frame(1.0, 0, 0, 800, 800), np.zeros((800, 800), np.float32)
        view.draw(vertices, triangles)
    before = predicted(*views, triangles)[1]
    worn = np.zeros((800, 800), np.float32)
    worn[:400] = 1
    views[0].worn = worn
    bare_here = predicted(*views, triangles)[1]
    assert before[:400].sum() > 1000 and not bare_here[:400].any() and (bare_here[400:] == before[400:]).all()
    views[0].worn, views[1].worn = None, worn
    target, bare_there = predicted(*views, triangles)
    assert not bare_there[target[..., 1] < 400].any() and bare_there.sum() > 1000


def test_a_plain_background_is_told_from_the_head():
    y, x = np.mgrid[:120, :100].astype(np.float32)
    lab = np.stack([70 + 0.05 * x, 2 + 0.02 * y, np.full_like(x, 3)], -1) + np.random.default_rng(0).normal(
        0, 0.5, (120, 100, 3)
    )
    head = (x - 50) ** 2 + (y - 60) ** 2 < 30**2
    lab[head] = [55, 15, 15]
    mask = plain_background(lab.astype(np.float32), (x - 50) ** 2 + (y - 60) ** 2 > 40**2)
    assert (mask[head] > 0.5).all() and (mask[~head] < 0.5).mean() > 0.99


def dot_at(x: int, y: int) -> np.ndarray:
    return cv2.circle(np.zeros((400, 400), np.uint8), (x, y), 4, 255, -1)


def test_straightening_takes_distortion_out():
    pixels = np.zeros((400, 400, 3), np.uint8)
    camera = turned_camera(0, focal=500.0, size=400)
    from engine.types import FaceObservation

    points = np.full((478, 2), 200, np.float32)
    points[0] = (370, 210)
    view = ViewState(
        Photo(pixels, "a", "", None),
        FaceObservation(points, np.zeros(478), np.zeros(52), 0, 1, veil=Veil(dot_at(370, 210), np.zeros(478))),
        camera,
        np.zeros(52),
        "estimated",
        None,
    )
    view.straighten(0.2)
    y, x = np.argwhere(view.observation.veil.over > 127).mean(0) + 0.5
    assert np.abs(view.observation.landmarks[0] - (x, y)).max() < 1.0  # what is worn moves along
    plane = (view.observation.landmarks[0] - 200) / 500
    again = plane * (1 + 0.2 * (plane**2).sum()) * 500 + 200
    assert np.abs(again - points[0]).max() < 0.05


def company_of(pairs: dict[tuple[int, int], float], count: int) -> list[int]:
    agree = np.full((count, count), np.nan)
    for (i, j), share in pairs.items():
        agree[i, j] = agree[j, i] = share
    return strangers(agree)


def test_a_stranger_is_told_by_what_matches():
    alike = {(0, 1): 0.5, (1, 2): 0.4, (0, 2): 0.2}
    assert company_of(alike, 3) == []
    assert company_of({**alike, (1, 3): 0.03, (2, 3): 0.06}, 4) == [3]
    # The stranger may be the first, and the more frontal one.
    assert company_of({(0, 1): 0.03, (0, 2): 0.02, (1, 2): 0.3}, 3) == [0]
    # The larger group stays.
    assert company_of({(0, 1): 0.5, (2, 3): 0.5, (3, 4): 0.5, (1, 2): 0.02, (0, 4): 0.05}, 5) == [0, 1]
    # Of two that do not match, the first one stays.
    assert company_of({(0, 1): 0.02}, 2) == [1]


def test_neighbours_hold_a_company_together_and_no_common_place_says_nothing():
    assert company_of({(0, 1): 0.5, (1, 2): 0.3, (0, 2): 0.01}, 3) == []
    assert company_of({(0, 1): 0.5}, 3) == []


def test_agreement_counts_matches_both_ways_against_what_both_see():
    tracks = Tracks(
        np.array([0, 2, 5, 7]),
        np.array([0, 1, 0, 1, 2, 1, 0]),
        np.zeros((7, 2)),
        np.zeros(3, int),
        np.zeros((3, 3)),
        np.ones(3),
    )
    possible = np.array([[0, 100.0, 40], [100, 0, 40], [10, 10, 0]])
    agree = agreement(tracks, np.array([True, True, False]), possible)
    assert agree[0, 1] == agree[1, 0] == pytest.approx(2 / 200)
    assert np.isnan(agree[0, 2]) and np.isnan(agree[1, 2])  # 50 places at most
