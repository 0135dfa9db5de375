"""All that grows on one head: hair, brows, lashes and beard, from its photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from ..head.model import HeadModel
from ..photo.mattes import HAIR, PERSON
from ..system.failures import of_view
from ..system.progress import SILENT, Progress
from ..texture.bare import bare_albedo
from ..types import Photo, Textures, View
from ..wire.hair_color import SCALP_SHARE
from ..wire.messages import say
from .closeup import make_closeup
from .covered import covered_skin
from .emerged import Solid, emerged
from .groom import groom_hair
from .mask import hair_mask
from .person import person_matte, window_parts
from .short import short_hair
from .short_masks import with_short_masks
from .short_match import as_painted
from .short_weights import MATCH
from .skin import at_rest, skin_triangles
from .types import Hair, HairMask, HairView, HairWarning, Strands, Tufts, Window, no_strands
from .window import make_window, matte_in_window

__all__ = ["build_hair", "found_hair"]


def build_hair(model: HeadModel, views: Sequence[View], textures: Textures, progress: Progress = SILENT) -> Hair:
    """The hair, brows, lashes and beard of a head.

    Args:
        views: the head's photos; the groom is made on the head as it is in the first.
        progress: may raise to cancel.
    """
    posed = [model.posed(view) for view in views]
    looking = progress.part(0.0, 0.4, "Finding the hair")
    seen = []
    for number, (view, vertices) in enumerate(zip(views, posed)):
        looking(number / len(views))
        with of_view(number):
            seen.append(found_hair(model, vertices, view))
    growing = progress.part(0.4, 1.0, "Growing the hair")
    growing(0.0)
    strands, style, measured = groom_hair(model, seen, posed[0], textures)
    tufts = {}
    if len(strands.points):
        tufts["hair"] = Tufts(strands, style)
    scalp_color = _scalp_color(strands)
    growing(0.6)
    short, lids = short_hair(model, seen, views, posed, textures)
    tufts.update({name: Tufts(*one) for name, one in short.items()})
    growing(0.8)
    covered = covered_skin(model, posed[0], {name: one.strands for name, one in tufts.items()}, lids)
    bare = bare_albedo(model, textures.albedo, covered, scalp_color) if covered else None
    if bare is not None:
        closeup, skin = make_closeup(model, posed[0], views[0]), skin_triangles(model)
        for name in MATCH.keys() & tufts.keys():
            tufts[name] = as_painted(closeup, skin, tufts[name], textures.albedo, bare, MATCH[name])
    tufts = _emerged(model, views[0], posed[0], tufts)
    strands = tufts["hair"].strands if "hair" in tufts else no_strands(0)
    growing(1.0)
    return Hair(
        tufts,
        scalp_color,
        bare,
        tuple(_on_photo(one, view.photo) for one, view in zip(seen, views)),
        _report(seen, strands, measured),
        tuple(_warnings(seen, measured)),
    )


def found_hair(model: HeadModel, posed: np.ndarray, view: View) -> HairView:
    """Where one photo shows hair, brows and beard.

    Args:
        posed: (N, 3) mm, the head as it is in this photo.
    """
    window = make_window(model, posed, view)
    return with_short_masks(model, posed, view, HairView(window, _mask(window, view)))


def _emerged(model: HeadModel, view: View, posed: np.ndarray, tufts: dict[str, Tufts]) -> dict[str, Tufts]:
    """The same, none of which lies in the head at rest: each strand is carried there with its root, and back."""
    skin, rest = skin_triangles(model), model.shape(view.coarse.identity) + view.mid.deformation
    solid, out = Solid(model, rest), {}
    for name, one in tufts.items():
        strands = emerged(replace(one.strands, points=at_rest(skin, one.strands, posed, rest)), solid)
        if len(strands.points):
            out[name] = one._replace(strands=replace(strands, points=at_rest(skin, strands, rest, posed)))
    return out


def _mask(window: Window, view: View) -> HairMask:
    """Where the photo shows hair: what the camera tells of people and hair goes before what is found."""
    person = matte_in_window(window, view.photo, PERSON)
    person = person_matte(window) if person is None else person
    return hair_mask(window, person, window_parts(window, view), matte_in_window(window, view.photo, HAIR))


def _scalp_color(strands: Strands) -> np.ndarray:
    """(3,) linear color of the skin between the roots; black, and of no use, where there is no hair."""
    if not len(strands.points):
        return np.zeros(3, np.float32)
    return (SCALP_SHARE * np.median(strands.color[:, 0], 0)).astype(np.float32)


def _on_photo(seen: HairView, photo: Photo) -> np.ndarray:
    """(H, W) uint8: the hair's alpha in pixels of the photo."""
    width, height = photo.size
    (x0, y0), scale = seen.window.origin, seen.window.scale
    # From pixel centres of the photo to pixel centres of the window.
    to_window = np.array([[scale, 0, scale * (0.5 - x0) - 0.5], [0, scale, scale * (0.5 - y0) - 0.5]])
    alpha = (np.clip(seen.mask.hair, 0, 1) * 255 + 0.5).astype(np.uint8)
    return cv2.warpAffine(
        alpha, to_window, (width, height), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_CONSTANT
    )


def _report(seen: Sequence[HairView], strands: Strands, measured: dict) -> dict:
    """What was seen, completed and guessed, as shares of the outer guides, and what was measured."""
    outer = strands.source[strands.layer == 0]
    shares = {
        name: round(float((outer == value).mean()), 3) if len(outer) else 0.0
        for value, name in ((2, "seen"), (1, "completed"), (0, "guessed"))
    }
    refusals = [view.mask.refusal for view in seen]
    return {
        "state": "grown" if len(strands.points) else next(filter(None, refusals), "none"),
        **measured,
        "guides": len(strands.points),
        **shares,
    }


def _warnings(seen: Sequence[HairView], measured: dict):
    refusals = {view.mask.refusal for view in seen}
    if "covered" in refusals:
        yield HairWarning(
            "hair_covered",
            say("A cap, a scarf or something else covers the hair, so none was grown. Use Hair from Another Head in Blender."),
        )
    elif "unclear" in refusals:
        yield HairWarning("hair_unclear", say("The photo does not show the hair clearly; what was grown is a guess. Check it."))
    elif measured.get("behind"):
        yield HairWarning(
            "hair_behind",
            say(
                "The hair lies tight, and the photo does not show whether it is tied behind the head; it was grown short there."
            ),
        )
