"""Weights for the networks' golden tests: every parameter is a function of its name and shape.

Two rules: ``hrn_rule`` (HRN and ModelScope) and ``common_rule`` (Deep3D, 3DDFA-V3, DF_MVR).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from support.golden.numbers import saw
from support.golden.rules import state_of, strided

Rule = Callable[[str, tuple[int, ...]], np.ndarray]


def _without_counters(rule: Rule) -> Rule:
    def filled(key: str, shape: tuple[int, ...]) -> np.ndarray:
        return np.zeros(shape, np.int64) if key.endswith("num_batches_tracked") else rule(key, shape).astype(np.float32)

    return filled


def hrn_rule(gain: float) -> Rule:
    """Weights of HRN's and ModelScope's networks."""

    @_without_counters
    def rule(key: str, shape: tuple[int, ...]) -> np.ndarray:
        r = state_of(key).standard_normal(shape)
        if key.endswith(".running_mean"):
            return 0.1 * r
        if key.endswith(".running_var"):
            return 0.75 + 0.5 * np.abs(r)
        if key.endswith(".bias"):
            return 0.05 * r
        return r * gain / math.sqrt(math.prod(shape[1:])) if len(shape) > 1 else 1 + 0.2 * r

    return rule


def common_rule(factor: Callable[[str], float] = lambda key: 1.0) -> Rule:
    """Weights of the other methods' networks; `factor` scales those of some names."""

    @_without_counters
    def rule(key: str, shape: tuple[int, ...]) -> np.ndarray:
        state = state_of(key)
        if key.endswith(".running_var"):
            value = 0.5 + state.random_sample(shape)
        elif key.endswith((".running_mean", ".bias")):
            value = 0.1 * state.standard_normal(shape)
        elif len(shape) < 2:
            value = 0.6 + 0.6 * state.random_sample(shape)
        else:
            value = state.standard_normal(shape) * np.sqrt(2 / math.prod(shape[1:]))
        return value * factor(key)

    return rule


def df_mvr_factor(key: str) -> float:
    """Involution is quadratic; without these its activations overflow."""
    if key.startswith("rednet_fc.rednet."):
        if key.endswith("conv2.conv.weight"):
            return 0.02
        if key.endswith("bn3.weight"):
            return 0.25
    return 1.0


def empty(build: Callable[[], nn.Module]) -> nn.Module:
    """A network without memory for its weights."""
    with torch.device("meta"):
        return build()


def filled(
    build: Callable[[], nn.Module], rule: Rule, *, prefix: str = "", known: dict[str, torch.Tensor] | None = None
) -> nn.Module:
    """A network in evaluation mode with the weights of a rule for ``prefix + name``; those in `known` are taken."""
    net = empty(build)
    weights = {}
    for key, place in net.state_dict().items():
        value = (known or {}).get(key)
        weights[key] = torch.from_numpy(rule(prefix + key, tuple(place.shape))) if value is None else value
    net.load_state_dict(weights, assign=True)
    return net.eval().requires_grad_(False)


@contextmanager
def outputs_of(net: nn.Module, names: Iterable[str]) -> Iterator[dict[str, torch.Tensor]]:
    """Collects what the named inner modules give while the network runs."""
    found: dict[str, torch.Tensor] = {}

    def keep(name: str):
        return lambda _module, _inputs, output: found.__setitem__(name, output)

    hooks = [net.get_submodule(name).register_forward_hook(keep(name)) for name in names]
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def difference(value, golden: np.ndarray) -> float:
    """Largest difference of the strided sample of `value` from a golden array, over the latter's largest magnitude."""
    saw(golden, value.detach().numpy() if isinstance(value, torch.Tensor) else value)
    golden = np.asarray(golden)
    value = strided(value.detach().numpy() if isinstance(value, torch.Tensor) else value, golden.size)
    assert value.size == golden.size
    golden = golden.reshape(-1).astype(np.float64)
    return float(np.abs(value.astype(np.float64) - golden).max() / np.abs(golden).max())
