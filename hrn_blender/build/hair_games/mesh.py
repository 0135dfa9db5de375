"""The hair mesh: the groom's outer surface as one object, with strands along its UV map, for stylised games and printing."""

from __future__ import annotations

import bpy
import numpy as np

from ..ledger import Ledger
from ..mesh import set_quads
from .flow_uv import flow_coordinates, paint
from .material import games_material
from .names import COLOR, MESH, PROPERTY, games_name, place_beside, set_color, set_uv
from .png import packed_image
from .shell import Strands, make_shell, strands_of
from .skin import head_skin
from .strips import Guides

__all__ = ["build_hair_mesh"]

_NEIGHBOURS = 6
"""Points of guides from which a vertex gets its colour and direction."""


def build_hair_mesh(head: bpy.types.Object, guides: Guides, triangles: int, closed: bool = False) -> bpy.types.Object:
    """The hair of `head` as one mesh of at most `triangles` triangles, a child of the head. An earlier one is replaced.

    Args:
        closed: with the side that lies on the head.

    Raises:
        ValueError: `guides` have no volume.
        Exception: whatever else goes wrong, after everything created so far has been removed.
    """
    strands = strands_of(guides)
    shell = make_shell(strands, head_skin(head), triangles, closed) if len(strands.points) else None
    if shell is None or not len(shell.faces):
        raise ValueError("The hair has no guides.")
    along, color = _from_strands(strands_of(guides, outer=True), shell.vertices)
    uv = flow_coordinates(shell.vertices, shell.faces, along)
    with Ledger() as ledger:
        name = games_name(head, MESH)
        mesh = ledger.add(bpy.data.meshes.new(name))
        set_quads(mesh, shell.vertices, shell.faces)
        set_uv(mesh, uv)
        set_color(mesh, COLOR, color)
        picture = packed_image(f"{name} color", paint(uv, color[shell.faces]), "sRGB", ledger)
        mesh.materials.append(games_material(name, picture, ledger, cards=False))
        made = ledger.add(bpy.data.objects.new(name, mesh))
        made[PROPERTY] = MESH
        place_beside(head, made)
    return made


def _from_strands(strands: Strands, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N, 3) direction and (N, 3) colour of the strands around each vertex."""
    tree = strands.tree()
    found = [[hit[1] for hit in tree.find_n(point, _NEIGHBOURS)] for point in vertices.tolist()]
    width = min(map(len, found))
    index = np.array([one[:width] for one in found])
    return strands.along[index].mean(1), strands.color[index].mean(1)
