"""Glasses, masks, hands and other things on or before a face."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.sparse import csr_matrix

from ..geometry.mesh import vertex_normals
from ..geometry.smoothstep import smoothstep
from .part_labels import noise_at
from .parts import Part
from .sitter import Studio
from .things import Look, Thing, ball, box, draw_look, sheet, tube

__all__ = ["cover_kind", "draw_cover", "draw_glasses"]

_EYES = ((33, 133), (263, 362))
"""Landmarks at the outer and inner corners of the right and of the left eye."""


def draw_glasses(studio: Studio, posed: np.ndarray, rng: np.random.Generator) -> list[Thing]:
    """Frames, with clear, tinted or mirroring lenses."""
    points = studio.model.landmarks(posed)
    bridge = points[[133, 362]].mean(0)
    frame = Look(
        *_frame_colors(rng),
        gloss=rng.uniform(0.05, 0.6),
        shine=40.0,
        fold=0.0,
        pattern=str(rng.choice(["plain", "plain", "blots"])),
        size=5.0,
    )
    lens = _lens(rng)
    thick = rng.uniform(0.6, 1.3) if rng.random() < 0.45 else rng.uniform(1.4, 3.6)
    rimless = rng.random() < 0.1
    power, tall = rng.choice([2.0, 2.6, 4.0, 7.0]), rng.uniform(0.62, 1.0)
    wide = rng.uniform(23, 31) if lens.opacity < 0.5 else rng.uniform(25, 34)
    ahead = points[168, 2] + rng.uniform(2, 9)
    turn = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    cosine, sine = np.cos(turn), np.sin(turn)
    x = np.sign(cosine) * np.abs(cosine) ** (2 / power) * wide
    y = np.sign(sine) * np.abs(sine) ** (2 / power) * wide * tall
    y = y * (1 - rng.uniform(0, 0.25) * (sine < 0)) - rng.uniform(-2, 4)
    lift = rng.uniform(0, 5)
    things, rims = [], []
    for number, (outer, inner) in enumerate(_EYES):
        side = -1 if number == 0 else 1
        center = points[[outer, inner]].mean(0)
        across = x * side
        z = ahead - 0.0055 * (center[0] + across - bridge[0]) ** 2 - 0.12 * y - center[2]
        shift = side * max(0.0, wide - 2 - abs(center[0] - bridge[0]) + 4)
        rim = center + np.stack([across + shift, y - 3, z], 1)
        rims.append((rim, side))
        if not rimless:
            half = (np.arange(48) < 25) if rng.random() < 0.12 else np.ones(48, bool)
            line = rim[half] if not half.all() else rim
            things.append(Thing(*tube(line, thick, 7, closed=bool(half.all())), Part.GLASSES, frame))
        rings = [rim.mean(0) + (rim - rim.mean(0)) * s for s in (1.0, 0.6, 0.0)]
        things.append(Thing(*sheet(np.array(rings), True), Part.LENS, lens))
    things += _temples(studio, posed, rims, thick, frame, lift, rng)
    return things


def _frame_colors(rng) -> tuple[np.ndarray, np.ndarray]:
    kind = rng.random()
    if kind < 0.5:
        color = np.full(3, rng.uniform(0.005, 0.04))
    elif kind < 0.7:
        color = np.array([0.45, 0.36, 0.2]) * rng.uniform(0.3, 1.2)
    else:
        color = rng.random(3) ** 2 * 0.6 + 0.01
    return color, np.clip(color * rng.uniform(2, 6), 0, 0.6)


def _lens(rng) -> Look:
    """Clear, tinted, dark or mirroring."""
    kind = rng.random()
    white = np.ones(3)
    if kind < 0.62:
        return Look(np.full(3, 0.02), white, gloss=rng.gamma(1.0, 0.06), opacity=rng.uniform(0.02, 0.15))
    if kind < 0.7:
        return Look(rng.random(3) * 0.3, white, gloss=rng.uniform(0, 0.3), opacity=rng.uniform(0.15, 0.45))
    if kind < 0.92:
        return Look(rng.random(3) ** 2 * 0.05, white, gloss=rng.uniform(0, 0.4), opacity=rng.uniform(0.75, 0.99))
    return Look(rng.random(3) * 0.3, 0.3 + 0.7 * rng.random(3), gloss=rng.uniform(0.5, 1.0), opacity=0.97)


def _temples(studio: Studio, posed, rims, thick: float, frame: Look, lift: float, rng) -> list[Thing]:
    """The bridge over the nose, and the temples to the ears."""
    things = []
    (right, _), (left, _) = rims
    first, last = right[np.argmax(right[:, 0])], left[np.argmin(left[:, 0])]
    middle = (first + last) / 2 + [0, 3 + lift, 3]
    along = np.linspace(0, 1, 9)[:, None]
    line = (1 - along) ** 2 * first + 2 * along * (1 - along) * middle + along**2 * last
    things.append(Thing(*tube(line, max(0.9, 0.9 * thick), 7, up=(0, 0, 1)), Part.GLASSES, frame))
    wide = rng.uniform(0.9, 1.6) if rng.random() < 0.6 else rng.uniform(1.6, 5)
    for rim, side in rims:
        ear = posed[studio.model.part("left_ear" if side > 0 else "right_ear") > 0.5]
        hinge = rim[np.argmax(rim[:, 0] * side)]
        top = ear[np.argmax(ear[:, 1])]
        rest = np.array([top[0], top[1] - 6, top[2]]) - [side * 4, 0, 0]
        corner = hinge + [side * 2, 3, -3]
        knee = rest + [side * 1, 0, -8]
        path = np.array([hinge, corner, corner * 0.5 + rest * 0.5 + [side * 4, 0, 0], rest, knee, knee + [0, -28, -10]])
        fine = np.stack([np.interp(np.linspace(0, 5, 26), np.arange(6), path[:, axis]) for axis in range(3)], 1)
        things.append(Thing(*tube(fine, wide, 6, flat=0.4, up=(0, 1, 0)), Part.GLASSES, frame))
    return things


def cover_kind(rng: np.random.Generator) -> str:
    """What lies over a face: a mask or a scarf, a hand, a microphone, a phone, a cup or paint."""
    kinds = ("mask", "bandana", "hand", "microphone", "phone", "ball", "paint")
    return kinds[rng.choice(len(kinds), p=[0.34, 0.1, 0.24, 0.1, 0.06, 0.06, 0.1])]


def draw_cover(
    studio: Studio, kind: str, posed: np.ndarray, towards: np.ndarray, skin: np.ndarray, rng: np.random.Generator
) -> list[Thing]:
    """What :func:`cover_kind` named.

    Args:
        towards: (3,) unit, from the head to the camera. skin: (3,) its color.
    """
    if kind in ("mask", "bandana"):
        return _mask(studio, posed, kind == "bandana", rng)
    if kind == "paint":
        return _face_paint(studio, posed, rng)
    points = studio.model.landmarks(posed)
    aside = np.cross([0, 1.0, 0], towards)
    aside /= np.linalg.norm(aside)
    axes = np.stack([aside, np.cross(towards, aside), towards], 1)
    if kind == "hand":
        number = int(rng.choice([13, 17, 152, 50, 280, 234, 454, 1, 172, 397, 10, 67, 297]))
        tone = skin * np.exp(rng.normal(0, 0.12)) if rng.random() < 0.75 else draw_look(rng).color * [1, 0.75, 0.6]
        if rng.random() < 0.1:
            tone = draw_look(rng).color
        return _hand(points[number] + towards * rng.uniform(4, 18), axes, tone, rng)
    dark = draw_look(rng, plain=1.0)._replace(gloss=rng.uniform(0, 0.3), fold=0.0)
    at = points[13] + towards * rng.uniform(10, 45) + aside * rng.normal(0, 18) + [0, rng.uniform(-35, 2), 0]
    if kind == "microphone":
        size = rng.uniform(13, 30)
        down = -axes[:, 1] * rng.uniform(0.6, 1) + aside * rng.normal(0, 0.5) + towards * rng.uniform(0, 0.4)
        line = at + np.linspace(0, 1, 8)[:, None] * down * rng.uniform(120, 260)
        foam = dark._replace(color=np.full(3, rng.uniform(0.01, 0.08)), gloss=0.02, fold=0.5, fold_size=3.0)
        things = [Thing(*ball(at, np.full(3, size)), Part.COVER, foam), Thing(*tube(line, size * 0.55, 10), Part.COVER, dark)]
        grip = at + down * rng.uniform(60, 110)
        return things + (_hand(grip + towards * 8, axes, skin, rng) if rng.random() < 0.6 else [])
    if kind == "phone":
        angle = rng.uniform(-0.8, 0.8)
        flat = axes @ cv2.Rodrigues(np.array([0, 0, angle]))[0]
        at = points[int(rng.choice([1, 234, 454, 13, 50]))] + towards * rng.uniform(20, 60)
        return [
            Thing(*box(at, np.array([36, 74, 5]), flat), Part.COVER, dark),
            *_hand(at + axes[:, 1] * -40 + towards * 6, axes, skin, rng),
        ]
    size = rng.uniform(12, 42, 3)
    return [Thing(*ball(at, size, axes), Part.COVER, draw_look(rng))]


def _mask(studio: Studio, posed: np.ndarray, bandana: bool, rng) -> list[Thing]:
    """Cloth over nose, mouth and chin: the face's skin, smoothed and moved out."""
    model, grid = studio.model, studio.renderer.grid
    place = model.template.astype(float)
    top = rng.uniform(-42, -12) if rng.random() < 0.85 else rng.uniform(-62, -46)
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
    moved = _spanned(posed, triangles, int(rng.uniform(10, 40)))
    normal = vertex_normals(moved, triangles)
    wave = noise_at(grid, place / rng.uniform(10, 25) + rng.uniform(0, 40))
    out = rng.uniform(3, 9) + 1.5 * wave + (rng.uniform(0, 2.5) * np.sin(place[:, 1] / 2.6) if rng.random() < 0.4 else 0)
    moved = moved + normal * out[:, None]
    look = _mask_look(rng)
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


def _spanned(posed: np.ndarray, triangles: np.ndarray, rounds: int) -> np.ndarray:
    """(N, 3) mm: a part of a face as cloth has it that spans its hollows, its border where it was."""
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
    return moved


def _mask_look(rng) -> Look:
    kind = rng.random()
    look = draw_look(rng)
    if kind < 0.35:
        color = np.array([0.35, 0.62, 0.75]) * rng.uniform(0.6, 1.2) * np.exp(rng.normal(0, 0.1, 3))
        look = look._replace(color=np.clip(color, 0, 0.85), pattern="plain")
    elif kind < 0.55:
        look = look._replace(color=np.full(3, rng.uniform(0.6, 0.85)), pattern="plain")
    elif kind < 0.7:
        look = look._replace(color=np.full(3, rng.uniform(0.006, 0.03)), pattern="plain")
    return look._replace(fold=rng.uniform(0, 0.3))


def _face_paint(studio: Studio, posed: np.ndarray, rng) -> list[Thing]:
    """Spots of paint or a plaster on the skin."""
    model, grid = studio.model, studio.renderer.grid
    place = model.template.astype(float)
    shown = np.zeros(len(place), bool)
    shown[studio.skin] = True
    shown &= (place[:, 2] > -40) & (model.part("scalp", "neck") < 0.5)
    field = noise_at(grid, place / rng.uniform(12, 45) + rng.uniform(0, 40))
    shown &= field > rng.uniform(0.0, 0.45)
    lids = np.min(np.linalg.norm(place[:, None] - studio.renderer.eye_centres[None], axis=2), 1) < 20
    shown &= ~lids & (model.part("upper_lip", "lower_lip") < 0.5)
    triangles = model.triangles[shown[model.triangles].all(1) & np.repeat(model.face_material == 0, 2)]
    if not len(triangles):
        return []
    moved = posed + vertex_normals(posed, model.triangles) * 0.5
    used, number = np.unique(triangles), np.full(len(moved), -1)
    number[used] = np.arange(len(used))
    look = draw_look(rng, plain=0.85)._replace(fold=0.05, gloss=rng.uniform(0, 0.2))
    return [Thing(moved[used], number[triangles], Part.COVER, look)]


def _hand(at: np.ndarray, axes: np.ndarray, color: np.ndarray, rng) -> list[Thing]:
    """A palm, fingers and a forearm, about flat before the camera; `axes` (3, 3): right, up and to the camera."""
    look = Look(np.clip(color, 0.01, 0.8), color, gloss=0.1, shine=14.0, fold=0.15, fold_size=9.0)
    turn = rng.uniform(-1.9, 1.9)
    flat = axes @ cv2.Rodrigues(np.array([0, 0, turn]))[0]
    flat = flat @ cv2.Rodrigues(np.array([rng.normal(0, 0.35), rng.normal(0, 0.35), 0]))[0]
    side = rng.choice([-1, 1])
    things = [Thing(*ball(at, np.array([36, 44, 12]), flat), Part.COVER, look)]
    bend, spread, size = rng.uniform(0, 0.9), rng.uniform(0.0, 0.22), rng.uniform(0.85, 1.1)
    for finger in range(4):
        angle = (finger - 1.5) * spread + rng.normal(0, 0.04)
        base = np.array([(finger - 1.5) * 18.0, 36, 0])
        long = (66, 78, 72, 56)[finger if side > 0 else 3 - finger] * size
        s = np.linspace(0, 1, 8)
        curl = bend * rng.uniform(0.6, 1.3)
        up = long * np.sin(curl * s + 1e-3) / (curl + 1e-3)
        deep = -long * (1 - np.cos(curl * s)) / (curl + 1e-3)
        line = base + np.stack([np.sin(angle) * up, np.cos(angle) * up, deep], 1)
        radius = 8.6 * (1 - 0.22 * s) * np.sqrt(np.clip(1.03 - s**8, 0.02, 1))
        things.append(Thing(*tube(at + line @ flat.T, radius, 9), Part.COVER, look))
    s = np.linspace(0, 1, 7)
    thumb = np.stack([side * (28 + 42 * s), -8 + 44 * s, 4 + 4 * s], 1)
    things.append(Thing(*tube(at + thumb @ flat.T, 10.5 * np.sqrt(np.clip(1.03 - s**8, 0.02, 1)), 9), Part.COVER, look))
    arm = np.stack([0 * s, -30 - 260 * s, -10 * s], 1)
    sleeve = rng.random() < 0.6
    skin = Thing(*tube(at + arm @ flat.T, np.linspace(25, 40, 7), 12, flat=0.8), Part.COVER, look)
    things.append(skin)
    if sleeve:
        part = np.linspace(rng.uniform(0.1, 0.5), 1, 6)
        line = at + np.stack([0 * part, -30 - 260 * part, -10 * part], 1) @ flat.T
        things.append(Thing(*tube(line, np.linspace(36, 52, 6), 12, flat=0.85), Part.COVER, draw_look(rng)))
    return things
