"""Synthetic face models on which the goldens were made: HRN's "mini" grid and the full-size grid of Deep3D."""

from __future__ import annotations

import functools

import numpy as np
import torch

from engine.published.basel.files import AlbedoBasis, FaceModelData
from engine.published.basel.model import FaceModel
from engine.published.basel.uv_raster import rasterize_uv
from engine.published.hrn.stages import HrnModel
from reference.face_box import BoxRegressor
from support.golden.rules import det, normal, state_of

FULL_VERTICES = 35709
_GRID = 189


# -- HRN's mini model ---------------------------------------------------------------------------------------------


@functools.cache
def mini_model() -> FaceModelData:
    """40 x 48 vertices."""
    row, column = np.mgrid[:40, :48]
    row, column = row.reshape(-1), column.reshape(-1)
    u, v = column / 47, 1 - row / 39
    mean = np.stack(
        [1.6 * (u - 0.5) + 0.05, 2 * (v - 0.5) - 0.03, 0.9 * np.cos(np.pi * (u - 0.5)) * np.cos(np.pi * (v - 0.5)) + 0.4], 1
    ).astype(np.float32)
    corner = (np.arange(39)[:, None] * 48 + np.arange(47)).reshape(-1)
    triangles = (
        np.stack([np.stack([corner, corner + 48, corner + 1], 1), np.stack([corner + 1, corner + 48, corner + 49], 1)], 1)
        .reshape(-1, 3)
        .astype(np.int64)
    )
    return FaceModelData(
        mean,
        det("mini/idBase", (5760, 80), 5e-4),
        det("mini/exBase", (5760, 64), 5e-4),
        det("mini/meantex", (1, 5760), 10, 150).reshape(-1, 3),
        det("mini/texBase", (5760, 80), 1),
        triangles,
        faces_around(triangles, 1920),
        state_of("mini/keypoints").permutation(1920)[:68],
    )


def mini_uv() -> np.ndarray:
    row, column = np.mgrid[:40, :48]
    u, v = column.reshape(-1) / 47, 1 - row.reshape(-1) / 39
    return np.stack([0.06 + 0.88 * u + 0.01 * np.sin(7 * v), 0.05 + 0.90 * v + 0.01 * np.sin(5 * u)], 1).astype(np.float32)


@functools.cache
def mini_albedo() -> AlbedoBasis:
    basis = det("mini/tex_uv_a", (786432, 1)) * det("mini/tex_uv_b", (1, 80))
    return AlbedoBasis(det("mini/tex_mean_uv", (512, 512, 3), 10, 140).reshape(-1), basis, 512)


@functools.cache
def mini_hrn() -> HrnModel:
    face, uv = FaceModel.build(mini_model()), mini_uv()
    return HrnModel(face, rasterize_uv(uv, face.triangles.numpy()), torch.from_numpy(uv), mini_albedo())


def mini_coefficients() -> np.ndarray:
    """(1, 257) float32."""
    scale = np.full(257, 0.5)
    scale[224:227], scale[227:] = 0.2, 0.1
    return (normal("coeffs", (1, 257)).astype(np.float32) * scale).astype(np.float32)


def box_regressor() -> BoxRegressor:
    return BoxRegressor(
        det("bb/W1", (200, 10), 0.3),
        det("bb/B1", (200, 1), 0.3),
        det("bb/W2", (3, 200), 0.05),
        np.array([[-1.2], [-1.4], [90]]),
    )


# -- the full-size grid -------------------------------------------------------------------------------------------


def grid() -> tuple[np.ndarray, np.ndarray]:
    """u (left to right) and v (bottom to top) of every vertex, -1..1."""
    index = np.arange(FULL_VERTICES)
    return 2.0 * (index % _GRID) / (_GRID - 1) - 1.0, 1.0 - 2.0 * (index // _GRID) / (_GRID - 1)


@functools.cache
def full_mean() -> np.ndarray:
    """(N, 3) float64, mean removed."""
    u, v = grid()
    z = 0.55 * np.cos(1.45 * u) * np.cos(0.9 * v) + 0.22 * np.exp(-(u**2) / 0.02 - ((v + 0.05) ** 2) / 0.06)
    z = z - 0.06 * np.exp(-((np.abs(u) - 0.35) ** 2) / 0.02 - ((v - 0.3) ** 2) / 0.01)
    shape = np.stack([0.75 * np.sin(1.3 * u), 0.95 * v, z], 1)
    return shape - shape.mean(0, keepdims=True)


@functools.cache
def full_triangles() -> np.ndarray:
    a = (np.arange(_GRID - 1)[:, None] * _GRID + np.arange(_GRID - 1)).reshape(-1)
    a = a[a + _GRID + 1 < FULL_VERTICES]
    return (
        np.stack([np.stack([a, a + _GRID, a + 1], 1), np.stack([a + 1, a + _GRID, a + _GRID + 1], 1)], 1)
        .reshape(-1, 3)
        .astype(np.int64)
    )


def faces_around(triangles: np.ndarray, vertices: int) -> np.ndarray:
    """(N, 8) face numbers in rising order, padded with the number of faces."""
    out = np.full((vertices, 8), len(triangles), np.int64)
    flat = triangles.reshape(-1)
    order = np.argsort(flat, kind="stable")
    owner = flat[order]
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    out[owner, place] = order // 3
    return out


def full_basis(kind: str, components: int) -> np.ndarray:
    """(3N, components) float64 in closed form."""
    x, y, z = (full_mean()[:, axis : axis + 1] for axis in range(3))
    k = np.arange(components, dtype=np.float64)[None]
    a, b = 1.0 + 0.37 * np.mod(k, 7), 0.5 + 0.29 * np.mod(k, 11)
    c = 0.13 * k + {"id": 0.0, "exp": 0.7, "tex": 1.9}[kind]
    size = {"id": 0.03, "exp": 0.02, "tex": 6.0}[kind] / (1.0 + 0.05 * k)
    return np.stack(
        [
            size * np.sin(a * x * 2 + b * y * 2 + c),
            size * np.cos(b * x * 2 - a * y * 2 + c),
            size * np.sin(a * y * 2 + 0.7 * b * x * 2 + 2 * c),
        ],
        1,
    ).reshape(-1, components)


def full_mean_texture() -> np.ndarray:
    u, v = grid()
    return np.stack(
        [
            170 + 30 * np.sin(3 * u) + 10 * np.cos(5 * v),
            120 + 25 * np.sin(4 * v + 0.5) + 10 * np.cos(3 * u),
            100 + 20 * np.cos(2 * u + 3 * v),
        ],
        1,
    )


def full_uv() -> np.ndarray:
    u, v = grid()
    return np.stack([0.02 + 0.96 * (u + 1) / 2, 0.03 + 0.94 * (v + 1) / 2], 1)


def full_landmarks(count: int) -> np.ndarray:
    """A spiral of vertices."""
    t = np.arange(count)
    radius, angle = 0.15 + 0.65 * t / max(count - 1, 1), 2.399963229728653 * t
    column = np.floor((radius * np.cos(angle) + 1) / 2 * (_GRID - 1) + 0.5)
    row = np.floor((1 - 0.95 * radius * np.sin(angle)) / 2 * (_GRID - 1) + 0.5)
    return (row * _GRID + column).astype(np.int64)


_PART_BOXES = (
    (-0.55, -0.20, 0.22, 0.38),
    (0.20, 0.55, 0.22, 0.38),
    (-0.60, -0.15, 0.42, 0.52),
    (0.15, 0.60, 0.42, 0.52),
    (-0.16, 0.16, -0.20, 0.36),
    (-0.28, 0.28, -0.45, -0.34),
    (-0.28, 0.28, -0.58, -0.46),
    (-0.85, 0.85, -0.90, 0.80),
)


def full_parts() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Vertices and faces of the eight face parts; the last (skin) is what its box holds beside the others."""
    u, v = grid()
    used = np.zeros(FULL_VERTICES, bool)
    vertices, faces = [], []
    for number, (u0, u1, v0, v1) in enumerate(_PART_BOXES):
        inside = (u >= u0) & (u <= u1) & (v >= v0) & (v <= v1)
        if number == 7:
            inside &= ~used
        used |= inside
        vertices.append(np.flatnonzero(inside))
        faces.append(full_triangles()[inside[full_triangles()].all(1)])
    return vertices, faces


def full_contour_candidates() -> list[np.ndarray]:
    out = []
    for k in range(33):
        if k == 16:
            out.append((175 + np.arange(8)) * _GRID + 94)
        elif k < 16:
            out.append((60 + 7 * k) * _GRID + np.arange(2, 70))
        else:
            out.append((60 + 7 * (32 - k)) * _GRID + np.arange(119, 187))
    return out


def full_coefficients(name: str, batch: int = 1) -> np.ndarray:
    """(batch, 257) float64."""
    out = np.zeros((batch, 257))
    for begin, end, part, scale, shift in (
        (0, 80, "id", 0.6, 0),
        (80, 144, "exp", 0.6, 0),
        (144, 224, "tex", 0.6, 0),
        (224, 227, "angle", 0.15, (0.10, 0.35, -0.08)),
        (227, 254, "sh", 0.08, 0),
        (254, 257, "trans", 0.03, (0.02, -0.03, 0.10)),
    ):
        out[:, begin:end] = normal(f"{name}:{part}", (batch, end - begin), scale) + np.asarray(shift)
    return out


@functools.cache
def full_model_fields() -> dict[str, np.ndarray]:
    """Fields of the synthetic ``BFM_model_front.mat``: float32, indices 1-based, mean off the centre."""
    u, v = grid()
    front = (np.abs(u) < 0.6) & (np.abs(v) < 0.7)
    eyes = (np.abs(u) > 0.2) & (np.abs(u) < 0.55) & (v > 0.22) & (v < 0.38)
    triangles = full_triangles()
    fields = {
        "meanshape": (full_mean() + (0.10, -0.20, 0.30)).reshape(1, -1),
        "meantex": full_mean_texture().reshape(1, -1),
        "idBase": full_basis("id", 80),
        "exBase": full_basis("exp", 64),
        "texBase": full_basis("tex", 80),
        "tri": triangles + 1,
        "point_buf": faces_around(triangles, FULL_VERTICES) + 1,
        "tri_mask2": triangles[front[triangles].all(1)] + 1,
        "keypoints": full_landmarks(68)[None] + 1,
        "frontmask2_idx": np.flatnonzero(front)[:, None] + 1,
        "skinmask": ((np.abs(u) < 0.8) & (np.abs(v) < 0.8) & ~eyes)[None],
    }
    return {name: np.asarray(value, np.float32) for name, value in fields.items()}


@functools.cache
def full_tddfa_content() -> dict:
    """The synthetic dictionary of ``face_model.npy``."""
    vertices, faces = full_parts()
    triangles = full_triangles()
    numbers = {
        "u": full_mean().reshape(-1, 1),
        "id": full_basis("id", 80),
        "exp": full_basis("exp", 64),
        "u_alb": full_mean_texture().reshape(-1, 1),
        "alb": full_basis("tex", 80),
    }
    return {
        **{name: value.astype(np.float32) for name, value in numbers.items()},
        "uv_coords": full_uv(),
        "tri": triangles,
        "point_buf": faces_around(triangles, FULL_VERTICES),
        **{f"ldm{size}": full_landmarks(size) for size in (68, 106, 134)},
        "annotation": vertices,
        "annotation_tri": faces,
        "parallel": full_contour_candidates(),
    }
