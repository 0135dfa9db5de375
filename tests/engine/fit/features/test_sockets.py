"""Linings of the eye sockets behind lids that lie off the eyeballs."""

import numpy as np
import pytest

from engine.fit.features.sockets import socket_shift
from engine.head.eyeballs import socket_vertices, sphere_through
from engine.head.model import MATERIALS
from engine.texture.weights import WEIGHTS


@pytest.fixture(scope="module")
def wide(model):
    """The mean head with sockets and lids 3 mm nearer to the nose and 2 mm before the eyeballs."""
    head = model.template.astype(float)
    both = socket_vertices(model)
    head[both] += np.stack([-3 * np.sign(head[both, 0]), np.zeros(len(both)), np.full(len(both), 2.0)], 1)
    return head


def sides(model, head):
    skin = np.unique(model.faces[model.face_material == MATERIALS.index("skin")])
    assert len(model.eyeballs) == 2
    for side, ball in enumerate(model.eyeballs):
        mine = socket_vertices(model, side)
        yield np.setdiff1d(mine, skin), np.intersect1d(mine, skin), *sphere_through(head[ball])


def test_each_socket_has_its_lids_edge_and_the_mouth_is_none(model):
    for inner, rim, centre, radius in sides(model, model.template.astype(float)):
        assert len(rim) == 28 and len(inner) == 280
        assert np.linalg.norm(model.template[inner] - centre, axis=1).max() < 1.2 * radius


def test_the_lining_lies_on_the_eyeball(model, wide):
    after = wide + socket_shift(model, wide)
    for inner, _, centre, radius in sides(model, wide):
        assert np.linalg.norm(wide[inner] - centre, axis=1).max() > radius + 1
        assert np.linalg.norm(after[inner] - centre, axis=1).max() < radius + 1e-3


def test_flesh_fills_the_inner_corner_and_leaves_the_iris_free(model, wide):
    after = wide + socket_shift(model, wide)
    for inner, rim, centre, _ in sides(model, wide):
        corner = wide[rim[np.abs(wide[rim, 0]).argmin()]]
        level = np.abs(after[inner, 1] - corner[1]) < 2
        before, now = (
            np.abs(head[inner[level & (head[inner, 2] > centre[2] + 8)], 0]).max(initial=0) for head in (wide, after)
        )
        assert now > np.abs(corner[0]) + 1.5 > before
        front = after[inner][after[inner, 2] > centre[2]]
        assert np.hypot(*(front - centre)[:, :2].T).min() > WEIGHTS.eyes.iris_mm + 1


def test_nothing_else_moves(model, wide):
    shift = socket_shift(model, wide)
    moved = np.flatnonzero(np.abs(shift).max(1) > 0)
    inner = np.concatenate([side[0] for side in sides(model, wide)])
    assert set(moved) <= set(inner)


def test_both_sides_are_alike(model, wide):
    shift = socket_shift(model, wide)
    np.testing.assert_allclose(shift[model.mirror] * [-1, 1, 1], shift, atol=0.05)
