"""Several photos of one person: the list, and the head with a camera for each."""

from __future__ import annotations

from pathlib import Path

from window import HEIGHT, LOOK_FOR_ENGINE, WIDTH, Panel, Window, expect, fake_engine

__all__ = ["several_photos"]

CROP = "256x320+96+0"
"""The face in the portrait that comes with the engine, with some room around it."""

VIEWS = {
    "half left.jpg": "0,0 0,0  0,320 14,320  256,320 236,308  256,0 248,8",
    "half right.jpg": "0,0 20,10  0,320 6,318  256,320 256,320  256,0 242,0",
}
"""Pulled askew as from the side: corners of the crop and where they come from."""


LIST_ROW, ADD, REMOVE, RECONSTRUCT = 52, 46, 65, 270
"""Pixels from the sidebar's top: first row of the list, its buttons, the large button below."""


def make_views(window: Window, folder: Path) -> None:
    """Photos for the list, with the picture tools of the throwaway system."""
    source = window.inside(next((window.work / "photos").iterdir()))
    inner = window.inside(folder)
    window.screen.run("convert", source, "-crop", CROP, "+repage", "-resize", "200%", "-quality", 92, f"{inner}/front.jpg")
    for name, corners in VIEWS.items():
        pairs = corners.split()
        turned = " ".join(f"{b} {a}" for a, b in zip(pairs[::2], pairs[1::2]))
        window.screen.run(
            "convert",
            source,
            "-crop",
            CROP,
            "+repage",
            "-distort",
            "Perspective",
            turned,
            "-resize",
            "200%",
            "-quality",
            92,
            f"{inner}/{name}",
        )


def several_photos(window: Window, panel: Panel, docs: Path | None) -> None:
    """Choose them all at once, look at the list, take one off, add it again, reconstruct with the scripted engine."""
    folder = window.work / "views"
    folder.mkdir()
    make_views(window, folder)
    window.screen.move(300, 600)
    window.order(
        prepare=window.inside(folder),
        stop_engine=None,
        environment={"HRN_ENGINE_COMMAND": fake_engine(), "HRN_FAKE_ENGINE": "slow,seconds=1"},
        python=LOOK_FOR_ENGINE + "; session.choose([])",
    )
    heads, cameras = len(window.state()["heads"]), window.state()["cameras"]
    panel.click_first_row()
    window.wait("the file browser", lambda s: "FILE_BROWSER" in s["screens"], 20)
    window.screen.move(WIDTH / 2, HEIGHT / 2)
    window.screen.key("a")
    window.shot("choose_views")
    window.screen.key("Return")
    window.wait("three photos", lambda s: len(s["photos"]) == 3 and s["boxes"], 20)
    expect(True, "several photos are chosen at once")
    window.screen.move(300, 600)
    window.keep_up()
    window.shot("views_list")
    if docs:
        left, top, right, _ = window.box("UI")
        window.screen.save(docs / "views.png", (left, top, right, top + 310), colors=255)
    panel.click(150, LIST_ROW + 20)
    panel.click(49, REMOVE)
    state = window.wait("two photos", lambda s: len(s["photos"]) == 2, 10)
    expect(
        not any("half left" in photo for photo in state["photos"]),
        f"the selected photo is taken off the list ({state['photos']})",
    )
    panel.click(49, ADD)
    window.wait("the file browser", lambda s: "FILE_BROWSER" in s["screens"], 20)
    window.screen.move(WIDTH / 2, HEIGHT / 2)
    window.screen.key("a")
    window.screen.key("Return")
    window.wait("three photos", lambda s: len(s["photos"]) == 3 and s["boxes"], 20)
    expect(True, "photos are added, each once")
    jobs = len(window.state()["jobs"])
    panel.click(150, RECONSTRUCT)
    window.wait("progress", lambda s: len(s["jobs"]) > jobs and s["jobs"][-1]["fraction"] > 0.2, 20)
    window.screen.move(300, 600)
    window.shot("views_progress")
    state = window.wait("the head", lambda s: len(s["heads"]) == heads + 1 or s["notice"], 60)
    expect(not state["notice"], f"no error is shown ({state['notice']})")
    expect(state["cameras"] == cameras + 3, "one head with a camera for each of the three photos")
    window.keep_up()
    window.shot("views_head")
