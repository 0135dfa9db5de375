"""``tests/digest/blend_contents.py`` says the same of the same build, and names what was changed in it."""

from __future__ import annotations

import copy
import importlib.util

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender.build import build_head, strength_socket
from support.checkout import TESTS
from support.synthetic_bundle import make_bundle

SCRIPT = TESTS / "digest" / "blend_contents.py"


@pytest.fixture(scope="module")
def said():
    spec = importlib.util.spec_from_file_location("blend_contents", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.contents


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("bundle") / "b", texture_size=16, density=4)


@pytest.fixture
def head(bundle):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return build_head(bundle.path).head


def changed(before, after):
    """Names of values and arrays that differ."""
    assert before[0].keys() == after[0].keys() and before[1].keys() == after[1].keys()
    return {name for name, value in before[0].items() if value != after[0][name]} | {
        name for name, value in before[1].items() if not np.array_equal(value, after[1][name])
    }


def test_two_builds_are_the_same(bundle, head, said):
    first = copy.deepcopy(said())
    mesh = head.data
    assert f"meshes/{mesh.name}/key/jawOpen" in first[1] and f"objects/{head.name}/group/nose" in first[1]
    assert len(first[0][f"meshes/{mesh.name}/keys"]["order"]) == len(mesh.shape_keys.key_blocks)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    build_head(bundle.path)
    assert changed(first, said()) == set()


def test_each_change_is_named(head, said):
    mesh, material = head.data, head.data.materials[0]
    camera = next(thing for thing in bpy.data.objects if thing.type == "CAMERA")

    def unlink():
        material.node_tree.links.remove(material.node_tree.links[0])

    def move_key():
        mesh.shape_keys.key_blocks["jawOpen"].data[3].co.x += 0.01

    changes = {
        "link": (unlink, {f"materials/{material.name}"}),
        "key": (move_key, {f"meshes/{mesh.name}/key/jawOpen"}),
        "slider": (lambda: setattr(mesh.shape_keys.key_blocks["jawOpen"], "value", 0.9), {f"meshes/{mesh.name}/keys"}),
        "group": (lambda: head.vertex_groups["nose"].add([5], 0.77, "REPLACE"), {f"objects/{head.name}/group/nose"}),
        "property": (lambda: head.__setitem__("note", 3), {f"objects/{head.name}"}),
        "lens": (lambda: setattr(camera.data, "lens", camera.data.lens + 1), {f"cameras/{camera.data.name}"}),
        "uv": (
            lambda: setattr(mesh.uv_layers[0].uv[0], "vector", (0.9, 0.1)),
            {
                f"meshes/{mesh.name}/uv/{mesh.uv_layers[0].name}",
                f"meshes/{mesh.name}/attribute/{mesh.uv_layers[0].name}/CORNER",
            },
        ),
    }
    for what, (change, names) in changes.items():
        before = copy.deepcopy(said())
        change()
        assert changed(before, said()) == names, what
    before = copy.deepcopy(said())
    strength_socket(head).default_value = 0.123
    assert len(changed(before, said())) == 1
