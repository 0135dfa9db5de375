"""How seen skin goes on where nothing is seen: levels at the rim of the photo, and the base of all vertices."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...geometry.smoothstep import smoothstep
from ...head.model import HeadModel
from ..atlas import gather
from ..seen import Place, Seen
from ..weights import CompletionWeights, LevelWeights, TextureWeights
from .completion import GAMMA, complete_base, splat
from .skin import UnlitSkin
from .surface import Surface

__all__ = ["Continued", "continued"]


@dataclass(frozen=True)
class Continued:
    """Skin all over the head."""

    gain: np.ndarray
    """(n, 3) the texels' gain, levelled at the rim of what is seen."""
    base: np.ndarray
    """(V, 3) float32 perceptual colour of the skin around each vertex."""
    allow_mirror: np.ndarray
    """(V,) float32 in [0, 1]: where the other side is a good guess."""
    near: np.ndarray
    """(V,) how close to something seen, through either side."""
    relative: np.ndarray
    """(n,) what each texel's brightness differs from the base, as a share of it."""


def continued(
    model: HeadModel,
    surface: Surface,
    place: Place,
    seen: Seen,
    color: np.ndarray,
    skin: UnlitSkin,
    weights: TextureWeights,
) -> Continued:
    """
    Args:
        surface, place, seen, color: as for :func:`.skin.unlit_skin`. skin: its result.
    """
    texels, triangles, count = place.texels, place.triangles, len(model.template)
    allow_mirror = np.clip(1 - model.part("neck"), 0, 1).astype(np.float32)
    perceptual = cv2.pow(np.maximum(color * skin.gain, 1e-4), GAMMA)
    # Brows and lashes are detail on the skin, not a colour for the skin beside them.
    hairless = 1 - np.clip(np.maximum(seen.brows, seen.eyes) * (1 - seen.lips), 0, 1)
    mean, amount = splat(texels, triangles, count, perceptual, skin.weight * hairless)
    fallback = skin.middle**GAMMA
    safe = np.maximum(seen.central * seen.front, seen.lips)[:, None]
    held = splat(texels, triangles, count, safe, np.ones_like(seen.central))[0]
    even = 0.5 * (skin.level**GAMMA + fallback)
    drift = _drift(surface, model.template[:, 1], mean, amount, held, even, weights.level)
    # The photo's texels follow, or its rim would be a step to what continues it.
    gain = skin.gain * gather(texels, triangles, drift ** np.float32(1 / GAMMA))
    base = complete_base(surface, model.mirror, mean * drift, amount, fallback, allow_mirror, weights.completion)
    base = _with_lips(model, base, amount, fallback, weights.completion)
    amount = splat(texels, triangles, count, perceptual, skin.weight)[1]
    near = surface.blur(np.maximum(amount, amount[model.mirror] * allow_mirror), weights.completion.near_mm)
    relative = perceptual.mean(1) / np.maximum(gather(texels, triangles, base).mean(1), 1e-3) - 1
    return Continued(gain, base, allow_mirror, near, relative)


def _with_lips(model: HeadModel, base: np.ndarray, amount: np.ndarray, skin: np.ndarray, w: CompletionWeights) -> np.ndarray:
    """(V, 3) `base` with lips that no photo shows in the colour of those that one shows, else of usual ones."""
    lips = model.part("upper_lip", "lower_lip")
    seen = np.clip(np.maximum(amount, amount[model.mirror]) / w.lips_seen, 0, 1)
    hidden = lips * (1 - seen)
    if not (hidden > 0.5).any():
        return base
    shown = (lips > 0.5) & (amount > w.lips_seen)
    usual = skin * np.array(w.lips, np.float32) ** np.float32(GAMMA)
    color = np.median(base[shown], 0) if shown.sum() > w.lips_shown * (lips > 0.5).sum() else usual
    return (base + hidden[:, None] * (color - base)).astype(np.float32)


def _drift(
    surface: Surface,
    height: np.ndarray,
    color: np.ndarray,
    amount: np.ndarray,
    held: np.ndarray,
    even: np.ndarray,
    w: LevelWeights,
) -> np.ndarray:
    """(V, 3) factor that brings the seen colours of the rim to the even level of the skin.

    Towards the rim of what is seen the photo darkens into hair, shadow and silhouette; completed skin grows out of the even
    level of the skin instead.

    Args:
        height: (V,) mm above the eyes. color: (V, 3) perceptual. amount: (V,) sight.
        held: (V, 1) how safely inside the face. even: (V, 3) perceptual level.
    """
    drift = np.clip(color, even * w.range[0], even * w.range[1]) / np.maximum(color, 1e-3)
    drift = 1 + (1 - held) * (drift - 1)
    # Above the mouth no bare skin is this dark by itself: a cap's or a fringe's shadow. Below, it may be a beard.
    dark = (color.mean(1) * drift.mean(1) / np.maximum(even.mean(1), 1e-3)).clip(w.darkest, None) / w.dark_skin
    lift = np.minimum(dark, 1) ** -w.lift
    drift *= (1 + (lift - 1) * smoothstep(*w.lift_height, height))[:, None]
    drift = surface.smooth(np.clip(drift, *w.drift_range), amount + w.unseen, w.smooth_mm, prior=1.0)
    # Beside the hair of the forehead skin keeps its level, and what lies bright amid a shadow is not raised with it.
    level = even.mean(1) / np.maximum(color.mean(1), w.level_floor * even.mean(1))
    beside = (1 - smoothstep(*w.beside, held[:, 0])) * smoothstep(*w.beside_height, height)
    least = np.clip(w.least * level, 1, w.drift_range[1]) * beside
    most = np.maximum(w.most * level, np.minimum(w.most * level, 1) ** w.most_power)
    known = (amount > w.known)[:, None]
    drift = np.where(known, np.minimum(np.maximum(drift, least[:, None]), most[:, None]), drift)
    return surface.smooth(drift, amount + w.end_unseen, w.end_smooth_mm, prior=1.0)
