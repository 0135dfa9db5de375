"""People before and while they do something with cheeks, nose, jaw or brows, drawn in the same light by the same camera.

Two pictures of one person differ in nothing but the action, so what learns from them (:mod:`.cheek_train`) learns what an action
changes and not what kind of face it is often seen in. A fifth of the people are heavy: a fat face is not a puffed one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..fit.coarse.network import CHEEKS
from ..fit.coarse.population import load_people
from ..head.model import HeadModel
from ..wire.atomic import rename
from .action_heads import sample_actions, sample_grin
from .anatomy import Anatomy
from .dataset import mirrored_names
from .front import front_activations
from .groups import draw_group, group_axes, shares
from .heads import sample_expression, sample_person
from .render import Renderer, develop

__all__ = ["PARTS", "VIEWS", "Acted", "Part", "draw_pairs", "read_pairs", "sample_acts"]

_SIDES = ("Left", "Right")
"""Endings of the sides."""
_ACTED = 3
"""Pictures of a person in one light: before, and while doing two things."""
VIEWS = 2 * _ACTED
"""These, and their mirror images."""
_SHARD = 25
"""People whose pictures are kept in one file."""
_HEAVY = 0.2
"""Share of people who are heavy, besides those of any age and weight."""
_ANY = 0.4
"""Share of people of any age and weight."""
_SEED = 6007
"""First number of the generators of people."""
_KINDS = (("puff", 0.27), ("sneer", 0.2), ("cheek", 0.19), ("jaw", 0.12), ("raised", 0.12), ("lowered", 0.1))
"""What people do, each with its share."""


class Acted(NamedTuple):
    """Pictures of people with and without actions, :data:`VIEWS` after each other of one person in one light."""

    activations: np.ndarray
    """(n, 64, 32, 32) float16 of the front."""
    values: np.ndarray
    """(n, 52) float32 actions."""


def sample_acts(names: tuple[str, ...], rng: np.random.Generator, rest: np.ndarray) -> np.ndarray:
    """(52,) values in [0, 1]: the face `rest` with one or two things done, by one side as often as by both."""
    value = rest.copy()

    def add(name: str, low: float, high: float, chance: float = 1.0) -> None:
        if rng.random() < chance:
            value[names.index(name)] += rng.uniform(low, high)

    labels, chances = zip(*_KINDS)
    for kind in rng.choice(labels, 1 + (rng.random() < 0.25), False, np.array(chances) / sum(chances)):
        side, other = rng.permutation(_SIDES)
        both = rng.random() < 0.25
        if kind == "puff":
            value[names.index("jawOpen")] *= rng.uniform(0, 0.3)
            add("cheekPuff", 0.3, 1.1)
            for more in ("mouthPucker", "mouthPressLeft", "mouthPressRight", "mouthShrugUpper"):
                add(more, 0, 0.4, 0.2)
        elif kind == "jaw":
            add(f"jaw{side}", 0.3, 1.1)
            add("jawOpen", 0, 0.3, 0.3)
        else:
            name, company = {
                "sneer": ("noseSneer", (("mouthUpperUp", 0.7), ("cheekSquint", 0.4))),
                "cheek": ("cheekSquint", (("eyeSquint", 0.7), ("mouthSmile", 0.4))),
                "raised": ("browOuterUp", (("eyeWide", 0.3),)),
                "lowered": ("browDown", (("eyeSquint", 0.4),)),
            }[kind]
            for end in (side, other) if both else (side,):
                add(name + end, 0.3, 1.1)
                for more, most in company:
                    add(more + end, 0, most, 0.4)
    return np.clip(value, 0, 1)


def _sample_rest(names: tuple[str, ...], rng: np.random.Generator) -> np.ndarray:
    """(52,) values in [0, 1] of a face before it acts: at rest, grinning, or doing anything else with any side."""
    kind = rng.random()
    if kind < 0.4:
        value = np.zeros(len(names))
        for start in ("mouthSmile", "browDown", "eyeSquint", "mouthPress", "cheekSquint"):
            for side in _SIDES:
                value[names.index(start + side)] = abs(rng.normal(0, 0.05))
        return value
    if kind < 0.65:
        return sample_expression(names, rng)
    if kind < 0.75:
        return sample_grin(names, rng)
    value = sample_actions(names, rng)
    value[names.index("tongueOut")] = 0
    return value


def sample_any(names: tuple[str, ...], rng: np.random.Generator) -> list[np.ndarray]:
    """Three times (52,) values in [0, 1]: a face, and two things that it does."""
    rest = _sample_rest(names, rng)
    return [rest, *(sample_acts(names, rng, rest) for _ in range(_ACTED - 1))]


def sample_puffs(names: tuple[str, ...], rng: np.random.Generator) -> list[np.ndarray]:
    """Three times (52,) values in [0, 1]: a face, the same with blown cheeks, and with what shapes cheeks and lips like them."""
    rest = _sample_rest(names, rng)
    rest[names.index("cheekPuff")] = 0
    blown, other = rest.copy(), rest.copy()
    for start in ("mouthSmile", "mouthUpperUp", "mouthLowerDown"):  # with lips that are closed
        for side in _SIDES:
            blown[names.index(start + side)] *= rng.uniform(0, 0.5)
    blown[names.index("jawOpen")] *= rng.uniform(0, 0.3)
    blown[names.index("cheekPuff")] = rng.uniform(0.3, 1.1)
    for value in (blown, other):
        for more in ("mouthPucker", "mouthPress", "mouthShrugUpper", "mouthRollLower", "mouthRollUpper", "mouthFunnel"):
            if rng.random() < 0.25:
                amount = rng.uniform(0, 0.7)
                for name in (more, more + "Left", more + "Right"):
                    if name in names:
                        value[names.index(name)] += amount
    if rng.random() < 0.5:
        amount = rng.uniform(0.2, 1.1)
        for start, share in (("mouthSmile", 1.0), ("cheekSquint", rng.uniform(0, 0.9)), ("mouthDimple", rng.uniform(0, 0.5))):
            for side in _SIDES:
                other[names.index(start + side)] += amount * share
    return [np.clip(value, 0, 1) for value in (rest, blown, other)]


class Part(NamedTuple):
    """Some of the people."""

    name: str
    seed: int
    """What follows the first number of the generators."""
    sample: Callable[[tuple[str, ...], np.random.Generator], list[np.ndarray]]
    """Draws what a person does."""


PARTS = (Part("any", 0, sample_any), Part("puffs", 1, sample_puffs))
"""Kinds of people: who do anything, and who blow their cheeks."""


def draw_pairs(
    model: HeadModel, folder: Path, people: int, part: Part = PARTS[0], tell: Callable[[str], object] = print
) -> Acted:
    """Pictures of `people` persons, as drawn and mirrored; those that lie in `folder` already are read."""
    folder.mkdir(parents=True, exist_ok=True)
    studio: _Studio | None = None
    shards = [folder / f"{number:05}.npz" for number in range(0, people, _SHARD)]
    for first, file in zip(range(0, people, _SHARD), shards):
        if not file.is_file():
            studio = studio or _Studio(model)
            numbers = range(first, first + _SHARD)
            drawn = [studio.drawn(np.random.default_rng([_SEED, part.seed, number]), part) for number in numbers]
            unfinished = file.with_suffix(".part.npz")
            np.savez(unfinished, **{name: np.concatenate(arrays) for name, arrays in zip(Acted._fields, zip(*drawn))})
            rename(unfinished, file)
            tell(f"{first + _SHARD} of {people} people")
    return read_pairs(shards)


def read_pairs(shards: list[Path]) -> Acted:
    """What files of :func:`draw_pairs` hold."""
    found = []
    for file in shards:
        with np.load(file, allow_pickle=False) as data:
            found.append(Acted(**data))
    return Acted(*map(np.concatenate, zip(*found)))


class _Studio:
    """Draws people who act."""

    def __init__(self, model: HeadModel):
        self.model, self.names = model, model.expression_names
        self._renderer, self._anatomy, self._people = Renderer(model, 0.6, 0.55, 0.95), Anatomy(model), load_people(model)
        self._axes, self._mirrored = group_axes(model), mirrored_names(model.expression_names)
        self._front = front_activations(CHEEKS.start)

    def drawn(self, rng: np.random.Generator, part: Part) -> Acted:
        """One person's pictures, as drawn and mirrored."""
        kind = rng.random()
        group = None
        if kind < _HEAVY + _ANY:
            amounts = shares(draw_group(rng))
            if kind < _HEAVY:
                amounts[3:] = rng.uniform(0.4, 1.3), 0
            group = np.tensordot(amounts, self._axes, 1)
        head = sample_person(self.model, rng, self._anatomy, self._people, group=group)
        values = part.sample(self.names, rng)
        gain, varied = rng.normal(1, 0.08, len(self.names)), rng.random() < 0.7
        light, camera = (int(one) for one in rng.integers(2**32, size=2))
        shots, pictures = [], []
        for value in values:
            posed = head.neutral + np.tensordot((value * gain).astype(np.float32), self.model.expression_basis, 1)
            acted = head._replace(posed=posed.astype(np.float32), expression=value)
            shots.append(self._renderer.shoot(acted, np.random.default_rng(light), 256, varied=varied))
        for flip in (False, True):
            pictures += [develop(shot, np.random.default_rng([camera, flip]), flip, varied=varied) for shot in shots]
        activations = self._front(np.stack(pictures)).astype(np.float16)
        stacked = np.stack(values).astype(np.float32)
        return Acted(activations, np.concatenate([stacked, stacked[:, self._mirrored]]))
