"""What the skin's material shows where hair grows: the scalp's tint under the roots, and skin without painted hair.

All of it fades with the curves: the head's custom properties :data:`.names.SHOWN` are 1 where a group of curves is shown.

Renders get a shader of their own for it. Exporters carry no curves and know no node groups: they find the material's first shader
and its albedo as on a head without hair, painted brows and all.
"""

from __future__ import annotations

import bpy
import numpy as np
from mathutils.kdtree import KDTree

from ... import compat
from ...engine.wire.bundle import MATERIALS
from ...engine.wire.hair_color import BUILT, SCALP_SHARE
from ..ledger import Ledger
from ..names import UV_MAP
from ..node_math import NodeMath
from .material import BRIGHTNESS, CHOSEN, MELANIN, REDNESS, color_node, pigmented
from .names import PLACES, ROOT, SHOWN

__all__ = [
    "BARE",
    "SCALP_COLOR",
    "TINT",
    "add_skin_nodes",
    "build_skin_group",
    "root_weights",
    "set_shown",
    "shown",
    "skin_input",
    "skin_node",
    "tie_scalp",
]

GROUP = "HRN Hair Skin"
"""Name of the node group."""
MARK = "hrn_hair_skin"
"""Custom property by which the group is found again."""
BARE = "Bare Albedo"
"""Name of its input: how far skin without painted hair is used."""
TINT = "Scalp Tint"
"""Name of its input: how far the scalp is tinted ..."""
SCALP_COLOR = "Scalp Color"
"""... and of the one that says with what."""
_TIED = {CHOSEN: 0.0, MELANIN: 0.8, REDNESS: 0.2, BRIGHTNESS: 1.0}
"""Its inputs that take the values of the strands' sliders, so that roots are not left behind when hair is dyed, and what they
are without strands."""
_TINT = 0.85
"""Scalp Tint unless set otherwise: a little skin shines through."""
_FULL = 0.005
"""Metres from the nearest root within which the tint is full."""
_NONE = 0.014
"""Metres from it beyond which there is no tint."""


def root_weights(vertices: np.ndarray, roots: np.ndarray) -> np.ndarray:
    """(N,) float32 values of :data:`.names.ROOT`, or of one of :data:`.names.PLACES`.

    Args:
        vertices: (N, 3) metres, the head at rest.
        roots: (G, 3) roots of the group.
    """
    weights = np.zeros(len(vertices), np.float32)
    if not len(roots):
        return weights
    tree = KDTree(len(roots))
    for index, root in enumerate(roots.tolist()):
        tree.insert(root, index)
    tree.balance()
    low, high = roots.min(0) - _NONE, roots.max(0) + _NONE
    near = np.flatnonzero(((vertices > low) & (vertices < high)).all(1))
    distance = np.array([tree.find(point)[2] for point in vertices[near].tolist()])
    share = np.clip((_NONE - distance) / (_NONE - _FULL), 0, 1)
    weights[near] = share * share * (3 - 2 * share)
    return weights


def build_skin_group(ledger: Ledger) -> bpy.types.ShaderNodeTree:
    """A node group with inputs Albedo, Bare, Scalp Color, Bare Albedo, Scalp Tint and those of the strands' colour, and output
    Color."""
    tree = ledger.add(bpy.data.node_groups.new(GROUP, "ShaderNodeTree"))
    tree[MARK] = 1
    for name, kind, value in (
        ("Albedo", "Color", (0.5, 0.3, 0.2, 1.0)),
        ("Bare", "Color", (0.5, 0.3, 0.2, 1.0)),
        (SCALP_COLOR, "Color", (0.05, 0.03, 0.02, 1.0)),
        (BARE, "Float", 1.0),
        (TINT, "Float", _TINT),
    ):
        item = tree.interface.new_socket(name=name, in_out="INPUT", socket_type=f"NodeSocket{kind}")
        item.default_value = value
        if kind == "Float":
            item.min_value, item.max_value, item.subtype = 0.0, 1.0, "FACTOR"
    for name, value in _TIED.items():
        item = tree.interface.new_socket(name=name, in_out="INPUT", socket_type="NodeSocketFloat")
        item.default_value, item.min_value, item.description = value, 0.0, "As the slider of the strands says"
    tree.interface.new_socket(name="Color", in_out="OUTPUT", socket_type="NodeSocketColor")
    inputs, outputs = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    nodes = NodeMath(tree)

    def attribute(kind: str, name: str) -> bpy.types.NodeSocket:
        node = tree.nodes.new("ShaderNodeAttribute")
        node.attribute_type, node.attribute_name = kind, name
        return compat.socket(node.outputs, "Fac")

    any_shown = attribute("OBJECT", SHOWN["hair"])
    for name in ("brows", "lashes", "beard"):
        any_shown = nodes.math("MAXIMUM", any_shown, attribute("OBJECT", SHOWN[name]))
    bare = nodes.math("MULTIPLY", inputs.outputs[BARE], any_shown)
    for name, place in PLACES.items():
        hidden = nodes.math("SUBTRACT", 1.0, attribute("OBJECT", SHOWN[name]), clamp=True)
        painted = nodes.math("MULTIPLY", attribute("GEOMETRY", place), hidden)
        bare = nodes.math("MULTIPLY", bare, nodes.math("SUBTRACT", 1.0, painted, clamp=True))
    color = nodes.mix(inputs.outputs["Albedo"], inputs.outputs["Bare"], bare)
    tint = nodes.math("MULTIPLY", attribute("GEOMETRY", ROOT), attribute("OBJECT", SHOWN["hair"]))
    tint = nodes.math("MULTIPLY", tint, inputs.outputs[TINT])
    tree.links.new(nodes.mix(color, _dyed(nodes, inputs), tint), outputs.inputs["Color"])
    nodes.arrange(6, 190)
    return tree


def _dyed(nodes: NodeMath, inputs: bpy.types.Node) -> bpy.types.NodeSocket:
    """The scalp's colour beneath hair of the chosen colour."""
    strands, shade = (nodes.tree.nodes.new(f"ShaderNode{kind}XYZ") for kind in ("Separate", "Combine"))
    nodes.fill(compat.socket(strands.inputs, "Vector"), pigmented(nodes, inputs))
    for axis in "XYZ":  # As in StrandCurve.look.
        own = compat.socket(strands.outputs, axis)
        lit = nodes.math("ADD", own, BUILT.veil)
        root = nodes.math("MULTIPLY_ADD", nodes.math("MULTIPLY", own, lit), 4 / BUILT.whitest**2, 1.0)
        bright = nodes.math("DIVIDE", lit, nodes.math("MULTIPLY_ADD", nodes.math("SQRT", root), 0.5, 0.5))
        seen = nodes.math("MINIMUM", bright, nodes.math("MULTIPLY", own, 1 / BUILT.dark))
        nodes.fill(compat.socket(shade.inputs, axis), nodes.math("MULTIPLY", seen, SCALP_SHARE))
    color = nodes.mix(inputs.outputs[SCALP_COLOR], compat.socket(shade.outputs, "Vector"), inputs.outputs[CHOSEN])
    gain = nodes.tree.nodes.new("ShaderNodeVectorMath")
    gain.operation = "SCALE"
    nodes.fill(gain.inputs[0], color)
    nodes.fill(compat.socket(gain.inputs, "Scale"), inputs.outputs[BRIGHTNESS])
    return compat.socket(gain.outputs, "Vector")


def tie_scalp(head: bpy.types.Object, hair: bpy.types.Object | None) -> None:
    """Let the scalp of `head` take the colour that the sliders of `hair`, its strands, say: by drivers, which files keep."""
    node, source = skin_node(head), None if hair is None else color_node(hair)
    if node is None or node.id_data.library is not None:
        return
    for name, value in _TIED.items():
        socket = node.inputs.get(name)
        if socket is None:  # A group of an earlier version.
            continue
        path = socket.path_from_id("default_value")
        node.id_data.driver_remove(path)
        socket.default_value = value
        if source is None:
            continue
        driver = node.id_data.driver_add(path).driver
        driver.type = "AVERAGE"
        target = driver.variables.new().targets[0]
        target.id_type, target.id = "MATERIAL", _material_of(hair, source)
        target.data_path = "node_tree." + source.inputs[name].path_from_id("default_value")


def _material_of(hair: bpy.types.Object, node: bpy.types.Node) -> bpy.types.Material:
    """The material of `hair` that `node` is in."""
    materials = [slot.material for slot in hair.material_slots if slot.material is not None]
    return next(one for one in materials if one.node_tree == node.id_data)


def add_skin_nodes(
    head: bpy.types.Object,
    group: bpy.types.ShaderNodeTree,
    scalp_color: tuple[float, float, float, float] | None,
    bare: bpy.types.Image | None,
    lashes: bool,
) -> None:
    """Show the skin of `head` through `group` in renders.

    Args:
        scalp_color: linear RGBA of the tint; None: without one.
        bare: the albedo without painted hair, where there is one.
        lashes: let the painted strips of lashes fade where there are curves.
    """
    tree = head.material_slots[MATERIALS.index("skin")].material.node_tree
    shader = _principled(tree)
    albedo = compat.socket(shader.inputs, "Base Color").links[0].from_socket
    node = tree.nodes.new("ShaderNodeGroup")
    node.node_tree, node.location, node.width = group, (-350, 1050), 200
    tree.links.new(albedo, node.inputs["Albedo"])
    tree.links.new(node.outputs["Color"], compat.socket(_rendered(tree, shader).inputs, "Base Color"))
    if scalp_color is not None:
        node.inputs[SCALP_COLOR].default_value = scalp_color
    else:
        node.inputs[TINT].default_value = 0.0
    if bare is not None:
        texture = tree.nodes.new("ShaderNodeTexImage")
        texture.image, texture.interpolation, texture.extension, texture.location = bare, "Cubic", "EXTEND", (-700, 1250)
        uv = next(n for n in tree.nodes if n.bl_idname == "ShaderNodeUVMap" and n.uv_map == UV_MAP)
        tree.links.new(compat.socket(uv.outputs, "UV"), compat.socket(texture.inputs, "Vector"))
        tree.links.new(compat.socket(texture.outputs, "Color"), node.inputs["Bare"])
    else:
        node.inputs[BARE].default_value = 0.0
    if lashes:
        _fade_strips(head.material_slots[MATERIALS.index("lashes")].material.node_tree)


def _principled(tree: bpy.types.NodeTree) -> bpy.types.Node:
    """The shader that the material was built with: what exporters take for the material."""
    return next(n for n in tree.nodes if n.bl_idname == "ShaderNodeBsdfPrincipled")


def _rendered(tree: bpy.types.NodeTree, shader: bpy.types.Node) -> bpy.types.Node:
    """A copy of `shader` with outputs that Cycles and EEVEE prefer; the output that there is stays the exporters'."""
    twin = tree.nodes.new(shader.bl_idname)
    twin.distribution, twin.subsurface_method = shader.distribution, shader.subsurface_method
    twin.label, twin.location = "Skin in Renders", (0, 1250)
    shader.label = "Skin for Exporters"
    for given, copied in zip(shader.inputs, twin.inputs):
        if hasattr(given, "default_value"):
            copied.default_value = given.default_value
        for link in given.links:
            tree.links.new(link.from_socket, copied)
    first = compat.socket(shader.outputs, "BSDF").links[0].to_node
    for number, engine in enumerate(("CYCLES", "EEVEE")):
        output = tree.nodes.new(first.bl_idname)
        output.target, output.label, output.location = engine, f"Renders: {engine.title()}", (350, 1250 - 200 * number)
        output.is_active_output = False
        tree.links.new(compat.socket(twin.outputs, "BSDF"), compat.socket(output.inputs, "Surface"))
        for link in compat.socket(first.inputs, "Displacement").links:
            tree.links.new(link.from_socket, compat.socket(output.inputs, "Displacement"))
    return twin


def _fade_strips(tree: bpy.types.NodeTree) -> None:
    """Multiply the painted lashes' alpha by what is left beside the curves."""
    nodes = NodeMath(tree)
    shader = _principled(tree)
    alpha = compat.socket(shader.inputs, "Alpha")
    shown = tree.nodes.new("ShaderNodeAttribute")
    shown.attribute_type, shown.attribute_name, shown.location = "OBJECT", SHOWN["lashes"], (-450, -250)
    left = nodes.math("SUBTRACT", 1.0, compat.socket(shown.outputs, "Fac"), clamp=True)
    tree.links.new(nodes.math("MULTIPLY", alpha.links[0].from_socket, left), alpha)


def set_shown(head: bpy.types.Object, group: str, shown: bool) -> None:
    """Tell the skin whether the curves of `group` are shown."""
    name = SHOWN[group]
    head[name] = float(shown)
    if head.library is None and head.override_library is None:
        head.property_overridable_library_set(f'["{name}"]', True)  # A linked head can be shown without, too.
    head.update_tag()


def shown(head: bpy.types.Object) -> dict[str, bool]:
    """Group -> whether the skin of `head` shows that its curves are there."""
    return {name: bool(head.get(key)) for name, key in SHOWN.items()}


def skin_node(head: bpy.types.Object) -> bpy.types.Node | None:
    """The node of :func:`build_skin_group` in the material of the skin; None where the head has none."""
    slots = head.material_slots
    material = slots[MATERIALS.index("skin")].material if len(slots) > MATERIALS.index("skin") else None
    for node in material.node_tree.nodes if material is not None and material.node_tree else ():
        if node.bl_idname == "ShaderNodeGroup" and node.node_tree and MARK in node.node_tree:
            return node
    return None


def skin_input(head: bpy.types.Object, name: str) -> bpy.types.NodeSocket | None:
    """The input :data:`BARE` or :data:`TINT` in the material of the skin, for a slider; None where the head has none."""
    node = skin_node(head)
    return None if node is None else node.inputs.get(name)
