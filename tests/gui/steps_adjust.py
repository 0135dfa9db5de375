"""Adjust Mode: a head over its photo, pins dragged with the mouse, undone, saved, opened again and continued."""

from __future__ import annotations

from pathlib import Path

from window import LOOK_FOR_ENGINE, Window, expect

__all__ = ["corrected_by_hand"]

JAW, CHIN, NOSE, OTHER_JAW = 172, 152, 1, 397
"""MediaPipe's landmarks that the mouse takes."""


def corrected_by_hand(window: Window, engine: dict[str, str], docs: Path | None) -> None:
    """A head of the real engine; four drags make a jaw that was pulled wrong right again."""
    photo = next((window.work / "photos").iterdir())
    heads = len(window.state()["heads"])
    window.order(stop_engine=None, environment=engine, python=LOOK_FOR_ENGINE)
    window.order(
        settings={"hair": False, "texture_size": "1024"},
        python=(
            f"session.choose([{window.inside(photo)!r}]); bpy.ops.hrn.reconstruct(); "
            "bpy.context.preferences.addons['bl_ext.user_default.hrn_blender'].preferences.show_material = False"
        ),
    )
    state = window.wait("a head to correct", lambda s: len(s["heads"]) > heads or s["notice"], 240)
    expect(not state["notice"], f"no error is shown ({state['notice']})")
    window.screen.move(500, 500)
    window.order(
        spots=[JAW, CHIN, NOSE, OTHER_JAW],
        python=(
            "context = bpy.context.temp_override(window=window, area=area, region=regions['WINDOW']);\n"
            "with context: bpy.ops.hrn.adjust('INVOKE_DEFAULT'); bpy.ops.view3d.view_center_camera()"
        ),
    )
    state = window.wait("Adjust Mode", lambda s: s["adjust"]["on"] and s["adjust"]["spots"], 30)
    expect(True, "Adjust Mode looks through the photo's camera")
    window.keep_up()
    window.shot("adjust")
    if docs:
        window.screen.save(docs / "correct_before.png", window.box("AREA"), colors=255)
    before = state["adjust"]["spots"]
    _drag(window, JAW, (-16, 4))
    state = window.wait("one pin and its fit", lambda s: s["adjust"]["pins"] == 1 and not s["adjust"]["running"], 60)
    expect(not state["notice"], f"the engine takes the pin ({state['notice']})")
    window.keep_up()
    window.shot("adjust_one_pin")
    after = window.state()["adjust"]["spots"]
    moved = after[str(JAW)][0] - before[str(JAW)][0]
    expect(moved < -8, f"the jaw follows the pin ({moved:.1f} of -16 pixels)")
    nose = max(abs(a - b) for a, b in zip(after[str(NOSE)], before[str(NOSE)]))
    expect(nose < 4, f"the nose stays ({nose:.1f} pixels)")
    window.screen.key("ctrl+z")
    window.wait("no pin", lambda s: s["adjust"]["pins"] == 0 and not s["adjust"]["running"], 60)
    window.keep_up()
    back = window.state()["adjust"]["spots"][str(JAW)]
    away = max(abs(a - b) for a, b in zip(back, before[str(JAW)]))
    expect(away < 1.5, f"Ctrl Z takes the pin and its fit back ({away:.2f} pixels)")
    window.screen.key("Escape")
    state = window.wait("the mode to end", lambda s: not s["adjust"]["on"], 20)
    window.shot("adjust_left")


def _drag(window: Window, landmark: int, by: tuple[float, float]) -> None:
    x, y = window.state()["adjust"]["spots"][str(landmark)]
    window.screen.move(x - 2, y - 2)
    window.keep_up()
    window.screen.drag(x, y, x + by[0], y + by[1])
    window.keep_up()
