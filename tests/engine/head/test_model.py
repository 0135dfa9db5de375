"""The head model: topology, symmetry, bases, parts, landmarks."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.camera import Camera
from engine.head import MATERIALS, PARTS
from engine.head.skull import fill_out
from engine.head.topology import boundary_loops, edge_table
from engine.render import rasterize

SKIN = MATERIALS.index("skin")


def expression(model, **values):
    """(52,) values; a name without its side sets both."""
    result = np.zeros(52)
    for name, value in values.items():
        rows = [k for k, label in enumerate(model.expression_names) if label in (name, name + "Left", name + "Right")]
        assert rows, name
        result[rows] = value
    return result


def test_mesh_is_quads_and_manifold(model):
    assert model.faces.shape[1] == 4
    assert all(len(set(quad)) == 4 for quad in model.faces.tolist())
    assert set(np.unique(model.faces)) == set(range(len(model.template)))
    directed = np.concatenate([model.faces[:, [k, (k + 1) % 4]] for k in range(4)])
    # Each directed edge once: no edge has three quads and neighbours agree on which side is out.
    assert len(np.unique(directed, axis=0)) == len(directed)
    assert max(len(owners) for owners in edge_table(model.faces).values()) == 2


def test_head_has_one_opening(model):
    body = np.isin(model.face_material, [SKIN, MATERIALS.index("mouth")])
    loops = boundary_loops(model.faces[body])
    assert [set(loop) for loop in loops] == [set(model.neck_loop.tolist())]


def test_skin_opens_at_neck_mouth_and_eyes(model):
    loops = boundary_loops(model.faces[model.face_material == SKIN])
    assert len(loops) == 4
    assert set(loops[0]) == set(model.neck_loop.tolist())


def test_neck_loop_is_ordered_and_smooth(model):
    edges = edge_table(model.faces)
    following = np.roll(model.neck_loop, -1)
    assert all((min(a, b), max(a, b)) in edges for a, b in zip(model.neck_loop.tolist(), following.tolist()))
    points = model.template[model.neck_loop].astype(float)
    step = np.roll(points, -1, 0) - points
    length = np.linalg.norm(step, axis=1)
    turn = (step * np.roll(step, 1, 0)).sum(1) / (length * np.roll(length, 1))
    assert turn.min() > np.cos(np.radians(60))
    assert points[:, 1].max() < model.template[model.faces[model.face_material == SKIN], 1].mean() - 90


def test_normals_point_outward(model):
    corner = model.template[model.faces].astype(float)
    volume = np.einsum("qd,qd->q", corner.mean(1), np.cross(corner[:, 2] - corner[:, 0], corner[:, 3] - corner[:, 1]))
    for material in ("skin", "eyes", "tongue"):
        chosen = model.face_material == MATERIALS.index(material)
        centre = corner[chosen].mean((0, 1))
        out = np.einsum(
            "qd,qd->q",
            corner[chosen].mean(1) - centre,
            np.cross(corner[chosen, 2] - corner[chosen, 0], corner[chosen, 3] - corner[chosen, 1]),
        )
        assert out.sum() > 0, material
    assert volume[model.face_material == SKIN].sum() > 0


def test_mirror_is_an_exact_involution(model):
    mirror = model.mirror
    assert (mirror[mirror] == np.arange(len(mirror))).all()
    np.testing.assert_allclose(model.template[mirror], model.template * [-1, 1, 1], atol=1e-4)
    quads = {frozenset(quad) for quad in model.faces.tolist()}
    assert all(frozenset(quad) in quads for quad in mirror[model.faces].tolist())
    left, right = (model.expression_names.index(f"eyeBlink{side}") for side in ("Left", "Right"))
    np.testing.assert_allclose(model.expression_basis[left][mirror] * [-1, 1, 1], model.expression_basis[right], atol=0.3)


def test_origin_and_size(model):
    centres = model.template[model.eyeballs].mean(1)
    np.testing.assert_allclose(centres.mean(0), 0, atol=1e-3)
    assert centres[0, 0] < 0 < centres[1, 0]
    assert 55 < centres[1, 0] - centres[0, 0] < 68
    skin = model.template[model.faces[model.face_material == SKIN]].reshape(-1, 3)
    assert 180 < skin[:, 1].max() + 115 < 260
    assert model.landmarks(model.template)[4, 2] > 20  # The nose tip is in front.


def test_braincase_is_widest_above_the_ears(model):
    skin = model.part("skin", "scalp") > 0.5
    points = model.template.astype(float)
    ears = points[model.part("right_ear", "left_ear") > 0.5, 1].max()

    def breadth(height):
        return 2 * np.abs(points[skin & (np.abs(points[:, 1] - height) < 5), 0]).max()

    # Euryon lies well above the ear, and half way from there to the crown the head is still nearly as broad.
    assert breadth(ears + 30) > 0.985 * breadth(ears)
    assert breadth(0.5 * (ears + points[:, 1].max())) > 0.9 * breadth(ears)
    assert 0.72 < breadth(ears) / np.ptp(points[skin & (points[:, 1] > 0), 2]) < 0.82  # cephalic index


def test_filling_out_leaves_the_face_and_never_narrows():
    rng = np.random.default_rng(3)
    directions = rng.normal(size=(4000, 3))
    cone = directions / np.linalg.norm(directions, axis=1, keepdims=True) * [75, 110, 95] - [0, 0, 80]
    cone[:, 0] *= np.clip(1 - cone[:, 1] / 300, 0, 1)  # narrows upwards
    out = fill_out(cone, np.ones(len(cone), bool), 0.0)
    gain = np.abs(out[:, 0]) / np.abs(cone[:, 0])
    assert (out[:, 1:] == cone[:, 1:]).all() and (gain > 1 - 1e-12).all() and (gain <= 1.1 + 1e-12).all()
    assert (out[cone[:, 2] > -20] == cone[cone[:, 2] > -20]).all() and (out[cone[:, 1] <= 0] == cone[cone[:, 1] <= 0]).all()
    assert gain[(cone[:, 1] > 40) & (cone[:, 1] < 70) & (cone[:, 2] < -60)].min() > 1.03


def test_expressions_are_arkit(model):
    assert len(model.expression_names) == len(set(model.expression_names)) == 52
    assert model.expression_names[:3] == ("browDownLeft", "browDownRight", "browInnerUp")
    assert model.expression_names[-1] == "tongueOut"
    size = np.abs(model.expression_basis).max((1, 2))
    assert (size > 0.5).all() and size.max() < 60


def test_identity_components_fall_in_variance(model):
    variance = (model.identity_basis.astype(float) ** 2).sum((1, 2))
    assert len(variance) == 120
    # Ordered by the variance of the head; the neck, which counts less, may change neighbours' ranks.
    assert (variance[:-15] > variance[15:]).all()
    assert variance[:30].sum() > 3 * variance[30:].sum()


def test_jaw_takes_lower_teeth_and_tongue_along(model):
    moved = model.shape(np.zeros(1), expression(model, jawOpen=1)) - model.template
    teeth = np.unique(model.faces[model.face_material == MATERIALS.index("teeth")])
    drop = -moved[teeth, 1]
    lower = model.template[teeth, 1] < np.median(model.template[teeth, 1])
    assert drop[lower].mean() > 8 and drop[~lower].mean() < 3
    assert -moved[np.unique(model.faces[model.face_material == MATERIALS.index("tongue")]), 1].mean() > 4


def eye_pixels(model, values, identity=np.zeros(1)):
    """How many pixels of a frontal view show an eyeball."""
    camera = Camera(400, 400, 2400.0, 2400.0, 200.0, 200.0, np.diag([1.0, -1, -1]), np.array([0, 0, 700.0]))
    shape = model.shape(identity, values).astype(float)
    points, depth = camera.project(shape)
    triangle = rasterize(points, depth, model.triangles, 400, 400).triangle
    return int((model.face_material[triangle[triangle >= 0] // 2] == MATERIALS.index("eyes")).sum())


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_lids_close_over_the_eyes_of_any_head(model, seed):
    identity = np.random.default_rng(seed).standard_normal(len(model.identity_basis))
    opened = eye_pixels(model, np.zeros(52), identity)
    closed = eye_pixels(model, expression(model, eyeBlink=1), identity)
    assert opened > 800
    assert closed < 0.06 * opened


def test_lashes_follow_the_lids(model):
    moved = model.shape(np.zeros(1), expression(model, eyeBlink=1)) - model.template
    lashes = np.unique(model.faces[model.face_material == MATERIALS.index("lashes")])
    upper = lashes[model.template[lashes, 1] > np.median(model.template[lashes, 1])]
    assert -moved[upper, 1].mean() > 3


def test_parts_cover_the_skin(model):
    assert model.parts.shape == (len(PARTS), len(model.template))
    assert model.parts.min() >= 0 and model.parts.max() <= 1
    skin = np.zeros(len(model.template), bool)
    skin[np.unique(model.faces[model.face_material == SKIN])] = True
    assert model.parts[:, ~skin].max() == 0
    assert (model.parts[:, skin].max(0) > 0.4).mean() > 0.97
    for name in PARTS:
        assert (model.part(name) > 0.5).sum() >= 5, name
    for pair in ("eye", "brow", "ear"):
        right, left = model.part(f"right_{pair}"), model.part(f"left_{pair}")
        assert model.template[right > 0.5, 0].max() < 0 < model.template[left > 0.5, 0].min()
        np.testing.assert_allclose(right[model.mirror], left, atol=1e-5)
    upper, lower = (model.template[model.part(name) > 0.5, 1] for name in ("upper_lip", "lower_lip"))
    assert upper.mean() > lower.mean() + 4


def test_landmarks_lie_on_skin_and_eyes(model):
    assert model.landmark_vertices.shape == model.landmark_weights.shape == (478, 3)
    np.testing.assert_allclose(model.landmark_weights.sum(1), 1, atol=1e-5)
    assert model.landmark_weights.min() >= -1e-6
    skin = set(np.unique(model.faces[model.face_material == SKIN]).tolist())
    assert set(model.landmark_vertices[:468].ravel().tolist()) <= skin
    for rows, eye in ((slice(468, 473), model.eyeballs[0]), (slice(473, 478), model.eyeballs[1])):
        assert set(model.landmark_vertices[rows].ravel().tolist()) <= set(eye.tolist())


def test_landmarks_are_symmetric_and_in_anatomical_order(model):
    points = model.landmarks(model.template.astype(float))
    for right, left in ((33, 263), (133, 362), (61, 291), (78, 308), (159, 386), (145, 374), (234, 454), (468, 473)):
        np.testing.assert_allclose(points[right] * [-1, 1, 1], points[left], atol=1e-3)
        assert points[right, 0] < 0
    # Forehead, brow bridge, nose tip, upper lip, lower lip, chin.
    assert (np.diff(points[[10, 9, 4, 0, 13, 14, 17, 152], 1]) < 0).all()
    assert abs(np.linalg.norm(points[469] - points[471]) - 11.7) < 0.8


def test_lip_landmarks_part_with_the_lips(model):
    shut, wide = (model.landmarks(model.shape(np.zeros(1), expression(model, jawOpen=value))) for value in (0, 1))
    assert np.linalg.norm(shut[13] - shut[14]) < 3
    assert wide[13, 1] - wide[14, 1] > 12
    blink = model.landmarks(model.shape(np.zeros(1), expression(model, eyeBlink=1)))
    for upper, lower in ((159, 145), (386, 374)):
        assert shut[upper, 1] - shut[lower, 1] > 7
        assert -2.5 < blink[upper, 1] - blink[lower, 1] < 0.5


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_random_heads_keep_human_proportions(model, seed):
    shape = model.shape(np.random.default_rng(seed).standard_normal(len(model.identity_basis)))
    points = model.landmarks(shape.astype(float))
    eyes = np.linalg.norm(points[33] - points[263])
    assert 65 < eyes < 105
    assert 0.7 < np.linalg.norm(points[168] - points[152]) / eyes < 2.0
    assert (np.diff(points[[10, 9, 4, 0, 17, 152], 1]) < 0).all()
    assert points[4, 2] > points[[33, 263, 61, 291], 2].max()
