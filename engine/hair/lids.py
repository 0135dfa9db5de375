"""How dark the lids' rims look beside the skin around them: lashes, make-up and shade, which lashes as curves stand for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..geometry.smoothstep import smoothstep
from ..photo.regions import BROWS, EYES
from ..wire.color import LUMINANCE
from .closeup import Closeup, sampled
from .short_weights import LASH, LashWeights

__all__ = ["LidLines", "lid_lines"]

_FLOOR = 0.02
"""Added to luminances, so that black pixels do not say more than dark ones."""


class LidLines(NamedTuple):
    """How strongly lashes line the lids, in [0, 1], both eyes alike."""

    upper: float
    lower: float
    shade: tuple[float, float]
    """How much darker the rims of upper and lower lids are than the skin around the eyes, log luminance."""


def lid_lines(closeups: Sequence[Closeup], weights: LashWeights = LASH) -> LidLines:
    """What the photos show beside the rims; what is usual where none tells it."""
    found, trust = [np.array([*weights.unseen, *weights.unseen_shade])], [1e-3]
    for closeup in closeups:
        light = np.log(closeup.even @ LUMINANCE + _FLOOR).astype(np.float32)
        for rim, brow in zip(EYES, BROWS):
            points = closeup.landmarks[list(rim)]
            across = points[8] - points[0]
            wide = float(np.linalg.norm(across))
            if closeup.glasses or wide < 1:
                continue
            # Towards the brow: lids may be shut.
            up = np.array([across[1], -across[0]]) / wide
            up *= np.sign(up @ (closeup.landmarks[list(brow)].mean(0) - points.mean(0)))
            rims = (points[9:], up), (points[1:8], -up)
            spans = (weights.line, weights.beyond), (weights.rim, weights.around)
            dark = [_darkness(closeup, light, *at, span, weights.over) for span in spans for at in rims]
            if None in dark:
                continue
            line, shade = (
                smoothstep(*weights.lined, np.array(dark[:2])),
                np.clip(weights.deeper * np.array(dark[2:]), *np.transpose(weights.shade)),
            )
            found.append(np.concatenate([line, shade]))
            # An eye that the head turns away is narrow, and tells little.
            trust.append(wide / closeup.face * wide)
    upper, lower, *shade = np.average(found, axis=0, weights=trust).tolist()
    return LidLines(upper, lower, tuple(shade))


def _darkness(
    closeup: Closeup,
    light: np.ndarray,
    rim: np.ndarray,
    way: np.ndarray,
    spans: tuple[tuple[float, ...], tuple[float, ...]],
    over: float,
) -> float | None:
    """Log luminance of the skin beyond a lid's line over that of the line; None where something lies over them.

    Args:
        light: (h, w) log luminance. rim: (7, 2) pixels. way: (2,) unit direction off the eye.
        spans: distances from the rim of the line, and of the skin beyond it, face widths.
        over: share of what lies over the face from which on nothing is told.
    """

    def level(shares: tuple[float, ...]) -> float:
        at = (rim[None] + np.multiply.outer(np.float32(shares) * closeup.face, way)[:, None]).reshape(-1, 2)
        if closeup.over is not None and sampled(closeup.over, at).mean() > over:
            return np.nan
        return float(np.median(sampled(light, at)))

    line, beyond = spans
    dark = level(beyond) - level(line)
    return dark if np.isfinite(dark) else None
