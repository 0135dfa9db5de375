"""A photo whose colors are lost or false is given those that a face has: brightness stays the photo's, hues are completed.

Every stage then sees skin, lips, eyes and teeth as in any other photo, and needs no second way for such pictures. A photo of
which :func:`~engine.photo.colors.judge.judge_colors` says ``normal`` is not touched.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ...geometry.smoothstep import smoothstep
from ...types import FaceObservation, Photo
from ...wire.color import LUMINANCE, linear_to_srgb, srgb_to_linear
from ...wire.messages import Message, say
from ..part_net import PARTS
from ..parts import find_parts, photo_parts
from ..regions import EYES, INNER_LIPS, OVAL, disk
from ..skin import segment_skin
from ..weights import WEIGHTS, NaturalWeights
from .judge import Closeup, PhotoColors, closeup, features_of, hues, judge_colors, tinted_everywhere, unpainted, wider
from .palette import natural_hues, of_hue, skin_hue
from .tint import Lamp, lamp_of, usual_luminance

__all__ = ["color_kind", "with_natural_colors"]

_ROWS = 256
"""Rows of a photo that are computed at a time."""


_NORMAL = PhotoColors("normal", np.zeros(2))
"""Colors that nothing is known about."""


def color_kind(photo: Photo, observation: FaceObservation) -> PhotoColors:
    """What the colors of a photo are."""
    w = WEIGHTS.judge
    view = closeup(photo.pixels, observation, w.reach, w.face_px, w.soft_px)
    if view is None:
        return _NORMAL
    colors = judge_colors(view) or _NORMAL
    if colors.kind in ("tinted", "painted", "weak_color"):  # unless something lies over the face
        parts = photo_parts(photo, observation)
        if parts is not None:
            found = parts.window(view.window.corner, view.window.scale, view.shape)
            covered = sum(found[name] for name in ("glasses", "lens", "cover", "hat", "hair"))
            colors = judge_colors(view, covered) or (colors if tinted_everywhere(view) else _NORMAL)
    return colors


def with_natural_colors(photo: Photo, observation: FaceObservation) -> Photo:
    """The photo itself where its colors are a face's; else with completed ones, the original in ``as_shot``, and a remark."""
    colors = color_kind(photo, observation)
    if colors.kind == "normal":
        return photo
    if colors.kind == "painted" and not _completable(colors):
        return replace(photo, remarks=(*photo.remarks, _remark(colors)))
    if colors.kind == "weak_color":
        pixels = _strengthened(photo.pixels, _strength(photo, observation, colors))
    else:
        view = closeup(photo.pixels, observation, WEIGHTS.natural.reach, WEIGHTS.natural.face_px)
        recipe = _unpainted(view, colors) if colors.kind == "painted" else _completed(photo, observation, view, colors)
        pixels = recipe.applied(photo.pixels)
    guessed = colors.kind in ("no_color", "toned", "tinted")
    return replace(photo, pixels=pixels, as_shot=photo.pixels, hues_guessed=guessed, remarks=(*photo.remarks, _remark(colors)))


def _completable(colors: PhotoColors) -> bool:
    return colors.natural >= WEIGHTS.judge.least_natural


def _remark(colors: PhotoColors) -> tuple[str, Message]:
    """Code and sentence of the warning."""
    if colors.kind == "painted" and not _completable(colors):
        return "painted", say("The face is painted, or its colours are not those of skin; they were kept.")
    return {
        "no_color": (
            "no_color",
            say("The photo has no colour; the hues of skin, lips, eyes and hair are guessed."),
        ),
        "weak_color": (
            "no_color",
            say("The photo has hardly any colour; what there is was strengthened until the skin looks like skin."),
        ),
        "toned": (
            "toned",
            say("The photo has a single tone, as old prints have; the hues of skin, lips, eyes and hair are guessed."),
        ),
        "tinted": (
            "tinted_light",
            say("The light is tinted; its colour was taken out by the skin, and what it hides is guessed."),
        ),
        "painted": (
            "painted",
            say("A part of the face is painted; the skin below is guessed from the rest."),
        ),
    }[colors.kind]


def _strength(photo: Photo, observation: FaceObservation, colors: PhotoColors) -> float:
    """By how much hues must lie further from grey for the skin to look like skin."""
    view = closeup(photo.pixels, observation, WEIGHTS.judge.reach, WEIGHTS.judge.face_px)
    natural = skin_hue(float(np.median((view.soft @ LUMINANCE)[view.filled(OVAL)])))
    found = max(float(colors.skin[0] - colors.skin[1]), WEIGHTS.judge.dark)
    return float(np.clip((natural[0] - natural[1]) / found, 1, WEIGHTS.natural.weak_most))


def _strengthened(pixels: np.ndarray, strength: float) -> np.ndarray:
    """(H, W, 3) uint8: a photo with little color, its hues further from grey."""
    out = np.empty_like(pixels)
    for start in range(0, len(pixels), _ROWS):
        linear = srgb_to_linear(pixels[start : start + _ROWS].astype(np.float32) / 255) + np.float32(1e-4)
        light = (linear @ LUMINANCE)[..., None]
        colored = (linear / light) ** np.float32(strength)
        out[start : start + _ROWS] = _coded(_in_range(light * colored / (colored @ LUMINANCE)[..., None], linear))
    return out


def _in_range(linear: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Colors that are too strong for their brightness, paler; brightness stays as far as there is white for it.

    Args:
        own: (..., 3) what the photo itself had of them, which is kept.
    """
    most = np.maximum(own.max(-1, keepdims=True), np.float32(WEIGHTS.natural.brightest))
    light = np.minimum(linear @ LUMINANCE, 1)[..., None]
    top = linear.max(-1, keepdims=True)
    room = np.maximum(most - light, 0) / np.maximum(top - light, 1e-4)
    return np.where(top > most, light + np.minimum(room, 1) * (linear - light), linear)


def _coded(linear: np.ndarray) -> np.ndarray:
    return np.round(255 * linear_to_srgb(linear)).astype(np.uint8)


@dataclass(frozen=True)
class _Recipe:
    """Maps of a window: what becomes of a pixel, ``own * pixel + natural * (mix @ pixel - black)`` for each channel."""

    view: Closeup
    own: np.ndarray
    """(h, w, 3) float32: gain of what is believed of the pixel's own channel."""
    natural: np.ndarray
    """(h, w, 3) float32: color that the part has, for what is not."""
    mix: np.ndarray
    """(h, w, 3) float32: what each channel says about the pixel's brightness."""
    black: float = 0.0
    """Taken off from that brightness."""

    def applied(self, pixels: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 the whole photo."""
        height, width = pixels.shape[:2]
        out = np.empty_like(pixels)
        scale, (x0, y0) = self.view.window.scale, self.view.window.corner
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        for start in range(0, height, _ROWS):
            rows = pixels[start : start + _ROWS]
            place = np.array([[scale, 0, (0.5 - x0) * scale - 0.5], [0, scale, (0.5 - y0 + start) * scale - 0.5]])
            own, natural, mix = (
                cv2.warpAffine(one, place, (width, len(rows)), flags=flags, borderMode=cv2.BORDER_REPLICATE)
                for one in (self.own, self.natural, self.mix)
            )
            linear = srgb_to_linear(rows.astype(np.float32) / 255)
            kept = own * linear
            light = np.maximum((mix * linear).sum(-1, keepdims=True) - np.float32(self.black), 0)
            out[start : start + _ROWS] = _coded(_in_range(kept + natural * light, kept))
        return out


def _unpainted(view: Closeup, colors: PhotoColors) -> _Recipe:
    """Paint's brightness, in the hue and at the level of the skin beside it."""
    w = WEIGHTS.tint
    oval = view.filled(OVAL)
    painted = wider(oval, w.paint_beyond * view.face) & ~unpainted(hues(view.soft), colors.paint, colors.skin)
    if np.abs(colors.paint).max() < WEIGHTS.judge.white_paint:
        painted = _whole(painted & ~view.filled(*EYES, INNER_LIPS), w.paint_beside * view.face / 2)
    lamp = lamp_of(view, painted)
    near = w.paint_beside * view.face
    # Neither an eye that the brush went around nor the face's rim is skin beside paint.
    bare = oval & ~features_of(view)
    sides = [
        cv2.morphologyEx(part.astype(np.uint8), cv2.MORPH_OPEN, disk(near)) > 0 for part in (bare & ~painted, bare & painted)
    ]
    beside = sides[0] & wider(sides[1], near), sides[1] & wider(sides[0], near)
    if not all(part.any() for part in beside):
        beside = oval & ~painted, painted
    skin_light, paint_light = view.soft @ LUMINANCE, (lamp.mix * view.soft).sum(-1)
    level = float(np.median(skin_light[beside[0]])) / max(float(np.median(paint_light[beside[1]])), 1e-4)
    edge = max(0.5, w.paint_edge * view.face)
    soft = cv2.GaussianBlur(wider(painted, 2 * edge).astype(np.float32), (0, 0), edge)[..., None]
    # Where skin and paint share a pixel, neither's brightness is known: it is that of what lies on both sides.
    seam_reach = max(edge, w.paint_seam * view.face)
    seam = wider(painted, seam_reach) & wider(~painted, seam_reach) & oval & ~wider(view.filled(*EYES), w.rim * view.face)
    gain = np.full(view.shape, level, np.float32)
    gain[seam] = (
        _across(np.where(painted, level * paint_light, skin_light), seam, seam_reach) / np.maximum(paint_light, 1e-3)
    )[seam]
    skin = of_hue(colors.skin) * gain[..., None]
    return _Recipe(view, np.repeat(1 - soft, 3, -1), np.ascontiguousarray(soft * skin, np.float32), lamp.mix)


def _across(light: np.ndarray, seam: np.ndarray, sigma: float) -> np.ndarray:
    """(h, w) brightness around each pixel, of what is not `seam` as far as there is any."""
    weight = np.where(seam, 1e-3, 1).astype(np.float32)
    total, count = (cv2.GaussianBlur(one.astype(np.float32), (0, 0), sigma) for one in (light * weight, weight))
    return total / count


def _whole(mask: np.ndarray, radius: float) -> np.ndarray:
    """(h, w) bool: the largest part of a mask, without what is thinner than `radius`: reflections and walls are white, too."""
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, disk(radius))
    count, label, stats, _ = cv2.connectedComponentsWithStats(opened)
    return mask if count < 2 else label == 1 + stats[1:, cv2.CC_STAT_AREA].argmax()


def _completed(photo: Photo, observation: FaceObservation, view: Closeup, colors: PhotoColors) -> _Recipe:
    """Natural hues for all parts."""
    lamp = lamp_of(view) if colors.kind == "tinted" else _one_tone(view)
    if colors.kind == "toned":
        lamp = replace(lamp, luminance=usual_luminance(lamp.luminance))
    light = lamp.light(view.soft)
    parts = _parts(photo, observation, view, light, lamp)
    hue = natural_hues(view, light, lamp.skin_light, lamp.luminance, parts)
    if colors.kind == "tinted":
        lamp = _without_odd_hair(view, lamp, parts)
    skin = of_hue(skin_hue(lamp.luminance))
    color = of_hue(_neutral_rim(hue))
    # A part's color is as bright as what was seen of it: in the channels that were seen.
    color /= np.maximum((lamp.seen * color / skin).sum(-1, keepdims=True), 1e-3)
    level = np.float32(lamp.luminance / max(lamp.skin_light, 1e-4))
    return _Recipe(
        view,
        np.ascontiguousarray(lamp.own * skin * level, np.float32),
        np.ascontiguousarray((1 - lamp.believed) * color * level, np.float32),
        np.ascontiguousarray(lamp.mix, np.float32),
        lamp.black,
    )


def _without_odd_hair(view: Closeup, lamp: Lamp, parts: dict[str, np.ndarray], w: NaturalWeights = WEIGHTS.natural) -> Lamp:
    """The lamp, of which nothing is believed in hair that would come out green or blue: the screen behind it shines on it."""
    hue = hues(view.soft * lamp.own / np.maximum(lamp.believed, 1e-3))
    odd = smoothstep(*w.hair_odd, np.maximum(-hue[..., 0], hue[..., 1]))
    kept = 1 - (np.clip(parts["hair"] + parts["brows"] + parts["beard"], 0, 1) * odd)[..., None]
    return replace(lamp, own=lamp.own * kept, believed=lamp.believed * kept)


def _neutral_rim(hue: np.ndarray) -> np.ndarray:
    """Hues that end in grey at the window's edge, where they go on into the rest of the photo."""
    hue = hue.copy()
    hue[[0, -1]] = 0
    hue[:, [0, -1]] = 0
    return hue


def _one_tone(view: Closeup) -> Lamp:
    """A picture without color, or of one tone: its brightness, as if its brightest tone were white."""
    w = WEIGHTS.tint
    top = np.quantile(view.soft.reshape(-1, 3), w.white, axis=0)
    share = LUMINANCE * top
    total = float(share.sum())
    share = share / total if total > 0 else LUMINANCE
    mix = (LUMINANCE * float(top.max()) / total) if total > 0 else LUMINANCE
    # Black is black in a photo; prints fade.
    light = view.soft @ mix
    white = float(top.max())
    black = min(w.black_taken * float(np.quantile(light, w.black)), w.black_most * white)
    stretch = white / (white - black) if white > 0 else 1.0
    mix, black = mix * stretch, black * stretch
    bare = view.filled(OVAL)
    skin_light = float(np.median(np.maximum(light * stretch - black, 0)[bare])) if bare.any() else w.usual
    # Skin is brighter in red than in blue light: one channel alone shows it too bright or too dark.
    hue = of_hue(skin_hue(min(skin_light, w.luminance[1])))
    factor = float(share @ hue)
    seen = share * hue / factor
    full = (*view.shape, 3)
    nothing = np.zeros(full, np.float32)
    return Lamp(
        np.broadcast_to(np.float32(mix), full),
        nothing,
        nothing,
        np.broadcast_to(np.float32(seen), full),
        skin_light,
        skin_light / factor,
        black,
    )


def _parts(photo: Photo, observation: FaceObservation, view: Closeup, light: np.ndarray, lamp: Lamp) -> dict[str, np.ndarray]:
    """Chances of the parts in the window, told from a picture that is skin-colored throughout: the network and the skin's
    mixture then tell them by brightness, texture and place."""
    level = lamp.luminance / max(lamp.skin_light, 1e-4)
    plain = _coded(of_hue(skin_hue(lamp.luminance)) * (light * level)[..., None])
    points = view.points
    found = find_parts(plain, points, view.face)
    if found is not None:
        return found.window((0.0, 0.0), 1.0, view.shape)
    small = replace(observation, landmarks=points)
    skin = segment_skin(replace(photo, pixels=plain), small).surface
    nothing = np.zeros(view.shape, np.float32)
    return {name: skin if name == "skin" else 1 - skin if name == "hair" else nothing for name in PARTS}
