"""What kind of cut the photos show: how thick, how long at least, lying or standing, straight or curly.

All is read from the silhouette and from how parallel the strands look. Measured on rendered heads whose hair is known and on
photos: strands that lie look parallel; standing, curly and cropped ones cross each other in the picture. Of standing ones
those beside the skull point away from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .field import View
from .seen import blur, hanging_area, inside_distance
from .volume import overhang
from .weights import GroomWeights

__all__ = ["Cut", "cut_of"]


@dataclass(frozen=True)
class Cut:
    """Medians over the photos that show the hair."""

    thickness: float
    """Over the skull, mm."""
    top: float
    """Distance of the hair's outline from the skull's at the upper quarter of it, mm."""
    tight: float
    """The same at the lower third: what lies tightest, mm."""
    coherence: float
    """How parallel the strands look, 0 to 1."""
    radial: float
    """Squared cosine between strands beside the skull and the way out from it: 0 lying, 0.5 without order, 1 standing."""
    low: float
    """Hair below the chin, in squared face widths: the most of any photo."""
    sides: float
    """Thickness beside the ears, mm."""
    long: bool
    """Hair hangs below the chin."""
    shell: bool
    """It is so thin and so little parallel that it is a shell of short hairs."""
    stands: bool
    """The hair stands off the skull rather than lying on it."""
    coiled: float
    """How far strands are coiled, 0 to 1: what the photo shows of them crosses, and directions say little."""

    @property
    def curly(self) -> bool:
        """Strands are more coiled than not."""
        return self.coiled > 0.5


def cut_of(views: Sequence[View], weights: GroomWeights) -> Cut:
    """The cut that the photos show, by `weights.cut` and `weights.strands`."""
    own, limits = weights.strands, weights.cut
    thickness = float(np.median([np.median(view.volume.thickness[view.seen.mask]) for view in views]))
    coherence = float(np.median([np.median(view.flow.coherence[view.seen.mask]) for view in views]))
    radial = float(np.median([_radial(view, limits.band) for view in views]))
    low, beside, over = 0.0, [], []
    for view in views:
        seen = view.seen
        low = max(low, hanging_area(seen))
        places, far = overhang(seen, weights.volume)
        beside.append(far[seen.window.level[tuple(places.T)] < 0.75])
        over.append(far)
    sides, outline = np.concatenate(beside), np.concatenate(over)
    long = low > own.long_area
    ball = coherence < limits.coiled and low < limits.coiled_low
    rough = coherence < limits.rough and radial > limits.radial and thickness > limits.upright and not long
    straight, wholly = limits.curly_long if long and not ball else limits.curly
    return Cut(
        thickness=thickness,
        top=float(np.quantile(outline, 0.75)) if len(outline) > 10 else thickness,
        tight=float(np.quantile(outline, 0.33)) if len(outline) > 10 else thickness,
        coherence=coherence,
        radial=radial,
        low=low,
        sides=float(np.median(sides)) if len(sides) > 10 else 0.0,
        long=long and not ball,
        shell=bool(not long and thickness < (own.shell if coherence < own.shell_strength else limits.thin)),
        stands=bool((ball and thickness > own.shell) or rough),
        coiled=float(np.clip((coherence - straight) / (wholly - straight), 0, 1)),
    )


def _radial(view: View, band: tuple[float, float, float]) -> float:
    """Squared cosine of the strands beside the skull to the way out from its outline, by how surely they are seen."""
    seen, flow = view.seen, view.flow
    outside = inside_distance(~seen.head) - inside_distance(seen.head)
    out = np.stack(np.gradient(blur(outside, 2.0))[::-1], -1)
    out /= np.linalg.norm(out, axis=-1, keepdims=True) + 1e-6
    inner, within, level = band
    where = seen.mask & seen.window.shown & ~seen.oval & (seen.window.level > level) & (outside > -inner * seen.face)
    where &= inside_distance(seen.mask | seen.head) > within * seen.face
    sure = flow.confidence[where]
    if sure.sum() < 1:
        return 0.0
    along = np.stack([np.cos(flow.axis[where]), np.sin(flow.axis[where])], -1)
    return float(((along * out[where]).sum(-1) ** 2 * sure).sum() / sure.sum())
