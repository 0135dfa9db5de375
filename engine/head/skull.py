"""The width of the braincase.

MakeHuman's skull narrows from the ears upwards like an egg. People's is widest well above the ears (the anthropometric
point euryon). How wide it is at each height, as a share of its greatest breadth, is read off the average scalp of forty
people: FreeSurfer's ``fsaverage``, whose outer skin ships with the package mne. The average lives in a space that is
stretched along the axes, which such shares survive.
"""

from __future__ import annotations

import struct
import sys
import zipfile
from collections.abc import Iterator

import numpy as np

from ..geometry.smoothstep import smoothstep

__all__ = ["fill_out", "scalp_profile"]

_SHARES = np.linspace(0, 1, 12)[:-1]
"""Shares of the way from the nasion's height up to the vertex at which the breadth is measured."""
_PROFILE = np.array([0.99, 1.0, 1.0, 1.0, 0.98, 0.96, 0.92, 0.86, 0.76, 0.63, 0.45])
"""Breadth at each share of the way from the nasion's height up to the vertex, by the greatest
(``python -m engine.head.skull WHEEL``)."""
_MOST = 1.1
"""Largest factor by which the braincase is widened."""
_TEMPLE = -20.0
"""The face lies in front of this depth in model space and keeps its width, mm."""
_SIDE = -60.0
"""Everything behind this depth is widened in full, mm; between the two depths the widening grows smoothly."""
_SLAB = 5.0
"""Half the height of the slab in which a breadth is measured, mm."""

_POINT = 213
"""Kind of the tag that holds a point of the head in mne's files."""
_VERTICES = 3105
"""Kind of the tag that holds the positions of a surface."""
_TRIANGLES = 3106
"""Kind of the tag that holds the corners of its triangles."""
_NASION = 2
"""Identity of the nasion among the points of the head."""
_EAR = 1
"""Identity of the ear (the left preauricular point) among them."""
_EAR_DROP = 28.0
"""How far the tragion lies below the nasion in an average adult who looks straight ahead, mm."""


def fill_out(vertices: np.ndarray, braincase: np.ndarray, nasion: float) -> np.ndarray:
    """A head whose braincase is nowhere narrower than people's.

    Args:
        vertices: (N, 3) mm, model space. braincase: (N,) bool, its skin without the ears.
        nasion: height of the nasion, mm.

    Returns:
        (N, 3) mm, moved along x only.
    """
    top = vertices[braincase, 1].max()
    heights = nasion + _SHARES * (top - nasion)
    breadth = np.array([2 * np.abs(vertices[braincase & (np.abs(vertices[:, 1] - y) < _SLAB), 0]).max() for y in heights])
    factor = np.clip(_PROFILE * breadth.max() / breadth, 1, _MOST)
    # One hump instead of steps between slabs.
    factor = np.convolve(np.pad(factor, 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
    gain = np.interp(vertices[:, 1], np.append(heights, top), np.append(factor, 1.0), left=1.0)
    out = vertices.copy()
    out[:, 0] *= 1 + smoothstep(-_TEMPLE, -_SIDE, -vertices[:, 2]) * (gain - 1)
    return out


def scalp_profile(wheel: str) -> np.ndarray:
    """The table above, from a wheel of the package mne (1.13.2 was used).

    The surface is turned until the ears lie as far below the nasion as in an average adult who looks straight ahead.
    """
    with zipfile.ZipFile(wheel) as archive:
        files = {name: list(_tags(archive.read(f"mne/data/fsaverage/fsaverage-{name}.fif"))) for name in ("head", "fiducials")}
    points = {
        struct.unpack(">i", data[4:8])[0]: np.frombuffer(data[8:20], ">f4")
        for kind, data in files["fiducials"]
        if kind == _POINT
    }
    (surface,) = (data for kind, data in files["head"] if kind == _VERTICES)
    (faces,) = (data for kind, data in files["head"] if kind == _TRIANGLES)
    # Right, front, up in metres; from the nasion, in mm.
    vertices = 1000 * (_matrix(surface, ">f4") - points[_NASION])
    ear = 1000 * (points[_EAR] - points[_NASION])
    tilt = np.arctan2(ear[2], ear[1]) - np.arctan2(-_EAR_DROP, -np.sqrt(ear[1] ** 2 + ear[2] ** 2 - _EAR_DROP**2))
    height = vertices[:, 2] * np.cos(tilt) - vertices[:, 1] * np.sin(tilt)
    corner = _matrix(faces, ">i4").astype(np.int64) - 1
    edges = np.concatenate([corner[:, [0, 1]], corner[:, [1, 2]], corner[:, [2, 0]]])
    breadth = []
    for level in _SHARES * height.max():
        low, high = height[edges].T - level
        crossed = low * high < 0
        share = low[crossed] / (low[crossed] - high[crossed])
        breadth.append(np.ptp(vertices[edges[crossed, 0], 0] * (1 - share) + vertices[edges[crossed, 1], 0] * share))
    return np.array(breadth) / max(breadth)


def _tags(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and content of the tags of a file in the Functional Imaging File Format."""
    at = 0
    while at + 16 <= len(data):
        kind, _, size, following = struct.unpack(">iiii", data[at : at + 16])
        yield kind, data[at + 16 : at + 16 + size]
        if following < 0:
            return
        at = following or at + 16 + size


def _matrix(data: bytes, kind: str) -> np.ndarray:
    """A tag's matrix; its size stands behind the numbers."""
    columns, rows, _ = struct.unpack(">3i", data[-12:])
    return np.frombuffer(data[: 4 * rows * columns], kind).reshape(rows, columns).astype(np.float64)


if __name__ == "__main__":
    print(scalp_profile(sys.argv[1]).round(2).tolist())
