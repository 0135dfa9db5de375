"""Heads whose sides do different things, whose cheeks are blown and whose tongues are out: from these
:mod:`.action_train` teaches what the coarse network's own heads (:mod:`.heads`) hardly show."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..fit.coarse.population import People
from ..geometry.smoothstep import smoothstep
from ..head.model import MATERIALS, HeadModel
from .anatomy import Anatomy
from .groups import draw_group, shares
from .heads import SampledHead, sample_expression, sample_person

__all__ = ["PAIRS", "TURNS", "bent_tongue", "sample_actions", "sample_actor", "sample_grin", "sample_tongue"]

# fmt: off
PAIRS = ("browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeSquint", "eyeWide", "mouthDimple", "mouthFrown",
         "mouthLowerDown", "mouthPress", "mouthSmile", "mouthStretch", "mouthUpperUp", "noseSneer")
# fmt: on
"""Facial actions that one side can do alone, without the ending of the side."""
TURNS = ("jaw", "mouth")
"""What goes to one side as a whole, without the ending of the side."""
_SIDES = ("Left", "Right")
"""Endings of the sides."""
_OFTEN = ("browOuterUp", "browDown", "noseSneer", "cheekSquint", "mouthSmile", "eyeBlink", "mouthUpperUp", "mouthFrown")
"""Those of :data:`PAIRS` that people do most with one side."""
_TOGETHER = {
    "noseSneer": (("mouthUpperUp", 0.6), ("cheekSquint", 0.4)),
    "eyeBlink": (("eyeSquint", 0.4), ("cheekSquint", 0.5)),
    "mouthSmile": (("cheekSquint", 0.4), ("mouthDimple", 0.3)),
    "browOuterUp": (("eyeWide", 0.2),),
}
"""What the same side often does with an action, and how much at most."""


def sample_actions(names: tuple[str, ...], rng: np.random.Generator) -> np.ndarray:
    """(52,) values in [0, 1]: an expression as of all heads, half of the time with actions of one side, mouth or jaw to a side,
    blown cheeks or the tongue on top."""
    number = names.index
    value = sample_expression(names, rng) * (rng.random() < 0.65)

    def add(name: str, amount: float) -> None:
        value[number(name)] += amount

    if rng.random() < 0.55:
        for _ in range(rng.integers(1, 3)):
            name = str(rng.choice(_OFTEN if rng.random() < 0.6 else PAIRS))
            side = rng.integers(2)
            amount, other = rng.uniform(0.15, 1.1), rng.uniform(0, 0.7) * (rng.random() < 0.4)
            with_it = _TOGETHER.get(name, ()) if rng.random() < 0.5 else ()
            for more, most in ((name, 1.0), *((one, rng.uniform(0, share)) for one, share in with_it)):
                add(more + _SIDES[side], amount * most)
                add(more + _SIDES[1 - side], amount * most * other)
    for name in TURNS:
        if rng.random() < 0.18:
            add(name + _SIDES[rng.integers(2)], rng.uniform(0.15, 1.1))
    kind = rng.random()
    if kind < 0.2:
        add("tongueOut", rng.uniform(0.3, 1.1))
        value[number("jawOpen")] = max(value[number("jawOpen")], rng.uniform(0.05, 0.6))
        value[number("mouthClose")] = 0
    elif kind < 0.35:
        add("cheekPuff", rng.uniform(0.25, 1.1) - value[number("cheekPuff")])
        value[number("jawOpen")] *= rng.uniform(0, 0.3)
        for more in ("mouthPucker", "mouthPressLeft", "mouthPressRight"):
            add(more, rng.uniform(0, 0.4) * (rng.random() < 0.3))
    return np.clip(value, 0, 1)


def sample_grin(names: tuple[str, ...], rng: np.random.Generator) -> np.ndarray:
    """(52,) values in [0, 1]: teeth show in a smile, between parted lips or in a speaking mouth, which is not a tongue."""
    value, smiles = np.zeros(len(names)), rng.random() < 0.5
    for start, most in (
        ("mouthUpperUp", 0.8),
        ("mouthLowerDown", 0.9),
        ("mouthSmile", 1.2 * smiles),
        ("cheekSquint", 0.7 * smiles),
    ):
        amount = rng.uniform(0.1, 1) * most
        for side in _SIDES:
            value[names.index(start + side)] = amount * rng.normal(1, 0.12)
    for name, most in (
        ("jawOpen", 0.5),
        ("jawOpen", 0.2),
        ("mouthFunnel", 0.5),
        ("mouthPucker", 0.3),
        ("mouthShrugLower", 0.3),
        ("mouthRollLower", 0.3),
    ):
        value[names.index(name)] += rng.uniform(0, most) * (rng.random() < 0.5)
    return np.clip(value, 0, 1)


def sample_tongue(names: tuple[str, ...], rng: np.random.Generator) -> np.ndarray:
    """(52,) values in [0, 1]: a mouth that opens as far with a tongue out as without one."""
    value = np.zeros(len(names))
    value[names.index("jawOpen")] = rng.uniform(0.02, 0.55)
    if rng.random() < 0.55:
        value[names.index("tongueOut")] = rng.uniform(0.5, 1.1)
    for start, most in (("mouthSmile", 0.6), ("mouthLowerDown", 0.5), ("mouthUpperUp", 0.5)):
        amount = rng.uniform(0, most) * (rng.random() < 0.3)
        for side in _SIDES:
            value[names.index(start + side)] = amount
    return np.clip(value, 0, 1)


def bent_tongue(
    model: HeadModel, posed: np.ndarray, out: float, bend: float, aside: float, longer: float, wider: float
) -> np.ndarray:
    """(N, 3) mm: the head with a tongue of another shape than the action's, which goes straight ahead.

    Args:
        posed: (N, 3) mm. out: the action's value; a tongue that is in stays as it is.
        bend: radians by which it hangs down before the lips. aside: radians by which it points to the subject's left.
        longer, wider: factors of what is before the lips.
    """
    tongue = np.unique(model.faces[model.face_material == MATERIALS.index("tongue")])
    moved, place = posed.copy(), posed[tongue].astype(float)
    lip = posed[model.part("lower_lip") > 0.5, 2].max()
    before = np.maximum(place[:, 2] - (lip - 4.0), 0) * min(out * 2, 1)
    share = smoothstep(0.0, 8.0, before)
    middle = place[:, 0].mean()
    place[:, 0] = middle + (place[:, 0] - middle) * (1 + share * (wider - 1)) + before * longer * np.tan(aside)
    height = place[:, 1] - place[:, 1].mean()
    # A bend turns the cross section, too; what lies lower turns around less.
    place[:, 2] += before * (longer * np.cos(bend) - 1) + share * height * np.sin(bend)
    place[:, 1] += -before * longer * np.sin(bend) + share * height * (np.cos(bend) - 1)
    moved[tongue] = place
    return moved


def sample_actor(
    model: HeadModel,
    rng: np.random.Generator,
    anatomy: Anatomy,
    people: People,
    axes: np.ndarray | None = None,
    sample: Callable[[tuple[str, ...], np.random.Generator], np.ndarray] = sample_actions,
) -> SampledHead:
    """One person, of any age and weight where `axes` (:func:`.groups.group_axes`) are given, with actions from `sample`."""
    group = np.tensordot(shares(draw_group(rng)), axes, 1) if axes is not None and rng.random() < 0.5 else None
    head = sample_person(model, rng, anatomy, people, group=group)
    value = sample(model.expression_names, rng)
    gain = value * rng.normal(1, 0.08, len(value))
    posed = head.neutral + np.tensordot(gain.astype(np.float32), model.expression_basis, 1)
    tongue = float(value[model.expression_names.index("tongueOut")])
    shape = rng.uniform(-0.2, 1.3), rng.normal(0, 0.15), rng.uniform(0.7, 1.7), rng.uniform(0.75, 1.3)
    if tongue > 0:
        posed = bent_tongue(model, posed, tongue, *shape)
    return head._replace(posed=posed.astype(np.float32), expression=value.astype(np.float32))
