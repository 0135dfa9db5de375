"""What hair must hold, and what of it falls short."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..wire.language import local
from ..wire.messages import Message, say
from .hair_likeness import Likeness

__all__ = ["KNOWN", "MASKS", "PHOTOS", "STORED", "known", "likeness", "masks", "photos", "stored"]

PHOTOS = {
    "iou_mean": 0.88,
    "iou_least": 0.78,
    "flow_mean": 10.0,
    "depth_mm": 1.0,
    "bare_share": 0.02,
    "time_ratio": 1.0,
}
"""Photos: intersection over union of drawn hair and mask, on average and for each groomed photo; mean of the median angles
in degrees; largest depth of a strand in the head, mm; largest share of the drawn hair that lies over skin which the photo
shows bare (none; 2 % is what a mask's border leaves); median of the hair's time over that of the rest of the head."""
KNOWN = {
    "length_percent": 15.0,
    "color": 6.0,
    "unseen": 0.9,
    "bare_share": 0.02,
    "depth_mm": 1.0,
}
"""Known styles: median length error; median difference (CIEDE2000) of what known and rebuilt hair look like in the same light;
median share of the hair on the side that the photo does not show which is covered; largest share of roots on skin that the
photo shows bare; largest depth of a strand, mm."""
MASKS = {"iou_mean": 0.93, "count": 12}
"""Masks against drawn ones: mean intersection over union, and of how many at least."""
STORED = {"mask": 0.9, "turn": 15.0, "flow": 5.0, "bare_share": 0.02}
"""A photo stored in another way: least intersection over union of both masks; largest median angle between both's strands (10
degrees come of other random places alone where hair is rough), and by how much the angle to the photo may grow, degrees;
largest share of the hair on skin that the photo shows bare."""
_SHOWN = 4
"""Worst ones that are named."""


def _named(rows: list[dict], key: str, name: str, digits: int = 2) -> list[str]:
    return [f"{row[name]} {row[key]:.{digits}f}" for row in rows]


def _over(rows: list[dict], limits: dict[str, float], name: str) -> list[Message]:
    """What no single head may exceed."""
    short = []
    deep = [row for row in rows if row["depth_mm"] > limits["depth_mm"]]
    if deep:
        names = _named(deep, "depth_mm", name)
        short.append(say("strands lie more than {limit:g} mm inside the head: {names}", limit=limits["depth_mm"], names=names))
    bare = [row for row in rows if row["bare_share"] > limits["bare_share"]]
    if bare:
        names = _named(bare, "bare_share", name, 3)
        short.append(say("more than {limit:g} of the hair is on bare skin: {names}", limit=limits["bare_share"], names=names))
    return short


def photos(rows: list[dict], tell: Callable = print) -> list[Message]:
    """Tell the means of :func:`.hair_real.score_real`'s rows; what falls short of :data:`PHOTOS`."""
    short = [_failed(row["photo"], row) for row in rows if "failed" in row]
    good = [row for row in rows if "failed" not in row]
    groomed = [row for row in good if row["guides"]]
    if not groomed:
        return [*short, say("no photo got hair")]
    iou = np.array([row["iou"] for row in groomed])
    flow = float(np.nanmean([row["flow"] for row in groomed]))
    ratio = float(np.median([row["hair_s"] / max(row["total_s"] - row["hair_s"], 1e-3) for row in good]))
    color = float(np.nanmedian([row["color"] for row in groomed]))
    told = say(
        "{groomed} of {count} photos have hair: IoU {mean:.3f} (least {least:.2f}), flow {flow:.1f} degrees, color {color:.1f}, "
        "time {ratio:.2f} of the rest's",
        groomed=len(groomed),
        count=len(good),
        mean=float(iou.mean()),
        least=float(iou.min()),
        flow=flow,
        color=color,
        ratio=ratio,
    )
    tell(local(told))
    if iou.mean() < PHOTOS["iou_mean"]:
        short.append(
            say("silhouettes: IoU {mean:.3f} on average, wanted {limit:g}", mean=float(iou.mean()), limit=PHOTOS["iou_mean"])
        )
    low = [row for row in groomed if row["iou"] < PHOTOS["iou_least"]]
    if low:
        short.append(
            say("silhouettes: IoU under {limit:g}: {names}", limit=PHOTOS["iou_least"], names=_named(low, "iou", "photo"))
        )
    if not flow <= PHOTOS["flow_mean"]:
        short.append(say("flow: {mean:.1f} degrees on average, at most {limit:g} wanted", mean=flow, limit=PHOTOS["flow_mean"]))
    if ratio > PHOTOS["time_ratio"]:
        short.append(say("time: {ratio:.2f} of what the rest of the head takes", ratio=ratio))
    return short + _over(groomed, PHOTOS, "photo")


def _failed(name: str, row: dict) -> Message:
    return say("{name} could not be reconstructed: {reason}", name=name, reason=row["failed"])


def known(rows: list[dict], tell: Callable = print) -> list[Message]:
    """Tell the medians and the worst of :func:`.hair_known.score_known`'s rows; what falls short of :data:`KNOWN`."""
    good = [row for row in rows if "failed" not in row]
    haired = [row for row in good if row["kind"] != "bald"]
    short = [_failed(row["style"], row) for row in rows if "failed" in row]
    empty = [row["style"] for row in haired if not row["guides"] and row["kind"] != "buzz"]
    if empty:
        short.append(say("no hair was grown for: {names}", names=empty))
    grown = [row["style"] for row in good if row["kind"] == "bald" and row["guides"]]
    if grown:
        short.append(say("hair grows on bald heads: {names}", names=grown))
    bearded = [f"{row['style']} {row['beard']}" for row in good if row["beard"]]
    if bearded:
        short.append(say("beards grow on faces without one (guides): {names}", names=bearded))

    def middle(key: str) -> float:
        values = np.abs([row[key] for row in haired]) if haired else np.array([np.nan])
        return float(np.nanmedian(values)) if np.isfinite(values).any() else float("nan")

    keys = ("iou", "mask_iou", "flow", "unseen", "unseen_iou", "length_percent", "volume_mm", "color")
    median = {key: middle(key) for key in keys}
    told = say(
        "median of {count} styles: IoU {iou:.2f}, mask {mask_iou:.2f}, flow {flow:.1f} degrees, unseen side covered {unseen:.2f} "
        "(IoU {unseen_iou:.2f}), length {length_percent:.0f} %, volume {volume_mm:.1f} mm, color {color:.1f}",
        count=len(haired),
        **median,
    )
    tell(local(told))
    for key in keys:
        there = sorted(
            (row for row in haired if np.isfinite(row[key])), key=lambda row: abs(row[key]), reverse="percent" in key
        )
        if key in ("flow", "volume_mm", "color"):
            there.reverse()
        tell(local(say("worst {figure}: {names}", figure=key, names=_named(there[:_SHOWN], key, "style"))))
    if not median["length_percent"] <= KNOWN["length_percent"]:
        limit = KNOWN["length_percent"]
        short.append(
            say("length: median error {value:.0f} %, at most {limit:g} wanted", value=median["length_percent"], limit=limit)
        )
    if not median["color"] < KNOWN["color"]:
        short.append(
            say("color: median {value:.1f} CIEDE2000, under {limit:g} wanted", value=median["color"], limit=KNOWN["color"])
        )
    if not median["unseen"] >= KNOWN["unseen"]:
        short.append(
            say(
                "unseen side: median cover {value:.2f}, at least {limit:g} wanted",
                value=median["unseen"],
                limit=KNOWN["unseen"],
            )
        )
    return short + _over(haired, KNOWN, "style")


def masks(rows: list[dict], tell: Callable = print) -> list[Message]:
    """Tell the rows of :func:`.hair_masks.score_masks`; what falls short of :data:`MASKS`."""
    tell(f"{'drawn':20} {'IoU':>5} {'prec':>5} {'rec':>5}")
    for row in rows:
        numbers = " ".join("    -" if row[key] is None else f"{row[key]:5.2f}" for key in ("iou", "precision", "recall"))
        tell(f"{row['name']:20} {numbers}  {row['refusal']}")
    scored = [row for row in rows if row["iou"] is not None]
    mean = float(np.mean([row["iou"] for row in scored])) if scored else 0.0
    tell(local(say("{count} drawn masks: IoU {mean:.3f} on average", count=len(scored), mean=mean)))
    short = []
    if len(scored) < MASKS["count"]:
        short.append(say("masks: only {count} drawn ones were compared, of {least}", count=len(scored), least=MASKS["count"]))
    if mean < MASKS["iou_mean"]:
        short.append(say("masks: IoU {mean:.3f} with the drawn ones, wanted {limit:g}", mean=mean, limit=MASKS["iou_mean"]))
    wrong = [row["name"] for row in rows if row["refusal"] != row["expected"]]
    if wrong:
        short.append(say("masks: refused or accepted wrongly: {names}", names=wrong))
    return short


def stored(rows: list[dict], tell: Callable = print) -> list[Message]:
    """Tell the means of :func:`.hair_stored.score_stored`'s rows for each way of storing; what falls short of :data:`STORED`."""
    plain = {row["photo"]: row for row in rows if row["stored"] == "plain"}
    changed = [row for row in rows if row["stored"] != "plain" and "failed" not in row]
    short = [_failed(f"{row['photo']} ({row['stored']})", row) for row in rows if "failed" in row]
    for way in dict.fromkeys(row["stored"] for row in changed):
        same = [row for row in changed if row["stored"] == way and "flow" in row]
        if same:
            mean = {
                key: float(np.nanmean([row[key] for row in same])) for key in ("mask", "cover", "turn", "iou", "flow", "bare")
            }
            told = say(
                "{way}: masks {mask:.3f} and strands {cover:.3f} over each other, turned by {turn:.1f} degrees; "
                "IoU {iou:.3f}, flow {flow:.1f}, bare {bare:.3f}",
                way=way,
                **mean,
            )
            tell(local(told))

    wrong = [f"{row['photo']} ({row['stored']})" for row in changed if _changed(row, plain[row["photo"]])]
    if wrong:
        short.append(say("stored in another way, these get other hair: {names}", names=wrong))
    return short


def _changed(row: dict, plain: dict) -> bool:
    """Whether the hair of a photo that is stored in another way is not that of the plain one, by :data:`STORED`."""
    if row["refusal"] != plain["refusal"] or row["mask"] < STORED["mask"] or row.get("bare", 0.0) > STORED["bare_share"]:
        return True
    return row["turn"] > STORED["turn"] or row.get("flow", 0.0) > plain.get("flow", 90.0) + STORED["flow"]


def likeness(told: dict[str, Likeness], tell: Callable = print) -> list[Message]:
    """Tell the distances of photos by name; where hair makes heads less like their photos."""
    tell(f"{'':16} {'bald':>6} {'haired':>6}")
    for name, one in told.items():
        tell(f"{name:16} {' '.join('     -' if value is None else f'{value:6.3f}' for value in one)}")
    both = {name: one for name, one in told.items() if None not in one}
    lost = [name for name, one in told.items() if one.haired is None and one.bald is not None]
    short = [say("likeness: no face is found with hair: {names}", names=lost)] if lost else []
    if not both:
        return [*short, say("likeness: no face was found in any pair")]
    bald, haired = (float(np.mean([getattr(one, key) for one in both.values()])) for key in ("bald", "haired"))
    tell(
        local(
            say(
                "distance of {count} heads from their photos: {bald:.3f} bald, {haired:.3f} with hair",
                count=len(both),
                bald=bald,
                haired=haired,
            )
        )
    )
    worse = [f"{name} {one.bald:.3f} → {one.haired:.3f}" for name, one in both.items() if one.haired > one.bald]
    if worse:
        short.append(say("likeness: farther from the photo with hair: {names}", names=worse))
    if haired >= bald:
        short.append(say("likeness: not nearer to the photos with hair on average"))
    return short
