"""How the curves between guides look: curl and frizz, by how parallel the strands look in the photos.

The size of coils cannot be read from a photo of common size: the finer they are, the more they cross, and the less parallel
the strands look. That was measured on rendered heads with known coils (`engine bench hair`).
"""

from __future__ import annotations

import numpy as np

from ..wire.hair import HairStyle
from .cut import Cut
from .weights import CutWeights, StyleWeights

__all__ = ["measured_style"]


def measured_style(cut: Cut | None, weights: StyleWeights, limits: CutWeights) -> HairStyle:
    """The style of a groom.

    Args:
        cut: a shell of short hairs stands densely and does not wander; None where no hair is.
    """
    shell = cut is not None and cut.shell
    coherence = 1.0 if cut is None else cut.coherence
    radius = length = 0.0
    if cut is not None and cut.curly and not shell:
        crossed, *sizes = np.transpose(limits.coils)
        radius, length = (float(np.interp(coherence, crossed, one)) for one in sizes)
    return HairStyle(
        children=weights.children[int(shell)],
        spread=weights.spread[int(shell)] / 1000,
        clump=0.0 if shell else weights.clump,
        noise=0.0002 if shell else weights.noise / 1000,
        frizz=round(0.0 if shell else weights.frizz * (1 - coherence), 3) / 1000,
        curl_radius=round(radius, 2) / 1000,
        curl_length=round(length, 1) / 1000,
        roughness=weights.roughness,
    )
