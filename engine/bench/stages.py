"""The stages of method `open` one by one, for the benchmarks that measure them."""

from __future__ import annotations

import numpy as np

from ..head import HeadModel
from ..types import View
from ..wire.settings import Settings

__all__ = ["fit_stages"]


def fit_stages(
    model: HeadModel, photo, observation, stages: tuple[str, ...], settings: Settings | None = None
) -> dict[str, tuple[np.ndarray, object]]:
    """Posed vertices in mm and the coarse fit they belong to, by stage."""
    from ..fit import fit_coarse

    coarse = fit_coarse(model, photo, observation, settings)
    result = {"coarse": (model.shape(coarse.identity, coarse.expression), coarse)}
    if "mid" in stages:
        from ..fit import fit_mid, with_relief

        refined, mid = fit_mid(model, photo, observation, coarse, settings)
        view = with_relief(model, View(photo, observation, refined, mid), settings)
        result["mid"] = (model.posed(view), refined)
    return {stage: result[stage] for stage in stages}
