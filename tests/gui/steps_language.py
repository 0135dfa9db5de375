"""The panel follows Blender's language: Chinese, and English again."""

from __future__ import annotations

import re
from pathlib import Path

from window import LOOK_FOR_ENGINE, Panel, Window, expect

__all__ = ["panel_in_chinese"]

PANELS = ["HRN_PT_main", "HRN_PT_heads", "HRN_PT_head", "HRN_PT_settings", "HRN_PT_engine", "HRN_PT_batch"]
NAMES = re.compile(r"Eileen Collins|helmet|view_\d|\.png|\.jpg|\.blend\b|Blender")
"""What stays as it is in every language."""


def panel_in_chinese(window: Window, panel: Panel, engine: dict[str, str], docs: Path | None) -> None:
    """Labels, a stage and an error of the real engine."""
    source = next((window.work / "photos").iterdir())
    helmet = window.work / "helmet.jpg"
    window.screen.run("convert", window.inside(source), "-crop", "200x200+300+300", "+repage", window.inside(helmet))
    window.screen.move(300, 600)
    english = window.order(
        environment=engine,
        stop_engine=None,
        settings={"quality": "draft", "texture_size": "1024"},
        read=PANELS,
        python=LOOK_FOR_ENGINE + f"; session.choose([{window.inside(source)!r}])",
    )["words"]
    expect("Reconstruct from Photo" in english["HRN_PT_main"], "the panel is English at first")
    window.keep_up()
    sidebar = window.box("UI")
    before = window.screen.picture()
    state = window.order(language="zh_HANS")
    chinese = state["words"]
    expect("从照片重建" in chinese["HRN_PT_main"], f"the large button is Chinese ({chinese['HRN_PT_main']!r})")
    expect("开始批处理" in chinese["HRN_PT_batch"], "so is Batch Import")
    expect(not state["foreign"], f"no word means something else in Blender ({state['foreign']})")
    expect(not in_english(chinese), f"nothing is left in English ({in_english(chinese)})")
    shown = window.wait_for_picture(lambda picture: picture.difference(before, sidebar) > 0.01)
    window.shot("chinese")
    expect(shown.difference(before, sidebar) > 0.01, "the sidebar is drawn anew")

    jobs = len(window.state()["jobs"])
    panel.click_reconstruct()
    window.screen.move(300, 600)
    state = window.wait(
        "a stage of the engine",
        lambda s: len(s["jobs"]) > jobs and (s["jobs"][-1]["fraction"] > 0.05 or s["jobs"][-1]["state"] != "running"),
        60,
    )
    window.shot("chinese_progress")
    stage = state["jobs"][-1]["message"]
    expect(
        stage and not in_english(state["words"]), f"and so is the engine's stage ({stage!r}: {state['words']['HRN_PT_main']})"
    )
    left, top, right, _ = sidebar
    window.click(right - 49, top + 267)  # The cross beside the progress bar.
    window.wait("the cancelled job to go", lambda s: all(j["state"] not in ("running", "cancelling") for j in s["jobs"]), 10)

    window.order(python=f"session.choose([{window.inside(helmet)!r}])")
    panel.click_reconstruct()
    window.screen.move(300, 600)
    state = window.wait("the message", lambda s: s["notice"], 60)
    shown = "".join(state["words"]["HRN_PT_main"]).replace(" ", "")
    expect("在helmet.jpg中没有找到面部。" in shown, f"an error of the engine is Chinese ({shown})")
    expect(not in_english(state["words"]), f"with what to do ({in_english(state['words'])})")
    window.shot("chinese_error")
    if docs:
        left, top, right, _ = sidebar
        window.screen.save(docs / "panel_zh.png", (left, top, right, top + 560), colors=255)

    words = window.order(language="en_US", python=f"session.choose([{window.inside(source)!r}])")["words"]
    expect(words["HRN_PT_main"] == english["HRN_PT_main"], "and English again")
    window.shot("english_again")
    window.order(read=[])


def in_english(words: dict[str, list[str]]) -> list[str]:
    """Texts with an English word."""
    return [text for texts in words.values() for text in texts if re.search("[A-Za-z]{2,}", NAMES.sub("", text))]
