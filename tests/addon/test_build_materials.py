"""Materials that hold the photo's maps, and the one number that scales their relief."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy

from hrn_blender import compat
from hrn_blender.build import NORMAL_STRENGTH, build_head, strength_socket
from hrn_blender.build.detail import build_detail_group
from hrn_blender.build.ledger import Ledger
from support.addon.build import node, pixels, source
from support.synthetic_bundle import MATERIALS, make_bundle, write_exr, write_png


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("bundle") / "b", texture_size=32, density=6)


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture
def head(bundle):
    return build_head(bundle.path)


def image_of(socket):
    assert socket.node.bl_idname == "ShaderNodeTexImage"
    return socket.node.image


def test_every_slot_has_a_principled_material_with_the_albedo(head):
    assert set(head.materials) == set(MATERIALS)
    for name, material in head.materials.items():
        shader = node(material.node_tree, "ShaderNodeBsdfPrincipled")
        assert source(material.node_tree.get_output_node("CYCLES").inputs, "Surface").node == shader
        if name != "lashes":
            color = source(shader.inputs, "Base Color")
            if name == "teeth":  # Through the group that draws crowns where it knows the band.
                assert color.node.node_tree.name == "HRN Teeth"
                color = source(color.node.inputs, "Albedo")
            image = image_of(color)
            assert image.filepath.endswith("albedo.png") and image.colorspace_settings.name == "sRGB"


def test_skin_reads_displacement_and_normal_as_data(head):
    tree = head.materials["skin"].node_tree
    shader, output = node(tree, "ShaderNodeBsdfPrincipled"), node(tree, "ShaderNodeOutputMaterial")
    detail = node(tree, "ShaderNodeGroup")
    assert detail.node_tree.name == "HRN Detail"
    assert source(shader.inputs, "Normal") == detail.outputs["Normal"]
    assert source(output.inputs, "Displacement") == detail.outputs["Displacement"]
    height, normal = image_of(source(detail.inputs, "Height")), image_of(source(detail.inputs, "Normal Map"))
    assert height.filepath.endswith("displacement.exr") and normal.filepath.endswith("normal.png")
    for image in (height, normal):
        assert image.colorspace_settings.name == "Non-Color" and not image.use_half_precision
    assert head.materials["skin"].displacement_method == "BOTH"


def test_skin_settings_do_not_depend_on_the_version_s_defaults(head):
    shader = node(head.materials["skin"].node_tree, "ShaderNodeBsdfPrincipled")
    assert 0.001 < shader.inputs["Subsurface Scale"].default_value < 0.01
    assert 0 < shader.inputs["Subsurface Weight"].default_value <= 1
    weight = source(shader.inputs, "Subsurface Weight").node
    assert source(weight.inputs, "Value").node.attribute_name == "hrn_bleed" and weight.operation == "MULTIPLY"
    radius = shader.inputs["Subsurface Radius"].default_value
    assert radius[0] > radius[1] > radius[2] > 0
    assert shader.inputs["IOR"].default_value == pytest.approx(1.4)


def test_displacement_is_in_metres_around_zero(head):
    tree = node(head.materials["skin"].node_tree, "ShaderNodeGroup").node_tree
    displacement, inputs = node(tree, "ShaderNodeDisplacement"), node(tree, "NodeGroupInput")
    assert displacement.inputs["Midlevel"].default_value == 0
    gain = source(displacement.inputs, "Scale").node
    assert gain.operation == "MULTIPLY" and gain.inputs[0].links[0].from_socket == inputs.outputs["Displacement Strength"]
    left = gain.inputs[1].links[0].from_node
    assert left.operation == "SUBTRACT" and left.inputs[0].default_value == 1
    assert left.inputs[1].links[0].from_socket == inputs.outputs["Carried by Mesh"]
    assert source(displacement.inputs, "Height") == inputs.outputs["Height"]
    assert displacement.space == "OBJECT"


def test_normal_maps_are_based_on_the_surface_before_displacement(head):
    tree = node(head.materials["skin"].node_tree, "ShaderNodeGroup").node_tree
    maps = [n for n in tree.nodes if n.bl_idname == "ShaderNodeNormalMap"]
    assert maps and all(m.uv_map == "UVMap" and m.space == "TANGENT" for m in maps)
    if bpy.app.version >= (5, 2, 0):
        assert all(m.base == "ORIGINAL" for m in maps)


def test_strength_is_the_group_s_own_input(head):
    detail = node(head.materials["skin"].node_tree, "ShaderNodeGroup")
    assert strength_socket(head.head) == detail.inputs["Displacement Strength"]
    assert strength_socket(head.head, NORMAL_STRENGTH) == detail.inputs["Normal Strength"]
    assert [detail.inputs[n].default_value for n in ("Displacement Strength", "Normal Strength")] == [1, 1]


def test_strength_is_found_after_renaming_and_absent_elsewhere(head):
    node(head.materials["skin"].node_tree, "ShaderNodeGroup").node_tree.name = "Pores"
    assert strength_socket(head.head).name == "Displacement Strength"
    other = bpy.data.objects.new("cube", bpy.data.meshes.new("cube"))
    other.data.materials.append(bpy.data.materials.new("m"))
    other.data.materials.append(None)
    assert strength_socket(other) is None and strength_socket(None) is None


def test_each_head_has_its_own_strength(bundle, head):
    second = build_head(bundle.path)
    strength_socket(head.head).default_value = 0.25
    assert strength_socket(second.head).default_value == 1
    bpy.context.view_layer.update()
    depsgraph = bpy.context.evaluated_depsgraph_get()

    def evaluated(result):
        return strength_socket(result.head.evaluated_get(depsgraph)).default_value

    assert (evaluated(head), evaluated(second)) == (0.25, 1)


def test_strength_can_be_animated(head):
    tree = head.materials["skin"].node_tree
    socket = strength_socket(head.head)
    for frame, value in ((1, 0.0), (11, 1.0)):
        socket.default_value = value
        assert socket.keyframe_insert("default_value", frame=frame)
    bpy.context.scene.frame_set(6)
    assert strength_socket(head.head).default_value == pytest.approx(0.5, abs=0.01) and tree.animation_data


def test_lashes_let_light_through_and_eyes_are_wet(head):
    lashes = node(head.materials["lashes"].node_tree, "ShaderNodeBsdfPrincipled")
    assert lashes.inputs["Alpha"].is_linked or lashes.inputs["Alpha"].default_value < 1
    assert head.materials["lashes"].surface_render_method == "DITHERED"
    eyes = node(head.materials["eyes"].node_tree, "ShaderNodeBsdfPrincipled")
    assert eyes.inputs["Coat Weight"].default_value == 1 and eyes.inputs["Coat Roughness"].default_value < 0.05


def test_eevee_alone_shades_what_lies_behind_lips_and_lids(head):
    assert set(head.materials) == set(MATERIALS)
    for name, material in head.materials.items():
        tree = material.node_tree
        anybody, eevee = tree.get_output_node("CYCLES"), tree.get_output_node("EEVEE")
        assert anybody.target == "ALL" and anybody.is_active_output and anybody == tree.get_output_node("ALL")
        if name not in ("teeth", "tongue", "mouth", "eyes"):
            assert eevee == anybody
            continue
        mix = source(eevee.inputs, "Surface").node
        lit = {socket.identifier: socket.links[0].from_node if socket.is_linked else None for socket in mix.inputs}
        assert lit["Shader"] is None and lit["Shader_001"] == node(tree, "ShaderNodeBsdfPrincipled")
        occlusion = source(lit["Fac"].inputs, "Value").node
        assert occlusion.bl_idname == "ShaderNodeAmbientOcclusion"
        assert occlusion.inputs["Distance"].default_value == pytest.approx(0.006 if name == "eyes" else 0.03)


def test_teeth_have_the_color_that_the_bundle_tells(head):
    crowns = node(head.materials["teeth"].node_tree, "ShaderNodeGroup")
    assert list(crowns.inputs["Enamel"].default_value) == pytest.approx([0.503, 0.503, 0.503, 1], abs=0.01)


def test_eevee_s_name_is_known_to_blender():
    bpy.context.scene.render.engine = compat.eevee_engine()
    assert bpy.context.scene.render.engine == compat.eevee_engine()


def test_a_new_material_and_world_get_nodes():
    assert compat.ensure_node_tree(bpy.data.materials.new("m")).nodes
    assert compat.ensure_node_tree(bpy.data.worlds.new("w")) is not None
    with pytest.raises(KeyError):
        compat.socket(node(compat.ensure_node_tree(bpy.data.materials.new("n")), "ShaderNodeBsdfPrincipled").inputs, "No")


def render(tmp_path, size=64, samples=4):
    """(size, size) of red in linear light."""
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.seed = "CPU", samples, False, 0
    scene.cycles.max_bounces = 0
    scene.render.resolution_x = scene.render.resolution_y = size
    compat.output_as_png(scene.render.image_settings)
    scene.render.image_settings.file_format, scene.render.image_settings.color_depth = "OPEN_EXR", "32"
    scene.render.filepath = str(tmp_path / "out.exr")
    bpy.ops.render.render(write_still=True)
    return pixels(scene.render.filepath)[..., 0].astype(float)


def sun_and_camera(scale):
    scene = bpy.context.scene
    sun = bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN"))
    sun.data.energy, sun.rotation_euler = 2, (0, 0.7, 0)
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.type, camera.data.ortho_scale, camera.location = "ORTHO", scale, (0, 0, 1)
    scene.collection.objects.link(sun)
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.world = bpy.data.worlds.new("black")
    node(compat.ensure_node_tree(scene.world), "ShaderNodeBackground").inputs["Color"].default_value = (0, 0, 0, 1)


@pytest.mark.parametrize("displacement, normal, expected", [(1, 1, 1), (0, 1, 0), (0, 2, 0), (2, 1, 2), (1, 0, 0), (1, 2, 2)])
def test_relief_counts_once(tmp_path, displacement, normal, expected):
    """Waves on a lit plane that is fine enough to carry them: geometry, bump and normal map must not add up.

    Three whole waves are measured, and pixels are small beside them, because Cycles takes the slope of a bump over most of a
    pixel in 4.2, over a tenth of that in later versions: shading lies 0.35 or 0.035 pixels beside the relief. Maps are read
    with cubic filtering, as on a head: with linear filtering a bump is a staircase of texels.
    """
    count, size = 64, 0.1
    u = (np.arange(count) + 0.5) / count
    wave = np.broadcast_to(0.0002 * np.sin(2 * np.pi * 4 * u), (count, count)).astype(np.float32)
    slope = np.broadcast_to(0.0002 * 8 * np.pi / size * np.cos(2 * np.pi * 4 * u), (count, count))
    normals = np.stack([-slope, 0 * slope, 1 + 0 * slope], -1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    write_exr(tmp_path / "h.exr", {"Y": wave})
    write_png(tmp_path / "n.png", np.round((normals / 2 + 0.5) * 65535).astype(np.uint16))

    sun_and_camera(0.09)
    mesh = bpy.data.meshes.new("plane")
    ticks = np.linspace(-size / 2, size / 2, count + 1)
    x, y = np.meshgrid(ticks, ticks)
    vertices = np.stack([x, y, 0 * x], -1).reshape(-1, 3)
    corner = (np.arange(count)[:, None] * (count + 1) + np.arange(count)).reshape(-1)
    faces = np.stack([corner, corner + 1, corner + count + 2, corner + count + 1], 1)
    mesh.from_pydata(vertices, [], faces, shade_flat=False)
    mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", (vertices[faces.ravel(), :2] / size + 0.5).ravel())
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("plane", mesh))
    material = bpy.data.materials.new("plane")
    tree = compat.ensure_node_tree(material)
    tree.nodes.clear()
    output, diffuse, detail = (tree.nodes.new(f"ShaderNode{n}") for n in ("OutputMaterial", "BsdfDiffuse", "Group"))
    detail.node_tree = build_detail_group(Ledger())
    for file, name in (("h.exr", "Height"), ("n.png", "Normal Map")):
        texture = tree.nodes.new("ShaderNodeTexImage")
        texture.image, texture.interpolation = bpy.data.images.load(str(tmp_path / file)), "Cubic"
        texture.image.colorspace_settings.name = "Non-Color"
        tree.links.new(texture.outputs["Color"], detail.inputs[name])
    detail.inputs["Displacement Strength"].default_value = displacement
    detail.inputs["Normal Strength"].default_value = normal
    tree.links.new(diffuse.outputs["BSDF"], output.inputs["Surface"])
    tree.links.new(detail.outputs["Normal"], diffuse.inputs["Normal"])
    tree.links.new(detail.outputs["Displacement"], output.inputs["Displacement"])
    material.displacement_method = "BOTH"
    mesh.materials.append(material)

    # Of 90 mm in 252 pixels the three waves take 75 mm in 210.
    shading = render(tmp_path, size=252)[21:-21, 21:-21]
    # Lambert: with unit albedo and a sun of strength 2 the radiance is 2 / pi (n . l).
    angle, tilt = 0.7, 0.0002 * 8 * np.pi / size
    amplitude = 2 / np.pi * 0.8 * np.sin(angle) * tilt / np.sqrt(2)
    assert shading.std() == pytest.approx(expected * amplitude, rel=0.06, abs=0.1 * amplitude)


def test_displacement_moves_the_silhouette(tmp_path):
    """4 mm of relief on the whole head, seen from the side: the strength decides how far the outline reaches."""
    bundle = make_bundle(tmp_path / "b", texture_size=64, density=8)
    write_exr(bundle.path / "displacement.exr", {"Y": np.full((64, 64), 0.004, np.float32)})

    def covered(strength):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        result = build_head(bundle.path)
        for view in result.cameras:
            bpy.data.objects.remove(view)
        strength_socket(result.head).default_value = strength
        sun_and_camera(0.3)
        bpy.context.scene.render.film_transparent = False
        bpy.context.scene.camera.location = (0, -0.05, 2)
        return (render(tmp_path, samples=2) > 0.002).mean()

    smooth, displaced = covered(0.0), covered(1.0)
    assert 0.02 < smooth < displaced * 0.97


def test_strength_changes_the_shading_of_a_head(tmp_path, bundle, head):
    sun_and_camera(0.3)
    bpy.context.view_layer.update()
    bpy.context.scene.camera.matrix_world = head.cameras[0].matrix_world
    bpy.context.scene.camera.data.type = "PERSP"
    pictures = []
    for strength in (0.0, 1.0, 0.0):
        strength_socket(head.head).default_value = strength
        # The head covers a twentieth of the picture: with few pixels and samples, chance would decide.
        pictures.append(render(tmp_path, size=96, samples=16))
    np.testing.assert_array_equal(pictures[0], pictures[2])
    assert np.abs(pictures[0] - pictures[1]).max() > 0.004  # equal settings render equally, to the last bit
