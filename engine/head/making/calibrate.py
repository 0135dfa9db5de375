"""Recipe for the landmark table: ``python -m engine.head.making.calibrate``.

Random heads are rendered in many lights and colours, the Face Landmarker is run on the renders, and each landmark is
carried back through the rasterizer to the triangle under it. The median over the renders, averaged over both sides of
the face, is snapped to the mesh. Lips and lids are placed on their edge loops instead (see `landmark_lines`), and the
irises on a circle of 11.7 mm. Takes about a minute; the result is shipped as ``data/landmarks.npz``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.ndimage import distance_transform_edt

from ...camera import Camera
from ...geometry.mesh import vertex_normals
from ...photo.landmarks import Landmarker
from ...photo.regions import BROWS
from ...render import interpolate, rasterize
from ...types import Photo
from ..build import build_head_model
from ..model import MATERIALS, HeadModel
from ..parts import BROW, brow_mask
from .landmark_lines import feature_lines, place_on_lines

__all__ = ["main"]

TABLE_FILE = Path(__file__).parents[1] / "data" / "landmarks.npz"
"""The shipped table of landmarks, which this module writes."""
RENDERS = 160
"""Number of rendered heads on which the landmarks are detected."""
MAX_YAW = 10.0
"""Largest turn of the rendered heads, degrees. The detector's points slide over the surface when the head turns, so one table
holds for frontal views."""


BROWS_LOWER = 2.5
"""mm by which the brows are painted lower: the detector, which also uses the bone's shape, sees them higher than they are."""


def render(model: HeadModel, vertices: np.ndarray, camera: Camera, look: np.random.Generator):
    """A plain shaded picture (H, W, 3) uint8 and its raster."""
    points, depth = camera.project(vertices)
    triangles = model.triangles
    raster = rasterize(points, depth, triangles, camera.width, camera.height)
    normal = vertex_normals(vertices, triangles)
    light = np.array([look.uniform(-0.7, 0.7), look.uniform(-0.1, 0.7), 1.0])
    shade = 0.3 + 0.7 * (normal @ (light / np.linalg.norm(light))).clip(0)
    color = vertex_colors(model, vertices, look) * shade[:, None]
    image = interpolate(raster, triangles, color)
    image[raster.triangle < 0] = look.uniform(0.2, 0.8)
    return (image.clip(0, 1) ** (1 / 1.8) * 255).astype(np.uint8), raster


def vertex_colors(model: HeadModel, vertices: np.ndarray, look: np.random.Generator) -> np.ndarray:
    """(N, 3) linear colours: skin with lips and brows, white eyes with iris and pupil, dark lashes."""
    skin = np.array([0.55, 0.35, 0.26]) * look.uniform(0.35, 1.2)
    base = {
        "skin": skin,
        "eyes": [0.75, 0.75, 0.75],
        "teeth": [0.7, 0.68, 0.6],
        "tongue": [0.4, 0.12, 0.12],
        "mouth": [0.2, 0.04, 0.04],
        "lashes": [0.03, 0.02, 0.02],
    }
    color = np.tile(skin, (len(vertices), 1))
    for number, name in enumerate(MATERIALS):
        color[np.unique(model.faces[model.face_material == number])] = base[name]
    lips = model.part("upper_lip", "lower_lip")[:, None] * look.uniform(0.3, 1)
    color = color * (1 - lips) + lips * skin * [0.9, 0.45, 0.5]
    front = model.part("skin", "right_brow", "left_brow", "right_eye", "left_eye")
    rest = model.template
    brows = (front * brow_mask(np.abs(rest[:, 0]), rest[:, 1] + BROWS_LOWER))[:, None] * look.uniform(0.3, 0.9)
    color = color * (1 - brows) + brows * [0.05, 0.035, 0.03]
    for eye in model.eyeballs:
        ball = vertices[eye]
        centre = ball.mean(0)
        distance = np.linalg.norm(ball[:, :2] - centre[:2], axis=1)
        iris = (distance < 6.0) & (ball[:, 2] > centre[2])
        color[eye[iris]] = [0.08, 0.05, 0.03]
    return color


def observe(model: HeadModel, landmarker: Landmarker, look: np.random.Generator) -> np.ndarray | None:
    """Where the landmarks hit one random head.

    Returns:
        (478, 3) mm: the same surface points on the mean head; None when no face is found.
    """
    size = 720
    yaw, pitch = np.radians(look.uniform(-MAX_YAW, MAX_YAW)), np.radians(look.uniform(-8, 8))
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    nod = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    distance = look.uniform(600, 1500)
    camera = Camera(
        size,
        size,
        size * distance / 420,
        size * distance / 420,
        size / 2,
        size / 2,
        np.diag([1.0, -1, -1]) @ nod @ turn,
        np.array([0, -20.0, distance]),
    )
    vertices = model.shape(look.standard_normal(len(model.identity_basis))).astype(np.float64)
    image, raster = render(model, vertices, camera, look)
    found = landmarker.detect(Photo(image, "render", "", None))
    if not found:
        return None
    # Triangles that landmarks may lie on: the face for most, the eyes for the irises. A landmark that falls beside
    # the silhouette or on an ear takes the nearest pixel that shows an allowed surface.
    away = model.part("right_ear", "left_ear", "neck")[model.triangles].max(1) > 0.5
    material = np.repeat(model.face_material, 2)
    result = np.empty((478, 3))
    for rows, allowed in (
        (slice(0, 468), (material == MATERIALS.index("skin")) & ~away),
        (slice(468, 478), material == MATERIALS.index("eyes")),
    ):
        visible = (raster.triangle >= 0) & allowed[np.maximum(raster.triangle, 0)]
        nearest = distance_transform_edt(~visible, return_distances=False, return_indices=True)
        column, row = found[0].landmarks[rows].astype(int).clip(0, size - 1).T
        row, column = nearest[0][row, column], nearest[1][row, column]
        corners = model.template[model.triangles[raster.triangle[row, column]]].astype(np.float64)
        result[rows] = np.einsum("lk,lkd->ld", raster.weights[row, column], corners)
    return result


def main() -> None:
    """Make and write ``data/landmarks.npz``."""
    blank = (np.zeros((478, 3), np.int32), np.full((478, 3), 1 / 3, np.float32))
    model = build_head_model(landmarks=blank)
    look = np.random.default_rng(3)
    with Landmarker() as landmarker:
        observed = [points for points in (observe(model, landmarker, look) for _ in range(RENDERS)) if points is not None]
    seen = np.array(observed)
    points = np.median(seen, 0)
    pairs = mirror_pairs(points)
    points = (points + points[pairs] * [-1, 1, 1]) / 2
    halves = np.median(seen[::2], 0), np.median(seen[1::2], 0)
    height = points[list(BROWS[1][:5])] / 2 + points[list(BROWS[1][:-6:-1])] / 2
    meant = np.interp(np.abs(height[:, 0]), BROW[0], BROW[1])
    print("middle of the brows seen above where they are meant, mm:", np.round(height[:, 1] - meant, 1))
    print(
        f"{len(seen)} of {RENDERS} renders; scatter of one render {np.median(np.linalg.norm(seen - points, axis=2)):.2f}"
        f" mm, split-half difference {np.median(np.linalg.norm(halves[0] - halves[1], axis=1)):.2f} mm (medians)"
    )
    vertices, weights = snap(points, pairs, model.template.astype(np.float64), model)
    lines = feature_lines(model)
    place_on_lines(points, lines, pairs, model, vertices, weights, print)
    np.savez_compressed(TABLE_FILE, vertices=vertices.astype(np.int16), weights=weights.astype(np.float32))
    print(f"written to {TABLE_FILE}, {TABLE_FILE.stat().st_size / 1024:.0f} KiB")


def mirror_pairs(points: np.ndarray) -> np.ndarray:
    """(L,) the landmark on the other side of the face, matched by position."""
    from scipy.optimize import linear_sum_assignment

    pairs = np.empty(len(points), int)
    for rows in (np.arange(468), np.arange(468, 478)):
        cost = np.linalg.norm(points[rows, None] * [-1, 1, 1] - points[None, rows], axis=2) ** 2
        pairs[rows] = rows[linear_sum_assignment(cost + cost.T)[1]]
    if not (pairs[pairs] == np.arange(len(points))).all():
        raise ValueError("the landmarks are not symmetric")
    return pairs


def snap(points: np.ndarray, pairs: np.ndarray, vertices: np.ndarray, model: HeadModel):
    """Nearest point of the skin (of the eyeballs for the irises) to each landmark, the same on both sides."""
    table_vertices, table_weights = np.zeros((478, 3), np.int64), np.zeros((478, 3))
    for number, partner in enumerate(pairs):
        if partner < number:
            table_vertices[number] = model.mirror[table_vertices[partner]]
            table_weights[number] = table_weights[partner]
            continue
        material = MATERIALS.index("skin" if number < 468 else "eyes")
        subset = model.triangles[np.repeat(model.face_material == material, 2)]
        triangle, weights = closest_point(points[number], vertices[subset])
        table_vertices[number], table_weights[number] = subset[triangle], weights
    return table_vertices, table_weights


def closest_point(point: np.ndarray, corners: np.ndarray) -> tuple[int, np.ndarray]:
    """Nearest of T triangles (T, 3, 3) to a point: its number and the barycentric weights of the nearest point."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    weights = np.zeros((len(corners), 3))
    e0, e1, to = b - a, c - a, point - a
    d00, d01, d11 = (e0 * e0).sum(1), (e0 * e1).sum(1), (e1 * e1).sum(1)
    d20, d21 = (to * e0).sum(1), (to * e1).sum(1)
    scale = np.maximum(d00 * d11 - d01 * d01, 1e-12)
    v, w = (d11 * d20 - d01 * d21) / scale, (d00 * d21 - d01 * d20) / scale
    weights = np.stack([1 - v - w, v, w], 1)
    outside = (weights < 0).any(1)
    # Outside the triangle the nearest point lies on one of the three edges.
    best = np.full(len(corners), np.inf)
    for i, j in ((0, 1), (1, 2), (2, 0)):
        start, along = corners[:, i], corners[:, j] - corners[:, i]
        t = (((point - start) * along).sum(1) / np.maximum((along * along).sum(1), 1e-12)).clip(0, 1)
        distance = np.linalg.norm(start + t[:, None] * along - point, axis=1)
        nearer = outside & (distance < best)
        best[nearer] = distance[nearer]
        weights[nearer] = 0
        weights[nearer, i], weights[nearer, j] = 1 - t[nearer], t[nearer]
    distance = np.linalg.norm(np.einsum("tk,tkd->td", weights, corners) - point, axis=1)
    number = int(distance.argmin())
    return number, weights[number]


if __name__ == "__main__":
    main()
