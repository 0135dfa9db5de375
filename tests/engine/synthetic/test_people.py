"""Averages and modes of scanned faces become identities of the head."""

import numpy as np
import pytest

import engine.synthetic.people as people
from engine.geometry.closest import SurfaceIndex
from engine.geometry.similarity import similarity
from engine.synthetic.dataset import face_vertices
from engine.synthetic.metric import NormalSpace


@pytest.fixture(scope="module")
def scans(model):
    """Faces of another topology (the head's own, thinned to points between its vertices), and what they are made of."""
    skin = people._skin(model)
    face = np.zeros(len(model.template), bool)
    face[face_vertices(model)] = True
    triangles = skin[face[skin].all(1)]
    rng = np.random.default_rng(4)
    identity = rng.normal(size=len(model.identity_basis)) * 0.8
    modes = rng.normal(size=(2, len(identity))) * [[0.5], [0.25]]
    used, renumbered = np.unique(triangles, return_inverse=True)

    def draw(coefficients):
        return model.shape(coefficients.astype(np.float32)).astype(float)[used]

    weights = np.concatenate([[[1, -1]], rng.normal(size=(12, 2))])
    weights -= weights.mean(0)
    faces = np.array([draw(identity + weight @ modes) for weight in weights])
    return identity, modes, faces, renumbered.reshape(triangles.shape), used


@pytest.fixture(autouse=True)
def landmarks_of_the_scan(monkeypatch, model, scans):
    used = list(scans[4])
    corners = model.landmark_vertices[list(people._POINTS)]
    nearest = [used.index(next(v for v in corner if v in used)) for corner in corners]
    monkeypatch.setattr(people, "_POINTS", dict(zip(people._POINTS, nearest)))


def test_faces_are_aligned_whatever_their_place_turn_and_size(scans):
    faces = scans[2]
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    moved = np.array([face if n % 2 else 1.3 * face @ turn.T + [5, -90, 20] for n, face in enumerate(faces)])
    one, other = people.common_shape(faces), people.common_shape(moved)
    scale, R, t = similarity(other.mean(0), one.mean(0))
    assert np.abs(scale * other @ R.T + t - one).max() < 0.05


def test_the_mean_is_found_by_nearest_points_alone(model, scans):
    identity, _, faces, triangles, _ = scans
    found, placed = people.mean_identity(model, faces.mean(0) * 0.01 + [3, 1, -2], triangles)
    away = SurfaceIndex(model.shape(found.astype(np.float32)).astype(float), people._skin(model)).query(placed).distance
    assert np.median(away) < 0.5
    space = NormalSpace(model, face_vertices(model))
    basis = model.identity_basis[:, space.vertices].astype(float)
    off = space.project(np.einsum("nk,kad->nad", np.array([found - identity, identity]), basis))
    error = (np.abs(off) * space.weight).mean(1)
    assert error[0] < 0.5 * error[1]


def test_modes_span_what_the_faces_vary_in(model, scans):
    identity, modes, faces, triangles, _ = scans
    found, placed = people.mean_identity(model, faces.mean(0), triangles)
    got = people.people_modes(model, people.common_shape(faces), found, placed)
    assert len(got) >= 2 and np.linalg.norm(got[0]) > 1.3 * np.linalg.norm(got[1])
    space = NormalSpace(model, face_vertices(model))

    def flat(identities):
        return space.project(np.einsum("nk,kad->nad", identities, model.identity_basis[:, space.vertices].astype(float)))

    wanted, span = flat(modes), np.linalg.qr(flat(got[:2]).T)[0]
    left = wanted - wanted @ span @ span.T
    assert (np.linalg.norm(left, axis=1) < 0.35 * np.linalg.norm(wanted, axis=1)).all()
