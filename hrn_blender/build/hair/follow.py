"""The node group "HRN Follow Head": each strand moves rigidly with the skin at its root.

Blender's own *Deform Curves on Surface* compares the evaluated surface with ``rest_position``, which is the mesh before
subdivision: strands turned at rest, points moved by up to 11 mm. Here a strand remembers the surface's point and frame at its root as
they were when it was bound (:mod:`.bind`), measured by these same nodes, so that nothing moves at rest. The frame is

* the smooth normal of the evaluated surface, and
* a tangent: a smooth field of directions around the head at rest, carried along by the deformation of each face, averaged at
  the vertices. It depends on neither the UV map's seams nor the level of subdivision.

A strand that was not bound, because it was drawn in Sculpt Mode or its root was slid, is put on its root's place and turned
as the bound ones are on average.
"""

from __future__ import annotations

import bpy

from ..ledger import Ledger
from ..names import UV_MAP
from ..node_math import NodeMath
from .names import BIND_PLACE, BIND_TURN, BIND_UV, PLACE_UV, REST, SEEN_PLACE, SEEN_TURN, SURFACE_UV

__all__ = ["BIND", "GROUP", "HEAD", "MARK", "VERTICES", "build_follow_group"]

GROUP = "HRN Follow Head"
"""Name of the node group."""
HEAD = "Head"
"""Name of its input for the head object."""
VERTICES = "Head Vertices"
"""Name of its input for the number of the head's vertices before subdivision."""
MARK = "hrn_follow"
"""Custom property by which the group is found again."""
BIND = "Bind"
"""Name of its input that makes it measure instead of move."""

_MIDDLE = (0.0, 0.0, 0.2)
"""A point inside of every head, metres from the middle of the neck's lower border."""
_FROM = (0.0, 0.92, 0.39)
"""Direction from there, to the back of the head, at which the field of tangents begins; it ends at the nose, opposite."""
_ALONG = (1.0, 0.0, 0.0)
"""The tangent there. It is at a right angle to the plane of symmetry, so that the field of tangents is symmetric."""
_EVENING = 1.0
"""Passes of averaging the frames over neighbouring vertices, on a head that is not subdivided."""
_SAME_UV = 1e-6
"""Distance in the UV map up to which a root counts as unmoved."""


class _Nodes(NodeMath):
    """Adds geometry nodes by name of their sockets, which 4.2 to 5.2 share where identifiers differ."""

    def add(self, kind: str, inputs: dict | None = None, **settings) -> bpy.types.Node:
        made = self.tree.nodes.new(kind)
        for name, value in settings.items():
            setattr(made, name, value)
        for name, value in (inputs or {}).items():
            self.fill(self.of(made.inputs, name), value)
        return made

    @staticmethod
    def of(sockets, name: str) -> bpy.types.NodeSocket:
        """The socket called `name` that is in use: a node has one for each type of data."""
        return next(one for one in sockets if one.name == name and one.enabled)

    def out(self, node: bpy.types.Node, name: str) -> bpy.types.NodeSocket:
        return self.of(node.outputs, name)

    def number(self, operation: str, *operands) -> bpy.types.NodeSocket:
        """A number made of vectors."""
        return self.of(self.node("ShaderNodeVectorMath", operation, *operands).outputs, "Value")

    def scale(self, vector, by) -> bpy.types.NodeSocket:
        made = self.add("ShaderNodeVectorMath", {"Vector": vector, "Scale": by}, operation="SCALE")
        return self.of(made.outputs, "Vector")

    def attribute(self, name: str, kind: str = "FLOAT_VECTOR") -> bpy.types.NodeSocket:
        return self.out(self.add("GeometryNodeInputNamedAttribute", {"Name": name}, data_type=kind), "Attribute")

    def rotated(self, vector, rotation) -> bpy.types.NodeSocket:
        return self.out(self.add("FunctionNodeRotateVector", {"Vector": vector, "Rotation": rotation}), "Vector")

    def inverse(self, rotation) -> bpy.types.NodeSocket:
        return self.out(self.add("FunctionNodeInvertRotation", {"Rotation": rotation}), "Rotation")

    def axes(self, normal, tangent) -> bpy.types.NodeSocket:
        """The rotation whose z axis is `normal` and whose x axis is nearest to `tangent`."""
        made = self.add(
            "FunctionNodeAxesToRotation",
            {"Primary Axis": normal, "Secondary Axis": tangent},
            primary_axis="Z",
            secondary_axis="X",
        )
        return self.out(made, "Rotation")

    def captured(self, geometry, domain: str, **values: tuple[str, bpy.types.NodeSocket]) -> bpy.types.Node:
        """A node that keeps values (type, field) on `domain` of `geometry`; its outputs are called as they are here."""
        made = self.add("GeometryNodeCaptureAttribute", {"Geometry": geometry}, domain=domain)
        for name, (kind, field) in values.items():
            made.capture_items.new(kind, name)
            self.fill(self.of(made.inputs, name), field)
        return made

    def stored(self, geometry, name: str, kind: str, value) -> bpy.types.NodeSocket:
        inputs = {"Geometry": geometry, "Name": name, "Value": value}
        return self.out(self.add("GeometryNodeStoreNamedAttribute", inputs, data_type=kind, domain="CURVE"), "Geometry")


def build_follow_group(ledger: Ledger) -> bpy.types.GeometryNodeTree:
    """A modifier's group with inputs Geometry, Head and Bind."""
    tree = ledger.add(bpy.data.node_groups.new(GROUP, "GeometryNodeTree"))
    tree[MARK] = 1
    tree.is_modifier = True

    def interface(name: str, direction: str, kind: str, text: str = "") -> None:
        made = tree.interface.new_socket(name=name, in_out=direction, socket_type=kind)
        made.description = text

    interface("Geometry", "OUTPUT", "NodeSocketGeometry")
    interface("Geometry", "INPUT", "NodeSocketGeometry")
    interface(HEAD, "INPUT", "NodeSocketObject", "The head that the strands grow on")
    interface(VERTICES, "INPUT", "NodeSocketInt", "Vertices of the head before subdivision: how far the frames are evened out")
    interface(BIND, "INPUT", "NodeSocketBool", "Measure the head instead of following it; used by Attach Again")
    nodes = _Nodes(tree)
    inputs, outputs = tree.nodes.new("NodeGroupInput"), tree.nodes.new("NodeGroupOutput")
    head = nodes.out(
        nodes.add("GeometryNodeObjectInfo", {"Object": inputs.outputs[HEAD]}, transform_space="RELATIVE"), "Geometry"
    )
    place, turn, valid = _surface(nodes, head, inputs.outputs[VERTICES])
    kept = nodes.captured(
        inputs.outputs["Geometry"], "CURVE", place=("VECTOR", place), turn=("ROTATION", turn), valid=("BOOLEAN", valid)
    )
    curves, (place, turn, valid) = nodes.out(kept, "Geometry"), (nodes.out(kept, n) for n in ("place", "turn", "valid"))
    measured = nodes.stored(curves, SEEN_PLACE, "FLOAT_VECTOR", place)
    measured = nodes.stored(measured, SEEN_TURN, "QUATERNION", turn)
    moved = nodes.add(
        "GeometryNodeSetPosition",
        {"Geometry": curves, "Selection": valid, "Position": _followed(nodes, curves, place, turn)},
    )
    chosen = nodes.add(
        "GeometryNodeSwitch",
        {"Switch": inputs.outputs[BIND], "False": nodes.out(moved, "Geometry"), "True": measured},
        input_type="GEOMETRY",
    )
    tree.links.new(nodes.out(chosen, "Output"), outputs.inputs["Geometry"])
    nodes.arrange(8, 190)
    return tree


def _surface(nodes: _Nodes, head, vertices) -> tuple[bpy.types.NodeSocket, ...]:
    """Place, frame and validity of the surface at each curve's root, as fields of the curves.

    Args:
        vertices: number of the head's vertices before subdivision.
    """
    size = nodes.out(nodes.add("GeometryNodeAttributeDomainSize", {"Geometry": head}, component="MESH"), "Point Count")
    # The range of averaging grows with the root of the passes, edges shrink with the root of the vertices.
    passes = nodes.math("MULTIPLY", nodes.math("DIVIDE", size, nodes.math("MAXIMUM", vertices, 1)), _EVENING)

    def even(field) -> bpy.types.NodeSocket:
        return nodes.out(
            nodes.add("GeometryNodeBlurAttribute", {"Value": field, "Iterations": passes}, data_type="FLOAT_VECTOR"), "Value"
        )

    tangent = nodes.out(
        nodes.add("GeometryNodeFieldOnDomain", {"Value": _tangent(nodes)}, data_type="FLOAT_VECTOR", domain="FACE"), "Value"
    )
    kept = nodes.captured(
        head,
        "POINT",
        place=("VECTOR", nodes.out(nodes.add("GeometryNodeInputPosition"), "Position")),
        normal=("VECTOR", even(nodes.out(nodes.add("GeometryNodeInputNormal"), "Normal"))),
        tangent=("VECTOR", even(tangent)),
    )
    mesh, uv = nodes.out(kept, "Geometry"), nodes.attribute(SURFACE_UV)
    own = nodes.add("GeometryNodeInputNamedAttribute", {"Name": PLACE_UV}, data_type="FLOAT_VECTOR")
    map_ = nodes.add(
        "GeometryNodeSwitch",
        {"Switch": nodes.out(own, "Exists"), "False": nodes.attribute(UV_MAP), "True": nodes.out(own, "Attribute")},
        input_type="VECTOR",
    )
    map_ = nodes.out(map_, "Output")
    found = {}
    for name in ("place", "normal", "tangent"):
        node = nodes.add("GeometryNodeSampleUVSurface", data_type="FLOAT_VECTOR")
        # Before 5.0 the name of the second input was "Source UV Map" on the screen only.
        for target, value in zip((s for s in node.inputs if s.enabled), (mesh, nodes.out(kept, name), map_, uv)):
            nodes.fill(target, value)
        found[name] = nodes.out(node, "Value")
        valid = nodes.out(node, "Is Valid")
    return found["place"], nodes.axes(found["normal"], found["tangent"]), valid


def _tangent(nodes: _Nodes) -> bpy.types.NodeSocket:
    """Field of the head's faces: the field of tangents at rest, deformed with the face.

    The direction at rest g is written by the face's diagonals at rest, g = a d1 + b d2 (least squares), and these numbers
    make a direction of the diagonals as they are now.
    """
    position, rest = nodes.out(nodes.add("GeometryNodeInputPosition"), "Position"), nodes.attribute(REST)
    at_rest, now = [], []
    for corner in range(4):  # Corner 3 of a triangle is its corner 0.
        loop = nodes.out(nodes.add("GeometryNodeCornersOfFace", {"Sort Index": corner}), "Corner Index")
        vertex = nodes.out(nodes.add("GeometryNodeVertexOfCorner", {"Corner Index": loop}), "Vertex Index")
        for values, field in ((at_rest, rest), (now, position)):
            node = nodes.add(
                "GeometryNodeFieldAtIndex", {"Value": field, "Index": vertex}, data_type="FLOAT_VECTOR", domain="POINT"
            )
            values.append(nodes.out(node, "Value"))
    d1, d2 = nodes.vector("SUBTRACT", at_rest[2], at_rest[0]), nodes.vector("SUBTRACT", at_rest[3], at_rest[1])
    g = _field_of_tangents(nodes, at_rest[0])
    g1, g2 = nodes.number("DOT_PRODUCT", g, d1), nodes.number("DOT_PRODUCT", g, d2)
    d11, d12, d22 = (nodes.number("DOT_PRODUCT", p, q) for p, q in ((d1, d1), (d1, d2), (d2, d2)))

    def determinant(p, q, r, s):
        return nodes.math("SUBTRACT", nodes.math("MULTIPLY", p, q), nodes.math("MULTIPLY", r, s))

    # Without the division by the positive determinant, which changes the length only.
    a, b = determinant(g1, d22, g2, d12), determinant(g2, d11, g1, d12)
    now1, now2 = nodes.vector("SUBTRACT", now[2], now[0]), nodes.vector("SUBTRACT", now[3], now[1])
    return nodes.vector("NORMALIZE", nodes.vector("ADD", nodes.scale(now1, a), nodes.scale(now2, b)))


def _field_of_tangents(nodes: _Nodes, rest) -> bpy.types.NodeSocket:
    """:data:`_ALONG`, carried from direction a = :data:`_FROM` to the direction b of `rest` by the smallest rotation:
    v - (a + b)·v / (1 + a·b) (a + b) + 2 (a·v) b, where a·v is 0."""
    b = nodes.vector("NORMALIZE", nodes.vector("SUBTRACT", rest, _MIDDLE))
    a = nodes.vector("NORMALIZE", _FROM)
    both = nodes.vector("ADD", a, b)
    share = nodes.math(
        "DIVIDE", nodes.number("DOT_PRODUCT", both, _ALONG), nodes.math("ADD", nodes.number("DOT_PRODUCT", a, b), 1.0)
    )
    return nodes.vector("SUBTRACT", _ALONG, nodes.scale(both, share))


def _followed(nodes: _Nodes, curves, place, turn) -> bpy.types.NodeSocket:
    """Field of the curves' points: where they are on the head as it is now."""
    position = nodes.out(nodes.add("GeometryNodeInputPosition"), "Position")
    bind_place, bind_turn = nodes.attribute(BIND_PLACE), nodes.attribute(BIND_TURN, "QUATERNION")
    back = nodes.inverse(bind_turn)
    followed = nodes.vector(
        "ADD", place, nodes.rotated(nodes.rotated(nodes.vector("SUBTRACT", position, bind_place), back), turn)
    )
    moved = nodes.number("DISTANCE", nodes.attribute(BIND_UV), nodes.attribute(SURFACE_UV))
    bound = nodes.math("LESS_THAN", moved, _SAME_UV)
    mean = []
    for axis in ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0)):
        field = nodes.scale(nodes.rotated(nodes.rotated(axis, back), turn), bound)
        node = nodes.add(
            "GeometryNodeAttributeStatistic", {"Geometry": curves, "Attribute": field}, data_type="FLOAT_VECTOR", domain="CURVE"
        )
        mean.append(nodes.out(node, "Sum"))
    first = nodes.out(nodes.add("GeometryNodePointsOfCurve", {"Sort Index": 0}), "Point Index")
    root = nodes.add("GeometryNodeFieldAtIndex", {"Value": position, "Index": first}, data_type="FLOAT_VECTOR", domain="POINT")
    root = nodes.out(
        nodes.add("GeometryNodeFieldOnDomain", {"Value": nodes.out(root, "Value")}, data_type="FLOAT_VECTOR", domain="CURVE"),
        "Value",
    )
    planted = nodes.vector("ADD", place, nodes.rotated(nodes.vector("SUBTRACT", position, root), nodes.axes(*mean)))
    chosen = nodes.add("GeometryNodeSwitch", {"Switch": bound, "False": planted, "True": followed}, input_type="VECTOR")
    return nodes.out(chosen, "Output")
