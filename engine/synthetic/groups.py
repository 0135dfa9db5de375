"""Groups of people by age and weight, by the head's own data: what an average baby, child or heavy person differs in from an
average adult.

MakeHuman blends whole bodies of one, ten, twenty-five and ninety years; weight moves the head by sliders of its own. A
person of a group is a person (:func:`.heads.sample_person`) with the group's difference on top.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..geometry.similarity import similarity
from ..head.build import CHIN_HEIGHT
from ..head.identity import GENDERS, RACES
from ..head.makehuman import MM_PER_UNIT, data_root, read_base_mesh, read_target
from ..head.model import MATERIALS, HeadModel
from ..head.topology import cut_head

__all__ = ["AXES", "GROUPS", "MALE", "Group", "draw_group", "group_axes", "shares"]

_YEARS = (1.0, 10.0, 25.0, 90.0)
"""Years of MakeHuman's macro targets for age ..."""
_AGES = ("baby", "child", "young", "old")
"""... and their names."""
_FAT = {
    "head/head-fat-{}": 1.0,
    "neck/neck-double-{}": 0.8,
    "cheek/l-cheek-volume-{}": 0.5,
    "cheek/r-cheek-volume-{}": 0.5,
}
"""Sliders of the head by which weight shows, each with its share of the full deflection for a very heavy or thin person."""


class Group(NamedTuple):
    """Kind of people."""

    name: str
    years: float
    """Age."""
    fat: float = 0.0
    """Weight: -1 for very thin, 1 for heavy."""
    male: float = 0.5
    """Share of men in its average."""


_ADULT = Group("adult", 35)
"""The group from which the others differ: the average of scanned people is near it."""

AXES = (
    Group("baby", 1),
    Group("child", 10),
    Group("old", 90),
    Group("heavy", _ADULT.years, 1.0),
    Group("thin", _ADULT.years, -1.0),
)
"""Groups between which and the adult all others lie."""

MALE = Group("male", _ADULT.years, male=1.0)
"""The average man; women differ from the average adult by the opposite."""

GROUPS = (
    Group("baby", 1),
    Group("child", 6),
    Group("teen", 15),
    _ADULT,
    Group("elderly", 80),
    Group("heavy", 45, 1.0),
    Group("very thin", 45, -1.0),
)
"""Groups for which figures are printed."""


def shares(group: Group) -> np.ndarray:
    """(5,) how much of each of :data:`AXES` a group has; nothing of any is an adult of 35 years."""
    years = [axis.years for axis in AXES[:2]] + [_ADULT.years, AXES[2].years]
    baby, child, _, old = (np.interp(group.years, years, one) for one in np.eye(4))
    return np.array([baby, child, old, max(group.fat, 0), max(-group.fat, 0)])


def draw_group(rng: np.random.Generator) -> Group:
    """Somebody's age and weight: as many children and old people as others, every weight."""
    kind = rng.random()
    if kind < 0.4:
        years = np.exp(rng.uniform(np.log(0.8), np.log(20)))
    else:
        years = rng.uniform(20, 60) if kind < 0.75 else rng.uniform(60, 90)
    return Group("drawn", years, rng.normal(0, 0.1) if rng.random() < 0.4 else rng.uniform(-1.1, 1.1))


def group_axes(model: HeadModel, groups: Sequence[Group] = AXES) -> np.ndarray:
    """(G, N, 3) mm: what the average head of each group differs in from an adult's, without its size.

    Raises:
        HrnError: MODEL_MISSING when the data of the head are absent or damaged.
    """
    root = data_root()
    mesh = read_base_mesh(root)
    head = cut_head(mesh)
    count, base = len(mesh.vertices), mesh.vertices[head.source] * MM_PER_UNIT
    skin = np.unique(model.faces[model.face_material == MATERIALS.index("skin")])
    above_neck = skin[base[skin, 1] > CHIN_HEIGHT]

    def placed(group: Group, towards: np.ndarray) -> np.ndarray:
        whole = np.zeros((count, 3))
        for name, share in _targets(group).items():
            vertices, offsets = read_target(root / "mpfb2" / "targets" / f"{name}.target.gz", count)
            whole[vertices] += share * offsets
        shape = base + whole[head.source] * MM_PER_UNIT
        scale, R, t = similarity(shape[above_neck], towards[above_neck])
        return scale * shape @ R.T + t

    adult = placed(_ADULT, model.template.astype(float))
    return np.array([placed(group, adult) - adult for group in groups])


def _targets(group: Group) -> dict[str, float]:
    """Names of MakeHuman's targets without ending -> weights."""
    found: dict[str, float] = {}
    for number, age in enumerate(_AGES):
        share = float(np.interp(group.years, _YEARS, np.eye(len(_AGES))[number]))
        for gender, part in zip(GENDERS, (group.male, 1 - group.male)):
            for race in RACES:
                found[f"macrodetails/{race}-{gender}-{age}"] = share * part / len(RACES)
    for name, share in _FAT.items():
        found[name.format("incr" if group.fat > 0 else "decr")] = share * abs(group.fat)
    return {name: share for name, share in found.items() if share > 0}
