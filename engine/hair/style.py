"""How the curves between guides look: curl and frizz, measured where photos show strands clearly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ..wire.hair import HairStyle
from .field import View
from .seen import blur
from .trace import Traces
from .weights import StyleWeights

__all__ = ["measured_style", "waves"]


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


def measured_style(views: Sequence[View], traces: Sequence[Traces], shell: bool, weights: StyleWeights) -> HairStyle:
    """The style of a groom.

    Args:
        traces: of each view.
        shell: the hair is a shell of short hairs, which stand densely and do not wander.
    """
    samples = [waves(view, one, weights) for view, one in zip(views, traces) if len(one.paths)]
    found = np.concatenate(samples) if samples else np.zeros((0, 2))
    coherences = [np.median(view.flow.coherence[view.seen.mask]) for view in views]
    coherence = float(np.mean(coherences)) if coherences else 1.0
    radius = length = 0.0
    if len(found) > weights.least_samples:
        aside, turned = np.sqrt((found**2).mean(0))
        if np.degrees(turned) > weights.curl_angle and not shell:
            radius, length = np.sqrt(2) * aside, 2 * np.pi * aside / turned
    return HairStyle(
        children=weights.children[int(shell)],
        spread=weights.spread[int(shell)] / 1000,
        clump=0.0 if shell else weights.clump,
        noise=0.0002 if shell else weights.noise / 1000,
        frizz=round(0.0 if shell else weights.frizz * (1 - coherence), 3) / 1000,
        curl_radius=round(float(radius), 2) / 1000,
        curl_length=round(float(length), 1) / 1000,
        roughness=weights.roughness,
    )
