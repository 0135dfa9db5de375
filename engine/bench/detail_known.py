"""Pairs with and without relief through the pipeline: what comes back of the relief, and what comes of none."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence

import numpy as np

from ..wire.errors import HrnError
from ..wire.settings import Settings
from .detail_bands import BANDS
from .detail_measure import Detail, detail_of, false_relief, known_relief, solved, strength
from .detail_pairs import NEGATIVES, Pair, PairStudio

__all__ = ["HELD_OUT", "TUNING", "negatives_of", "score_pairs", "summary", "table"]

TUNING = 17_000
"""Seed of heads that may be looked at and tuned on."""
HELD_OUT = 17_900
"""Seed of heads that are looked at only to judge what is finished."""
TURNS = (30, -30)
"""Degrees by which a person turns for the second and the third photo."""


def negatives_of(number: int, every: bool) -> tuple[str, ...]:
    """Pictures of a head without wrinkles that are tried besides the plain one: all, or two, in turn."""
    others = NEGATIVES[1:]
    if every:
        return others
    # Six heads show the six lights: the turn differs from theirs, so that each picture meets other lights later.
    start = number + number // len(others)
    return others[start % len(others)], others[(start + 3) % len(others)]


def score_pairs(
    studio: PairStudio,
    seed: int,
    numbers: range,
    every: bool,
    settings: Settings,
    tell: Callable[[str], object],
    several: bool = False,
) -> list[dict]:
    """One row for each head of `numbers`, told as they come; a head that the product cannot fit has ``failed``.

    Args:
        every: all pictures without wrinkles. several: three photos of each head, measured in the first; of those without
            wrinkles the plain ones alone.
    """
    rows = []
    for number in numbers:
        others = () if several else negatives_of(number, every)
        pair = studio.pair(seed, number, others)
        turned = [studio.pair(seed, number, (), turn) for turn in TURNS] if several else []
        try:
            row = _scored(pair, others, settings, turned)
        except HrnError as failure:
            row = {"failed": failure.message}
        rows.append({"head": number, "light": pair.light, **row})
        tell(_line(rows[-1]))
    return rows


def _scored(pair: Pair, others: tuple[str, ...], settings: Settings, turned: Sequence[Pair]) -> dict:
    def detail(name: str) -> Detail:
        photos = [one.photo(name) for one in (pair, *turned)]
        found = solved(photos, settings)
        # Photos of a kind have one name.
        number = [view.photo.sha256 for view in found.views].index(hashlib.sha256(photos[0].read_bytes()).hexdigest())
        return detail_of(found, pair.per_mm, number)

    wrinkled, plain = detail("wrinkled"), detail("plain")
    row = {"known": known_relief(pair, wrinkled), "with": strength(pair, wrinkled), "without": strength(pair, plain)}
    row["false"] = {"plain": false_relief(pair, plain), **{name: false_relief(pair, detail(name)) for name in others}}
    return row


def _line(row: dict) -> str:
    if "failed" in row:
        return f"{row['head']:4} {row['light']:9} {row['failed']}"
    known = row["known"]
    bands = "  ".join(f"{known[band]['corr']:5.2f} ({known[band]['folds']:5.2f})" for band in BANDS)
    false = ", ".join(f"{name} {value['degrees']:.2f}" for name, value in row["false"].items())
    return (
        f"{row['head']:4} {row['light']:9} {bands}  {known['smooth_degrees']:5.2f} -> {known['relief_degrees']:5.2f}  "
        f"{row['with']['6-20']:.3f} / {row['without']['6-20']:.3f}  {false}"
    )


def summary(rows: list[dict]) -> dict:
    """Means over the heads that could be fitted."""
    good = [row for row in rows if "failed" not in row]

    def mean(values: list[float]) -> float:
        real = [value for value in values if not math.isnan(value)]
        return float(np.mean(real)) if real else math.nan

    known: dict = {
        band: {name: mean([row["known"][band][name] for row in good]) for name in ("corr", "folds", "gain", "true", "found")}
        for band in BANDS
    }
    for name in ("smooth_degrees", "relief_degrees"):
        known[name] = mean([row["known"][name] for row in good])
    known["ratio"] = known["relief_degrees"] / known["smooth_degrees"]
    strong = {name: mean([row[name]["6-20"] for row in good]) for name in ("with", "without")}
    false = {
        name: mean([row["false"][name]["degrees"] for row in good if name in row["false"]])
        for name in NEGATIVES
        if any(name in row["false"] for row in good)
    }
    lights = {
        light: {band: mean([row["known"][band]["corr"] for row in good if row["light"] == light]) for band in BANDS}
        for light in dict.fromkeys(row["light"] for row in good)
    }
    return {
        "heads": len(good),
        "failed": len(rows) - len(good),
        "known": known,
        "specific": strong["with"] / max(strong["without"], 1e-9),
        "false": false,
        "lights": lights,
    }


def table(figures: dict) -> str:
    """The summary in Markdown."""
    known = figures["known"]
    lines = [
        "| | 6-20 mm | 2-6 mm | < 2 mm |",
        "|---|---|---|---|",
        *(
            f"| {title} | " + " | ".join(f"{known[band][name]:.{digits}f}" for band in BANDS) + " |"
            for title, name, digits in (
                ("correlation", "corr", 2),
                ("correlation in folds", "folds", 2),
                ("gain", "gain", 2),
                ("true rms, mm", "true", 3),
                ("found rms, mm", "found", 3),
            )
        ),
        *(f"| correlation, {light} | " + " | ".join(f"{one[band]:.2f}" for band in BANDS) + " |" for light, one in figures["lights"].items()),
        "",
        f"relief normals: smooth fit {known['smooth_degrees']:.2f} degrees, with detail {known['relief_degrees']:.2f} "
        f"({known['ratio']:.2f} x); 6-20 mm with wrinkles over without: {figures['specific']:.2f} x; "
        f"heads: {figures['heads']}, not fitted: {figures['failed']}",
        "",
        "| false normals, degrees | " + " | ".join(figures["false"]) + " |",
        "|---|" + "---|" * len(figures["false"]),
        "| mean | " + " | ".join(f"{value:.2f}" for value in figures["false"].values()) + " |",
    ]  # fmt: skip
    return "\n".join(lines)
