"""Sampling posed heads: the model's identity prior, warps that the model cannot express, and facial expressions."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..fit.coarse.population import People
from ..head.model import HeadModel
from .anatomy import Anatomy

__all__ = ["SampledHead", "sample_expression", "sample_head", "sample_person", "smooth_field"]


class SampledHead(NamedTuple):
    """A head of N vertices that was drawn at random."""

    neutral: np.ndarray
    """(N, 3) float32 mm, relaxed."""
    posed: np.ndarray
    """(N, 3) float32 mm, with the expression."""
    identity: np.ndarray
    """(K,) what the prior gave, before the warp."""
    expression: np.ndarray
    """(52,)"""


# fmt: off
_PAIRED = ("browDown", "browOuterUp", "cheekSquint", "eyeBlink", "eyeLookDown", "eyeLookUp", "eyeSquint", "eyeWide",
           "mouthDimple", "mouthFrown", "mouthLowerDown", "mouthPress", "mouthSmile", "mouthStretch", "mouthUpperUp",
           "noseSneer")
# fmt: on
"""Facial actions that both sides do together, without the ending of the side."""
_SINGLE = (
    "browInnerUp",
    "cheekPuff",
    "jawOpen",
    "mouthClose",
    "mouthFunnel",
    "mouthPucker",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
)
"""Facial actions that have no sides."""
_SIDED = (("jawLeft", "jawRight"), ("mouthLeft", "mouthRight"))
"""Facial actions that go to one side, of which only one is drawn."""
_SMILE = {"mouthSmile": 0.7, "cheekSquint": 0.4, "eyeSquint": 0.25, "mouthUpperUp": 0.25, "mouthDimple": 0.2}
"""How much each action takes part in a smile."""


_LARGEST_PERSON = 3.5
"""Limit of each identity coefficient, in standard deviations."""


def sample_expression(names: tuple[str, ...], rng: np.random.Generator) -> np.ndarray:
    """(52,) values in [0, 1]: often relaxed or smiling, sometimes a sparse mixture of other actions."""
    place = {name: i for i, name in enumerate(names)}
    value = np.zeros(len(names))

    def paired(name: str, amount: float) -> None:
        tilt = rng.normal(1, 0.12, 2)
        for side, factor in zip(("Left", "Right"), tilt):
            if name + side in place:
                value[place[name + side]] += amount * factor

    kind = rng.random()
    if kind > 0.35:
        if rng.random() < 0.45:
            strength = rng.uniform(0.2, 1.2)
            for name, amount in _SMILE.items():
                paired(name, amount * strength * rng.uniform(0.5, 1.3))
        for _ in range(rng.integers(0, 5)):
            name = rng.choice(_PAIRED + _SINGLE)
            amount = rng.beta(1.2, 2.5)
            if name in place:
                value[place[name]] += amount * (0.6 if name == "mouthClose" else 1)
            else:
                paired(name, amount)
        if rng.random() < 0.35:
            value[place["jawOpen"]] += rng.beta(1.2, 3)
        if rng.random() < 0.15:
            value[place[rng.choice(_SIDED[rng.integers(2)])]] += rng.beta(1.2, 3)
    else:
        for name in ("mouthSmile", "browDown", "eyeSquint", "mouthPress", "eyeBlink"):
            paired(name, abs(rng.normal(0, 0.07)))
    if "mouthClose" in place:
        value[place["mouthClose"]] = min(value[place["mouthClose"]], value[place["jawOpen"]])
    if rng.random() < 0.04:
        paired("eyeBlink", rng.uniform(0.6, 1))
    across, down = rng.normal(0, 0.2), rng.normal(0, 0.15)
    for name, amount in (
        ("eyeLookOutLeft", across),
        ("eyeLookInRight", across),
        ("eyeLookInLeft", -across),
        ("eyeLookOutRight", -across),
        ("eyeLookDownLeft", down),
        ("eyeLookDownRight", down),
        ("eyeLookUpLeft", -down),
        ("eyeLookUpRight", -down),
    ):
        value[place[name]] += max(amount, 0)
    return np.clip(value, 0, 1)


def smooth_field(
    points: np.ndarray, rng: np.random.Generator, wavelength: tuple[float, float], symmetric: float = 0.75, waves: int = 24
) -> np.ndarray:
    """(N, 3) random displacement of unit rms from waves of the given lengths in mm.

    Args:
        symmetric: share of the amplitude that mirrors left to right.
    """
    length = np.exp(rng.uniform(*np.log(wavelength), waves))
    direction = rng.normal(size=(waves, 3))
    wave = direction / np.linalg.norm(direction, axis=1, keepdims=True) * (2 * np.pi / length)[:, None]
    amplitude = rng.normal(size=(waves, 3)) * (length / wavelength[1])[:, None] ** 0.75
    phase = rng.uniform(0, 2 * np.pi, waves)
    points, wave, phase, amplitude = (array.astype(np.float32) for array in (points, wave, phase, amplitude))
    mirror = np.array([-1, 1, 1], np.float32)
    field = np.cos(points @ wave.T + phase) @ amplitude
    mirrored = np.cos((points * mirror) @ wave.T + phase) @ (amplitude * mirror)
    mixed = field * (1 - symmetric / 2) + mirrored * symmetric / 2 if symmetric < 1 else (field + mirrored) / 2
    return mixed / np.sqrt((mixed**2).sum(1).mean())


def sample_person(
    model: HeadModel,
    rng: np.random.Generator,
    anatomy: Anatomy,
    people: People,
    warp_mm: float = 1.2,
    group: np.ndarray | None = None,
) -> SampledHead:
    """One head as people's may be: around an average of the averages, differing in what people differ in, and beyond
    that a little in everything that sliders can do, and in tissue that they lack.

    Args:
        warp_mm: typical size of the deformation that is outside model and anatomy.
        group: (N, 3) mm, what the person's group differs in from adults (:mod:`.groups`).
    """
    centre = rng.dirichlet(np.full(len(people.averages), 2.0)) @ people.averages * rng.normal(0.95, 0.15)
    identity = (
        centre
        + rng.uniform(0.5, 1.1) * rng.normal(size=len(people.modes)) @ people.modes
        + rng.uniform(0.2, 0.7) * rng.normal(size=len(centre))
    )
    identity = np.clip(identity, -_LARGEST_PERSON, _LARGEST_PERSON)
    neutral = model.template + np.tensordot(identity.astype(np.float32), model.identity_basis, 1)
    template = model.template.astype(float)
    amount = warp_mm * rng.gamma(2.0, 0.5)
    neutral = neutral * (1 + rng.normal(0, 0.01 * amount, 3))
    neutral += smooth_field(template, rng, (120, 400)) * amount * rng.uniform(0.2, 0.8)
    neutral += smooth_field(template, rng, (35, 130)) * amount * rng.uniform(0.1, 0.5)
    neutral += anatomy.field(rng, rng.uniform(0.2, 1.0))
    if group is not None:
        neutral += group
    return _posed(model, neutral, identity, rng)


def sample_head(model: HeadModel, rng: np.random.Generator, warp_mm: float = 2.0, identity_scale: float = 1.0) -> SampledHead:
    """One head.

    Args:
        warp_mm: typical size of the deformation that is outside the model.
        identity_scale: spread of identities relative to the model's prior.
    """
    identity = rng.normal(size=len(model.identity_basis)) * identity_scale * rng.uniform(0.6, 1.15)
    identity = np.clip(identity, -2.7, 2.7)
    neutral = model.template + np.tensordot(identity.astype(np.float32), model.identity_basis, 1)
    template = model.template.astype(float)
    amount = warp_mm * rng.gamma(2.0, 0.5)
    stretch = 1 + rng.normal(0, 0.012 * amount, 3)
    neutral = neutral * stretch
    neutral += smooth_field(template, rng, (120, 400)) * amount * rng.uniform(0.3, 1.0)
    neutral += smooth_field(template, rng, (35, 130)) * amount * rng.uniform(0.1, 0.5)
    return _posed(model, neutral, identity, rng)


def _posed(model: HeadModel, neutral: np.ndarray, identity: np.ndarray, rng: np.random.Generator) -> SampledHead:
    """The head with a drawn expression that no two faces show alike."""
    expression = sample_expression(model.expression_names, rng)
    gain = expression * rng.normal(1, 0.08, len(expression))
    posed = neutral + np.tensordot(gain.astype(np.float32), model.expression_basis, 1)
    return SampledHead(
        neutral.astype(np.float32), posed.astype(np.float32), identity.astype(np.float32), expression.astype(np.float32)
    )
