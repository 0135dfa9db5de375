"""How the curves between guides look: curl and frizz, by how strands wander and how parallel they look in the photos.

Waves are measured along traces of the flow. The size of coils cannot be read from a photo of common size: the finer they are, the more they cross, and the less parallel
the strands look. That was measured on rendered heads with known coils (`engine bench hair`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ..wire.hair import HairStyle
from .cut import Cut
from .cut_weights import CutWeights
from .field import View
from .flow import unit
from .seen import blur
from .trace import Traces
from .weights import StyleWeights

__all__ = ["curled", "measured_curl", "measured_style", "shown_share", "waves"]


def waves(view: View, traces: Traces, weights: StyleWeights) -> np.ndarray:
    """(n, 2) sideways distance in mm, and sine of the angle, of the seen axis from the smooth flow along the traces.

    The integral of the sine along a trace is how far a strand wanders off it; what is slower than a curl is taken out.
    """
    seen, flow = view.seen, view.flow
    double = np.stack([np.cos(2 * flow.axis), np.sin(2 * flow.axis)], -1)
    smooth = blur(double * (seen.mask * (0.05 + flow.confidence))[..., None], weights.smooth * seen.face)
    angle = flow.axis - 0.5 * np.arctan2(smooth[..., 1], smooth[..., 0])
    sine = np.sin((angle + np.pi / 2) % np.pi - np.pi / 2)
    shape = traces.paths.shape[:2]
    flat = traces.paths.reshape(-1, 2)
    place = np.arange(shape[1])[None]
    own = (place >= traces.first[:, None]) & (place <= traces.last[:, None])
    own &= (traces.last - traces.first >= weights.least_places)[:, None]
    turned = np.where(own, seen.sample(sine, flat).reshape(shape), 0)
    step = traces.step * seen.mm
    aside = np.cumsum(turned, 1) * step
    aside -= ndimage.gaussian_filter1d(aside, weights.slow_mm / step, axis=1, mode="nearest")
    sure = own & (seen.sample(flow.confidence, flat).reshape(shape) > weights.confidence)
    return np.stack([aside[sure], turned[sure]], -1)


def measured_curl(views: Sequence[View], traces: Sequence[Traces], weights: StyleWeights) -> tuple[float, float]:
    """Radius of the curls that the photos show and length of one turn, mm; zeros where there are none.

    Args:
        traces: of each view.
    """
    samples = [waves(view, one, weights) for view, one in zip(views, traces) if len(one.paths)]
    found = np.concatenate(samples) if samples else np.zeros((0, 2))
    if len(found) <= weights.least_samples:
        return 0.0, 0.0
    aside, turned = np.sqrt((found**2).mean(0))
    if np.degrees(turned) <= weights.curl_angle:
        return 0.0, 0.0
    return float(np.sqrt(2) * aside), float(2 * np.pi * aside / turned)


def curled(points: np.ndarray, radius: np.ndarray | float, turn: float, rng: np.random.Generator) -> np.ndarray:
    """(S, P, 3): curves wound about themselves, each with a start of its own; roots stay.

    Args:
        points: (S, P, 3) mm, several to a turn.
        radius: of the curls, mm, of all or of each. turn: length of one turn, mm.
    """
    ahead = unit(np.gradient(points, axis=1))
    across = unit(np.cross(ahead, unit(rng.normal(size=(len(points), 1, 3)))))
    far = np.cumsum(np.linalg.norm(np.diff(points, axis=1, prepend=points[:, :1]), axis=2), 1)
    angle = 2 * np.pi * far / turn
    helix = np.cos(angle)[..., None] * across + np.sin(angle)[..., None] * np.cross(ahead, across)
    return points + helix * (np.reshape(radius, (-1, 1)) * np.clip(far / turn, 0, 1))[..., None]


def shown_share(length: np.ndarray, turn: float, points: int, weights: StyleWeights) -> np.ndarray:
    """(S,) share of a curl that guides of `points` points and (S,) `length` mm are fine enough to show."""
    low, high = weights.coarse
    return np.clip((turn * (points - 1) / np.maximum(length, 1e-6) - low) / (high - low), 0, 1)


def measured_style(cut: Cut | None, curl: tuple[float, float], weights: StyleWeights, limits: CutWeights) -> HairStyle:
    """The style of a groom.

    Args:
        curl: radius and length of one turn of the curls that guides are too coarse to show, mm; zeros for none.
        cut: a shell of short hairs stands densely and does not wander; None where no hair is.
    """
    shell = cut is not None and cut.shell
    coherence = 1.0 if cut is None else cut.coherence
    radius, length = curl
    if cut is not None and cut.coiled > 0 and not shell:
        crossed, *sizes = np.transpose(limits.coils)
        across, turn = (float(np.interp(coherence, crossed, one)) for one in sizes)
        # Where strands are hardly coiled their coils are flat: the photo's own directions hold.
        length = turn if cut.coiled * across > radius else length
        radius = max(cut.coiled * across, radius)
    kind = 1 if shell else 2 if cut is not None and cut.long else 0
    return HairStyle(
        children=weights.children[kind],
        spread=weights.spread[kind] / 1000,
        clump=0.0 if shell else weights.clump,
        noise=0.0002 if shell else weights.noise / 1000,
        frizz=round(0.0 if shell else weights.frizz * (1 - coherence), 3) / 1000,
        curl_radius=round(radius, 2) / 1000,
        curl_length=round(length, 1) / 1000,
        roughness=weights.roughness,
    )
