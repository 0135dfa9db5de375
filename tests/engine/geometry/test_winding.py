"""Inside and outside are told by how the surface winds, whatever the nearest point looks like."""

import numpy as np
import trimesh

from engine.geometry.winding import enclosed


def test_places_in_a_ball_and_beside_it():
    ball = trimesh.creation.icosphere(3, 10.0)
    far = np.random.default_rng(0).uniform(2, 18, 200)
    far = far[np.abs(far - 10) > 0.3]
    way = np.random.default_rng(1).normal(size=(len(far), 3))
    places = far[:, None] * way / np.linalg.norm(way, axis=1, keepdims=True)
    assert (enclosed(places, ball.vertices, ball.faces) == (far < 10)).all()


def test_an_opening_leaves_the_inside_inside():
    ball = trimesh.creation.icosphere(3, 10.0)
    open_below = ball.faces[(ball.vertices[ball.faces][..., 1] > -8).all(1)]
    places = np.array([[0.0, 5.0, 0.0], [6.0, 0.0, 0.0], [0.0, -12.0, 0.0], [0.0, 11.0, 0.0]])
    assert enclosed(places, ball.vertices, open_below).tolist() == [True, True, False, False]


def test_both_sides_of_a_thin_slab():
    slab = trimesh.creation.box((20.0, 0.5, 20.0)).subdivide().subdivide()
    places = np.array([[9.9, 0.4, 0.0], [9.9, 0.1, 0.0], [9.9, -0.4, 0.0], [10.2, 0.0, 0.0]])
    assert enclosed(places, slab.vertices, slab.faces).tolist() == [False, True, False, False]
