"""Where faces fold, and which way: places on the template, likelier with the facial actions that fold them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline

from ...head.model import HeadModel
from ...render import interpolate
from .picture import Picture
from .weights import FoldPlaceWeights

__all__ = ["Places", "action_amounts", "fold_places", "places_on_template"]

_MIRRORED = {358: 129, 291: 61, 453: 233, 450: 230, 448: 228, 263: 33, 425: 205, 8: 8, 17: 17}
"""The landmark on the right half for each that a place starts from."""


class Places(NamedTuple):
    """In a picture of H x W pixels."""

    chance: np.ndarray
    """(H, W) float32 in [0, 1]: how likely a fold is."""
    along: tuple[np.ndarray, np.ndarray]
    """(H, W) float32 each: the direction of such a fold, mm of height per mm along it for slopes in mm per pixel."""
    directed: np.ndarray
    """(H, W) float32 in [0, 1]: chance times how far the direction is known."""


def fold_places(model: HeadModel, expression: np.ndarray, picture: Picture, w: FoldPlaceWeights) -> Places:
    """
    Args:
        expression: (52,) facial actions of the photo.
    """
    chance, turned = _on_head(model, expression, w)
    found = interpolate(picture.raster, model.triangles, np.column_stack([chance, turned]))
    angle = 0.5 * np.arctan2(found[..., 2], found[..., 1])
    known = np.hypot(found[..., 1], found[..., 2]) / np.maximum(found[..., 3], 1e-3)
    axes = picture.camera.R.astype(np.float32) * np.array([[1], [-1], [-1]], np.float32)
    direction = np.cos(angle)[..., None] * axes[:, 0] + np.sin(angle)[..., None] * axes[:, 1]
    x, y = picture.along(direction)
    # Scaled so that it measures millimetres on the surface: slopes along it are mm per mm.
    length = np.sqrt(np.maximum((picture.steps[0] * x[..., None] + picture.steps[1] * y[..., None]) ** 2, 0).sum(-1))
    scale = np.where(length > 1e-3, 1 / np.maximum(length, 1e-3), 0)
    amount = np.clip(found[..., 0], 0, 1)
    return Places(amount, (x * scale, y * scale), amount * np.clip(known, 0, 1) ** 2)


def _on_head(model: HeadModel, expression: np.ndarray, w: FoldPlaceWeights) -> tuple[np.ndarray, np.ndarray]:
    """(N,) chance at each vertex; (N, 3) sums of doubled angles (cosine, sine) of the directions, and of their weights:
    a fold's direction has no sign."""
    near, turned = places_on_template(model, w)
    amounts, _ = action_amounts(model, expression, w)
    return (near * amounts).max(1), turned


def action_amounts(model: HeadModel, expression: np.ndarray, w: FoldPlaceWeights) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """(P,) chance of a fold in each place, the forehead last; what each action that the photo shows adds to them, (P,) by name,
    its left and right half each what it adds on its own side.

    Args:
        expression: (52,) facial actions of the photo.
    """
    action = dict(zip(model.expression_names, np.asarray(expression, float)))
    others = [0.0, *[1.0] * (len(w.chance) - 1)]
    gains = {
        "mouthSmile": [*w.smile, 0.0],
        "cheekSquint": [w.squint[0], *[0.0] * len(others)],
        "eyeSquint": [*np.multiply(others, w.squint), 0.0],
        "browDown": [*w.brow, 0.0],
    }
    added = {name + side: action[name + side] * np.array(gain) for name, gain in gains.items() for side in ("Left", "Right")}
    forehead = np.eye(len(w.chance) + 1)[-1] * w.forehead_chance[1]
    inner, outer = action["browInnerUp"], (action["browOuterUpLeft"] + action["browOuterUpRight"]) / 2
    if inner >= outer:
        added["browInnerUp"] = inner * forehead
    else:
        added |= {f"browOuterUp{side}": action[f"browOuterUp{side}"] * forehead for side in ("Left", "Right")}
    whole = np.array([*w.chance, w.forehead_chance[0]], float)
    for name, by_place in added.items():
        whole += by_place if name == "browInnerUp" else by_place / 2
    amounts = np.minimum(whole, [*w.most, 1.0])
    return amounts, {name: by_place * amounts / whole for name, by_place in added.items()}


def places_on_template(model: HeadModel, w: FoldPlaceWeights) -> tuple[np.ndarray, np.ndarray]:
    """(N, P) how near each vertex is to each place, in [0, 1], the forehead last; (N, 3) sums of doubled angles (cosine, sine) of
    the directions, and of their weights."""
    key = f"{model.version}/{w}"
    if key not in _template:
        _template.clear()
        _template[key] = _on_template(model, w)
    return _template[key]


_template: dict[str, tuple[np.ndarray, np.ndarray]] = {}
"""What :func:`_on_template` found for the last model."""


def _on_template(model: HeadModel, w: FoldPlaceWeights) -> tuple[np.ndarray, np.ndarray]:
    """(N, P) how near each vertex is to each place, in [0, 1], the forehead last; (N, 3) sums as in :func:`_on_head`."""
    marks = model.landmarks(model.template).astype(float)
    place = model.template.astype(float)
    nearest, turned = [], np.zeros((len(place), 3))
    places = (w.nasolabial, w.marionette, w.bag, w.crow, w.frown, w.chin, w.cheek)
    for number, points in enumerate(places):
        nearest.append(np.zeros(len(place)))
        for side in (1, -1):
            line = _line([_at(marks, point, side) for point in points], w.points)
            apart = ((place[:, None] - line[None]) ** 2).sum(-1)
            near = np.exp(-apart / (2 * w.width[number] ** 2))
            nearest[-1] = np.maximum(nearest[-1], near.max(1))
            if len(points) > 1 and points is not w.crow:
                tangent = np.gradient(line, axis=0)
                tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
                turned += near @ _doubled(tangent)
    for side in (1, -1):
        ray = place - _at(marks, w.eye, side)
        ray /= np.maximum(np.hypot(ray[:, 0], ray[:, 1]), 1e-3)[:, None]
        apart = ((place - _at(marks, (w.eye[0], w.crow[1][1], 0), side)) ** 2).sum(1)
        turned += (w.radiates * np.exp(-apart / (2 * w.radiates_mm**2)))[:, None] * _doubled(ray)
    beyond = np.maximum(np.abs(place[:, :2] - [0, marks[w.forehead[0], 1] + w.forehead[1]]) - w.forehead_half, 0)
    front = np.exp(-0.5 * ((beyond / w.forehead_soft) ** 2).sum(1)) * (place[:, 2] > 0)
    turned += (w.forehead_level * front)[:, None] * [1, 0, 1]
    return np.stack([*nearest, front], 1), turned


def _at(marks: np.ndarray, point: tuple[int, float, float], side: int) -> np.ndarray:
    """(3,) a point of a place on the left (1) or right (-1) half of the template."""
    number, outwards, above = point
    return marks[number if side > 0 else _MIRRORED[number]] + [side * outwards, above, 0]


def _line(points: list[np.ndarray], count: int) -> np.ndarray:
    """(count, 3) a smooth line through points; a single point stands for itself."""
    given = np.array(points)
    if len(given) == 1:
        return given
    way = np.r_[0, np.cumsum(np.linalg.norm(np.diff(given, axis=0), axis=1))]
    return CubicSpline(way, given)(np.linspace(0, way[-1], count))


def _doubled(direction: np.ndarray) -> np.ndarray:
    """(n, 3) cosine and sine of twice the angle of (n, 3) directions in x and y, and 1."""
    x, y = direction[:, 0], direction[:, 1]
    return np.stack([x * x - y * y, 2 * x * y, np.ones_like(x)], 1)
