"""What the colors of a photo are: those of a face in some white light, or not."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ...types import FaceObservation
from ...wire.color import srgb_to_linear
from ..regions import BROWS, CHIN, EYES, INNER_LIPS, IRISES, NOSTRILS, OUTER_LIPS, OVAL, SURE_SKIN, TOP, disk, fill
from ..weights import SKIN_HUE, WEIGHTS, JudgeWeights
from ..window import FaceWindow, face_window

__all__ = [
    "Closeup",
    "PhotoColors",
    "closeup",
    "features_of",
    "hues",
    "iris_of",
    "judge_colors",
    "tinted_everywhere",
    "unpainted",
    "white_of_eye",
    "wider",
]


@dataclass(frozen=True)
class Closeup:
    """The light of a window of a photo around the face, reduced."""

    window: FaceWindow
    linear: np.ndarray
    """(h, w, 3) float32."""
    soft: np.ndarray
    """(h, w, 3) float32: `linear`, smoothed."""

    @property
    def points(self) -> np.ndarray:
        """(478, 2) landmarks in its pixels."""
        return self.window.points

    @property
    def face(self) -> float:
        """Width of the face in its pixels."""
        return self.window.face

    @property
    def shape(self) -> tuple[int, int]:
        """(h, w)"""
        return self.linear.shape[:2]

    def filled(self, *polygons: tuple[int, ...]) -> np.ndarray:
        """(h, w) bool: inside any polygon over the landmarks."""
        return fill(self.shape, self.points, *polygons) > 0


@dataclass(frozen=True)
class PhotoColors:
    """How a photo's colors are to be taken."""

    kind: str
    """``normal``; ``no_color``; ``toned``: one hue for each brightness, as in a brown print; ``weak_color``; ``tinted``: light
    that no camera takes for white, of one or several lamps; ``painted``: the skin has hues that its light has not."""
    skin: np.ndarray
    """(2,) hue of bare skin, of what is not painted of it."""
    paint: np.ndarray | None = None
    """(2,) hue of the paint; None where nothing is."""
    natural: float = 1.0
    """Share of the bare face without paint."""


def closeup(
    pixels: np.ndarray, observation: FaceObservation, reach: float, face_px: float, soft_px: float = 1.0
) -> Closeup | None:
    """The light of :func:`.window.face_window`; None where the face lies beside the photo.

    Args:
        pixels: (H, W, 3) uint8 sRGB.
        reach: half the window's side, of the face.
        face_px: width of the face in it at most, pixels.
        soft_px: how far the smoothed colors are smoothed.
    """
    window = face_window(pixels, observation, reach, face_px)
    if window is None:
        return None
    linear = srgb_to_linear(window.pixels.astype(np.float32) / 255)
    return Closeup(window, linear, cv2.GaussianBlur(linear, (0, 0), soft_px))


def hues(linear: np.ndarray, dark: float = WEIGHTS.judge.dark) -> np.ndarray:
    """(..., 2) log(R/G) and log(B/G) of (..., 3) linear colors, `dark` added to each channel."""
    logs = np.log(np.maximum(linear, 0) + np.float32(dark))
    return np.stack([logs[..., 0] - logs[..., 1], logs[..., 2] - logs[..., 1]], -1)


def iris_of(view: Closeup, eye: int, times: float = 1.0) -> np.ndarray:
    """(h, w) bool: a disk around an iris, `times` as large; the lids may cover some of it."""
    centre, ring = IRISES[eye]
    c = view.points[centre]
    radius = float(np.linalg.norm(view.points[list(ring)] - c, axis=1).mean())
    y, x = np.indices(view.shape)
    return np.hypot(x + 0.5 - c[0], y + 0.5 - c[1]) < times * radius


def white_of_eye(view: Closeup, eye: int, w: JudgeWeights = WEIGHTS.judge) -> np.ndarray:
    """(h, w) bool: the brighter half of what lies between the lids of one eye, beside the iris."""
    between = view.filled(EYES[eye]) & ~iris_of(view, eye, w.iris)
    light = view.linear.max(-1)
    return between & (light >= np.median(light[between])) if between.any() else between


def judge_colors(view: Closeup, covered: np.ndarray | None = None, w: JudgeWeights = WEIGHTS.judge) -> PhotoColors | None:
    """What the colors are; None where too little of the face is bare to tell.

    Args:
        view: as :func:`closeup` gives it with the reach and size of `w`.
        covered: (h, w) in [0, 1], chance of a cover over the face; None where nobody looked.
    """
    hue = hues(view.soft, w.dark)
    oval = view.filled(OVAL)
    features = features_of(view)
    bare = oval & ~features
    over = np.zeros(view.shape, bool) if covered is None else wider(covered >= w.covered, WEIGHTS.tint.rim * view.face)
    bare &= ~over
    if bare.sum() < max(w.least_place, w.least_seen * (oval & ~features).sum()):
        return None
    skin = np.median(hue[bare], 0)
    off_tone = _off_tone(view, hue, oval, w)
    spread = float(np.quantile(off_tone[oval], w.quantile))
    if _one_tone(view, hue, off_tone, spread, w):
        grey = np.quantile(np.abs(hue[oval]), w.quantile) < w.grey
        return PhotoColors("no_color" if grey else "toned", skin)
    light = view.soft.max(-1)
    lit = bare & (light > w.black * np.quantile(light[bare], w.brightest))
    paint = _neutral_paint(view, hue, bare, lit, w)
    if paint is not None:
        return _painted(hue, bare, paint, w)
    if lit.sum() < w.lit * bare.sum():  # half of the face is black: paint, or the dark
        bare, skin = lit, np.median(hue[lit], 0)
    seen = light > np.median(light[bare]) * w.faint
    strange = bare & seen & _strange(hue, w)
    share = strange.sum() / max((bare & seen).sum(), 1)
    places = [view.filled(polygon) & bare for polygon in SURE_SKIN]
    medians = np.array([np.median(hue[place], 0) for place in places if place.sum() >= w.least_place] or [skin])
    (least_red, most_red), (least_blue, most_blue) = w.red, w.blue
    off = not (least_red < skin[0] < most_red and least_blue < skin[1] < most_blue)
    off |= skin[1] + w.pink_share * (skin[0] - w.pink_red) > w.pink
    two = bool((np.ptp(medians, axis=0) > (w.two_red, w.two_blue)).any())
    paleness = float(skin[0] - skin[1])
    weak = spread < w.weak_spread and max(paleness, np.abs(skin).max()) < w.weak and not two
    if weak and _lips_redder(view, hue, skin, over) < w.weak_lips:
        return PhotoColors("weak_color", skin)
    cool = paleness < w.cool and np.abs(skin).max() < w.weak
    if not (cool or off or two or share > w.strange or _spilled(view, hue, bare & seen, w)):
        return PhotoColors("normal", skin)
    paint = _paint(view, hue, bare, strange, two, w) if np.abs(skin).max() < w.empty else None
    if paint is not None:
        return _painted(hue, bare, paint, w)
    return PhotoColors("tinted", skin)


def _strange(hue: np.ndarray, w: JudgeWeights) -> np.ndarray:
    """(h, w) bool: hues that no skin has in a light that a camera takes for white."""
    low, high = np.array([w.pixel_red, w.pixel_blue]).T
    return ((hue < low) | (hue > high)).any(-1)


def tinted_everywhere(view: Closeup, w: JudgeWeights = WEIGHTS.judge) -> bool:
    """Whether what is around the face has such hues, too: a lamp, not something that lies over the face."""
    light = view.soft.max(-1)
    seen = ~view.filled(OVAL) & (light > w.faint * np.median(light))
    return bool(seen.any() and _strange(hues(view.soft, w.dark), w)[seen].mean() > w.everywhere)


def _spilled(view: Closeup, hue: np.ndarray, bare: np.ndarray, w: JudgeWeights) -> bool:
    """Whether a green screen shines on the face's rim."""
    typical = np.median(hue[bare], 0)
    green = bare & (hue[..., 0] < min(w.green_pixel, typical[0] + w.rim_greener[0])) & (hue[..., 1] < w.green_blue)
    if green.sum() > w.green * bare.sum():
        return True
    depth = cv2.distanceTransform(view.filled(OVAL).astype(np.uint8), cv2.DIST_L2, 5) / view.face
    rim, middle = bare & (depth < w.rim), bare & (depth > w.middle)
    if middle.sum() < w.least_place:
        return False
    typical = np.median(hue[middle], 0)
    (x, y), (column, row) = np.indices(view.shape)[::-1], view.points[4]
    low = y > row + w.rim_low * view.face
    greener = 0
    for sector in (rim & ~low & (x < column), rim & ~low & (x >= column), rim & low):
        if sector.sum() >= w.least_place:
            greener += bool((np.median(hue[sector], 0) - typical < w.rim_greener).all())
    return greener >= 2


def _lips_redder(view: Closeup, hue: np.ndarray, skin: np.ndarray, over: np.ndarray) -> float:
    """log(R/G) of the lips over the skin's; infinite where something lies over them: then they tell nothing against color."""
    lips = view.filled(OUTER_LIPS) & ~view.filled(INNER_LIPS)
    seen = lips & ~over
    if seen.sum() < lips.sum() / 2:
        return np.inf
    return float(np.median(hue[seen], 0)[0] - skin[0]) if seen.any() else 0.0


def features_of(view: Closeup) -> np.ndarray:
    """(h, w) bool: eyes, brows, lips and nostrils and a little around them."""
    return wider(view.filled(*BROWS, *EYES, OUTER_LIPS, *NOSTRILS), WEIGHTS.tint.rim * view.face)


def wider(mask: np.ndarray, distance: float) -> np.ndarray:
    """(h, w) bool: `mask` and what lies at most `distance` pixels beside it."""
    return cv2.dilate(mask.astype(np.uint8), disk(distance)) > 0


def _off_tone(view: Closeup, hue: np.ndarray, chosen: np.ndarray, w: JudgeWeights) -> np.ndarray:
    """(h, w) how far each pixel's hue is off the one that the chosen pixels of its brightness have."""
    light = view.soft.max(-1)
    order = np.argsort(light[chosen], kind="stable")
    steps = [part for part in np.array_split(order, w.bins) if len(part)]
    levels = np.array([np.median(light[chosen][part]) for part in steps])
    tones = np.array([np.median(hue[chosen][part], 0) for part in steps])
    tone = np.stack([np.interp(light, levels, tones[:, axis]) for axis in (0, 1)], -1)
    return np.abs(hue - tone).max(-1) * np.clip(light / w.faint, 0, 1)


def _one_tone(view: Closeup, hue: np.ndarray, off_tone: np.ndarray, spread: float, w: JudgeWeights) -> bool:
    """Whether brightness alone tells the hue of every pixel.

    Args:
        off_tone: of the face; `spread`: what most of it stays below.
    """
    if spread < w.line_sure:
        return True
    lips = view.filled(OUTER_LIPS) & ~view.filled(INNER_LIPS)
    if spread >= w.line_face or (lips.any() and np.median(off_tone[lips]) >= w.line_lips):
        return False
    everything = np.ones(view.shape, bool)
    return bool(np.quantile(_off_tone(view, hue, everything, w), w.quantile) < w.line_around)


def _paint(
    view: Closeup, hue: np.ndarray, bare: np.ndarray, strange: np.ndarray, two: bool, w: JudgeWeights
) -> np.ndarray | None:
    """(2,) hue of paint around an eye whose white is not in the light that the skin there seems to be in; None without it.

    Args:
        two: the face has several hues; then white around one eye is paint, if the other one is as it should be.
    """
    away, around_eyes, odd, redder = [], [], [], []
    limits = np.array([w.red, w.blue])
    for eye in range(len(EYES)):
        white = white_of_eye(view, eye, w)
        around = wider(view.filled(EYES[eye]), w.around_eye * view.face) & bare
        if white.any() and around.sum() >= w.least_place:
            skin = np.median(hue[around], 0)
            seen = np.median(hue[white], 0) - skin
            away.append(float(np.abs(seen - w.white).max()))
            redder.append(bool(seen[0] > w.white_redder and np.abs(skin).max() < w.white_paint))
            around_eyes.append(skin)
            beyond = ((skin < limits[:, 0]) | (skin > limits[:, 1])).any()
            odd.append(bool(beyond or (around & strange).sum() > around.sum() / 2))
    candidates = [i for i, one in enumerate(odd) if one]
    whitened = [i for i, one in enumerate(redder) if one]
    if two and len(away) == len(EYES) and len(whitened) == 1 and away[1 - whitened[0]] < w.one_light:
        candidates = whitened
    elif not candidates or min(away[i] for i in candidates) < w.paint:
        return None
    paint = np.mean([around_eyes[i] for i in candidates], 0)
    light = view.soft.max(-1)
    outside = ~wider(view.filled(OVAL), w.around_eye * view.face) & (light > w.faint * np.median(light[bare]))
    # What is grey lies off the skin in the same light by the skin's own hue.
    grey = hue - paint + np.float32(SKIN_HUE) / 2
    alike = (np.abs(grey) < np.abs(SKIN_HUE) / 2 + np.float32(w.same_lamp)).all(-1) & _strange(hue, w)
    is_lamp = outside.any() and _strange(paint, w) and (alike & outside).sum() > w.lamp_outside * outside.sum()
    return None if is_lamp else paint


def _neutral_paint(view: Closeup, hue: np.ndarray, bare: np.ndarray, lit: np.ndarray, w: JudgeWeights) -> np.ndarray | None:
    """(2,) hue of white or grey paint on one side of a face, which ends as sharply as no light does; None without it.

    Beards and masks lie on both sides, and a lamp's border has all hues between its two.
    """
    neutral = lit & (np.abs(hue).max(-1) < w.white_paint)
    colored = bare & (hue[..., 0] - hue[..., 1] > w.colored) & ~_strange(hue, w)
    if (bare & ~neutral & ~colored).sum() > w.between * bare.sum() or colored.sum() < w.least_place:
        return None
    top, chin = view.points[TOP], view.points[CHIN]
    (x, y), down = np.indices(view.shape)[::-1], chin - top
    left = (x - top[0]) * down[1] - (y - top[1]) * down[0] > 0
    sides = [bare & left, bare & ~left]
    if min(side.sum() for side in sides) < w.least_place:
        return None
    least, most = sorted(float((neutral & side).sum() / side.sum()) for side in sides)
    if least > w.side_bare or most < w.side_painted or neutral.sum() < w.least_paint * bare.sum():
        return None
    return np.median(hue[neutral], 0)


def _painted(hue: np.ndarray, bare: np.ndarray, paint: np.ndarray, w: JudgeWeights) -> PhotoColors:
    """Paint of that hue, and the skin beside it."""
    far = bare & (np.abs(hue - paint).max(-1) > w.same_lamp) & ~_strange(hue, w)
    if far.sum() < w.least_place:
        return PhotoColors("painted", paint, paint, 0.0)
    skin = np.median(hue[far], 0)
    return PhotoColors("painted", skin, paint, float((bare & unpainted(hue, paint, skin)).sum() / bare.sum()))


def unpainted(hue: np.ndarray, paint: np.ndarray, skin: np.ndarray) -> np.ndarray:
    """(h, w) bool: where (h, w, 2) hues are nearer to the skin's than to the paint's."""
    return np.linalg.norm(hue - skin, axis=-1) < np.linalg.norm(hue - paint, axis=-1)
