"""NoW's metric and what is built on it: against known distances, another solver, and made-up data sets."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from engine.bench import df_mvr, now
from engine.bench.meshes import Mesh, bundle_head, read_mesh, read_points
from engine.bench.now_metric import CURVE, Surface, compare, crop, summary
from engine.geometry.obj import ObjStyle, write_obj
from engine.wire.errors import ErrorCode, HrnError
from support.golden import models as golden_models
from support.synthetic_bundle import make_bundle

RADII = np.array([75.0, 100.0, 60.0])


def on_face(u, v):
    """Points of half an ellipsoid with a nose, millimetres."""
    z = np.sqrt(np.clip(1 - u**2 - v**2, 0, 1)) * RADII[2] + 22 * np.exp(-((u / 0.16) ** 2) - ((v + 0.05) / 0.22) ** 2)
    return np.stack([u * RADII[0], v * RADII[1], z], -1)


@pytest.fixture(scope="module")
def face() -> tuple[Mesh, np.ndarray]:
    """A bumpy face and its seven landmarks."""
    steps = np.linspace(-0.7, 0.7, 43)
    u, v = np.meshgrid(steps, steps)
    number = np.arange(u.size).reshape(u.shape)
    a, b, c, d = (number[:-1, :-1], number[:-1, 1:], number[1:, :-1], number[1:, 1:])
    triangles = np.concatenate([np.stack([a, b, d], -1), np.stack([a, d, c], -1)]).reshape(-1, 3)
    marks = np.array([[-0.58, 0.3], [-0.2, 0.3], [0.2, 0.3], [0.58, 0.3], [0, -0.2], [-0.3, -0.45], [0.3, -0.45]])
    return Mesh(on_face(u, v).reshape(-1, 3), triangles), on_face(*marks.T)


def moved(points: np.ndarray, scale=1e-3) -> np.ndarray:
    return scale * points @ Rotation.from_euler("xyz", [0.5, -0.9, 0.3]).as_matrix().T + [0.4, -0.1, 2.0]


def beside(mesh: Mesh, offset: float) -> np.ndarray:
    """(T, 3) a scan: points above and below the middles of neighbouring triangles by turns, so that no similarity can
    bring it nearer; each lies exactly `offset` from the mesh."""
    a, b, c = mesh.vertices[mesh.triangles].transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    side = np.where(np.arange(len(a)) < len(a) / 2, 1, -1)[:, None]  # one triangle of each cell up, the other down
    return (a + b + c) / 3 + offset * side * normal


def test_known_offset_is_measured(face):
    mesh, landmarks = face
    rough = moved(landmarks) + np.random.default_rng(2).normal(size=(7, 3)) * 2e-3
    got = compare(beside(mesh, 0.25), landmarks, Mesh(moved(mesh.vertices), mesh.triangles), rough)
    figures = summary([got.distances])
    assert figures["mean"] == pytest.approx(0.25, abs=0.003) and figures["median"] == pytest.approx(0.25, abs=0.003)
    assert figures["std"] < 0.02 and got.scale == pytest.approx(1000, rel=2e-3)
    assert figures["curve"][int(np.searchsorted(CURVE, 0.2))] < 0.05 and figures["curve"][3] > 0.98


def test_the_same_surface_is_found_whatever_its_place_and_size(face):
    mesh, landmarks = face
    got = compare(mesh.vertices, landmarks, Mesh(moved(mesh.vertices), mesh.triangles), moved(landmarks) * 1.002)
    assert got.distances.max() < 1e-4
    back = got.scale * moved(mesh.vertices) @ got.rotation.T + got.translation
    np.testing.assert_allclose(back, mesh.vertices, atol=1e-3)


def test_size_counts_in_the_metrical_variant(face):
    mesh, landmarks = face
    large = Mesh(moved(mesh.vertices, 1.1e-3), mesh.triangles)
    free = compare(mesh.vertices, landmarks, large, moved(landmarks, 1.1e-3))
    metrical = compare(mesh.vertices, landmarks, large, moved(landmarks, 1.1e-3), unit=1000.0)
    assert free.distances.max() < 1e-4 and metrical.scale == 1000.0
    assert 0.5 < metrical.distances.mean() < 5
    true_size = compare(mesh.vertices, landmarks, Mesh(moved(mesh.vertices), mesh.triangles), moved(landmarks), unit=1000.0)
    assert true_size.distances.max() < 1e-4


def test_alignment_is_the_optimum_that_another_solver_finds(face):
    """Of the sum that the benchmark defines: squared distances over scale, rotation and translation."""
    mesh, landmarks = face
    random = np.random.default_rng(7)
    bend = 4 * np.sin(mesh.vertices[:, :1] / 21) * np.cos(mesh.vertices[:, 1:2] / 33) * [0.2, 0.3, 1]
    scan = (mesh.vertices + bend + random.normal(size=mesh.vertices.shape) * 0.3)[::7]
    scan_landmarks = landmarks + random.normal(size=(7, 3)) * 2
    got = compare(scan, scan_landmarks, mesh, landmarks)
    target, surface = scan[crop(scan, scan_landmarks)], Surface(mesh)

    def residuals(x):
        # Points are taken back to the mesh, so its index is made once.
        return x[6] * surface.query((target - x[3:6]) @ Rotation.from_rotvec(x[:3]).as_matrix() / x[6])[1]

    other = least_squares(residuals, [0, 0, 0, 0, 0, 0, 1.0], x_scale=[0.01, 0.01, 0.01, 1, 1, 1, 0.01])
    assert (got.distances**2).sum() <= 2 * other.cost * (1 + 1e-7)
    np.testing.assert_allclose(np.median(got.distances), np.median(other.fun), atol=2e-4)
    assert got.distances.mean() > 0.3  # there is something to measure


def test_crop_is_a_ball_about_the_nose():
    landmarks = np.array([[-45, 30, 0], [-15, 30, 0], [15, 30, 0], [45, 30, 0], [0, -10, 0], [-25, -40, 0], [25, -40, 0.0]])
    radius = 1.4 * (90 + 40) / 2  # outer corners 90 apart, the nose 40 long
    points = np.array([[0, 2, radius - 0.01], [0, 2, radius + 0.01], [0, 2 + radius - 0.01, 0], [radius + 0.01, 2, 0]])
    assert crop(points, landmarks).tolist() == [True, False, True, False]


def test_nearest_points_are_exact_beside_large_and_empty_triangles():
    random = np.random.default_rng(5)
    corners = random.normal(size=(300, 1, 3)) * 30 + random.normal(size=(300, 3, 3)) * 10 ** random.uniform(
        -2, 1.5, (300, 1, 1)
    )
    corners[7, 2] = corners[7, 1]
    mesh = Mesh(corners.reshape(-1, 3), np.arange(900).reshape(-1, 3))
    points = random.normal(size=(200, 3)) * 40
    surface = Surface(mesh)
    place, distance, normal = surface.query(points)
    dense = (
        np.stack(
            [i * corners[:, 0] + j * corners[:, 1] + (60 - i - j) * corners[:, 2] for i in range(61) for j in range(61 - i)], 1
        ).reshape(-1, 3)
        / 60
    )
    from scipy.spatial import cKDTree

    around = cKDTree(dense).query(points)[0]
    assert (distance <= around + 1e-9).all() and (around - distance).max() < 1.0
    gap = points - place
    np.testing.assert_allclose(np.linalg.norm(gap, axis=1), distance, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(normal, axis=1), 1, atol=1e-9)


def test_statistics_are_over_all_points_of_all_images():
    figures = summary([np.full(300, 0.1), np.array([1.0, 3.0])])
    assert figures["images"] == 2 and figures["points"] == 302
    assert figures["median"] == 0.1 and figures["mean"] == pytest.approx((300 * 0.1 + 4) / 302)
    assert figures["curve"][1] == pytest.approx(300 / 302) and figures["curve"][10] == pytest.approx(301 / 302)
    assert figures["curve"][-1] == 1.0 and summary([])["points"] == 0


def picked(points: np.ndarray) -> str:
    """MeshLab's file; the order of the attributes differs between its versions."""
    forms = (
        '  <point x="{0}" y="{1}" z="{2}" name="{3}" active="1"/>',
        '  <point active="1" name="{3}" z="{2}" x="{0}" y="{1}"/>',
    )
    lines = [forms[k % 2].format(*point, k) for k, point in enumerate(points.tolist())]
    return "\n".join(
        [
            "<!DOCTYPE PickedPoints>",
            "<PickedPoints>",
            " <DocumentData>",
            '  <DateTime time="12:00:00"/>',
            '  <User name="x"/>',
            '  <DataFileName name="scan.obj"/>',
            '  <templateName name=""/>',
            " </DocumentData>",
            *lines,
            "</PickedPoints>",
        ]
    )


@pytest.fixture(scope="module")
def dataset(face, tmp_path_factory):
    """Two subjects; predictions of one are right, of the other 0.25 mm off; one is missing."""
    mesh, landmarks = face
    root = tmp_path_factory.mktemp("now")
    lines = ["a/multiview_neutral/1.jpg", "a/selfie/2.jpg", "b/multiview_neutral/3.jpg", "b/selfie/4.jpg"]
    (root / "imagepathsvalidation.txt").write_text("\n".join(lines) + "\n")
    for subject, scan in (("a", mesh.vertices), ("b", beside(mesh, 0.25))):
        for folder in ("scans", "scans_lmks_onlypp"):
            (root / folder / subject).mkdir(parents=True)
        write_obj(root / "scans" / subject / "scan.obj", scan, np.array([[0, 1, 2]]))  # only its vertices count
        (root / "scans_lmks_onlypp" / subject / "scan.pp").write_text(picked(landmarks))
    found = Mesh(moved(mesh.vertices), mesh.triangles)
    for line in lines[:3]:
        target = root / "out" / line.removesuffix(".jpg")
        target.parent.mkdir(parents=True, exist_ok=True)
        if "selfie" in line:
            write_ply(target.with_suffix(".ply"), found)
            np.savetxt(target.with_suffix(".txt"), moved(landmarks))
        else:
            write_obj(
                target.with_suffix(".obj"),
                found.vertices,
                found.triangles,
                style=ObjStyle(".9f"),
                colors=np.full((len(found.vertices), 3), 127),
            )
            np.save(target.with_suffix(".npy"), moved(landmarks))
    return root


def write_ply(path, mesh: Mesh) -> None:
    head = [
        "ply",
        "format binary_little_endian 1.0",
        f"element vertex {len(mesh.vertices)}",
        "property double x",
        "property double y",
        "property double z",
        "property uchar red",
        f"element face {len(mesh.triangles)}",
        "property list uchar int vertex_indices",
        "end_header",
        "",
    ]
    path.write_bytes(
        "\n".join(head).encode()
        + b"".join(struct.pack("<dddB", *row, 9) for row in mesh.vertices.tolist())
        + b"".join(struct.pack("<Biii", 3, *row) for row in mesh.triangles.tolist())
    )


def test_the_benchmarks_folders(dataset, tmp_path, capsys):
    assert now.main([str(dataset / "out"), "--dataset", str(dataset), "--json", str(tmp_path / "now.json")]) == 0
    found = json.loads((tmp_path / "now.json").read_text())
    assert found["missing"] == 1 and [row["image"] for row in found["by_image"]] == [
        "a/multiview_neutral/1",
        "a/selfie/2",
        "b/multiview_neutral/3",
    ]
    assert found["selfie"]["mean"] < 1e-3 and found["by_image"][2]["mean"] == pytest.approx(0.25, abs=0.005)
    points = [row["points"] for row in found["by_image"]]
    assert found["all"]["points"] == sum(points)
    assert found["all"]["mean"] == pytest.approx(0.25 * points[2] / sum(points), abs=0.005)
    told = capsys.readouterr()
    assert "b/selfie/4" in told.err and "1 of 4 predictions are missing" in told.out
    assert now.main([str(dataset / "out"), "--dataset", str(dataset), "--challenge", "selfie", "--unit", "m"]) == 0
    assert "multiview_neutral" not in capsys.readouterr().out


def test_one_prediction(dataset, capsys):
    prediction = dataset / "out/a/selfie/2.ply"
    assert (
        now.main(
            [
                str(prediction),
                "--scan",
                str(dataset / "scans/b/scan.obj"),
                "--scan-points",
                str(dataset / "scans_lmks_onlypp/b/scan.pp"),
            ]
        )
        == 0
    )
    assert "0.25" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        now.main([str(prediction)])


def test_images_without_a_prediction_are_fitted_first(dataset, tmp_path, monkeypatch, capsys):
    """The fit itself is stood in for; the neutral head comes out in metres with its landmarks, in NoW's form."""
    from types import SimpleNamespace

    from engine import photo
    from engine.bench import stages
    from engine.head import load_head_model

    model = load_head_model()
    smile, bump = np.linspace(0, 1, 52), np.float32(0.5)

    def fit(model, photo, observation, stages):
        coarse = SimpleNamespace(identity=np.full(3, 0.2), expression=smile)
        return {"mid": (model.shape(coarse.identity, smile) + bump, coarse)}

    monkeypatch.setattr(photo, "load_photo", lambda path: path)
    monkeypatch.setattr(
        photo, "Landmarker", lambda: SimpleNamespace(detect=lambda path: [] if path.parent.name == "selfie" else ["a face"])
    )
    monkeypatch.setattr(stages, "fit_stages", fit)
    images = now.listed_images(dataset)
    now.reconstruct(dataset, [images[0], images[3]], tmp_path)
    assert "b/selfie/4: no face found" in capsys.readouterr().err
    mesh, points, known = now.prediction_of(tmp_path / "a/multiview_neutral/1.obj")
    neutral = model.shape(np.full(3, 0.2)) + bump
    assert not known and len(mesh.vertices) < len(neutral)
    np.testing.assert_allclose(points, model.landmarks(neutral)[list(now.NOW_LANDMARKS)] / 1000, atol=1e-6)
    low, high = mesh.vertices.min(0), mesh.vertices.max(0)
    assert (np.abs(1000 * low - neutral.min(0)) < 20).all() and (np.abs(1000 * high - neutral.max(0)) < 20).all()
    (tmp_path / "a/multiview_neutral/1.npy").write_bytes(b"kept")
    now.reconstruct(dataset, [images[0]], tmp_path)
    assert (tmp_path / "a/multiview_neutral/1.npy").read_bytes() == b"kept"


def test_a_bundle_is_a_prediction(tmp_path):
    make_bundle(tmp_path / "head")
    mesh, points, known = now.prediction_of(tmp_path / "head")
    assert known and points.shape == (7, 3) and len(mesh.triangles) > 100
    posed = bundle_head(tmp_path / "head", posed=True)[0]
    assert posed.vertices.shape == mesh.vertices.shape and not np.allclose(posed.vertices, mesh.vertices)
    # The neutral head against itself in millimetres: nothing is left.
    scan = 1000 * mesh.vertices
    assert compare(scan, 1000 * points, mesh, points, unit=1000.0).distances.max() < 1e-6


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.txt", "1 2 3\n4 5 6\n"),
        ("a.pp", "<PickedPoints></PickedPoints>"),
        ("a.npy", "no array"),
        ("a.txt", "a b c\n" * 7),
        ("a.ply", "ply\nformat ascii 1.0\nelement vertex 9\n"),
        ("a.ply", "\x00"),
        ("a.obj", "v 1 2 3\n"),
    ],
)
def test_broken_files_are_named(tmp_path, name, content):
    (tmp_path / name).write_text(content)
    with pytest.raises(HrnError) as caught:
        (read_mesh if name.endswith(("ply", "obj")) else read_points)(tmp_path / name)
    assert caught.value.code is ErrorCode.CHECKPOINT_INVALID and name in caught.value.message


def test_text_ply_and_faces_of_four_corners(tmp_path, face):
    mesh = Mesh(face[0].vertices[:4], np.array([[0, 1, 2], [0, 2, 3]]))
    rows = [" ".join(map(repr, row)) for row in mesh.vertices.tolist()]
    (tmp_path / "a.ply").write_text(
        "\n".join(
            [
                "ply",
                "format ascii 1.0",
                "element vertex 4",
                *(f"property float {axis}" for axis in "xyz"),
                "element face 2",
                "property list uchar int vertex_index",
                "end_header",
                *rows,
                "3 0 1 2",
                "3 0 2 3",
            ]
        )
        + "\n"
    )
    (tmp_path / "a.obj").write_text("\n".join(f"v {row}" for row in rows) + "\nf 1 2 3 4\n")
    for file in ("a.ply", "a.obj"):
        found = read_mesh(tmp_path / file)
        np.testing.assert_allclose(found.vertices, mesh.vertices)
        assert found.triangles.tolist() == mesh.triangles.tolist()


def test_df_mvr_evaluation(tmp_path, capsys):
    """Its mesh, decimetres, the mean of each mesh; scans are 0.2 mm before and behind the prediction by turns, along z."""
    shape, triangles = golden_models.full_mean(), golden_models.full_triangles()
    (tmp_path / "found").mkdir()
    (tmp_path / "scans").mkdir()
    known = {"1": 0.0, "2": 2e-3}
    for name, offset in known.items():
        side = np.where((np.arange(len(shape)) // 3 + np.arange(len(shape)) // 567) % 2, 1, -1)[:, None]
        scan = shape + offset * side * [0, 0, 1]
        write_obj(tmp_path / "scans" / f"{name}.obj", scan, triangles, style=ObjStyle(".8f"))
        write_obj(tmp_path / "found" / f"{name}.obj", shape + [0, 0, -9], triangles, style=ObjStyle(".8f"))
    (tmp_path / "found" / "alone.obj").write_text("")
    assert df_mvr.main([str(tmp_path / "found"), "--scans", str(tmp_path / "scans"), "--json", str(tmp_path / "e.json")]) == 0
    found = json.loads((tmp_path / "e.json").read_text())
    assert found["by_mesh"]["1"] < 1e-4 and 0.1 < found["by_mesh"]["2"] < 0.2  # the surface is slanted
    assert found["mean"] == pytest.approx((found["by_mesh"]["1"] + found["by_mesh"]["2"]) / 2)
    assert "alone" in capsys.readouterr().err
    with pytest.raises(HrnError, match="landmarks"):
        df_mvr.rmse(read_mesh(tmp_path / "scans/1.obj"), Mesh(np.eye(3), np.array([[0, 1, 2]])))
