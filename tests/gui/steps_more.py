"""More of one person: a head compared with its earlier version, the line dragged with the mouse, and left without a trace."""

from __future__ import annotations

from pathlib import Path

from window import LOOK_FOR_ENGINE, Window, expect

__all__ = ["more_of_one_person"]

CHANGED = """
bpy.ops.hrn.relax_expression()
bpy.ops.hrn.symmetrise()
"""
COMPARE = (
    "context = bpy.context.temp_override(window=window, area=area, region=regions['WINDOW']);\n"
    "with context: bpy.ops.hrn.compare('INVOKE_DEFAULT', version=0)"
)
LEFT = """
import sys
module = next(m for n, m in sys.modules.items() if n.endswith('operators.more.compare'))
assert module._running is None, 'the comparison is still on'
"""


def more_of_one_person(window: Window, engine: dict[str, str], docs: Path | None) -> None:
    """A head of the real engine beside what it was before it was relaxed and made symmetric."""
    photo = next((window.work / "photos").iterdir())
    heads = len(window.state()["heads"])
    window.order(stop_engine=None, environment=engine, python=LOOK_FOR_ENGINE)
    window.order(
        settings={"hair": False, "texture_size": "1024"},
        python=f"session.choose([{window.inside(photo)!r}]); bpy.ops.hrn.reconstruct()",
    )
    state = window.wait("a head to compare", lambda s: len(s["heads"]) > heads or s["notice"], 400)
    expect(not state["notice"], f"no error is shown ({state['notice']})")
    window.order(python=CHANGED)
    left, top, right, bottom = window.box("WINDOW")
    window.screen.move((left + right) / 2, (top + bottom) / 2)
    window.order(python=COMPARE)
    for share in (0.3, 0.6, 0.45):
        window.screen.move(left + share * (right - left), (top + bottom) / 2)
        window.keep_up()
    window.shot("compare")
    if docs:
        left, top, right, bottom = window.box("AREA")
        window.screen.save(docs / "compare_window.png", (left, top, min(right, window.box("UI")[0]), bottom), colors=255)
    window.screen.key("Escape")
    window.keep_up()
    state = window.order(python=LEFT)
    expect(not state["notice"], "Esc leaves the comparison, and nothing is left behind")
    window.shot("compare_left")
