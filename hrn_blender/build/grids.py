"""Rectangular grids in quad meshes: the strips of lashes and the rows of teeth are such grids."""

from __future__ import annotations

import numpy as np

__all__ = ["quad_grids"]


def quad_grids(quads: np.ndarray) -> list[np.ndarray]:
    """The pieces of a quad mesh that are rectangular grids: (rows, columns) vertex numbers, columns >= rows."""
    neighbours: dict[int, set[int]] = {}
    count: dict[tuple[int, int], int] = {}
    for quad in quads.tolist():
        for a, b in zip(quad, quad[1:] + quad[:1]):
            neighbours.setdefault(a, set()).add(b)
            neighbours.setdefault(b, set()).add(a)
            edge = (min(a, b), max(a, b))
            count[edge] = count.get(edge, 0) + 1
    border: dict[int, list[int]] = {}
    for (a, b), faces in count.items():
        if faces == 1:
            border.setdefault(a, []).append(b)
            border.setdefault(b, []).append(a)
    grids, done = [], set()
    for start in sorted(border):
        if start in done or len(neighbours[start]) != 2 or len(border[start]) != 2:
            continue
        loop = [start, min(border[start])]
        while len(border[loop[-1]]) == 2:
            following = next(v for v in border[loop[-1]] if v != loop[-2])
            if following == start or len(loop) > len(border):
                break
            loop.append(following)
        done.update(loop)
        corners = [i for i, v in enumerate(loop) if len(neighbours[v]) == 2]
        if len(corners) != 4:
            continue
        loop = loop + [start]
        ends = [*corners, len(loop) - 1]
        sides = [loop[a : b + 1] for a, b in zip(ends, ends[1:])]
        if [len(s) for s in sides[:2]] != [len(s) for s in sides[2:]]:
            continue
        if len(sides[0]) < len(sides[1]):
            sides = sides[1:] + sides[:1]
        rows = [sides[0]]
        used = set(rows[0])
        for _ in range(len(sides[1]) - 1):
            step = [neighbours[v] - used for v in rows[-1]]
            # In a grid, a vertex's neighbours are its row, the row before and one vertex of the next row.
            if any(len(s) != 1 for s in step):
                break
            rows.append([s.pop() for s in step])
            used.update(rows[-1])
        if len(rows) == len(sides[1]):
            grids.append(np.array(rows))
    return grids
