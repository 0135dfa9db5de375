"""Masks, hands, cups, paint and other things on or before a face."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.sparse import csr_matrix

from ..geometry.mesh import vertex_normals
from ..geometry.smoothstep import smoothstep
from .hands import draw_hand, hand
from .part_labels import noise_at
from .parts import Part
from .sitter import Studio
from .things import Look, Thing, ball, box, draw_look, tube

__all__ = ["cover_kind", "draw_cover"]


def cover_kind(rng: np.random.Generator) -> str:
    """What lies over a face: a mask or a scarf, a hand, a microphone, a phone, a cup or paint."""
    kinds = ("mask", "bandana", "hand", "microphone", "phone", "cup", "ball", "paint")
    return kinds[rng.choice(len(kinds), p=[0.28, 0.06, 0.26, 0.07, 0.05, 0.05, 0.04, 0.19])]


def draw_cover(
    studio: Studio, kind: str, posed: np.ndarray, towards: np.ndarray, skin: np.ndarray, rng: np.random.Generator
) -> list[Thing]:
    """What :func:`cover_kind` named.

    Args:
        towards: (3,) unit, from the head to the camera. skin: (3,) its color.
    """
    if kind in ("mask", "bandana"):
        return _mask(studio, posed, kind == "bandana", skin, rng)
    if kind == "paint":
        return _face_paint(studio, posed, rng)
    points = studio.model.landmarks(posed)
    aside = np.cross([0, 1.0, 0], towards)
    aside /= np.linalg.norm(aside)
    axes = np.stack([aside, np.cross(towards, aside), towards], 1)
    if kind == "hand":
        return draw_hand(points, towards, axes, skin, rng)
    dark = draw_look(rng, plain=1.0)._replace(gloss=rng.uniform(0, 0.3), fold=0.0)
    at = points[13] + towards * rng.uniform(10, 45) + aside * rng.normal(0, 18) + [0, rng.uniform(-35, 2), 0]
    if kind == "microphone":
        size = rng.uniform(13, 30)
        down = -axes[:, 1] * rng.uniform(0.6, 1) + aside * rng.normal(0, 0.5) + towards * rng.uniform(0, 0.4)
        line = at + np.linspace(0, 1, 8)[:, None] * down * rng.uniform(120, 260)
        foam = dark._replace(color=np.full(3, rng.uniform(0.01, 0.08)), gloss=0.02, fold=0.5, fold_size=3.0)
        things = [Thing(*ball(at, np.full(3, size)), Part.COVER, foam), Thing(*tube(line, size * 0.55, 10), Part.COVER, dark)]
        grip = at + down * rng.uniform(60, 110)
        return things + (hand(grip + towards * 8, axes, skin, rng) if rng.random() < 0.6 else [])
    if kind == "phone":
        angle = rng.uniform(-0.8, 0.8)
        flat = axes @ cv2.Rodrigues(np.array([0, 0, angle]))[0]
        at = points[int(rng.choice([1, 234, 454, 13, 50]))] + towards * rng.uniform(20, 60)
        return [
            Thing(*box(at, np.array([36, 74, 5]), flat), Part.COVER, dark),
            *hand(at + axes[:, 1] * -40 + towards * 6, axes, skin, rng),
        ]
    if kind == "cup":
        rim = points[13] + towards * rng.uniform(12, 30) + [0, rng.uniform(-14, 4), 0]
        line = rim + np.linspace(0, 1, 5)[:, None] * (towards * rng.uniform(0.2, 1.2) - axes[:, 1]) * rng.uniform(60, 110)
        body = tube(line, np.linspace(rng.uniform(30, 44), rng.uniform(24, 38), 5), 20)
        grip = line.mean(0) + towards * 30 + aside * rng.normal(0, 20)
        return [
            Thing(*body, Part.COVER, draw_look(rng)._replace(fold=0.0, gloss=rng.uniform(0, 0.4))),
            *hand(grip, axes, skin, rng),
        ]
    size = rng.uniform(12, 42, 3)
    return [Thing(*ball(at, size, axes), Part.COVER, draw_look(rng))]


def _mask(studio: Studio, posed: np.ndarray, bandana: bool, skin: np.ndarray, rng) -> list[Thing]:
    """Cloth over nose, mouth and chin: the face's skin, smoothed and moved out."""
    model, grid = studio.model, studio.renderer.grid
    place = model.template.astype(float)
    kind = rng.random()
    # Over the nose, pulled under it, or under the mouth.
    top = rng.uniform(-38, -12) if kind < 0.78 else rng.uniform(-62, -44) if kind < 0.93 else rng.uniform(-92, -78)
    wide = rng.uniform(52, 70) if not bandana else rng.uniform(62, 75)
    # Its upper border falls from the nose to the cheeks.
    level = top - rng.uniform(0.05, 0.35) * np.abs(place[:, 0]) - 6 * smoothstep(0, 12, np.abs(place[:, 0]))
    low = rng.uniform(-128, -104) if not bandana else -175
    shown = np.zeros(len(place), bool)
    shown[studio.skin] = True
    shown &= (place[:, 1] < level) & (place[:, 1] > low) & (place[:, 2] > (-40 if not bandana else -70))
    shown &= np.abs(place[:, 0]) < wide - 0.15 * np.clip(-60 - place[:, 1], 0, 60)
    inner = np.repeat(model.face_material == 0, 2)
    triangles = model.triangles[inner & shown[model.triangles].all(1)]
    if not len(triangles):
        return []
    moved = _spanned(posed, triangles, int(rng.uniform(10, 40)), int(rng.choice([3, 30])))
    normal = vertex_normals(moved, triangles)
    wave = noise_at(grid, place / rng.uniform(10, 25) + rng.uniform(0, 40))
    out = rng.uniform(3, 9) + 1.5 * wave + (rng.uniform(0, 2.5) * np.sin(place[:, 1] / 2.6) if rng.random() < 0.4 else 0)
    if rng.random() < 0.2:  # a fold that stands out along the middle
        out = out + rng.uniform(4, 14) * np.exp(-((place[:, 0] / rng.uniform(7, 22)) ** 2))
    moved = moved + normal * out[:, None]
    bare = vertex_normals(posed, model.triangles)
    moved += bare * np.maximum(2.0 - ((moved - posed) * bare).sum(1), 0)[:, None]  # nothing comes through
    look = _mask_look(skin, rng)
    used, place_of = np.unique(triangles), np.full(len(moved), -1)
    place_of[used] = np.arange(len(used))
    things = [Thing(moved[used], place_of[triangles], Part.COVER, look)]
    if not bandana:
        border = moved[used]
        for side, name in ((1, "left_ear"), (-1, "right_ear")):
            ear = posed[model.part(name) > 0.5]
            back = ear[np.argmin(ear[:, 2])] + [side * 1, 8, 4]
            far = border[border[:, 0] * side > np.percentile(border[:, 0] * side, 90)]
            for end in (far[np.argmax(far[:, 1])], far[np.argmin(far[:, 1])]):
                line = (
                    end
                    + np.linspace(0, 1, 8)[:, None] * (back - end)
                    + np.sin(np.linspace(0, np.pi, 8))[:, None] * [side * 6, 0, 0]
                )
                things.append(Thing(*tube(line, rng.uniform(0.7, 1.6), 5, up=(0, 1, 0)), Part.COVER, look))
    return things


def _spanned(posed: np.ndarray, triangles: np.ndarray, rounds: int, hem: int) -> np.ndarray:
    """(N, 3) mm: a part of a face as cloth has it that spans its hollows, and a border that is smoothed `hem` times."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    kinds, count = np.unique(np.sort(edges, axis=1), axis=0, return_counts=True)
    pairs = np.concatenate([kinds, kinds[:, ::-1]])
    around = csr_matrix((np.ones(len(pairs)), pairs.T), shape=(len(posed), len(posed)))
    free = np.zeros(len(posed), bool)
    free[np.unique(triangles)] = True
    free[kinds[count == 1]] = False
    near = np.maximum(np.asarray(around.sum(1)), 1)
    moved = posed.copy()
    for _ in range(rounds):
        mean = (around @ moved) / near
        mean[:, 2] = np.maximum(mean[:, 2], posed[:, 2])
        moved[free] = mean[free]
    # The border without the mesh's corners.
    border = np.unique(kinds[count == 1])
    pairs = np.concatenate([kinds[count == 1], kinds[count == 1][:, ::-1]])
    beside = csr_matrix((np.ones(len(pairs)), pairs.T), shape=(len(posed), len(posed)))
    beside = beside[border] / np.maximum(np.asarray(beside[border].sum(1)), 1)
    for _ in range(hem):
        moved[border] = 0.5 * moved[border] + 0.5 * (beside @ moved)
    return moved


def _mask_look(skin: np.ndarray, rng) -> Look:
    """Light blue, white, black, of the skin's color, or any cloth."""
    kind = rng.random()
    look = draw_look(rng)
    if kind < 0.35:
        color = np.array([0.35, 0.62, 0.75]) * rng.uniform(0.6, 1.2) * np.exp(rng.normal(0, 0.1, 3))
        look = look._replace(color=np.clip(color, 0, 0.85), pattern="plain")
    elif kind < 0.55:
        look = look._replace(color=np.full(3, rng.uniform(0.6, 0.85)), pattern="plain")
    elif kind < 0.7:
        look = look._replace(color=np.full(3, rng.uniform(0.006, 0.03)), pattern="plain")
    elif kind < 0.82:
        look = look._replace(color=np.clip(skin * np.exp(rng.normal(0, 0.2, 3)), 0.01, 0.8), pattern="plain")
    return look._replace(fold=rng.uniform(0, 0.3))


def _face_paint(studio: Studio, posed: np.ndarray, rng) -> list[Thing]:
    """Spots of paint or a plaster on the skin."""
    model, grid = studio.model, studio.renderer.grid
    place = model.template.astype(float)
    shown = np.zeros(len(place), bool)
    shown[studio.skin] = True
    shown &= (place[:, 2] > -40) & (model.part("scalp", "neck") < 0.5)
    kind = rng.random()
    if kind < 0.3:
        field = noise_at(grid, place / rng.uniform(12, 45) + rng.uniform(0, 40)) - rng.uniform(0.0, 0.45)
    elif kind < 0.65:  # one half: left, right, upper or lower
        turn = rng.choice([0, 0.5, 1, 1.5]) * np.pi + rng.normal(0, 0.2)
        field = place[:, 0] * np.cos(turn) + (place[:, 1] + 30) * np.sin(turn) - rng.normal(0, 12)
        field = field + 6 * noise_at(grid, place / 20)
    elif kind < 0.8:  # stripes
        turn, wide = rng.uniform(0, np.pi), rng.uniform(9, 26)
        across = place[:, 0] * np.cos(turn) + place[:, 1] * np.sin(turn) + 5 * noise_at(grid, place / 25)
        field = np.cos(across / wide * np.pi) - rng.uniform(-0.3, 0.5)
    else:  # all
        field = np.ones(len(place))
    shown &= field > 0
    lids = np.min(np.linalg.norm(place[:, None] - studio.renderer.eye_centres[None], axis=2), 1) < 20
    shown &= ~lids | (rng.random() < 0.5)
    shown &= (model.part("upper_lip", "lower_lip") < 0.5) | (rng.random() < 0.5)
    triangles = model.triangles[shown[model.triangles].all(1) & np.repeat(model.face_material == 0, 2)]
    if not len(triangles):
        return []
    moved = posed + vertex_normals(posed, model.triangles) * 0.5
    used, number = np.unique(triangles), np.full(len(moved), -1)
    number[used] = np.arange(len(used))
    look = draw_look(rng, plain=0.85)._replace(fold=0.05, gloss=rng.uniform(0, 0.2))
    return [Thing(moved[used], number[triangles], Part.COVER, look)]
