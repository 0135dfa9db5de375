"""A folder of people becomes a grid of heads."""

from __future__ import annotations

import time
from pathlib import Path

from steps_views import CROP
from window import HEIGHT, LOOK_FOR_ENGINE, WIDTH, Panel, Window, expect, is_skin

__all__ = ["people_become_a_grid"]

HEADERS = 15, 43, 127
"""Pixels from the sidebar's top: headers of Head from Photo and, with that one closed, of Heads; with both closed, of Batch
Import."""

FOLDER_BUTTON, START, THIRD_ROW, RETRY = 159, 257, 333, 462
"""With Batch Import alone open: the folder button beside Photos, Start Batch, the table's third row, Retry Failed."""


def make_people(window: Window, folder: Path) -> None:
    """Two people and a picture without a face, from the portrait that comes with the engine."""
    source, inner = window.inside(next((window.work / "photos").iterdir())), window.inside(folder)
    (folder / "Anna").mkdir(parents=True)
    for name, options in {
        "Anna/1.jpg": ("-crop", CROP),
        "Ben.jpg": ("-crop", CROP, "-flop", "-modulate", "92,80,97"),
        "Carla.jpg": ("-crop", "200x200+300+300"),
    }.items():
        window.screen.run("convert", source, *options, "+repage", "-resize", "150%", "-quality", 92, f"{inner}/{name}")


def people_become_a_grid(window: Window, panel: Panel, engine: dict[str, str], docs: Path | None) -> None:
    """Two good ones and a bad one with the real engine; the bad photo is replaced and tried again."""
    people = window.work / "people"
    make_people(window, people)
    window.order(
        environment=engine,
        stop_engine=None,
        settings={"quality": "draft", "texture_size": "1024"},
        prepare=window.inside(people),
        python=LOOK_FOR_ENGINE + "; session.choose([]); area.spaces.active.shading.color_type = 'MATERIAL'; "
        f"bpy.context.scene.hrn.batch.source = {window.inside(people)!r}",
    )
    for header in HEADERS:
        panel.toggle(header)
    panel.click(48, FOLDER_BUTTON)
    window.wait("the file browser", lambda s: "FILE_BROWSER" in s["screens"], 20)
    window.keep_up()
    window.shot("batch_choose")
    window.screen.move(WIDTH / 2, HEIGHT / 2)
    window.screen.key("Return")
    window.wait("the panel", lambda s: s["boxes"], 20)
    window.screen.move(300, 600)
    window.shot("batch_panel")

    panel.click(150, START)
    window.screen.move(300, 600)
    window.wait("somebody in work", lambda s: any(r["fraction"] > 0.1 for r in s["batch"]["subjects"].values()), 60)
    window.shot("batch_running")
    state = window.wait("the end", ended, 240)
    rows = {name: row["state"] for name, row in state["batch"]["subjects"].items()}
    expect(
        rows == {"Anna": "done", "Ben": "done", "Carla": "failed"},
        f"two heads are done, the picture without a face failed ({rows})",
    )
    expect(sorted(state["heads"]) == ["Anna", "Ben"], "both heads are in the scene")
    panel.click(200, THIRD_ROW)
    window.screen.move(300, 600)
    sidebar = window.box("UI")
    shown = window.wait_for_picture(lambda picture: picture.share(sidebar, is_alert) > 0.002)
    window.shot("batch_failed")
    expect(shown.share(sidebar, is_alert) > 0.002, "the failure is red in the table")
    if docs:
        left, top, right, bottom = sidebar
        window.screen.save(docs / "batch.png", (left, top + 115, right, bottom), colors=255)

    source = window.inside(people / "Ben.jpg")
    window.screen.run("convert", source, "-modulate", "103,90,103", window.inside(people / "Carla.jpg"))
    panel.click(220, RETRY)
    window.wait("the second try", lambda s: s["batch"]["running"], 20)
    state = window.wait("the end", ended, 120)
    expect(sorted(state["heads"]) == ["Anna", "Ben", "Carla"], "with another photo the third head is made and built")
    expect(max(state["builds"]) < 1.5, f"no head took longer than 1.5 s to build ({max(state['builds']):.2f} s)")
    expect(state["view"] == "FRONT", "the grid is seen from the front")
    show_texture = "area.spaces.active.shading.color_type = 'TEXTURE'; area.tag_redraw()"
    left, top, right, bottom = window.box("WINDOW")
    middle = (left + 200, top + 150, right - 320, bottom - 60)
    deadline = time.monotonic() + 60
    while window.screen.picture().share(middle, is_skin) < 0.05 and time.monotonic() < deadline:
        window.order(python=show_texture)
    window.shot("batch_grid")
    expect(window.screen.picture().share(middle, is_skin) > 0.05, "the heads fill the viewport and have the colours of skin")
    if docs:
        window.screen.save(docs / "grid.png", window.box("AREA"), colors=255)


def is_alert(r, g, b) -> bool:
    """The ground of Blender's warning buttons."""
    return r > 120 and g < 80 and b < 80


def ended(state: dict) -> bool:
    batch = state["batch"]
    return len(batch["subjects"]) == 3 and not batch["running"] and not batch["to_build"]
