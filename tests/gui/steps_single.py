"""One photo, one head: panel, file browser, undo, errors, cancel."""

from __future__ import annotations

import time
from pathlib import Path

from window import HEIGHT, LOOK_FOR_ENGINE, WIDTH, Panel, Window, expect, fake_engine, is_orange, is_skin

__all__ = ["errors_and_cancel", "one_photo"]


def one_photo(window: Window, panel: Panel, docs: Path | None, materials: bool) -> None:
    """File browser, reconstruction, undo, redo. `materials`: let the viewport compile them."""
    panel.click_first_row()
    window.wait("the file browser", lambda s: "FILE_BROWSER" in s["screens"], 20)
    window.shot("file_browser")
    if docs:
        time.sleep(3)  # Thumbnails are made in the background.
        window.screen.save(docs / "choose_photo.png", colors=255)
    window.screen.move(WIDTH / 2, HEIGHT / 2)
    window.screen.key("a")
    window.screen.key("Return")
    state = window.wait("one chosen photo", lambda s: len(s["photos"]) == 1 and s["boxes"], 20)
    expect(True, "a photo is chosen in the file browser")
    window.screen.move(300, 600)
    window.keep_up()
    window.shot("photo_chosen")

    empty = window.screen.picture()
    panel.click_reconstruct()
    window.wait("a job", lambda s: s["jobs"], 10)
    window.screen.move(300, 600)
    window.wait(
        "progress", lambda s: s["jobs"] and (s["jobs"][-1]["fraction"] > 0.25 or s["jobs"][-1]["state"] != "running"), 240
    )
    window.shot("progress")
    if docs:
        left, top, right, _ = window.box("UI")
        window.screen.save(docs / "progress.png", (left, top, right, top + 400), colors=255)
    state = window.wait("the head", lambda s: s["heads"] or s["notice"], 300)
    expect(not state["notice"], f"no error is shown ({state['notice']})")
    expect(len(state["heads"]) == 1 and state["shape_keys"] >= 53, "one head with its shape keys is in the scene")
    print(
        f"      reconstructed in {state['jobs'][-1]['seconds']:.1f} s, slowest timer step "
        f"{state['slowest_step'] * 1000:.0f} ms",
        flush=True,
    )
    left, top, right, bottom = window.box("WINDOW")
    middle = (left + 200, top + 150, right - 400, bottom - 100)
    if materials:
        expect(state["shading"] == "MATERIAL", "the viewport is switched to materials")
        _settle(window, middle, 400)
    else:
        # Drawing competes with whatever else the machine does: ask until the texture is there.
        deadline = time.monotonic() + 120
        while window.screen.picture().share(middle, is_skin) < 0.05 and time.monotonic() < deadline:
            window.order(python="area.spaces.active.shading.color_type = 'TEXTURE'; area.tag_redraw()")
            time.sleep(1)
    window.shot("head")
    expect(window.screen.picture().difference(empty, middle) > 0.1, "the viewport shows the head")
    expect(window.screen.picture().share(middle, is_skin) > 0.05, "it has the colours of skin")
    if docs:
        window.screen.save(docs / "panel.png", window.box("AREA"), colors=255)

    window.screen.move((left + right) / 2 - 100, (top + bottom) / 2)
    window.screen.key("ctrl+z")
    state = window.wait("undo", lambda s: not s["heads"], 30)
    expect(len(state["jobs"]) == 1, "one undo removes the head and keeps the list")
    undone = window.wait_for_picture(lambda picture: picture.difference(empty, middle) < 0.1)
    window.shot("undone")
    expect(undone.difference(empty, middle) < 0.1, "the viewport is empty again")
    window.screen.key("ctrl+shift+z")
    window.wait("redo", lambda s: s["heads"], 30)
    expect(True, "redo brings it back")

    if docs:
        left, top, right, _ = window.box("UI")
        window.order(environment={"HRN_ENGINE_COMMAND": "", "HRN_ENGINE_HOME": "/nowhere"})
        window.order(python=LOOK_FOR_ENGINE)
        time.sleep(2)
        window.screen.save(docs / "install.png", (left, top, right, top + 420), colors=255)
        window.shot("engine_missing")
        window.order(environment={"HRN_ENGINE_HOME": window.inside(window.work / "home")})


def errors_and_cancel(window: Window, panel: Panel, docs: Path | None) -> None:
    """A crash is one message, cancel works at once, the next click works."""
    window.order(stop_engine=None)
    window.order(environment={"HRN_ENGINE_COMMAND": fake_engine(), "HRN_FAKE_ENGINE": "crash,at=0.5,seconds=2"})
    state = window.order(python=LOOK_FOR_ENGINE)
    window.keep_up()
    before = window.screen.picture()
    jobs = len(state["jobs"])
    panel.click_reconstruct()
    window.wait("a second job", lambda s: len(s["jobs"]) > jobs, 10)
    window.screen.move(300, 600)
    state = window.wait("the message", lambda s: s["notice"], 30)
    expect(state["notice"]["code"] == "ENGINE_CRASHED", "a crash of the engine is one clear message")
    sidebar = window.box("UI")
    orange = before.share(sidebar, is_orange)
    shown = window.wait_for_picture(lambda picture: picture.share(sidebar, is_orange) > orange)
    window.shot("crash")
    expect(shown.share(sidebar, is_orange) > orange, "the message is red in the panel")
    if docs:
        left, top, right, bottom = sidebar
        window.screen.save(docs / "error.png", (left, top, right, min(bottom, top + 560)), colors=255)

    window.order(environment={"HRN_FAKE_ENGINE": "slow"})
    panel.click_reconstruct()
    window.wait("a third job that runs", lambda s: s["jobs"][-1]["fraction"] > 0 and s["jobs"][-1]["state"] == "running", 30)
    left, top, right, _ = window.box("UI")
    window.click(right - 49, top + 267)  # The cross beside the progress bar.
    started = time.monotonic()
    window.wait("the cancelled job to go", lambda s: all(j["state"] != "running" for j in s["jobs"]), 10)
    expect(time.monotonic() - started < 1.5, "cancel works at once")

    window.order(environment={"HRN_FAKE_ENGINE": "ok,seconds=0.5"}, stop_engine=None)
    panel.click_reconstruct()
    state = window.wait("the next head", lambda s: len(s["heads"]) == 2, 60)
    expect(state["notice"] is None, "the next click works and the message is gone")
    expect(state["slowest_step"] < 0.1, f"no step of the timer took longer than 100 ms ({state['slowest_step'] * 1000:.0f} ms)")
    window.shot("next_click")


def _settle(window: Window, box, seconds: float) -> None:
    """Wait until the picture stands still: on a machine without a GPU materials take their time."""
    deadline = time.monotonic() + seconds
    last, since = window.screen.picture(), time.monotonic()
    while time.monotonic() < deadline:
        time.sleep(2)
        now = window.screen.picture()
        if now.difference(last, box) > 0.002:
            since = time.monotonic()
        elif time.monotonic() - since > 12:
            return
        last = now
