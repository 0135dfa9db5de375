"""A person of a picture of parts, put together at random: face, hair, beard, clothes, and what is worn."""

from __future__ import annotations

import numpy as np

from ..geometry.smoothstep import smoothstep
from ..head.model import MATERIALS
from .clothes import clothes
from .eyewear import draw_glasses
from .grooms import beard_locks, draw_color, draw_style, hair_locks, scalp_share
from .headgear import draw_hat, pressed
from .heads import sample_expression
from .marks import draw_marks, loose_strands
from .paint import Column, Paint
from .part_labels import beard_shares
from .part_shoot import Person
from .parts import Part
from .sitter import Sitter, Studio
from .variety import varied_paint
from .worn import cover_kind, draw_cover

__all__ = ["draw_person"]

_BEARDS = ("none", "stubble", "short", "long", "moustache", "goatee")
"""Kinds of beards."""
_BEARD_SHARES = (0.7, 0.1, 0.09, 0.03, 0.04, 0.04)
"""How often each is drawn."""

_HATS = 0.3
"""Share of people with something on their head."""
_GLASSES = 0.24
"""Share of people with something before their eyes."""
_COVERS = 0.2
"""Share of people with something over their face."""
_CLOSE_GLASSES = 0.42
"""The same in pictures of the face alone."""
_CLOSE_COVERS = 0.36
"""The same in pictures of the face alone."""
_CLOSE_STRANDS = 0.22
"""Share of pictures of the face alone with loose hair before it."""


def draw_person(
    studio: Studio, sitter: Sitter, towards: np.ndarray, rng: np.random.Generator, scale: float = 1.0, close: bool = False
) -> tuple[Person, np.ndarray]:
    """Someone with a sitter's head, and the color of their hair.

    Args:
        towards: (3,) unit, from the head to the camera, in the head's space.
        scale: of the numbers of strands, below 1 for people at the border.
        close: for pictures of the face alone, on which more is worn, and creases, make-up and loose strands are seen.
    """
    model, renderer = studio.model, studio.renderer
    expression = sample_expression(model.expression_names, rng)
    cover = cover_kind(rng) if rng.random() < (_CLOSE_COVERS if close else _COVERS) else ""
    if cover in ("mask", "bandana"):  # The mouth below does not show.
        expression = expression * [not name.startswith(("mouth", "jaw", "tongue", "cheek")) for name in model.expression_names]
    posed = (sitter.neutral + np.tensordot(expression.astype(np.float32), model.expression_basis, 1)).astype(float)
    style, color = draw_style(rng), draw_color(rng)
    paint = varied_paint(renderer.look(rng)[1], rng)
    kind = _BEARDS[rng.choice(len(_BEARDS), p=_BEARD_SHARES)]
    if cover in ("mask", "bandana") and kind != "long":  # Cloth lies on short beards.
        kind = "none"
    strength = {"none": 0.0, "stubble": rng.uniform(0.3, 0.8), "short": rng.uniform(0.6, 1), "long": 0.9}.get(kind, 0.0)
    beard_color = color * np.exp(rng.normal(0, 0.25)) if rng.random() < 0.7 else draw_color(rng)
    paint = paint._replace(
        hair=tuple(0.8 * np.minimum(color, 0.4)),
        beard=strength,
        hairline=50.0,
        hair_noise=rng.uniform(1, 7),
        ragged=0.0,
        temple=0.0,
    )
    values = renderer.static.copy()
    renderer.move_paint(values, rng)
    values = values[: len(posed)]
    share = scalp_share(studio, style)
    values[:, Column.HEIGHT] = 100 * share
    locks = [hair_locks(sitter, style, color, rng, scale)]
    if strength > 0:
        paint = paint._replace(beard_low=rng.uniform(-14, 5), beard_wide=rng.normal(0, 8))
    if kind not in ("none", "stubble"):
        places, lips = values[:, Column.PLACE], values[:, Column.LIPS]
        grown = _beard_share(kind, places, lips, paint, renderer)
        grown[~_skin(studio)] = 0
        length = {"short": rng.uniform(3, 14), "long": rng.uniform(18, 90), "goatee": rng.uniform(4, 40)}.get(
            kind, rng.uniform(5, 12)
        )
        locks.append(beard_locks(studio, posed, grown, length, beard_color, rng))
    lashes = np.repeat(model.face_material != MATERIALS.index("lashes"), 2)
    lashes |= rng.random(len(lashes)) < rng.choice([0.0, 0.35, 0.7])
    things = clothes(studio, sitter, posed, np.array(paint.skin), color, rng)
    locks = [lock for lock in locks if lock is not None]
    if rng.random() < _HATS:
        hat, limit = draw_hat(sitter, renderer.grid, color, np.array(paint.skin), rng)
        things += hat
        if limit is not None:
            locks = [pressed(lock, limit) if lock.label == Part.HAIR else lock for lock in locks]
    if close:
        things += draw_marks(studio, posed, np.array(paint.skin), rng)
        if rng.random() < _CLOSE_STRANDS:
            locks.append(loose_strands(studio, posed, color, rng))
    if rng.random() < (_CLOSE_GLASSES if close else _GLASSES):
        things += draw_glasses(studio, posed, rng)
    if cover:
        things += draw_cover(studio, cover, posed, towards, np.array(paint.skin), rng)
    dense = style.kind != "buzz" or color.mean() < 0.1
    return Person(posed, values, paint, bool(dense), lashes, things, locks), color


def _skin(studio: Studio) -> np.ndarray:
    skin = np.zeros(len(studio.model.template), bool)
    skin[studio.skin] = True
    return skin


def _beard_share(kind: str, places: np.ndarray, lips: np.ndarray, paint: Paint, renderer) -> np.ndarray:
    """(N,) where a beard grows, at places (N, 3) of the mean head."""
    if kind in ("short", "long"):
        return beard_shares(places, lips, paint._replace(beard=1.0), renderer.grid, renderer.mouth)
    x, y, z = np.abs(places[:, 0]), places[:, 1], places[:, 2]
    ahead = smoothstep(5, 15, z)
    share = (1 - smoothstep(24, 31, x)) * smoothstep(-66, -60, y) * (1 - smoothstep(-50, -46, y)) * ahead
    if kind == "goatee":
        chin = (1 - smoothstep(20, 28, x)) * (1 - smoothstep(-90, -84, y)) * smoothstep(-30, -10, z)
        side = smoothstep(24, 27, x) * (1 - smoothstep(31, 35, x)) * (1 - smoothstep(-58, -52, y)) * smoothstep(-105, -95, y)
        share = np.maximum(np.maximum(share, chin), side * ahead)
    return share * (1 - np.clip(2.5 * lips, 0, 1))
