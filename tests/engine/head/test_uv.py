"""The head's UV layout: nothing flipped, nothing shared, enough pixels in the face."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from engine.head import MATERIALS
from engine.head.topology import edge_table
from engine.render import rasterize

SIZE = 2048


@pytest.fixture(scope="module")
def islands(model):
    """(Q,) island of each quad: neighbours that share an edge in UV as well."""
    label = np.arange(len(model.faces))
    corner = {(q, int(v)): tuple(np.round(uv, 6)) for q, quad in enumerate(model.faces) for v, uv in zip(quad, model.uv[q])}
    joined = [
        (owners[0], owners[1])
        for (a, b), owners in edge_table(model.faces).items()
        if len(owners) == 2 and all(corner[owners[0], v] == corner[owners[1], v] for v in (a, b))
    ]
    joined = np.array(joined)
    while True:
        low = np.minimum(label[joined[:, 0]], label[joined[:, 1]])
        before = label.copy()
        np.minimum.at(label, joined[:, 0], low)
        np.minimum.at(label, joined[:, 1], low)
        if (label == before).all():
            return np.unique(label, return_inverse=True)[1]


def triangles(uv):
    return uv[:, [0, 1, 2, 0, 2, 3]].reshape(-1, 3, 2).astype(float)


def area(t):
    a, b = t[:, 1] - t[:, 0], t[:, 2] - t[:, 0]
    return (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) / 2


def cover(uv, size=SIZE):
    """(size, size) how many triangles cover each texel's centre."""
    count = np.zeros((size, size), np.int32)
    for corners in triangles(uv) * size:
        x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int) - 1, 0)
        x1, y1 = np.minimum(np.ceil(corners.max(0)).astype(int) + 1, size)
        hit = rasterize(corners - [x0, y0], np.ones(3), np.array([[0, 1, 2]]), x1 - x0, y1 - y0).triangle >= 0
        count[y0:y1, x0:x1] += hit
    return count


def test_inside_the_square_and_not_flipped(model):
    assert model.uv.min() >= 0 and model.uv.max() <= 1
    assert (area(triangles(model.uv)) > 0).all()
    # The other diagonal as well: every quad is convex, so any triangulation is free of flips.
    other = model.uv[:, [0, 1, 3, 1, 2, 3]].reshape(-1, 3, 2).astype(float)
    skin = np.repeat(model.face_material == MATERIALS.index("skin"), 2)
    assert (area(other)[skin] > 0).all()


def test_no_overlap(model):
    count = cover(model.uv)
    # Texel centres on a shared edge may count for both triangles.
    assert (count > 1).sum() <= 5e-4 * (count > 0).sum()
    total = area(triangles(model.uv)).sum()
    assert abs((count > 0).sum() / SIZE**2 - total) < 0.002


def test_margins_between_islands(model, islands):
    assert len(np.unique(islands)) == 15
    taken = np.zeros((SIZE, SIZE), bool)
    for island in np.unique(islands):
        uv = model.uv[islands == island]
        assert uv.min() > 8 / SIZE and uv.max() < 1 - 8 / SIZE
        corners = triangles(uv).reshape(-1, 2) * SIZE
        mask = rasterize(corners, np.ones(len(corners)), np.arange(len(corners)).reshape(-1, 3), SIZE, SIZE).triangle >= 0
        assert not (taken & mask).any()
        taken |= binary_dilation(mask, np.ones((3, 3), bool), iterations=8)


def test_layout_is_symmetric(model):
    number = {frozenset(quad): k for k, quad in enumerate(model.faces.tolist())}
    for quad, uv in zip(model.faces, model.uv, strict=True):
        other = number[frozenset(model.mirror[quad].tolist())]
        order = [int(np.flatnonzero(model.faces[other] == model.mirror[v])[0]) for v in quad]
        np.testing.assert_allclose(model.uv[other][order], uv * [-1, 1] + [1, 0], atol=2e-4)


def test_pixels_per_millimetre_in_the_face(model):
    from engine.head.making.quality import texel_density

    density = texel_density(model, SIZE)
    assert np.median(density["face"]) >= 4.0
    assert np.percentile(density["face"], 1) >= 3.0
    assert density["lips"].min() > 2.0 and density["lids"].min() > 2.0


def test_seam_runs_over_the_back_of_the_head(model):
    corner = {}
    for q, quad in enumerate(model.faces):
        if model.face_material[q] == MATERIALS.index("skin"):
            for v, uv in zip(quad, model.uv[q]):
                corner.setdefault(int(v), set()).add(tuple(np.round(uv, 6)))
    seam = [v for v, places in corner.items() if len(places) > 1]
    assert seam and max(len(places) for places in corner.values()) == 2
    assert np.abs(model.template[seam, 0]).max() < 1e-3
    assert model.template[seam, 2].max() < -90
