"""The add-on in Blender's language: nothing is left in English, nothing is translated that nobody shows."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")

import bpy

import hrn_blender
from hrn_blender.engine.wire.language import catalog, read_po
from hrn_blender.engine.wire.messages import fields_of
from hrn_blender.state.language import CONTEXT
from support.addon import texts as ui_texts
from support.addon import ui as addon_ui
from support.addon.operators import choose, fails, run

LANGUAGES = sorted(file.stem for file in (ui_texts.ADDON / "translations").glob("*.po"))
DEFAULT = bpy.app.translations.contexts.default
SAME_IN_ALL = {
    "{parts}",
    "Python",
    "1024 px",
    "2048 px",
    "4096 px",
    "8192 px",
    "HRN",
    "Deep3D",
    "3DDFA-V3",
    "DF_MVR",
    "PyTorch",
    "glTF",
    "FBX",
    "USD",
    "Alembic",
    "OBJ",
    "Unity",
    "Unreal",
    "Blender",
    "Microsoft",
    "Mixamo",
    "Rigify",
    "VRM",
}
"""Texts that a translation may leave as they are."""


@pytest.fixture(scope="module")
def shown() -> set[tuple[str, str]]:
    """All that may be shown, as (context, text)."""
    hrn_blender.register()
    try:
        return ui_texts.from_sources() | ui_texts.from_blender() | ui_texts.from_tables()
    finally:
        hrn_blender.unregister()


@pytest.fixture
def language(monkeypatch):
    """Switches the add-on to a language as Blender does; Blender as a module is built without languages."""
    from hrn_blender.state import language as module

    def switch(name: str):
        texts = module.table()[name]

        def look(text: str, context: str | None = None) -> str:
            return texts.get((context or DEFAULT, text), text)

        real = bpy.app.translations
        blender = SimpleNamespace(
            pgettext_iface=look, pgettext_tip=look, pgettext_rpt=look, contexts=real.contexts, unregister=real.unregister
        )
        monkeypatch.setattr(module, "_blender", blender)
        monkeypatch.setattr(addon_ui, "translate", look)

    return switch


def own(name: str) -> dict[tuple[str, str], str]:
    """The entries of the add-on's own file."""
    entries = read_po(ui_texts.ADDON / "translations" / f"{name}.po")
    return {(context or DEFAULT, text): translation for (context, text), translation in entries.items()}


def test_there_is_chinese():
    assert "zh_HANS" in LANGUAGES


def test_enough_was_collected(shown):
    assert len(shown) > 250
    for known in (
        (DEFAULT, "Reconstruct from {count} Photos"),
        (DEFAULT, "How the head is reconstructed"),
        (DEFAULT, "Fast; the shape follows the photo only roughly"),
        ("Operator", "Build Again"),
        ("Operator", "Install Engine"),
        (DEFAULT, "Head from Photo"),
        (DEFAULT, "Show this head's folder"),
        (DEFAULT, "Another batch is running."),
        (DEFAULT, "Install the engine first"),
        (DEFAULT, "Copied"),
    ):
        assert known in shown


def test_no_sentence_is_put_together_in_the_source():
    assert ui_texts.composed() == []


@pytest.mark.parametrize("name", LANGUAGES)
def test_nothing_is_left_in_english(shown, name):
    translated = own(name)
    by_engine = {(DEFAULT, text) for text in catalog(name)}
    assert sorted(shown - set(translated) - by_engine) == []
    assert sorted(text for (_, text), words in translated.items() if words == text and text not in SAME_IN_ALL) == []


@pytest.mark.parametrize("name", LANGUAGES)
def test_nothing_is_translated_that_is_not_shown(shown, name):
    assert sorted(set(own(name)) - shown) == []


@pytest.mark.parametrize("name", LANGUAGES)
def test_placeholders_are_those_of_the_english_text(name):
    for (_, text), translation in own(name).items():
        if "{" in text:
            assert fields_of(translation) == fields_of(text), text
        else:
            assert "{" not in translation, text


@pytest.mark.parametrize("name", LANGUAGES)
def test_tooltips_end_as_blender_wants_them(shown, name):
    """Blender puts the full stop at the end of a tooltip; sentences in panels have their own."""
    for (context, text), translation in own(name).items():
        assert text.endswith(".") == translation.endswith(("。", ".")), (context, text)


def test_the_table_holds_the_engines_messages_too():
    from hrn_blender.state.language import table

    texts = table()["zh_HANS"]
    assert texts[DEFAULT, "Nothing was changed."] == catalog("zh_HANS")["Nothing was changed."]
    assert texts["Operator", "Cancel"] == "取消"
    assert texts[CONTEXT, "Face"] == "人脸"
    assert all(context in (DEFAULT, CONTEXT, "Operator") and text and words for (context, text), words in texts.items())


def test_names_that_blender_looks_up_have_the_addons_context(addon):
    """In the default one Blender's own translation comes first: a "Face" would be one of a mesh."""
    named, classes = [], [*ui_texts.registered()]
    for cls in classes:
        if issubclass(cls, (bpy.types.Panel, bpy.types.Menu)):
            named.append((cls.__name__, cls.bl_rna.translation_context))
            continue
        named += [(f"{cls.__name__}.{one.identifier}", one.translation_context) for one in ui_texts.shown_properties(cls)]
    assert len(named) > 30 and {"HRN_PT_heads", "HRN_MT_photo_cameras", "HRN_Settings.same_expression"} <= {n for n, _ in named}
    assert [name for name, context in named if context != CONTEXT] == []


def test_blender_gets_the_table_and_gives_it_back(monkeypatch):
    from hrn_blender.state import language as module

    calls = []
    blender = SimpleNamespace(
        register=lambda name, texts: calls.append((name, sorted(texts))),
        unregister=calls.append,
        contexts=module._blender.contexts,
    )
    monkeypatch.setattr(module, "_blender", blender)
    module.register()
    module.unregister()
    assert calls == [("hrn_blender", LANGUAGES), "hrn_blender"]


def test_a_chinese_panel(addon, photo, language):
    language("zh_HANS")
    assert addon_ui.draw("HRN_PT_main")[0] == ("operator", "hrn.choose_photo", "选择照片...")
    second = photo.with_name("two.png")
    second.write_bytes(b"")
    choose(photo, second)
    drawn = addon_ui.draw("HRN_PT_main")
    assert ("operator", "hrn.reconstruct", "从 2 张照片重建") in drawn
    assert "同一个人的 2 个视角" in addon_ui.texts(drawn).replace("\n", "")
    choose(photo)
    bpy.ops.hrn.reconstruct()
    assert ("progress", "正在启动引擎", 0.0) in addon_ui.draw("HRN_PT_main")
    run(addon)
    drawn = addon_ui.texts(addon_ui.draw("HRN_PT_heads"))
    assert "再次构建" in drawn and "耗时" in drawn and "Zoë 1" in drawn
    assert ("prop", "value", "形变") in addon_ui.draw("HRN_PT_head")


def test_a_chinese_error_in_the_panel_and_in_the_report(addon, photo, language, monkeypatch):
    language("zh_HANS")
    (photo.parent / "notes.txt").write_bytes(b"x")
    fails(
        bpy.ops.hrn.choose_photo,
        "notes.txt 不是照片。请选择 .* 格式的照片。",
        directory=str(photo.parent),
        files=[{"name": "notes.txt"}],
    )
    shown = addon_ui.texts(addon_ui.draw("HRN_PT_main")).replace("\n", "")
    assert "操作未成功" in shown and "notes.txt不是照片。" in shown.replace(" ", "")
    assert "notes.txt is not a photo." in addon.notice.details()  # For the developers.


def test_messages_of_the_engine_are_translated_by_their_template(addon, language):
    from hrn_blender.engine.wire.errors import HrnError
    from hrn_blender.state.language import words

    sent = {
        "code": "CANCELLED",
        "message": "notes.txt is not a photo.",
        "template": "{file} is not a photo.",
        "parameters": {"file": "notes.txt"},
        "hint": "Nothing was changed.",
    }
    error = HrnError.from_json(sent)
    assert words(error.sentence) == "notes.txt is not a photo. Nothing was changed."
    language("zh_HANS")
    assert words(error.sentence) == "notes.txt 不是照片。没有任何更改。"
    assert words("A sentence that nobody knows.") == "A sentence that nobody knows."


def test_lines_break_between_chinese_characters_and_not_before_their_punctuation():
    from hrn_blender.ui.drawing import wrap

    assert wrap("引擎的安装不完整。请重试。", lambda line: len(line) <= 4) == ["引擎的安", "装不完", "整。请重", "试。"]
    assert wrap("请用 Blender 4.5 打开", lambda line: len(line) <= 9) == ["请用", "Blender", "4.5 打开"]
    assert wrap("One  two\nthree", lambda line: len(line) <= 7) == ["One two", "three"]
    assert wrap("", len) == [""] and wrap("Unbreakable", lambda line: len(line) < 3) == ["Unbreakable"]
    text = "请在“偏好设置 > 系统”中开启“允许在线访问”，或（在此）选择《文件夹》。"
    for width in range(2, 40):
        lines = wrap(text, lambda line: len(line) <= width)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert not any(line[0] in "、。，”）》" or line[-1] in "“（《" for line in lines), lines
