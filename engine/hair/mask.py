"""Where a photo shows hair: color mixtures learned from this photo alone, and places relative to the fitted head."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from ..photo.regions import disk
from .mask_scene import EVEN, Scene, guided, half_window, make_scene
from .mask_weights import (
    BORDER,
    COLOR,
    FUSION,
    PLACE,
    REFUSAL,
    SEEDS,
    SHAPE,
    BorderWeights,
    ColorWeights,
    FusionWeights,
    PlaceWeights,
    SeedWeights,
    ShapeWeights,
)
from .refusal import refusal
from .types import HairMask, Window
from .walls import without_ground

__all__ = ["hair_mask"]


def hair_mask(
    window: Window,
    person: np.ndarray | None = None,
    parts: Mapping[str, np.ndarray] | None = None,
    matte: np.ndarray | None = None,
) -> HairMask:
    """Hair of the head in one photo.

    Args:
        person: (H, W) float32 in [0, 1], people against background; None where nothing is known about it.
        parts: chances of the picture's parts in the window, of :func:`engine.photo.parts.photo_parts`; None where its
            network is not installed.
        matte: (H, W) float32 in [0, 1], everybody's hair as the camera tells it; None where it does not.
    """
    scene = make_scene(window, person)
    if window.hues_guessed or parts is not None:
        whole = person
        person, parts = without_ground(scene, person, parts)
        scene = scene if person is whole else make_scene(window, person)
    nothing = np.zeros_like(window.skin)
    seeds, told = _seeds(scene), None
    if parts is not None:
        told = np.clip(parts["hair"], FUSION.least, 1 - FUSION.least)
        seeds = _told_seeds(scene, seeds, told)
    if matte is not None:
        hair = _told(scene, matte)
    elif seeds["hair"].sum() < SEEDS.fewest:
        reason = refusal(scene, nothing, seeds["like_skin"], parts) or "unclear"
        return HairMask(nothing, window.brow, nothing, scene.people, reason)
    else:
        hair = _found(scene, seeds, person, told)
    sure = matte is not None and (hair > 0.5).sum() >= REFUSAL.least * window.face**2
    reason = "" if sure else refusal(scene, hair, seeds["like_skin"], parts)
    hair = nothing if reason else _beyond_photo(scene, hair).astype(np.float32)
    return HairMask(hair, window.brow, nothing, scene.people, reason)


def _told(scene: Scene, matte: np.ndarray, weights: PlaceWeights = PLACE) -> np.ndarray:
    """(H, W) float32: the camera's matte without brows and beard, and without the hair of others, which is apart from this head."""
    face = scene.oval & (scene.window.level < weights.features_level)
    matte = np.where(face | ~scene.window.shown, 0, matte).astype(np.float32)
    count, label = cv2.connectedComponents((matte > 0.5).astype(np.uint8))
    keep = np.bincount(label[scene.head], minlength=count) > 0
    return np.where(keep[label] | (matte <= 0.5), matte, 0)


def _found(scene: Scene, seeds: dict[str, np.ndarray], person: np.ndarray | None, told: np.ndarray | None) -> np.ndarray:
    """(H, W) float32 chance of hair, by colors learnt from this photo and by the part network's chances `told`."""
    window = scene.window
    hair, turns = None, range(COLOR.rounds)
    if window.face > COLOR.fine_face:
        small = half_window(window)
        size = small.skin.shape[::-1]
        person = None if person is None else cv2.resize(person, size, interpolation=cv2.INTER_AREA)
        small = make_scene(small, person)
        less, small_seeds = None, _seeds(small)
        if told is not None:
            less = cv2.resize(told, size, interpolation=cv2.INTER_AREA)
            small_seeds = _told_seeds(small, small_seeds, less)
        hair = _grown(small, small_seeds, turns[:-1], told=less)
        hair, turns = cv2.resize(hair, window.skin.shape[::-1], interpolation=cv2.INTER_LINEAR), turns[-1:]
    hair = _grown(scene, seeds, turns, hair, told)
    hair = _without_blackness(scene, hair, seeds["anchor"], told)
    bald = _bald_top(scene, seeds["shining"]) & (told < 0.5 if told is not None else True)
    return np.where(bald | seeds["burnt"], 0, hair).astype(np.float32)


def _told_seeds(scene: Scene, seeds: dict[str, np.ndarray], told: np.ndarray) -> dict[str, np.ndarray]:
    """The seeds without those that the part network doubts, and with the hair of which it is sure."""
    sure = (told > FUSION.sure) & scene.window.shown & ~_told_gleams(seeds["burnt"], told)
    doubted = told < FUSION.doubt
    near = (scene.window.level > FUSION.near_level) & (scene.far < FUSION.near)
    return seeds | {
        "anchor": (seeds["hair"] & ~doubted) | (sure & near),
        "hair": (seeds["hair"] & ~doubted) | sure,
        "background": seeds["background"] & ~(told > 0.5),
        "clothes": seeds["clothes"] & ~(told > 0.5),
        "like_skin": seeds["like_skin"] & ~sure,
        "burnt": seeds["burnt"] & ~sure,
    }


def _told_gleams(burnt: np.ndarray, told: np.ndarray, weights: FusionWeights = FUSION) -> np.ndarray:
    """(H, W) bool: gleams on a bare scalp, whole pieces of `burnt`: beside white hair the network is sure of a gleam's border."""
    _, label = cv2.connectedComponents(burnt.astype(np.uint8))
    size = np.maximum(np.bincount(label.ravel()), 1)
    sure = np.bincount(label.ravel(), (told > weights.sure).ravel()) / size
    return burnt & (sure < weights.gleam)[label]


def _seeds(scene: Scene, weights: SeedWeights = SEEDS) -> dict[str, np.ndarray]:
    """Places (H, W) bool that are surely hair (and at the head), background, clothes; what is like skin in color, its reflections; the skin's log density."""
    window, level = scene.window, scene.window.level
    parts, shown = window.parts, window.shown
    scalp = cv2.erode((parts["scalp"] > weights.scalp).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    ring = (scene.far < weights.ring) & ~scene.head & (level > weights.ring_level)
    bare = (window.skin > weights.bare) | (window.surface > weights.bare)
    away, above = weights.away
    background = ((scene.people < weights.nobody) | ((scene.far > away) & (level > above))) & shown
    scalp &= scene.people > weights.scalp_people
    ring &= scene.people > weights.ring_people
    possible = ~bare & ~scene.oval & shown
    hair = (scalp | ring) & possible
    if scene.known and hair.sum() < PLACE.few * window.face**2:  # the fitted skull is higher than this one
        around, above = weights.high
        hair |= (scene.people > weights.ring_people) & (scene.far < around) & (level > above) & possible
    covered = window.skin < weights.clothes_skin
    clothes = (scene.people > weights.clothes_people[0]) & covered & (level < weights.clothes_level[0])
    chest = (scene.people > weights.clothes_people[1]) & covered & (level < weights.clothes_level[1])
    clothes |= chest & (parts["neck"] < weights.chest_neck) & (np.abs(scene.across) < weights.chest_across)
    sure = window.skin > weights.skin
    enough = sure.sum() > weights.learnt
    skin = scene.density(sure, COLOR.skin, shaded=True) if enough else np.full(level.shape, EVEN, np.float32)
    like_skin = skin > (np.quantile(skin[sure], COLOR.typical_skin) if enough else np.inf)
    shining = scene.head & _shining(scene, sure)
    burnt = _burnt(scene, like_skin) if enough else np.zeros(level.shape, bool)
    like_skin |= shining | burnt
    # Above a receding hairline the scalp's part of the fitted head is bare.
    other = hair & ~like_skin
    if other.sum() > max(weights.fewest, weights.unlike_skin * hair.sum()):
        hair = other
    return {
        "hair": hair,
        "anchor": hair,
        "background": background,
        "clothes": clothes & shown,
        "like_skin": like_skin,
        "skin": skin,
        "shining": shining,
        "burnt": burnt,
    }


def _shining(scene: Scene, skin: np.ndarray, weights: ColorWeights = COLOR) -> np.ndarray:
    """(H, W) bool: what looks like this skin under a reflection: brighter, and paler in the same hue."""
    if skin.sum() < 60:
        return np.zeros(skin.shape, bool)
    light, *hue = np.median(scene.lab[skin], 0)
    chroma = float(np.hypot(*hue))
    if chroma < weights.shine_chroma:
        return np.zeros(skin.shape, bool)
    along = scene.lab[..., 1:] @ (np.array(hue, np.float32) / chroma)
    across = scene.lab[..., 1:] @ (np.array([-hue[1], hue[0]], np.float32) / chroma)
    least, most = weights.shine_share
    brighter = scene.lab[..., 0] > light + weights.shine_light
    return brighter & (along > least * chroma) & (along < most * chroma) & (np.abs(across) < weights.shine_hue)


def _burnt(scene: Scene, skin: np.ndarray, weights: ColorWeights = COLOR) -> np.ndarray:
    """(H, W) bool: gleams on a bare scalp that are too bright to have skin's hue: as bright as white hair, but smooth, and
    without an edge towards skin.

    Args:
        skin: (H, W) bool, what is like skin in color.
    """
    window, sigma = scene.window, weights.gleam_texture[0] * scene.window.face
    # Within the person alone: the outline must not count as texture.
    within = scene.head & cv2.erode((scene.people > 0.9).astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    inside = within.astype(np.float32)
    light = scene.lab[..., 0] * inside
    share = np.maximum(cv2.GaussianBlur(inside, (0, 0), sigma), 1e-3)
    fine = (light - cv2.GaussianBlur(light, (0, 0), sigma) / share) * inside
    texture = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), sigma) / share)
    smooth = within & window.shown & (texture < weights.gleam_texture[1])
    gleam = smooth & (window.rgb.max(-1) >= weights.gleam) & (window.parts["scalp"] > 0.5)
    gleam = cv2.morphologyEx(gleam.astype(np.uint8), cv2.MORPH_OPEN, disk(weights.shine_size * window.face))
    count, label = cv2.connectedComponents(smooth.astype(np.uint8))
    # By smooth shades alone from the gleam to skin.
    joined = np.bincount(label[skin & smooth], minlength=count) > weights.gleam_skin * window.face**2
    joined[0] = False
    gleam = (gleam > 0) & joined[label]
    gleam = cv2.morphologyEx(gleam.astype(np.uint8), cv2.MORPH_CLOSE, disk(weights.shine_size * window.face)) > 0
    return gleam & within


def _bald_top(scene: Scene, shining: np.ndarray) -> np.ndarray:
    """(H, W) bool: reflections of skin on the scalp."""
    scalp = (shining & (scene.window.parts["scalp"] > 0.5)).astype(np.uint8)
    return cv2.morphologyEx(scalp, cv2.MORPH_OPEN, disk(COLOR.shine_size * scene.window.face)) > 0


def _place(scene: Scene, weights: PlaceWeights = PLACE) -> np.ndarray:
    """(H, W) log odds of hair by the place alone."""
    window, level = scene.window, scene.window.level
    face = scene.oval & (level < weights.features_level)  # through the eyes' holes the back of the scalp is seen
    scalp = ((window.parts["scalp"] > 0.5) & ~face).astype(np.uint8)
    deep = cv2.distanceTransform(scalp, cv2.DIST_L2, 5) / window.face
    away = cv2.distanceTransform(1 - scalp, cv2.DIST_L2, 5) / window.face
    on_head = np.where(
        scalp > 0,
        weights.scalp * np.clip(deep / weights.scalp_depth, 0, 1),
        weights.face * np.clip(away / weights.face_depth, 0, 1),
    )
    beside = weights.beside * np.clip(1 - scene.far / weights.reach, -1, 1) / (1 + np.exp((0.35 - level) / 0.1)) - 0.3
    odds = np.where(scene.head, on_head, beside)
    low, lower = weights.below
    odds = np.where(level < 0.2, np.minimum(odds, low + (lower - low) * np.clip((0.2 - level) / 1.2, 0, 1)), odds)
    odds += weights.skin * (np.clip(window.skin - 0.3, 0, 1) + np.clip(window.surface - 0.3, 0, 1))
    odds += weights.features * face + weights.ears * scene.ears
    if scene.known:
        close = np.clip(1 - scene.far / 0.16, 0, 1) * np.clip((level - 0.4) / 0.15, 0, 1)
        # What hangs beside the face and is not surely this person is a neighbour's.
        least = weights.people_least - 0.35 * close + weights.people_low * np.clip((0.5 - level) / 0.15, 0, 1)
        odds += np.clip(weights.people * (1 - weights.people_close * close) * (scene.people - least), *weights.people_range)
    return odds


def _skin_share(scene: Scene) -> np.ndarray:
    """(H, W) how common skin is by the place, beside what was found."""
    near = np.clip(1 - scene.far / 0.06, 0, 1)
    neck = COLOR.neck_share * np.clip(1 - scene.far / 0.3, 0, 1)
    share = np.where(scene.window.level < 0.1, np.maximum(neck, 0.35 * near), 0.35 * near)
    return np.maximum(np.where(scene.window.parts["scalp"] > 0.5, COLOR.scalp_share, share), COLOR.away_share)


def _grown(
    scene: Scene, seeds: dict[str, np.ndarray], turns: range, hair: np.ndarray | None = None, told: np.ndarray | None = None
) -> np.ndarray:
    """(H, W) chance of hair.

    Args:
        turns: numbers of the rounds. hair: what the rounds before them found. told: (H, W) what the part network says.
    """
    window, level = scene.window, scene.window.level
    place = _place(scene)
    if told is not None:
        place = FUSION.place * place + FUSION.network * np.log(told / (1 - told))
    others = [EVEN + np.log(np.interp(level, [0, 0.3], [0.5, COLOR.other_share])), seeds["skin"] + np.log(_skin_share(scene))]
    if seeds["background"].sum() > 150:
        chance = np.log(np.clip(1 - scene.people, 0.02, 1)) if scene.known else np.log(0.5)
        others.append(scene.density(seeds["background"], COLOR.background, place=True) + chance)
    # Hair hangs beside the neck: there only what is quite unlike it is clothes. On the shoulders, all is.
    beside, most = np.abs(scene.across) > 1.05, np.where(np.abs(scene.across) < 0.2, 0.0, -3.0)
    hair, own = seeds["hair"].astype(np.float32) if hair is None else hair, None
    for turn in turns:
        train = (hair > 0.6) & (window.surface < 0.3) & window.shown
        if turn < 3:
            train &= ~seeds["like_skin"]
        if turn < 2:  # near the head first, or the colors drift
            train &= (level > 0.15) & (scene.far < 0.3) & (scene.ears < 0.3)
        if own is not None:
            train &= own > EVEN + 0.5
        train = train if train.sum() > 60 else hair > 0.6
        if train.sum() < 8:
            return np.zeros_like(hair)
        own = scene.density(train, COLOR.hair)
        rivals = list(others)
        clothes = seeds["clothes"] & (beside | ((own < EVEN + most) & ((hair < 0.5) | (turn == 0))))
        if clothes.sum() > 80:
            rivals.append(scene.density(clothes, COLOR.clothes) + np.log(np.clip(0.5 - level, 0.02, 1)))
        odds = np.clip(own - np.logaddexp.reduce(np.stack(rivals), 0), -COLOR.most, COLOR.most) + place
        odds = guided(scene.guide, np.clip(odds, -8, 8).astype(np.float32), SHAPE.smooth * window.face, SHAPE.smooth_eps)
        odds[~window.shown] = -8
        hair = _whole(scene, 1 / (1 + np.exp(-np.clip(odds, -8, 8))), seeds["anchor"], told)
    return hair


def _whole(
    scene: Scene, hair: np.ndarray, seeds: np.ndarray, told: np.ndarray | None = None, weights: ShapeWeights = SHAPE
) -> np.ndarray:
    """The chance without thin bridges, but for those that the part network is sure of, and without what is not connected to the
    seeds."""

    def opened(radius: float) -> np.ndarray:
        return cv2.morphologyEx((hair > 0.5).astype(np.uint8), cv2.MORPH_OPEN, disk(radius * scene.window.face))

    kept = np.where(scene.window.level < 0.5, opened(weights.bridge_low), opened(weights.bridge_high)) > 0
    if told is not None:
        kept |= told > FUSION.sure
        kept &= ~_others(scene, hair, told)
    hair = np.where((hair > 0.5) & ~kept, 0.4, hair)
    count, label = cv2.connectedComponents((hair > 0.5).astype(np.uint8))
    keep = np.bincount(label[seeds], minlength=count) > weights.island * seeds.sum()
    if told is not None:
        keep = (keep & ~_gleams(scene, label, count, told)) | _hangs(scene, label, count, told)
    keep[0] = False
    return np.where(keep[label] | (hair <= 0.5), hair, 0)


def _others(scene: Scene, hair: np.ndarray, told: np.ndarray) -> np.ndarray:
    """(H, W) bool: broad places beside the head that the part network doubts: the hair of somebody who touches it."""
    doubted = ((hair > 0.5) & (told < FUSION.other) & ~scene.head).astype(np.uint8)
    return cv2.morphologyEx(doubted, cv2.MORPH_OPEN, disk(FUSION.other_size * scene.window.face)) > 0


def _gleams(scene: Scene, label: np.ndarray, count: int, told: np.ndarray) -> np.ndarray:
    """(count,) bool: islands on the head that the part network doubts, beside a larger one: gleams on a bare scalp."""
    size = np.maximum(np.bincount(label.ravel(), minlength=count), 1)
    own = np.bincount(label.ravel(), told.ravel(), count) / size
    on_head = np.bincount(label[scene.head], minlength=count) / size
    largest = size >= size[1:].max(initial=0)
    return (own < 0.5) & (on_head > FUSION.on_head) & ~largest


def _hangs(scene: Scene, label: np.ndarray, count: int, told: np.ndarray) -> np.ndarray:
    """(count,) bool: islands of which the part network is sure; of black ones as a whole: they may be clothes, or shadow."""
    size = np.maximum(np.bincount(label.ravel(), minlength=count), 1)
    sure = np.bincount(label.ravel(), (told > FUSION.sure).ravel(), count) / size
    light = np.bincount(label.ravel(), scene.lab[..., 0].ravel(), count) / size
    mean = np.bincount(label.ravel(), told.ravel(), count) / size
    return (sure > FUSION.island) & ((light > FUSION.black) | (mean > SHAPE.black_told))


def _without_blackness(
    scene: Scene, hair: np.ndarray, seeds: np.ndarray, told: np.ndarray | None = None, weights: ShapeWeights = SHAPE
) -> np.ndarray:
    """The chance without what goes on past an ear where all is black: a shadow on the wall, clothes, a dark room.

    Long hair that is as black ends at the ear, too, unless the part network takes the whole piece for hair.
    """
    level, black = scene.window.level, np.zeros(hair.shape, bool)
    for side in (-1, 1):
        low = (level < weights.ear_top) & (scene.across * side > weights.ear_across)
        passage = low & (hair > 0.5) & (level > 0.0)
        if passage.sum() > 20 and np.median(scene.lab[passage][:, 0]) < weights.black:
            black |= low & (scene.far > 0)
    if told is not None:
        count, label = cv2.connectedComponents((black & (hair > 0.5)).astype(np.uint8))
        size = np.maximum(np.bincount(label.ravel(), minlength=count), 1)
        black &= (np.bincount(label.ravel(), told.ravel(), count) / size < weights.black_told)[label]
    return _whole(scene, np.where(black, np.minimum(hair, 0.1), hair), seeds, told) if black.any() else hair


def _beyond_photo(scene: Scene, hair: np.ndarray, weights: BorderWeights = BORDER) -> np.ndarray:
    """Beyond the photo: a coat as thick as the seen outline's."""
    window = scene.window
    if window.shown.all():
        return hair
    hair = np.where(_cut_off_beside(scene, hair, weights), 1, hair)
    inside = cv2.distanceTransform(scene.head.astype(np.uint8), cv2.DIST_L2, 5) / window.face
    distance = np.where(scene.head, -inside, scene.far)
    mask = ((hair > 0.5) & window.shown).astype(np.uint8)
    edge = (mask > 0) & (cv2.erode(mask, np.ones((3, 3), np.uint8)) == 0) & ~scene.head & (window.level > weights.coat_level)
    coat = np.clip(np.median(distance[edge]), *weights.coat_range) if edge.sum() > weights.outline else weights.coat
    scalp = (window.parts["scalp"] > weights.coat_scalp) | ~scene.head
    more = ~window.shown & (distance < coat) & scalp & (window.level > weights.coat_lowest)
    more = (more | (mask > 0)).astype(np.uint8)
    more = cv2.morphologyEx(more, cv2.MORPH_CLOSE, disk(weights.coat_gap * window.face)) > 0
    # The last pixels before the border are half the photo's: no slit between hair on both sides of it.
    inner = cv2.erode(window.shown.astype(np.uint8), np.ones((5, 5), np.uint8), borderValue=1) > 0
    return np.where(inner, hair, np.maximum(np.where(window.shown, hair, 0), more).astype(hair.dtype))


def _cut_off_beside(scene: Scene, hair: np.ndarray, weights: BorderWeights) -> np.ndarray:
    """(H, W) bool: scalp at the left or right border of a photo that cuts the head, as dark as its hair: networks and colors
    take so narrow a strip for a dark wall behind it."""
    window, light = scene.window, scene.features[..., 0]
    found = (hair > 0.5) & window.shown & scene.head
    if not found.any():
        return np.zeros(hair.shape, bool)
    absent = ~window.shown & window.shown.any(1, keepdims=True)
    side = 2 * round(weights.strip * window.face) + 1
    beside = cv2.dilate(absent.astype(np.uint8), np.ones((1, side), np.uint8)) > 0
    scalp = (window.parts["scalp"] > weights.strip_scalp) & (window.skin < weights.strip_skin)
    return beside & window.shown & scalp & (light < np.quantile(light[found], weights.strip_light))
