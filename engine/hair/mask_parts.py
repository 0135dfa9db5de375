"""Where a photo shows hair, by the network that tells a picture's parts apart, brought to the photo's own edges.

The network says which part a place is likely to be; colors of each part are then learnt from this photo alone, where the
network is sure, and both together decide (Bayes' rule).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .mask_scene import EVEN, Scene, guided
from .mask_weights import FUSION, REFUSAL, FusionWeights

__all__ = ["fused_hair", "parts_refusal"]

_GROUPS = {
    "hair": ("hair",),
    "skin": ("skin", "brows", "beard", "eyes", "lips"),
    "clothes": ("clothes",),
    "hat": ("hat", "cover", "glasses", "lens"),
    "background": ("background",),
    "other": ("other",),
}
"""Parts whose colors are learnt together; hair first."""


def fused_hair(scene: Scene, parts: Mapping[str, np.ndarray], weights: FusionWeights = FUSION) -> np.ndarray:
    """(H, W) float32 chance of hair.

    Args:
        parts: chance (H, W) of each part of :data:`engine.photo.part_net.PARTS`.
    """
    shown = scene.window.shown
    prior = np.stack([sum(parts[name] for name in names) for names in _GROUPS.values()])
    soft = prior ** weights.trust
    soft /= soft.sum(0)
    chance = prior
    for _ in range(weights.rounds):
        density = []
        for number, name in enumerate(_GROUPS):
            sure = (chance[number] > weights.sure) & (prior[number] > weights.likely) & shown
            if sure.sum() < weights.few:
                density.append(np.full(shown.shape, EVEN, np.float32))
                continue
            found = scene.density(sure, weights.gaussians, place=name in ("background", "other", "clothes"))
            # What no part has yet shown is as likely everywhere.
            density.append(np.logaddexp(found + np.log(1 - weights.unseen), EVEN + np.log(weights.unseen)))
        odds = weights.color * np.stack(density) + np.log(soft + 1e-4)
        odds -= odds.max(0)
        chance = np.exp(odds)
        chance /= chance.sum(0)
    hair = np.log(np.clip(chance[0], 1e-3, 1)) - np.log(np.clip(1 - chance[0], 1e-3, 1))
    hair = guided(scene.guide, hair.astype(np.float32), weights.smooth * scene.window.face, weights.smooth_eps)
    return (1 / (1 + np.exp(-hair)) * shown).astype(np.float32)


def parts_refusal(scene: Scene, hair: np.ndarray, parts: Mapping[str, np.ndarray], weights: FusionWeights = FUSION) -> str:
    """``bald``, ``covered``, ``unclear``, or nothing: see :attr:`HairMask.refusal`.

    Args:
        hair: (H, W) chance of hair.
    """
    window = scene.window
    least = REFUSAL.least * window.face**2
    mask = (hair > 0.5) & window.shown
    scalp = (window.parts["scalp"] > 0.8) & window.shown & ~scene.oval
    around = scalp | ((scene.far < weights.around) & (window.level > 0.55) & window.shown & ~scene.head)
    seen = scalp.sum() > least
    hat = parts["hat"] > np.maximum(parts["hair"], 0.4)
    if hat[around].sum() > weights.hat * max(1, (hat | mask)[around].sum()):
        return "covered"
    if mask.sum() < least:
        return "bald" if seen else "unclear"
    return ""
