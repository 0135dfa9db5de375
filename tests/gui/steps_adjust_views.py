"""Adjust Mode with several photos of one head: a pin in each, dragged at a measured rate, a mask, undone, saved, opened, continued."""

from __future__ import annotations

import math
import shutil
import time
from pathlib import Path

from steps_adjust import OPEN_AGAIN, answered, drag, enter, painted_mask, picture
from window import CHECKOUT, LOOK_FOR_ENGINE, Window, expect

__all__ = ["several_corrected_by_hand"]

THREE_VIEWS = CHECKOUT.parent / "shared" / "photos" / "multi_3view" / "0033107"
"""Real photos of one head from three sides, on a developer's machine; elsewhere three crops of the engine's portrait stand in."""
CROPS = {"front.png": ("512x512+0+0", 0), "near.png": ("400x400+20+0", 0), "tilted.png": ("440x440+10+0", 6)}
"""Name -> crop of the portrait and degrees by which it is turned."""
PINNED = (172, 397, 4)
"""MediaPipe's landmarks that are pinned: the jaw on both sides and the tip of the nose."""
ROUNDS = 60
"""Places that the mouse is moved through in a drag whose rate is measured."""
SMOOTH_S = 1 / 15
"""Processor seconds that the add-on may need for a move of the mouse, its preview and its drawing: a machine without a GPU spends
as much again on Blender's own drawing, in other threads."""
CONTRADICTING = """
import dataclasses, sys
correct = sys.modules['bl_ext.user_default.hrn_blender.state.correct']
head = bpy.context.view_layer.objects.active
pins = correct.pins_of_head(head)
x, y = pins.pins[-1].pixel
correct.set_pins(head, pins.added(dataclasses.replace(pins.pins[-1], pixel=(x + 25, y))))
correct.refit_or_say(head)
"""
"""The last pin's point is pinned once more, 25 pixels beside it."""
SHIFT = 5
"""Pixels of the window by which pins are moved."""


def several_corrected_by_hand(window: Window, engine: dict[str, str], docs: Path | None) -> None:
    """A head of three photos, corrected in two of them."""
    folder = window.work / "three"
    folder.mkdir()
    names = _photos(window, folder, bool(docs))
    heads = len(window.state()["heads"])
    window.order(stop_engine=None, environment=engine, python=LOOK_FOR_ENGINE)
    window.order(
        settings={"hair": False, "texture_size": "1024"},
        python=f"session.choose({[window.inside(folder / name) for name in names]!r}); bpy.ops.hrn.reconstruct()",
    )
    begun = time.monotonic()
    window.wait("the head of the first photo", lambda s: s["drafts"] or s["notice"] or len(s["heads"]) > heads, 120)
    print(f"      the first photo's shape stands there after {time.monotonic() - begun:.1f} s, models cold", flush=True)
    window.shot("three_early")
    state = window.wait("a head of three photos", lambda s: len(s["heads"]) > heads or s["notice"], 400)
    expect(not state["notice"], f"no error is shown ({state['notice']})")
    window.screen.move(500, 500)
    window.order(spots=list(PINNED))
    enter(window)
    state = window.state()
    expect(state["adjust"]["photo"] == 0, "the first photo is shown first")
    expect(state["hidden"] == state["cameras"] - 1, "no other camera stands before it")
    window.shot("three_first")

    _drag_smoothly(window, PINNED[0])
    window.wait("a pin", lambda s: s["adjust"]["pins"] == 1, 30)
    state = answered(window)
    expect(not state["notice"], f"the engine takes a pin of the first photo ({state['notice']})")
    _turn(window, "Page_Down", 1)
    window.shot("three_second")
    drag(window, PINNED[1], (SHIFT, 0))
    window.wait("two pins", lambda s: s["adjust"]["pins"] == 2, 30)
    state = answered(window)
    expect(not state["notice"], f"the engine takes a pin of the second photo ({state['notice']})")
    drag(window, PINNED[2], (0, -SHIFT / 2))
    window.wait("three pins", lambda s: s["adjust"]["pins"] == 3, 30)
    answered(window)
    window.shot("three_second_pinned")
    picture(window, docs, "correct_second.png")
    window.order(python=CONTRADICTING)
    state = answered(window)
    said = state["adjust"]["said"]
    expect(state["adjust"]["pins"] == 4 and any("near it" in one for one in said), f"pins that stay off are told of: {said}")
    window.shot("three_missed")
    picture(window, docs, "correct_missed.png")
    window.screen.key("ctrl+z")
    window.wait("three pins", lambda s: s["adjust"]["pins"] == 3, 30)
    state = answered(window)
    expect(not state["adjust"]["said"], f"without that one all are met ({state['adjust']['said']})")
    places = _places(window)
    _turn(window, "Page_Up", 0)
    window.shot("three_first_again")
    _turn(window, "Page_Down", 1)
    moved = max(math.dist(places[key], place) for key, place in _places(window).items())
    expect(moved < 1.5, f"the second photo shows the head as before the turn ({moved:.1f} pixels)")

    window.screen.key("ctrl+z")
    window.wait("two pins", lambda s: s["adjust"]["pins"] == 2, 30)
    answered(window)
    window.screen.key("Escape")
    window.wait("the mode to end", lambda s: not s["adjust"]["on"], 20)
    expect(window.state()["hidden"] == 0, "the other cameras are there again")
    state = window.wait("new maps", lambda s: not s["adjust"]["texture_old"] or s["notice"], 400)
    expect(not state["notice"], f"the texture of three photos follows ({state['notice']})")
    painted_mask(window, None)

    path = window.inside(window.work / "three.blend")
    window.order(python=OPEN_AGAIN.format(path=path))
    window.screen.move(500, 500)
    enter(window)
    expect(window.state()["adjust"]["pins"] == 2, "the pins of both photos are there again after saving and opening")
    drag(window, PINNED[2], (0, SHIFT / 2))
    window.wait("three pins", lambda s: s["adjust"]["pins"] == 3, 30)
    state = answered(window)
    expect(not state["notice"] and state["adjust"]["painted"] > 50, f"it goes on from there ({state['notice']})")
    window.shot("three_continued")
    window.screen.key("Escape")
    window.wait("the mode to end", lambda s: not s["adjust"]["on"], 20)


def _photos(window: Window, folder: Path, shown: bool) -> list[str]:
    """Three photos of one head in a folder inside the throwaway system; their names.

    Args:
        shown: pictures are made for the documentation, which may show the portrait only.
    """
    if THREE_VIEWS.is_dir() and not shown:
        for photo in THREE_VIEWS.glob("*.png"):
            shutil.copyfile(photo, folder / photo.name)
        return sorted(photo.name for photo in folder.iterdir())
    source = window.inside(next((window.work / "photos").iterdir()))
    for name, (crop, degrees) in CROPS.items():
        window.screen.run("convert", source, "-crop", crop, "+repage", "-distort", "SRT", degrees, window.inside(folder / name))
    return list(CROPS)


def _turn(window: Window, key: str, photo: int) -> None:
    window.screen.key(key)
    window.wait("the other photo", lambda s: s["adjust"]["photo"] == photo and s["adjust"]["spots"], 20)
    window.keep_up()
    expect(True, f"{key} shows photo {photo + 1}")


def _places(window: Window) -> dict[str, list[float]]:
    window.keep_up()
    return window.state()["adjust"]["spots"]


def _drag_smoothly(window: Window, landmark: int) -> None:
    """Drag a pin in many small moves, and see how fast the mesh follows."""
    x, y = window.state()["adjust"]["spots"][str(landmark)]
    for place in ((x - 2, y - 2), (x, y)):
        window.screen.move(*place)
    window.keep_up()
    window.order(rate=True)
    window.screen.run("xdotool", "mousedown", 1)
    window.keep_up()
    begun = time.monotonic()
    moves = []
    for number in range(1, ROUNDS + 1):
        place = x + SHIFT * number / ROUNDS, y + 2 * math.sin(number)
        moves += ["mousemove", *(round(value) for value in place), "sleep", "0.03"]
    window.screen.run("xdotool", *moves)
    seconds = time.monotonic() - begun
    window.keep_up()
    rate = window.state()["rate"]
    window.screen.run("xdotool", "mouseup", 1)
    window.keep_up()
    each = rate["seconds"] / max(rate["moves"], 1)
    print(
        f"      {rate['moves']} moves and {rate['draws']} drawings in {seconds:.1f} s; the longest pause {rate['pause']:.2f} s; "
        f"{each * 1000:.1f} ms of processor time for each move",
        flush=True,
    )
    expect(rate["moves"] >= 10 and each < SMOOTH_S, f"the mesh follows a drag at {1 / max(each, 1e-6):.0f} moves a second")
