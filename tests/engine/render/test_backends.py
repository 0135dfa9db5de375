"""Rasterizer backends: coverage, edge rules, depth order, perspective, gradients, and agreement with the reference.

One set of tests for all. nvdiffrast runs where it and a GPU are there; elsewhere a stand-in that keeps to its documented
interface checks what the engine asks of it and makes of its answers.
"""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from engine.published.basel.camera import ALIGNED_CAMERA
from engine.published.basel.rendering import rasterize_crop, render_vertices
from engine.render import BACKENDS, interpolate, nvidia, published_backend, rasterize, reference, why_not
from engine.wire.user_settings import UserSettings, write_user_settings

TRIANGLE = np.array([[0, 1, 2]])
STAND_IN = "nvdiffrast stand-in"


def stand_in() -> ModuleType:
    """``nvdiffrast.torch`` on the CPU, as its documentation describes the CUDA rasterizer."""
    module = ModuleType("nvdiffrast.torch")

    def draw(context, pos, tri, resolution, ranges=None, grad_db=True):
        height, width = resolution
        assert context == "context" and pos.dtype == torch.float32 and tri.dtype == torch.int32
        assert pos.is_contiguous() and tri.is_contiguous() and pos.shape[0] == 1 and pos.shape[2] == 4
        assert height % 8 == width % 8 == 0 and max(height, width) <= 2048
        x, y, z, w = pos[0].double().numpy().T
        assert (w > 0).all() and (np.abs(z) <= w).all()
        # Row 0 is the bottom, where y/w is -1.
        pixels = np.stack([(x / w + 1) / 2 * width, (y / w + 1) / 2 * height], 1)
        far = z / w + 2  # grows with the distance, in 1..3
        owner = reference.rasterize(pixels, far, tri.numpy(), width, height)
        out = np.zeros((1, height, width, 4), np.float32)
        out[0, ..., 3] = owner.triangle + 1
        return torch.from_numpy(out), torch.zeros(1, height, width, 4)

    module.RasterizeCudaContext = lambda device=None: "context"
    module.rasterize = draw
    return module


@pytest.fixture(params=[*BACKENDS, STAND_IN])
def backend(request, monkeypatch):
    if request.param == STAND_IN:
        install_stand_in(monkeypatch)
        return "nvdiffrast"
    if reason := why_not(request.param):
        pytest.skip(f"backend {request.param} cannot run here: {reason}")
    return request.param


def install_stand_in(monkeypatch) -> None:
    package = ModuleType("nvdiffrast")
    package.torch = stand_in()
    monkeypatch.setitem(sys.modules, "nvdiffrast", package)
    monkeypatch.setitem(sys.modules, "nvdiffrast.torch", package.torch)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    for name, value in (("_DEVICE", "cpu"), ("_context", None), ("_reason", None)):
        monkeypatch.setattr(nvidia, name, value)


def draw(backend, points, depth, triangles, width=8, height=8):
    return rasterize(np.asarray(points, float), np.asarray(depth, float), np.asarray(triangles), width, height, backend=backend)


def sphere(rings=24, sectors=32):
    """A closed UV sphere, so that many triangles share edges and overlap in depth."""
    v, u = np.meshgrid(np.linspace(0, np.pi, rings + 1), np.linspace(0, 2 * np.pi, sectors, endpoint=False), indexing="ij")
    points = np.stack([np.sin(v) * np.cos(u), np.cos(v), np.sin(v) * np.sin(u)], -1).reshape(-1, 3)
    a = np.arange(rings)[:, None] * sectors + np.arange(sectors)
    b = np.arange(rings)[:, None] * sectors + (np.arange(sectors) + 1) % sectors
    quads = np.stack([a, b, b + sectors, a + sectors], -1).reshape(-1, 4)
    return points, quads[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3)


@pytest.mark.parametrize("order", [[0, 1, 2], [0, 2, 1]])
def test_right_triangle_covers_the_pixel_centres_inside(backend, order):
    """Corners (0,0), (4,0), (0,4): centres with x + y <= 4, edges included, for either winding."""
    result = draw(backend, [[0, 0], [4, 0], [0, 4]], [1, 1, 1], [order], 6, 5)
    row, column = np.mgrid[:5, :6]
    place = (column + 0.5) + (row + 0.5)
    strict = (place != 4) if backend == "nvdiffrast" else np.ones_like(place, bool)  # it may leave out an outer edge
    np.testing.assert_array_equal((result.triangle == 0)[strict], (place <= 4)[strict])
    assert np.all(np.isinf(result.depth[result.triangle < 0]))
    assert np.all(result.weights[result.triangle < 0] == 0)


def test_first_pixel_centre_is_half_half(backend):
    """A tiny triangle about (0.5, 0.5) lights the top-left pixel only."""
    result = draw(backend, [[0.4, 0.4], [0.7, 0.4], [0.4, 0.7]], [1, 1, 1], TRIANGLE)
    assert np.argwhere(result.triangle == 0).tolist() == [[0, 0]]


def test_nearest_wins_and_equal_depth_goes_to_the_lower_number(backend):
    points = [[0, 0], [8, 0], [0, 8]] * 3
    near_last = draw(backend, points[:6], [5] * 3 + [2] * 3, [[0, 1, 2], [3, 4, 5]])
    assert set(near_last.triangle[near_last.triangle >= 0]) == {1}
    assert np.allclose(near_last.depth[near_last.triangle >= 0], 2)
    tie = draw(backend, points, [5] * 3 + [2] * 6, [[0, 1, 2], [3, 4, 5], [6, 7, 8]])
    assert set(tie.triangle[tie.triangle >= 0]) <= ({1, 2} if backend == "nvdiffrast" else {1}) and (tie.triangle >= 0).any()


def test_behind_the_camera_degenerate_and_outside_are_skipped(backend):
    points = [[0, 0], [8, 0], [0, 8], [20, 20], [30, 20], [20, 30], [1, 1], [2, 2], [3, 3]]
    depth = [1, -1, 1, 1, 1, 1, 1, 1, 1]
    result = draw(backend, points, depth, [[0, 1, 2], [3, 4, 5], [6, 7, 8], [0, 0, 2]])
    assert np.all(result.triangle == -1)


def test_triangle_larger_than_the_image_fills_it(backend):
    result = draw(backend, [[-1e4, -1e4], [3e4, -1e4], [-1e4, 3e4]], [1, 1, 1], TRIANGLE, 7, 3)
    assert np.all(result.triangle == 0)


def test_weights_are_perspective_correct(backend):
    """Interpolating the 3-D corners and projecting again must hit the pixel centre."""
    corners = np.array([[-3.0, -2, 4], [5, -1, 12], [-1, 4, 7]])
    pixels = corners[:, :2] / corners[:, 2:] * 40 + 30
    result = draw(backend, pixels, corners[:, 2], TRIANGLE, 64, 64)
    hit = result.triangle == 0
    points = interpolate(result, TRIANGLE, corners)[hit]
    row, column = np.nonzero(hit)
    assert hit.sum() > 100
    np.testing.assert_allclose(points[:, :2] / points[:, 2:] * 40 + 30, np.stack([column, row], 1) + 0.5, atol=1e-3)
    np.testing.assert_allclose(points[:, 2], result.depth[hit], rtol=1e-5)
    np.testing.assert_allclose(result.weights[hit].sum(1), 1, atol=1e-6)


def test_shared_edges_leave_no_crack_and_constant_depth_gives_affine_weights(backend):
    """A jittered grid covers its whole interior, also where an edge passes through pixel centres."""
    rng = np.random.default_rng(3)
    n = 9
    y, x = np.mgrid[:n, :n].astype(float)
    inner = (x > 0) & (x < n - 1) & (y > 0) & (y < n - 1)
    points = np.stack([x + inner * rng.uniform(-0.3, 0.3, x.shape), y + inner * rng.uniform(-0.3, 0.3, x.shape)], -1)
    points = points.reshape(-1, 2) * 5.0
    a = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    triangles = np.concatenate([np.stack([a, a + 1, a + n + 1], 1), np.stack([a, a + n + 1, a + n], 1)])
    result = draw(backend, points, np.ones(len(points)), triangles, 40, 40)
    assert np.all(result.triangle >= 0)
    row, column = np.mgrid[:40, :40]
    np.testing.assert_allclose(interpolate(result, triangles, points), np.stack([column, row], -1) + 0.5, atol=1e-4)


def test_no_crack_along_long_diagonals():
    """Random fans about a far-off vertex: every centre inside the hull belongs to a triangle."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        angle = np.sort(rng.uniform(0, 2 * np.pi, 40))
        points = np.concatenate([rng.uniform(20, 44, (1, 2)), 32 + 200 * np.stack([np.cos(angle), np.sin(angle)], 1)])
        fan = np.stack([np.zeros(40, int), 1 + np.arange(40), 1 + (np.arange(40) + 1) % 40], 1)
        assert np.all(draw("portable", points, np.ones(41), fan, 64, 64).triangle >= 0)


def test_equals_reference_on_a_turned_sphere(backend):
    points, triangles = sphere()
    angle = 0.7
    rotation = np.array([[np.cos(angle), 0, np.sin(angle)], [0.3, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    camera = points @ rotation.T + [0.1, -0.2, 2.6]
    pixels = camera[:, :2] / camera[:, 2:] * 60 + 40
    slow = draw("reference", pixels, camera[:, 2], triangles, 90, 80)
    fast = draw(backend, pixels, camera[:, 2], triangles, 90, 80)
    same = fast.triangle == slow.triangle
    assert same.all() or backend == "nvdiffrast" and same.mean() > 0.995
    np.testing.assert_allclose(fast.weights[same], slow.weights[same], atol=1e-6)
    np.testing.assert_allclose(fast.depth[same], slow.depth[same], rtol=1e-6)
    assert (slow.triangle >= 0).mean() > 0.2


def test_a_picture_larger_than_one_tile(backend):
    """Pictures of more than 2048 pixels, of sizes that 8 does not divide; the slow definition is spared."""
    if backend == "reference":
        pytest.skip("the plain reference would take minutes for such a picture")
    points = np.array([[10.3, 5.2], [2190.7, 40.1], [2150.4, 30.9], [700.2, 20.6]])
    triangles, depth = np.array([[0, 1, 2], [0, 2, 3]]), np.array([2.0, 3.0, 4.0, 2.5])
    result = draw(backend, points, depth, triangles, 2203, 43)
    expected = draw("portable", points, depth, triangles, 2203, 43)
    same = result.triangle == expected.triangle
    assert same.mean() > (0.999 if backend == "nvdiffrast" else 0.9999) and set(np.unique(expected.triangle)) == {-1, 0, 1}
    np.testing.assert_allclose(result.depth[same], expected.depth[same], rtol=1e-5)


def test_gradients_are_finite_differences(backend):
    """Of a picture of a bumpy sheet, in its vertices and colours; double precision, so that steps are small enough not to
    move a pixel to another triangle."""
    steps = np.linspace(-0.6, 0.6, 5)
    x, y = np.meshgrid(steps, steps)
    sheet = np.stack([x, y, 0.4 * np.sin(3 * x + 1) * np.cos(2 * y)], -1).reshape(-1, 3)
    corner = (np.arange(4)[:, None] * 5 + np.arange(4)).reshape(-1)
    triangles = torch.from_numpy(
        np.concatenate([np.stack([corner, corner + 1, corner + 6], 1), np.stack([corner, corner + 6, corner + 5], 1)])
    )
    random = np.random.default_rng(4)
    points = torch.from_numpy(sheet[None] + random.normal(size=(1, 25, 3)) * 0.02).requires_grad_(True)
    colors = torch.from_numpy(random.random((1, 25, 3))).requires_grad_(True)
    weights = torch.from_numpy(random.normal(size=(1, 3, 64, 64)))

    def loss(points, colors):
        fragments = rasterize_crop(ALIGNED_CAMERA.to_camera(points), triangles, 64, backend=backend)
        assert 0.2 < fragments.mask.mean() < 0.9
        return (render_vertices(fragments, colors) * weights).sum()

    loss(points, colors).backward()
    for tensor, name in ((points, "vertices"), (colors, "colours")):
        direction = torch.from_numpy(random.normal(size=tensor.shape))
        step = 1e-7
        with torch.no_grad():
            arguments = [
                (points + s * direction, colors) if tensor is points else (points, colors + s * direction)
                for s in (step, -step)
            ]
            slope = (loss(*arguments[0]) - loss(*arguments[1])) / (2 * step)
        assert (tensor.grad * direction).sum().item() == pytest.approx(slope.item(), rel=1e-4), name


def test_nvdiffrast_is_taken_where_it_may_be(monkeypatch, tmp_path):
    monkeypatch.setenv("HRN_ENGINE_HOME", str(tmp_path))
    monkeypatch.delenv("HRN_RASTERIZER", raising=False)
    install_stand_in(monkeypatch)
    assert why_not("nvdiffrast") == "" and published_backend() == "nvdiffrast"
    monkeypatch.setenv("HRN_RASTERIZER", "portable")
    assert published_backend() == "portable"
    monkeypatch.delenv("HRN_RASTERIZER")
    write_user_settings(UserSettings(commercial_work=True))
    assert published_backend() == "portable"  # its licence forbids commercial work


@pytest.mark.parametrize(
    ("fault", "word"),
    [("no gpu", "GPU"), ("absent", "imported"), ("upside down", "another picture"), ("breaks", "cannot draw")],
)
def test_an_nvdiffrast_that_does_not_work_is_left_alone(monkeypatch, fault, word, tmp_path):
    monkeypatch.setenv("HRN_ENGINE_HOME", str(tmp_path))
    monkeypatch.delenv("HRN_RASTERIZER", raising=False)
    install_stand_in(monkeypatch)
    module = sys.modules["nvdiffrast.torch"]
    right = module.rasterize
    if fault == "no gpu":
        monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    elif fault == "absent":
        monkeypatch.setitem(sys.modules, "nvdiffrast.torch", None)
    elif fault == "upside down":
        module.rasterize = lambda *args, **settings: [each.flip(1) for each in right(*args, **settings)]
    else:
        module.rasterize = SimpleNamespace()
    assert word in why_not("nvdiffrast") and published_backend() == "portable"


def test_unknown_backend_is_refused():
    with pytest.raises(ValueError, match="unknown rasterizer"):
        rasterize(np.zeros((3, 2)), np.ones(3), TRIANGLE, 4, 4, backend="magic")
