"""The shipped bones: they go with any head, and agree with the model's actions."""

from __future__ import annotations

import numpy as np
import pytest

from engine.head import MATERIALS
from engine.head.making.rig import jaw_apart
from engine.wire.rig import BONES, load_rig


@pytest.fixture(scope="module")
def rig():
    return load_rig()


def row(bone: str) -> int:
    return list(BONES).index(bone)


def test_every_vertex_is_carried_whole(rig, model):
    assert rig.skin.shape == (len(BONES), len(model.template))
    np.testing.assert_allclose(rig.skin.sum(0), 1, atol=2e-3)
    assert rig.skin.min() >= 0


def test_both_sides_are_alike(rig, model):
    swapped = [row({"eye_L": "eye_R", "eye_R": "eye_L"}.get(bone, bone)) for bone in BONES]
    np.testing.assert_allclose(rig.skin, rig.skin[swapped][:, model.mirror], atol=0.01)
    symmetric = (model.template + model.template[model.mirror] * [-1, 1, 1]) / 2
    joints = rig.joints(symmetric)
    np.testing.assert_allclose(joints, joints[swapped] * [-1, 1, 1], atol=0.05)


def test_joints_turn_grow_and_move_with_their_head(rig, model):
    angle = 0.7
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    moved = 1.3 * model.template.astype(np.float64) @ turn.T + [5, -3, 100]
    np.testing.assert_allclose(rig.joints(moved), 1.3 * rig.joints(model.template) @ turn.T + [5, -3, 100], atol=1e-3)


def test_joints_are_where_people_have_them(rig, model):
    generator = np.random.default_rng(5)
    for _ in range(20):
        person = model.shape(generator.normal(size=60))
        joints = dict(zip(BONES, rig.joints(person)))
        for bone, ball in (("eye_L", model.eyeballs[1]), ("eye_R", model.eyeballs[0])):
            assert np.linalg.norm(joints[bone][0] - person[ball].mean(0)) < 0.5
        heights = [joints[bone][0, 1] for bone in ("root", "neck_01", "neck_02", "head", "eye_L")]
        assert heights == sorted(heights)
        chin = person[model.part("lower_lip") > 0.5].mean(0)
        assert joints["jaw"][0, 2] < chin[2] - 30 and joints["jaw"][1, 1] < joints["jaw"][0, 1]


def test_jaw_and_action_agree(rig, model):
    apart = jaw_apart(model, rig)
    assert apart.mean() < 0.7 and apart.max() < 6
    teeth = np.unique(model.faces[model.face_material == MATERIALS.index("teeth")])
    lower = teeth[rig.skin[row("jaw"), teeth] > 0.5]
    assert len(lower) > 50 and apart[lower].max() < 1
