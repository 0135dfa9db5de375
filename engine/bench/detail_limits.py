"""What detail has to reach, and what falls short of it."""

from __future__ import annotations

import math

from ..wire.messages import Message, say
from .detail_bands import BANDS

__all__ = ["short_of_heads", "short_of_likeness", "short_of_pairs"]

_CORRELATION = {"6-20": 0.48, "2-6": 0.45, "<2": 0.35}
"""Least mean correlation with known relief by band."""
_IN_FOLDS = {"6-20": 0.62, "2-6": 0.55, "<2": 0.45}
"""The same where folds are."""
_NORMALS = 0.90
"""Most of the smooth fit's error of normals that is left where relief is known."""
_SPECIFIC = 1.7
"""Least deviation of 6-20 mm with wrinkles over that without."""
_FALSE_DEGREES = 1.0
"""Most that normals of heads without relief turn."""
_WRINKLED = "d07"
"""The benchmark head with wrinkles."""
_WRINKLED_CORRELATION = {"6-20": 0.25, "2-6": 0.25}
"""Least mean correlation on it."""

_SAME_DEGREES = 0.01
"""Change of normals, degrees, below which a head counts as good as before."""
_LESS_LIKE = 0.02
"""Most by which detail may make a head less like its photo, in the recogniser's distance."""


def short_of_pairs(figures: dict) -> list[Message]:
    """Sentences on what :func:`.detail_known.summary` falls short of."""
    short = _failed(figures["failed"])
    for band in BANDS:
        for name, where, limits in (("corr", say("skin"), _CORRELATION), ("folds", say("folds"), _IN_FOLDS)):
            short += _least(
                say("correlation in {band} mm, {where}", band=band, where=where), figures["known"][band][name], limits[band]
            )
    short += _most(say("relief normals over the smooth fit's"), figures["known"]["ratio"], _NORMALS)
    short += _least(say("6-20 mm with wrinkles over without"), figures["specific"], _SPECIFIC)
    for name, degrees in figures["false"].items():
        short += _most(say("false normals, {picture}", picture=name), degrees, _FALSE_DEGREES)
    return short


def short_of_heads(rows: list[dict]) -> list[Message]:
    """Sentences on what benchmark heads fall short of; their photos count together."""
    short = _failed(sum("failed" in row for row in rows))
    rows = [row for row in rows if "failed" not in row]
    for head in dict.fromkeys(row["head"] for row in rows):
        some = [row for row in rows if row["head"] == head]

        def mean(*path: str) -> float:
            values = some
            for name in path:
                values = [row[name] for row in values]
            return sum(values) / len(values)

        if head == _WRINKLED:
            for band, limit in _WRINKLED_CORRELATION.items():
                short += _least(say("correlation in {band} mm, {where}", band=band, where=head), mean(band, "corr"), limit)
        limit = mean("smooth_degrees") + _SAME_DEGREES
        short += _most(say("normals of {head}, degrees", head=head), mean("detail_degrees"), limit)
    return short


def short_of_likeness(rows: list[dict]) -> list[Message]:
    """Sentences on the rows of :func:`.detail_likeness.score_likeness`: no photo much worse, better on average."""
    short = []
    for view in ("front", "turned"):
        gains = {row["photo"]: row[view][1] - row[view][0] for row in rows if None not in row[view]}
        for photo, gain in gains.items():
            short += _most(say("less like {photo}, {view}", photo=photo, view=view), gain, _LESS_LIKE)
        if gains:
            short += _most(say("less like on average, {view}", view=view), sum(gains.values()) / len(gains), 0.0)
    return short


def _failed(count: int) -> list[Message]:
    return [say("photos that no head came of: {count}", count=count)] if count else []


def _least(what: Message, value: float, limit: float) -> list[Message]:
    good = not math.isnan(value) and value >= limit
    return [] if good else [say("{what}: {value:.2f}, at least {limit:.2f}", what=what, value=value, limit=limit)]


def _most(what: Message, value: float, limit: float) -> list[Message]:
    good = not math.isnan(value) and value <= limit
    return [] if good else [say("{what}: {value:.2f}, at most {limit:.2f}", what=what, value=value, limit=limit)]
