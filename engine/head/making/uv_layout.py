"""Recipe for the head's own UV layout: ``python -m engine.head.making.uv_layout``.

The skin (head and neck) is flattened anew with most of the square for the face; every other part keeps the shape that
it has in the base mesh's atlas and is packed around it. The whole layout is symmetric: a corner at (u, v) has its
mirror image at (1 - u, v). Takes about a minute; the result is shipped as ``data/uv.npz``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy.ndimage import binary_dilation

from ...geometry.mesh import QUAD_TRIANGLES
from ...render import rasterize
from ..build import build_head_model
from ..makehuman import data_root, read_base_mesh
from ..model import MATERIALS, HeadModel
from ..topology import HeadMesh, cut_head
from .uv_skin import cut_seam, flatten_skin, texel_wish

__all__ = ["main", "make_layout"]

TABLE_FILE = Path(__file__).parents[1] / "data" / "uv.npz"
"""The shipped UV layout, which this module writes."""

GRID = 1024
"""Packing works in cells of two texels of a 2048 map."""
MARGIN = 5
"""Cells between islands and to the border: 10 texels at 2048."""

SIZES = {"eye_front": 330, "eye_back": 60, "socket": 130, "mouth": 150, "teeth": 180, "tongue": 56, "lashes": 150}
"""Width of each island in texels at 2048."""


def make_layout(
    model: HeadModel, head: HeadMesh, atlas: np.ndarray, rounds: int = 150, tell: Callable[[str], object] = print
) -> np.ndarray:
    """The layout.

    Args:
        model: template, masks and mirror map.
        head: islands.
        atlas: (Q, 4, 2) UVs of the base mesh.
        rounds: of the flattening.
        tell: called with lines of text.

    Returns:
        (Q, 4, 2) float64 in [0, 1].
    """
    skin_faces = np.flatnonzero(model.face_material == MATERIALS.index("skin"))
    skin = cut_seam(model.faces[skin_faces], model.template.astype(float), model.mirror, model.neck_loop)
    wish = texel_wish(skin, model.template, {"ear": model.part("right_ear", "left_ear"), "neck": model.part("neck")})
    flat = flatten_skin(
        skin, model.template, wish, rounds, lambda number, energy: number % 25 or tell(f"round {number}: energy {energy:.0f}")
    )
    islands = _islands(model, head, atlas)
    for scale in np.arange(1.0, 0.7, -0.01):
        layout = _pack(model, skin_faces, flat[skin.faces], scale, islands, atlas)
        if layout is not None:
            tell(f"packed with the skin at {scale:.2f} of the width")
            return layout
    raise RuntimeError("the islands do not fit")


def main() -> None:
    """Make and write ``data/uv.npz``."""
    mesh = read_base_mesh(data_root())
    head = cut_head(mesh)
    atlas = mesh.uv[head.face_uv]
    landmarks = (np.zeros((478, 3), np.int32), np.full((478, 3), 1 / 3, np.float32))
    model = build_head_model(landmarks=landmarks, uv=atlas)
    layout = make_layout(model, head, atlas)
    # Corners that agree are stored once.
    values, index = np.unique(layout.reshape(-1, 2).astype(np.float32), axis=0, return_inverse=True)
    np.savez_compressed(TABLE_FILE, values=values, corners=index.reshape(-1, 4).astype(np.int16))
    print(f"written to {TABLE_FILE}, {TABLE_FILE.stat().st_size / 1024:.0f} KiB")


def _islands(model: HeadModel, head: HeadMesh, atlas: np.ndarray) -> list[tuple[np.ndarray, np.ndarray | None, float]]:
    """What is packed: quads, mirrored quads (None for an island on the midline) and width, largest first."""
    result = []
    mirrored = _mirrored_quads(model)
    done: set[int] = set()
    for island in np.unique(head.face_island[model.face_material != MATERIALS.index("skin")]).tolist():
        quads = np.flatnonzero(head.face_island == island)
        partner = int(head.face_island[mirrored[quads[0]]])
        if island in done:
            continue
        done |= {island, partner}
        kind = MATERIALS[model.face_material[quads[0]]]
        if kind == "eyes":
            depth = model.template[model.faces[quads], 2].mean()
            kind = "eye_front" if depth > 0 else "eye_back"
        elif kind == "mouth" and partner != island:
            kind = "socket"
        result.append((quads, None if partner == island else mirrored[quads], SIZES[kind] / 2048))
    return sorted(result, key=lambda entry: (entry[1] is not None, -_height(atlas[entry[0]], entry[2])))


def _mirrored_quads(model: HeadModel) -> np.ndarray:
    number = {frozenset(quad): k for k, quad in enumerate(model.faces.tolist())}
    return np.array([number[frozenset(quad)] for quad in model.mirror[model.faces].tolist()])


def _height(uv: np.ndarray, width: float) -> float:
    size = np.ptp(uv.reshape(-1, 2), axis=0)
    return width * size[1] / size[0]


def _pack(model, skin_faces, skin_uv, scale, islands, atlas):
    """Place the skin at the top, then each island at the lowest free place; None when one does not fit."""
    layout = np.zeros(model.faces.shape + (2,))
    low, high = skin_uv.reshape(-1, 2).min(0), skin_uv.reshape(-1, 2).max(0)
    border = MARGIN / GRID
    factor = scale * min((1 - 2 * border) / (high - low))
    layout[skin_faces] = (skin_uv - [0, high[1]]) * factor + [0.5, 1 - border]
    taken = np.zeros((GRID, GRID), bool)
    taken[:MARGIN], taken[-MARGIN:], taken[:, :MARGIN], taken[:, -MARGIN:] = True, True, True, True
    taken |= _grown(_cover(layout[skin_faces]))
    for quads, partner, width in islands:
        uv = atlas[quads] - atlas[quads].reshape(-1, 2).min(0)
        uv = uv * width / np.ptp(uv.reshape(-1, 2), axis=0)[0]
        mask = _cover(uv)
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        mask = mask[: rows[-1] + 1, : columns[-1] + 1]
        place = _find(taken, mask, partner is None)
        if place is None:
            return None
        row, column = place
        offset = np.array([column, row]) / GRID
        if partner is None:
            offset[0] = 0.5 - width / 2
        layout[quads] = uv + offset
        taken |= _grown(_cover(layout[quads]))
        if partner is not None:
            _copy_mirrored(layout, model, quads, partner)
            taken |= _grown(_cover(layout[partner]))
    return layout


def _copy_mirrored(layout, model, quads, partner) -> None:
    """Give the mirrored quads the mirrored UVs, corner by corner."""
    for quad, other in zip(quads, partner):
        for corner in range(4):
            there = int(np.flatnonzero(model.faces[other] == model.mirror[model.faces[quad, corner]])[0])
            layout[other, there] = [1 - layout[quad, corner, 0], layout[quad, corner, 1]]


def _find(taken: np.ndarray, mask: np.ndarray, centred: bool) -> tuple[int, int] | None:
    """Lowest free place, outermost first; on the midline for a centred island."""
    height, width = mask.shape
    columns = [(GRID - width) // 2] if centred else range(0, GRID // 2 - width - MARGIN)
    inside = np.argwhere(mask)[::7]
    for row in range(0, GRID - height, 2):
        for column in columns:
            if taken[inside[:, 0] + row, inside[:, 1] + column].any():
                continue
            if not (taken[row : row + height, column : column + width] & mask).any():
                return row, column
    return None


def _cover(uv: np.ndarray) -> np.ndarray:
    """(GRID, GRID) cells that the quads touch, row 0 at v = 0."""
    corners = uv[:, QUAD_TRIANGLES].reshape(-1, 2) * GRID
    triangles = np.arange(len(corners)).reshape(-1, 3)
    filled = rasterize(corners, np.ones(len(corners)), triangles, GRID, GRID).triangle >= 0
    return binary_dilation(filled, np.ones((3, 3), bool))


def _grown(mask: np.ndarray) -> np.ndarray:
    return binary_dilation(mask, np.ones((3, 3), bool), iterations=MARGIN)


if __name__ == "__main__":
    main()
