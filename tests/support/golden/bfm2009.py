"""The rule by which the files of the Basel Face Model 2009 behind ``golden/deep3d/bfm_prep.npz`` were made, and the index
lists that its samples imply.

That the files follow a rule is said beside the golden, the rule itself is not: it was found from the samples, as were the
source vertices. The rule has a dozen numbers for five thousand samples, so a wrong one does not fit.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.io import savemat
from scipy.spatial import cKDTree

FULL, CROPPED, FRONT = 53490, 53215, 35709
"""Vertices of the model, of the expression file, and of the face that is made."""
COPIED = ("tri", "point_buf", "tri_mask2", "keypoints", "frontmask2_idx", "skinmask")
KNOWN_DEVIATIONS = (453980, 257264, 263068, 211890)
"""The first numbers of the official ``std_exp.txt``."""
_COMPONENTS = 80
_SAMPLES = 1024


def mean_shape(row):
    return 80000 * np.cos(0.0003 * row)


def mean_texture(row):
    return 128 + 100 * np.sin(0.0007 * row)


def phase(row, component):
    """Of the sines that are the principal components."""
    return 0.001 * (row % 9973) * (1 + component % 7) + 0.37 * component


SHAPE_SHIFT, TEXTURE_SHIFT, EXPRESSION_SHIFT = 0.0, 0.5 + np.pi / 2, 1.1


@cache
def _components(vertices: int, shift: float, count: int) -> np.ndarray:
    """(3 V, count) float32."""
    row, component = np.arange(3 * vertices)[:, None], np.arange(count)[None]
    return np.sin(phase(row, component) + shift).astype(np.float32)


def write_model(folder: Path) -> None:
    """``01_MorphableModel.mat`` and ``Exp_Pca.bin`` by the rule; 80 of the model's 199 components."""
    row, deviation = np.arange(3 * FULL), 1.0 / np.arange(1, _COMPONENTS + 1)
    savemat(
        folder / "01_MorphableModel.mat",
        {
            "shapeMU": mean_shape(row)[:, None].astype(np.float32),
            "shapeEV": 8e5 * deviation[:, None],
            "shapePC": _components(FULL, SHAPE_SHIFT, _COMPONENTS),
            "texMU": mean_texture(row)[:, None].astype(np.float32),
            "texEV": 4000 * deviation[:, None],
            "texPC": _components(FULL, TEXTURE_SHIFT, _COMPONENTS),
        },
    )
    expressions = _components(CROPPED, EXPRESSION_SHIFT, 79).T
    # The mean is not used: it is as large as the components, so that a use would show.
    (folder / "Exp_Pca.bin").write_bytes(
        np.int32(79).tobytes() + np.full(3 * CROPPED, 5e4, np.float32).tobytes() + np.ascontiguousarray(expressions).tobytes()
    )


class Samples(NamedTuple):
    """One field of the golden."""

    row: np.ndarray
    """(1024,) of the 3 x 35709 coordinates of the face."""
    column: np.ndarray
    """(1024,) component; 0 for a mean."""
    value: np.ndarray


def samples(golden, field: str) -> Samples:
    shape = golden[f"{field}/shape"]
    place = np.floor(np.linspace(0, shape.prod() - 1, _SAMPLES)).astype(int)
    columns = 1 if shape[0] == 1 else shape[1]
    return Samples(place // columns, place % columns, golden[f"{field}/sample"].astype(np.float64))


class Origins(NamedTuple):
    """Where the sampled vertices of the face come from."""

    vertex: np.ndarray
    """(n,) of the face, rising."""
    full: np.ndarray
    """(n,) of the model."""
    cropped: np.ndarray
    """(n,) of the expression file."""
    deviations: np.ndarray
    """(64,) standard deviations of the expressions, of the best fit to the samples."""
    coordinates: np.ndarray
    """(1024,) 0, 1, 2 of the rows that fit the samples of the means best; those of all vertices were tried."""
    margin: float
    """By how much the second best row fits worse there, relative to the largest value: the least of all samples."""


def find_origins(golden) -> Origins:
    """The sources that the samples imply.

    The two means give the vertex of the model for each row that they sample. The bases sample the next row here and there,
    which may be of the next vertex: shape and texture of one component give that one, among those that lie between the
    known ones. Where the expression file leaves vertices out follows from the four expressions whose deviations are known,
    and the other deviations from the expressions of vertices that are certain by then.
    """
    full, coordinates, margin = _of_means(golden)
    _of_bases(golden, full)
    left_out, deviations = _of_expressions(golden, full)
    vertex = np.array(sorted(full))
    source = np.array([full[v] for v in vertex])
    return Origins(vertex, source, source - np.array([left_out[v] for v in vertex]), deviations, coordinates, margin)


def write_lists(folder: Path, origins: Origins, deviations: np.ndarray) -> None:
    """``BFM_front_idx.mat``, ``BFM_exp_idx.mat`` and ``std_exp.txt``; vertices that no sample shows are the first one."""
    (folder / "std_exp.txt").write_text(" ".join(map(repr, [*map(float, deviations), *[1.0] * (79 - len(deviations))])))
    front, trim = np.zeros(FRONT, int), np.zeros(CROPPED, int)
    front[origins.vertex], trim[origins.cropped] = origins.cropped, origins.full
    savemat(folder / "BFM_front_idx.mat", {"idx": front[:, None] + 1})
    savemat(folder / "BFM_exp_idx.mat", {"trimIndex": trim[:, None] + 1})


def _of_means(golden) -> tuple[dict[int, int], np.ndarray, float]:
    shape, texture = samples(golden, "meanshape"), samples(golden, "meantex")
    row = np.arange(3 * FULL)
    tree = cKDTree(np.stack([mean_shape(row) / 8e4, mean_texture(row) / 228], 1))
    distance, best = tree.query(np.stack([shape.value / 0.8, texture.value / 228], 1), k=2)
    return dict(zip(shape.row // 3, best[:, 0] // 3)), best[:, 0] % 3, float((distance[:, 1] - distance[:, 0]).min())


def _of_bases(golden, full: dict[int, int]) -> None:
    """Adds the vertices that only the bases sample."""
    shape, texture = samples(golden, "idBase"), samples(golden, "texBase")
    certain = np.array(sorted(full))
    for row, column, here, there in zip(shape.row, shape.column, shape.value, texture.value):
        vertex = row // 3
        if vertex in full:
            continue
        after = certain[np.searchsorted(certain, vertex)]
        between = np.arange(full[vertex - 1] + 1, full[after] - (after - vertex) + 1)
        angle = phase(3 * between + row % 3, column)
        off = (
            np.abs(8 / (column + 1) * np.sin(angle + SHAPE_SHIFT) - here) / 8
            + np.abs(4000 / (column + 1) * np.sin(angle + TEXTURE_SHIFT) - there) / 4000
        )
        full[vertex] = int(between[off.argmin()])


def _of_expressions(golden, full: dict[int, int]) -> tuple[dict[int, int], np.ndarray]:
    """How many vertices before each are left out of the expression file, and the deviations."""
    row, column, value = samples(golden, "exBase")
    source = np.array([full[vertex] for vertex in row // 3])

    def sine(which, missing):
        return np.sin(phase(3 * (source[which] - missing) + row[which] % 3, column[which]) + EXPRESSION_SHIFT)

    first, last = np.zeros(_SAMPLES, int), np.full(_SAMPLES, FULL - CROPPED)

    def settle(number: int, deviation: float) -> None:
        options = np.arange(first[number], last[number] + 1)
        best = options[np.abs(sine(number, options) * deviation / 1e5 - value[number]).argmin()]
        first[number:] = np.maximum(first[number:], best)
        last[: number + 1] = np.minimum(last[: number + 1], best)

    for number in np.flatnonzero(column < len(KNOWN_DEVIATIONS)):
        settle(number, KNOWN_DEVIATIONS[column[number]])
    deviations = np.zeros(64)
    for component in range(64):
        which = np.flatnonzero((column == component) & (first == last))
        sines = sine(which, first[which])
        deviations[component] = (sines @ value[which]) / (sines @ sines) * 1e5
    for number in np.flatnonzero(first < last):
        settle(number, deviations[column[number]])
    missing = dict(zip(row // 3, first))
    for vertex in sorted(full):
        missing.setdefault(vertex, missing.get(vertex - 1, missing.get(vertex + 1)))
    return missing, deviations
