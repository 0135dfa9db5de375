"""A head bundle becomes a complete, independent head in Blender, or nothing at all."""

from __future__ import annotations

import json
import shutil
import time

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from engine.wire.bundle import PARTS
from engine.wire.settings import Settings
from hrn_blender.build import BuildOptions, build_head, find_heads
from hrn_blender.build import head as head_module
from hrn_blender.build.eyes import iris_places
from hrn_blender.build.lashes import lash_coordinates
from hrn_blender.build.source import neck_centre, read_source, to_blender
from hrn_blender.build.teeth import tooth_coordinates
from hrn_blender.engine.wire.bundle import MATERIALS
from hrn_blender.engine.wire.errors import ErrorCode, HrnError
from support.addon.build import census
from support.synthetic_bundle import EXPRESSIONS, make_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("bundle") / "Åsa Öz", texture_size=32, density=8, name="Åsa")


def offsets(head, name) -> np.ndarray:
    """(N, 3) of a shape key from the basis."""
    ends = []
    for block in (name, "Basis"):
        flat = np.empty(3 * len(head.data.vertices), np.float32)
        head.data.shape_keys.key_blocks[block].points.foreach_get("co", flat)
        ends.append(flat.reshape(-1, 3))
    return ends[0] - ends[1]


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


def test_every_quad_is_kept_with_its_uv_and_material(bundle):
    arrays = bundle.arrays()
    mesh = build_head(bundle.path).head.data
    corners = np.empty(4 * len(mesh.polygons), np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    uv = np.empty(2 * len(mesh.loops), np.float32)
    mesh.uv_layers["UVMap"].uv.foreach_get("vector", uv)
    assert {len(polygon.vertices) for polygon in mesh.polygons} == {4}
    np.testing.assert_array_equal(corners.reshape(-1, 4), arrays["faces"])
    np.testing.assert_array_equal(uv.reshape(-1, 4, 2), arrays["uv"])
    assert [polygon.material_index for polygon in mesh.polygons] == arrays["face_material"].tolist()
    assert [m.name.split()[-1] for m in mesh.materials] == ["skin", "eyes", "teeth", "tongue", "mouth", "lashes"]
    assert all(polygon.use_smooth for polygon in mesh.polygons)
    assert not mesh.validate()


def test_shape_keys_carry_the_expression_and_the_deformation(bundle):
    arrays, values = bundle.arrays(), bundle.manifest["expression"]["values"]
    head = build_head(bundle.path).head
    blocks = head.data.shape_keys.key_blocks
    assert blocks.keys() == ["Basis", *EXPRESSIONS, "Deformation"]
    assert [blocks[n].value for n in EXPRESSIONS] == pytest.approx(values, abs=1e-6) and max(values) > 0.5
    assert blocks["Deformation"].value == 1 and blocks["Deformation"].slider_max == 1.5
    np.testing.assert_allclose(offsets(head, "Deformation"), to_blender(arrays["deformation"]), atol=1e-7)
    jaw = EXPRESSIONS.index("jawOpen")
    np.testing.assert_allclose(offsets(head, "jawOpen"), to_blender(arrays["expression_deltas"][jaw]), atol=1e-7)


def test_folds_are_a_slider_of_their_own_and_the_head_is_the_same(tmp_path):
    folded = make_bundle(tmp_path / "folds", texture_size=32, density=8, folds=True)
    arrays, head = folded.arrays(), build_head(folded.path).head
    folds = head.data.shape_keys.key_blocks["Folds"]
    assert (folds.value, folds.slider_min, folds.slider_max) == (1, 0, 4)
    np.testing.assert_allclose(offsets(head, "Folds"), to_blender(arrays["folds"]), atol=1e-7)
    together = offsets(head, "Folds") + offsets(head, "Deformation")
    np.testing.assert_allclose(together, to_blender(arrays["deformation"]), atol=1e-7)
    assert np.abs(offsets(head, "Folds")).max() > 1e-4


def test_a_relaxed_head_still_has_all_expressions(tmp_path):
    bundle = make_bundle(tmp_path / "b", texture_size=16, density=4, settings=Settings(keep_expression=False))
    blocks = build_head(bundle.path).head.data.shape_keys.key_blocks
    assert len(blocks) == 54 and all(blocks[n].value == 0 for n in EXPRESSIONS)


def test_vertex_groups_hold_parts_and_confidence(bundle):
    arrays = bundle.arrays()
    head = build_head(bundle.path).head
    assert set(head.vertex_groups.keys()) == {*PARTS, "confidence", "prior", "completed", "seen"}

    def weights(name):
        index, out = head.vertex_groups[name].index, np.zeros(len(head.data.vertices))
        for vertex in head.data.vertices:
            for group in vertex.groups:
                if group.group == index:
                    out[vertex.index] = group.weight
        return out

    np.testing.assert_allclose(weights("nose"), arrays["parts"][PARTS.index("nose")], atol=1e-3)
    np.testing.assert_allclose(weights("confidence"), arrays["confidence"], atol=1e-3)
    np.testing.assert_array_equal(weights("seen"), arrays["confidence_class"] == 2)
    assert (weights("seen") + weights("completed") + weights("prior") == 1).all()


def test_the_head_stands_on_its_neck_and_looks_along_minus_y(bundle):
    """Metres, z up, face towards -y, origin in the neck's lower border."""
    source = read_source(bundle.path)
    vertices = source.vertices
    np.testing.assert_allclose(vertices + source.origin, to_blender(bundle.arrays()["vertices"]), atol=1e-6)
    assert abs(vertices[:, 2].min()) < 0.01
    assert 0.1 < vertices[:, 2].max() < 0.5
    nose = source.parts["nose"].argmax()
    assert vertices[nose, 1] < vertices[:, 1].mean() - 0.05
    left_eye = source.parts["left_eye"].argmax()
    assert vertices[left_eye, 0] > 0.01


def test_the_origin_ignores_higher_openings():
    """Two open boxes: the lower border wins, however large the other one is."""
    ring = np.array([[1, 1, 0], [-1, 1, 0], [-1, -1, 0], [1, -1, 0]], float)
    lower = np.concatenate([ring + (5, 0, -2), ring + (5, 0, -1)])
    upper = np.concatenate([9 * ring + (0, 0, 3), 9 * ring + (0, 0, 4)])
    side = np.arange(4)
    quads = np.stack([side, (side + 1) % 4, (side + 1) % 4 + 4, side + 4], 1)
    np.testing.assert_allclose(neck_centre(np.concatenate([upper, lower]), np.concatenate([quads, quads + 8])), (5, 0, -2))


def test_subdivision_is_set_up(bundle):
    head = build_head(bundle.path, options=BuildOptions(viewport_subdivision=0, render_subdivision=3)).head
    modifier = next(m for m in head.modifiers if m.type == "SUBSURF")
    assert (modifier.levels, modifier.render_levels) == (0, 3)
    assert not getattr(modifier, "use_adaptive_subdivision", False)


def test_subdivision_keeps_the_size_of_the_teeth(bundle):
    """And smooths the rest."""
    head = build_head(bundle.path, options=BuildOptions(viewport_subdivision=2)).head
    for block in head.data.shape_keys.key_blocks:
        block.value = 0

    def heights(mesh, material):
        members = {v for p in mesh.polygons if p.material_index == material for v in p.vertices}
        return np.array([mesh.vertices[v].co.z for v in members])

    bpy.context.view_layer.update()
    smooth = head.evaluated_get(bpy.context.evaluated_depsgraph_get()).to_mesh()
    for name, kept in (("teeth", True), ("tongue", False)):
        material = MATERIALS.index(name)
        before, after = np.ptp(heights(head.data, material)), np.ptp(heights(smooth, material))
        assert (abs(after - before) < 1e-6) == kept, name


def test_adaptive_subdivision_by_version(bundle):
    scene = bpy.context.scene
    head = build_head(bundle.path, options=BuildOptions(adaptive=True)).head
    modifier = next(m for m in head.modifiers if m.type == "SUBSURF")
    if bpy.app.version >= (5, 0, 0):
        assert modifier.use_adaptive_subdivision and modifier.adaptive_object_edge_length == pytest.approx(0.0005)
    else:
        assert scene.cycles.feature_set == "EXPERIMENTAL" and head.cycles.use_adaptive_subdivision


def test_the_scene_gets_a_collection_and_nothing_else(bundle):
    scene = bpy.context.scene
    render = scene.render

    def settings():
        return (
            scene.camera,
            scene.world,
            render.engine,
            render.resolution_x,
            render.resolution_y,
            render.pixel_aspect_x,
            scene.view_settings.view_transform,
            len(scene.objects),
        )

    before, objects = settings(), len(scene.objects)
    result = build_head(bundle.path)
    assert settings()[:-1] == before[:-1]
    assert [c.name for c in scene.collection.children] == ["Head Åsa"] and not scene.collection.objects
    assert set(result.collection.objects) == {result.head, *result.cameras} and len(scene.objects) == objects + 2
    assert find_heads(scene) == [result.head]
    assert result.head["hrn_bundle"] == str(bundle.path) and result.head["hrn_method"] == "open"


def test_the_scene_is_set_when_asked(bundle):
    scene = bpy.context.scene
    result = build_head(bundle.path, options=BuildOptions(set_scene=True))
    assert scene.camera == result.cameras[0]
    assert (scene.render.resolution_x, scene.render.resolution_y) == (480, 600)


def test_the_parent_collection_may_be_chosen(bundle):
    folder = bpy.data.collections.new("People")
    bpy.context.scene.collection.children.link(folder)
    result = build_head(bundle.path, parent=folder)
    assert list(folder.children) == [result.collection]


def test_two_heads_of_one_bundle_share_nothing(bundle):
    first = build_head(bundle.path)
    names = {b.name: b for kind in ("images", "materials", "node_groups", "meshes", "cameras") for b in getattr(bpy.data, kind)}
    second = build_head(bundle.path)
    used = {second.head.data, *second.materials.values(), *(v.data for v in second.cameras)}
    used |= {n.image for m in second.materials.values() for n in m.node_tree.nodes if n.bl_idname == "ShaderNodeTexImage"}
    used |= {n.node_tree for m in second.materials.values() for n in m.node_tree.nodes if n.bl_idname == "ShaderNodeGroup"}
    assert not used & set(names.values()) and len(used) > 10
    bpy.data.batch_remove([first.head, first.head.data, *first.cameras, *first.materials.values(), first.collection])
    assert len(second.head.data.polygons) and all(second.materials.values())


@pytest.mark.parametrize("stage", ["build_materials", "add_shape_keys", "add_subdivision", "build_camera", "_record"])
def test_a_failure_midway_leaves_nothing(bundle, monkeypatch, stage):
    original = getattr(head_module, stage)

    def broken(*arguments, **named):
        original(*arguments, **named)
        raise MemoryError("no more")

    before = census()
    monkeypatch.setattr(head_module, stage, broken)
    with pytest.raises(MemoryError):
        build_head(bundle.path)
    assert census() == before
    monkeypatch.undo()
    assert build_head(bundle.path).head.name == "Åsa"


def _copy(bundle, folder):
    shutil.copytree(bundle.path, folder)
    return folder


def _edited(bundle, folder, edit):
    _copy(bundle, folder)
    manifest = json.loads((folder / "head.json").read_text(encoding="utf-8"))
    edit(manifest)
    (folder / "head.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def _delete(file):
    return lambda folder, bundle: (_copy(bundle, folder) / file).unlink()


def _manifest(edit):
    return lambda folder, bundle: _edited(bundle, folder, edit)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder, bundle: None,
        _delete("albedo.png"),
        _delete("displacement.exr"),
        _delete("normal.png"),
        _delete("mesh.npz"),
        _delete("photo_0.png"),
        _manifest(lambda m: m["maps"].pop("normal")),
        _manifest(lambda m: m.pop("expression")),
        _manifest(lambda m: m["expression"]["values"].pop()),
        _manifest(lambda m: m["expression"]["names"].__setitem__(1, m["expression"]["names"][0])),
        _manifest(lambda m: m["parts"].pop()),
        _manifest(lambda m: m["materials"].reverse()),
        _manifest(lambda m: m["cameras"][0].update(R=[[1, 0, 0], [0, 1, 0], [0, 0, -1]])),
        _manifest(lambda m: m["cameras"][0].update(R=[[2, 0, 0], [0, 2, 0], [0, 0, 2]])),
        _manifest(lambda m: m["cameras"][0].update(fx=0)),
        _manifest(lambda m: m["cameras"][0].update(t=[0, 0])),
        _manifest(lambda m: m["cameras"][0].update(file="../photo.png")),
        _manifest(lambda m: m["cameras"][0].pop("cy")),
        _manifest(lambda m: m.update(schema_version=99)),
    ],
)
def test_an_incomplete_bundle_is_refused_before_anything_is_made(bundle, tmp_path, damage):
    folder = tmp_path / "damaged"
    damage(folder, bundle)
    before = census()
    with pytest.raises(HrnError) as caught:
        build_head(folder)
    assert caught.value.code is ErrorCode.BUNDLE_INVALID and str(folder) in caught.value.message
    assert census() == before


def test_images_point_into_the_bundle_relative_to_a_saved_file(bundle, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "scene.blend"))
    build_head(bundle.path)
    assert all(image.filepath.startswith("//") for image in bpy.data.images if image.source == "FILE")
    assert {image.size[0] for image in bpy.data.images if image.source == "FILE"} == {32, 480}


def test_maps_can_be_packed(bundle):
    build_head(bundle.path, options=BuildOptions(pack=True))
    assert len(bpy.data.images) == 4 and all(image.packed_file for image in bpy.data.images)


def test_building_is_quick(tmp_path, record_property):
    bundle = make_bundle(tmp_path / "b", texture_size=1024, density=24)
    started = time.perf_counter()
    build_head(bundle.path)
    seconds = time.perf_counter() - started
    record_property("build_seconds", seconds)
    print(f"a head with 1024 maps is built in {seconds:.2f} s")
    assert seconds < 15, "building reads pixels that should stay on disk"


def test_lash_strips_know_root_and_tip():
    """Two 3 x 5 strips at a lid along x: one points up, the other down; a closed box is not a strip."""

    def strip(rise, first):
        x, row = np.meshgrid(np.linspace(0, 0.02, 5), np.arange(3))
        points = np.stack([x, 0 * x - 0.003 * row, rise * row], -1).reshape(-1, 3)
        corner = (np.arange(2)[:, None] * 5 + np.arange(4)).reshape(-1) + first
        return points, np.stack([corner, corner + 1, corner + 6, corner + 5], 1)

    up, up_quads = strip(0.003, 0)
    down, down_quads = strip(-0.003, 15)
    down = down[::-1]  # Stored from tip to root.
    box = np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float) + 5
    box_quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]) + 30
    lid = np.array([[x, 0.001, 0] for x in np.linspace(0, 0.02, 9)])
    vertices = np.concatenate([up, down, box, lid])
    values = lash_coordinates(vertices, np.concatenate([up_quads, down_quads, box_quads]), np.arange(38, 47))
    np.testing.assert_allclose(values[:5, 1], 0)
    np.testing.assert_allclose(values[10:15, 1], 1)
    np.testing.assert_allclose(values[25:30, 1], 0)
    assert (values[15:20, 1] > 1).all(), "lower lashes end before their strip does"
    assert sorted(values[:5, 0].tolist()) == pytest.approx([0, 5, 10, 15, 20])
    assert (values[:30, 2] == 1).all() and not values[30:].any()


def test_lids_bleed_less_and_the_scalp_shines_less_than_cheeks(bundle):
    """Light that enters a rim thinner than its path comes out on the other side: lids would be green."""
    mesh, parts = build_head(bundle.path).head.data, dict(zip(PARTS, bundle.arrays()["parts"]))

    def mean(name, part):
        values = np.empty(len(mesh.vertices), np.float32)
        mesh.attributes[name].data.foreach_get("value", values)
        return values[parts[part] > 0.9].mean()

    assert mean("hrn_bleed", "left_eye") < 0.3 < 0.9 < mean("hrn_bleed", "skin") <= 1
    assert mean("hrn_roughness", "skin") + 0.1 < mean("hrn_roughness", "scalp") < 1


@pytest.mark.parametrize("jaw, up", [(2, 1), (1, -1)])
def test_rows_of_teeth_know_middle_biting_edge_and_jaw(jaw, up):
    """An arch of 30 mm radius: gums 8 mm from the biting edge, the back sheet 5 mm behind it; and a box beside it."""
    angle = np.linspace(-1.2, 1.2, 9)
    rows = [[(r * np.sin(a), -r * np.cos(a), up * z) for a in angle] for r, z in ((30, 8), (30, 4), (30, 0), (27, 4))]
    vertices = np.array(rows).reshape(-1, 3) / 1000
    quads = np.array([(i * 9 + j, i * 9 + j + 1, i * 9 + j + 10, i * 9 + j + 9) for i in range(3) for j in range(8)])
    box = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]) / 100
    box_quads = np.array([(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]) + 36
    values = tooth_coordinates(np.concatenate([vertices, box]), np.concatenate([quads, box_quads]))
    along = values[:36, 0].reshape(4, 9)
    np.testing.assert_allclose(along, np.broadcast_to(np.linspace(-1, 1, 9) * np.sign(along[0, -1]), (4, 9)), atol=1e-5)
    np.testing.assert_allclose(values[:36, 1].reshape(4, 9), np.repeat([[8], [4], [0], [5]], 9, 1), atol=1e-4)
    assert (values[:36, 2] == jaw).all() and not values[36:].any()


def test_the_iris_is_found_in_the_uv_map():
    """A sphere of 12 mm whose front is drawn at (0.3, 0.6), 0.002 per millimetre and turned by a right angle."""
    points, quads = [], []
    rings, sectors = 12, 16
    for ring in range(rings):
        for sector in range(sectors):
            t, p = np.pi * (ring + 0.5) / rings, 2 * np.pi * sector / sectors
            points.append((np.sin(t) * np.cos(p), -np.cos(t), np.sin(t) * np.sin(p)))
            if ring + 1 < rings:
                a, b = ring * sectors + sector, ring * sectors + (sector + 1) % sectors
                quads.append((a, b, b + sectors, a + sectors))
    vertices = 0.012 * np.array(points) + (0.03, -0.1, 0.16)
    quads = np.array(quads)
    local = (vertices - (0.03, -0.1, 0.16))[quads]
    uv = np.stack([0.3 - 2 * local[..., 2], 0.6 + 2 * local[..., 0]], -1)
    places = iris_places(vertices, quads, uv)
    np.testing.assert_allclose(places, np.tile((0.3, 0.6, 2 * 0.00585), (len(vertices), 1)), atol=1e-4)
    scrambled = np.random.default_rng(0).uniform(size=uv.shape)
    assert not iris_places(vertices, quads, scrambled).any()
