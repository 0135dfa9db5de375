"""Figures per group of people: the shape of babies, children, the elderly, heavy and thin people, and the skin's color by its
tone.

People of a group differ from each other as adults do; what the group differs in comes from the same data as what the fit
believes about it, so these figures are flattered.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ..fit import fit_coarse, fit_mid
from ..fit.coarse.population import load_people
from ..head.model import HeadModel
from ..photo import Landmarker
from ..synthetic.anatomy import Anatomy
from ..synthetic.dataset import face_vertices
from ..synthetic.groups import GROUPS, group_axes, shares
from ..synthetic.heads import SampledHead, sample_person
from ..synthetic.render import Renderer, Shot, brightness, develop
from ..texture import build_textures
from ..types import Photo, View
from ..wire.color import linear_to_srgb, srgb_to_linear
from ..wire.columns import row as table_row
from ..wire.language import local
from ..wire.messages import as_message, say
from ..wire.settings import Settings
from .ciede2000 import color_difference
from .generated import face_distance
from .stages import fit_stages

__all__ = ["TONES", "Tone", "score_groups", "score_tones"]

_SEED = 1616
"""Seed of the people; it is not a seed of the training data."""
_SIDE = 480
"""Side of the photos, pixels."""
_MARGIN = 2.4
"""Side of a photo over that of the face's box."""
_COLUMNS = (10, -7, -10, -8, -8, -6)
"""Width of the columns of a table."""


class Tone(NamedTuple):
    """A tone of skin."""

    name: str
    lab: tuple[float, float, float]
    """L*a*b* of the skin."""

    @property
    def linear(self) -> np.ndarray:
        """(3,) linear sRGB."""
        return srgb_to_linear(cv2.cvtColor(np.float32([[self.lab]]), cv2.COLOR_LAB2RGB)[0, 0]).astype(float)


TONES = (
    Tone("I", (73, 8, 14)),
    Tone("II", (68, 10, 16)),
    Tone("III", (62, 12, 18)),
    Tone("IV", (55, 14, 19)),
    Tone("V", (44, 14, 18)),
    Tone("VI", (31, 11, 11)),
)
"""Fitzpatrick's types, by the middles of the classes of the individual typology angle, arctan((L* - 50) / b*): 59, 48, 34, 15,
-18 and -60 degrees (Chardon et al., *Skin colour typology and suntanning pathways*, 1991, and later tables)."""

_CARD = TONES[2]
"""The tone by which photos are exposed."""


def score_groups(model: HeadModel, count: int, stages: tuple[str, ...], settings: Settings) -> list[dict]:
    """Print and return the errors of the shape for `count` people of each group."""
    renderer, anatomy, landmarker, rows = Renderer(model), Anatomy(model), Landmarker(), []
    people, axes, face = load_people(model), group_axes(model), face_vertices(model)
    heads = [say("group"), say("photos"), say("mean head"), *(as_message(stage) for stage in stages), say("ratio")]
    print(table_row(*zip(map(local, heads), _COLUMNS)))
    for place, group in enumerate(GROUPS):
        some = []
        for number in range(count):
            rng = np.random.default_rng([_SEED, place, number])
            head = sample_person(model, rng, anatomy, people, group=np.tensordot(shares(group), axes, 1))
            shot = renderer.shoot(head, rng, side=round(_SIDE * 1.15), margin=_MARGIN, varied=True)
            photo = Photo(develop(shot, rng, side=_SIDE, varied=True), "person", "0" * 64, None)
            faces = landmarker.detect(photo)
            if not faces:
                continue
            row = {"group": group.name, "mean_head": face_distance(model, head.posed, model.template, face)}
            for stage, (vertices, _) in fit_stages(model, photo, faces[0], stages, settings).items():
                row[stage] = face_distance(model, head.posed, vertices, face)
            some.append(row)
        rows += some
        if some:
            means = [float(np.mean([row[name] for row in some])) for name in ("mean_head", *stages)]
            cells = [local(as_message(group.name)), str(len(some)), *(f"{mean:.2f}" for mean in means)]
            print(table_row(*zip([*cells, f"{means[-1] / means[0]:.2f}"], _COLUMNS)), flush=True)
    return rows


def score_tones(model: HeadModel, count: int, settings: Settings) -> list[dict]:
    """Print and return how far the skin in the albedo is from the true one (CIEDE2000), for `count` lights on each tone.

    All tones get the same lights and the same exposure, as if by a card in the middle one's brightness.
    """
    renderer, anatomy, landmarker, rows = Renderer(model), Anatomy(model), Landmarker(), []
    people = load_people(model)
    heads = [say("skin tone"), say("photos"), say("difference"), say("lightness")]
    print(table_row(*zip(map(local, heads), _COLUMNS)))
    for tone in TONES:
        some = []
        for number in range(count):
            head = sample_person(model, np.random.default_rng([_SEED, 100, number]), anatomy, people)
            card, shot = (_toned(renderer, head, one, number) for one in (_CARD, tone))
            pixels = develop(
                shot, np.random.default_rng([_SEED, 102, number]), side=_SIDE, level=brightness(card.light, card.hit)
            )
            photo = Photo(pixels, "person", "0" * 64, None)
            faces = landmarker.detect(photo)
            if not faces:
                continue
            color = _skin_color(model, photo, faces[0], settings)
            lightness = (
                cv2.cvtColor(linear_to_srgb(color)[None, None].astype(np.float32), cv2.COLOR_RGB2LAB)[0, 0, 0] - tone.lab[0]
            )
            some.append({"tone": tone.name, "difference": color_difference(color, tone.linear), "lightness": float(lightness)})
        rows += some
        if some:
            means = [float(np.mean([row[name] for row in some])) for name in ("difference", "lightness")]
            print(table_row(*zip([tone.name, str(len(some)), f"{means[0]:.1f}", f"{means[1]:+.1f}"], _COLUMNS)), flush=True)
    return rows


def _toned(renderer: Renderer, head: SampledHead, tone: Tone, number: int) -> Shot:
    """The head with a tone of skin in light number `number`."""
    rng = np.random.default_rng([_SEED, 101, number])
    return renderer.shoot(head, rng, side=round(_SIDE * 1.15), margin=_MARGIN, skin=tuple(tone.linear))


def _skin_color(model: HeadModel, photo: Photo, observation, settings: Settings) -> np.ndarray:
    """(3,) linear: median of the albedo over the seen skin of the face."""
    coarse, mid = fit_mid(model, photo, observation, fit_coarse(model, photo, observation, settings), settings)
    textures = build_textures(model, [View(photo, observation, coarse, mid)], settings)
    place = np.zeros((len(model.template), 2))
    place[model.faces] = model.uv
    seen = face_vertices(model)
    seen = seen[(model.part("skin", "nose")[seen] > 0.9) & (textures.vertex_confidence[seen] > 0.8)]
    column, row = np.clip(place[seen] * [1, -1] + [0, 1], 0, 1 - 1e-6).T * len(textures.albedo)
    return np.median(srgb_to_linear(textures.albedo[row.astype(int), column.astype(int)] / np.float32(255)), 0)
