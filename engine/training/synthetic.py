"""A small face model made of the engine's own head, and rendered pictures of it, to try out training without any
licensed file.

The model is written in the layout of ``BFM_model_front.mat`` and computes as that one does; shape and expressions are
those of the head model (MakeHuman, CC0), colours are made up here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from scipy.io import savemat

from ..head import HeadModel
from ..head.landmarks68 import LANDMARKS_68
from ..published.basel import alignment
from ..published.basel.coefficients import Coefficients, join, split
from ..published.basel.files import FaceModelData, read_bfm_front
from ..published.basel.model import FaceModel, recentred
from ..published.basel.rendering import rasterize_crop, render_vertices
from ..synthetic.heads import sample_expression, smooth_field
from ..wire.messages import say
from .layout import write_lists, write_sample

__all__ = ["MODEL_FILE", "TEMPLATE_FILE", "draw_coefficients", "face_fields", "make_pictures", "write_face_model"]

MODEL_FILE = "BFM_model_front.mat"
"""Name of the file of the face model, as published."""
TEMPLATE_FILE = "similarity_Lm3D_all.mat"
"""Name of the file of the landmark template, as published."""
_FACE = (-80.0, (-118.0, 92.0))
"""The face: in front of this depth and between these heights, mm."""
_FRONT_DEPTH = -15.0
"""The face's front, on which the training's colour terms look, lies in front of this depth, mm."""
_ACTION_UNIT = 0.125
"""How much of a facial action one unit of its coefficient is: as with the Basel model, about one standard deviation of what
faces do. With whole actions as units, steps and prior that suit the other coefficients would open jaws by centimetres."""
_ANGLES = (0.06, 0.1, 0.03)
"""Standard deviation of pitch, yaw and roll, radians."""
_COLORS = {
    "skin": (193, 148, 124),
    "lips": (172, 92, 90),
    "brows": (96, 70, 54),
    "scalp": (70, 52, 42),
    "eyes": (228, 224, 220),
    "irises": (70, 56, 44),
}
"""Mean colours of parts of the face (RGB, 0..255)."""


def face_fields(head: HeadModel, seed: int = 0) -> dict[str, np.ndarray]:
    """The fields of ``BFM_model_front.mat`` for the face of `head`: decimetres, indices from 1, float32."""
    rng = np.random.default_rng(seed)
    points, triangles = head.template, head.triangles
    depth, (low, high) = _FACE
    outside = np.isin(head.face_material, (0, 1)).repeat(2)  # skin and eyes
    middle = points[triangles].mean(1)
    kept = triangles[outside & (middle[:, 2] > depth) & (middle[:, 1] > low) & (middle[:, 1] < high)]
    used, kept = np.unique(kept, return_inverse=True)
    kept = kept.reshape(-1, 3)
    place = np.full(len(points), -1)
    place[used] = np.arange(len(used))
    carriers, weights = head.landmark_vertices[LANDMARKS_68], head.landmark_weights[LANDMARKS_68]
    weights = np.where(place[carriers] >= 0, weights, -1)
    keypoints = place[carriers[np.arange(68), weights.argmax(1)]]

    expressions = np.zeros((len(used) * 3, 64))
    expressions[:, :52] = _ACTION_UNIT * head.expression_basis[:, used].reshape(52, -1).T / 100
    colors, skin = _colors(head, used)
    front = np.flatnonzero(points[used, 2] > _FRONT_DEPTH)
    among = np.full(len(used), -1)
    among[front] = np.arange(len(front))
    numbered = among[kept]
    fields = {
        "meanshape": points[used].reshape(1, -1) / 100,
        "idBase": head.identity_basis[:80, used].reshape(80, -1).T / 100,
        "exBase": expressions,
        "meantex": colors.reshape(1, -1),
        "texBase": _color_basis(head, used, rng),
        "tri": kept + 1,
        "point_buf": _faces_around(kept, len(used)) + 1,
        "tri_mask2": numbered[(numbered >= 0).all(1)] + 1,
        "frontmask2_idx": front[:, None] + 1,
        "keypoints": keypoints[None] + 1,
        "skinmask": skin[None],
    }
    return {name: np.asarray(value, np.float32) for name, value in fields.items()}


def write_face_model(folder: Path, head: HeadModel, seed: int = 0) -> tuple[FaceModelData, np.ndarray]:
    """Writes the model and its landmark template into `folder`; returns them as read, the template as (68, 3)."""
    folder.mkdir(parents=True, exist_ok=True)
    savemat(folder / MODEL_FILE, face_fields(head, seed), do_compression=True)
    data = read_bfm_front(folder / MODEL_FILE, vertices=None)
    template = recentred(data.mean)[data.keypoints].astype(np.float64)
    savemat(folder / TEMPLATE_FILE, {"lm": template})
    return data, template


def draw_coefficients(names: tuple[str, ...], count: int, rng: np.random.Generator) -> torch.Tensor:
    """(count, 257) faces as portraits show them: within some ten degrees of the front, often smiling, in soft light.

    Wider poses take thousands of steps to learn, and until then an average face that is flat and narrow, which all turned
    faces look like together, fits better than the mean.

    Args:
        names: of the expressions, in the order of the model's basis; without any, expressions are normal.
    """
    expression = rng.normal(0, 0.5, (count, 64))
    if names:
        expression[:] = 0
        expression[:, : len(names)] = [sample_expression(names, rng) / _ACTION_UNIT for _ in range(count)]
    light = rng.normal(0, 0.03, (count, 3, 9)) + rng.normal(0, 0.12, (count, 1, 9)) * ([1.0] + [0.8] * 3 + [0.3] * 5)
    angles = rng.normal(0, _ANGLES, (count, 3)).clip(-0.3, 0.3)
    parts = (
        rng.normal(0, 0.9, (count, 80)),
        expression,
        rng.normal(0, 0.9, (count, 80)),
        angles,
        light.reshape(count, 27),
        rng.normal(0, (0.03, 0.03, 0.2), (count, 3)),
    )
    return join(Coefficients(*(torch.from_numpy(part).float() for part in parts)))


def make_pictures(
    folder: Path,
    data: FaceModelData,
    count: int,
    *,
    mode: str,
    names: tuple[str, ...] = (),
    seed: int = 0,
    tell: Callable[[str], None] = lambda line: None,
) -> None:
    """Renders `count` faces into the published layout, with landmarks, skin masks and the true coefficients.

    Args:
        folder: of the data; the pictures become its set ``synthetic_<mode>``.
        mode: list to which they are added, "train" or "val".
        names: see :func:`draw_coefficients`.
    """
    rng = np.random.default_rng([seed, sum(mode.encode())])
    model, size = FaceModel.build(data), alignment.CROP_SIZE
    places = np.arange(0, size, 8)
    grid = np.stack([*np.meshgrid(places, places), np.zeros((len(places),) * 2)], -1).reshape(-1, 3)
    vectors = draw_coefficients(names, count, rng)
    samples = []
    for number, vector in enumerate(vectors):
        with torch.no_grad():
            face = model(split(vector[None]))
            fragments = rasterize_crop(face.camera, model.triangles)
            drawn = render_vertices(fragments, face.color)[0].permute(1, 2, 0).numpy()
        mask = fragments.mask[0, 0].numpy()[..., None]
        ground = smooth_field(grid, rng, (40, 300)).reshape(len(places), len(places), 3)
        ground = rng.uniform(0.1, 0.8, 3) + 0.12 * cv2.resize(ground, (size, size), interpolation=cv2.INTER_CUBIC)
        picture = np.where(mask > 0, drawn, ground) + rng.normal(0, 0.01, (size, size, 3))
        picture = np.round(255 * picture.clip(0, 1)).astype(np.uint8)
        samples.append(
            write_sample(folder / f"synthetic_{mode}", f"{number:05d}", picture, face.landmarks[0].numpy(), vector.numpy())
        )
        if (number + 1) % 100 == 0:
            tell(say("{number} of {count} pictures for {mode}", number=number + 1, count=count, mode=mode))
    write_lists(folder, mode, samples)


def _colors(head: HeadModel, used: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3) mean colours 0..255, and (N,) where the skin is bare."""
    colors = np.tile(np.float64(_COLORS["skin"]), (len(used), 1))
    parts = {
        "lips": head.part("upper_lip", "lower_lip")[used],
        "brows": head.part("right_brow", "left_brow")[used],
        "scalp": head.part("scalp")[used],
    }
    eyes = np.isin(used, head.eyeballs.reshape(-1))
    parts["eyes"] = eyes.astype(float)
    depth = head.template[used, 2]
    parts["irises"] = (eyes & (depth > head.template[head.eyeballs.reshape(-1), 2].max() - 1.5)).astype(float)
    for name, share in parts.items():
        colors += share[:, None] * (np.float64(_COLORS[name]) - colors)
    skin = (parts["lips"] < 0.5) & (parts["brows"] < 0.5) & (parts["scalp"] < 0.5) & ~eyes
    return colors, skin


def _color_basis(head: HeadModel, used: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(3N, 80), 0..255 per standard deviation: complexion, parts of the face, then ever finer blotches."""
    points = head.template[used].astype(float)
    basis = np.zeros((80, len(used), 3))
    basis[0], basis[1], basis[2] = (25, 24, 22), (8, -3, -3), (3, 1, -7)
    for row, (part, color) in enumerate((("lips", (14, -10, -6)), ("brows", (-18, -16, -14)), ("nose", (9, -4, -4)))):
        name = {"lips": ("upper_lip", "lower_lip"), "brows": ("right_brow", "left_brow"), "nose": ("nose",)}[part]
        basis[3 + row] = head.part(*name)[used][:, None] * np.float64(color)
    for row in range(6, 80):
        length = 150 / (1 + 0.05 * row)
        basis[row] = smooth_field(points, rng, (0.6 * length, 1.5 * length)) * 7 / (1 + 0.06 * row)
    return basis.reshape(80, -1).T


def _faces_around(triangles: np.ndarray, vertices: int) -> np.ndarray:
    """(N, 8) faces of each vertex, filled up with the number of faces."""
    out = np.full((vertices, 8), len(triangles), np.int64)
    order = np.argsort(triangles.reshape(-1), kind="stable")
    owner = triangles.reshape(-1)[order]
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    kept = place < 8  # what goes beyond is left out of the vertex normal
    out[owner[kept], place[kept]] = order[kept] // 3
    return out
