"""Messages keep what they were made of, over the wire too, and are shown in the user's language."""

from __future__ import annotations

import copy
import json
import pickle

import numpy as np
import pytest

from engine.wire import language
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.language import language_of, local, read_po, system_language, translate, use
from engine.wire.messages import Message, fields_of, say, sentences
from engine.wire.protocol import decode_line, encode_line, error_response

GERMAN = {
    "{file} is not a photo.": "{file} ist kein Foto.",
    "Choose another.": "Wähle ein anderes.",
    "{first} {second}": "{second} ({first})",
    "{name} was left out: {reason}": "{reason} Deshalb fehlt {name}.",
    ", ": " und ",
    "The face is {width:.0f} pixels wide.": "Das Gesicht ist {breite:.0f} Pixel breit.",
}


def german(text: str) -> str:
    return GERMAN.get(text, text)


class TestMessage:
    def test_is_the_english_sentence(self):
        message = say("The face is {width:.0f} pixels wide.", width=41.6)
        assert message == "The face is 42 pixels wide." and isinstance(message, str)
        assert json.dumps(message) == '"The face is 42 pixels wide."'
        assert message.template == "The face is {width:.0f} pixels wide." and message.parameters == {"width": 41.6}

    def test_is_rendered_in_another_language(self):
        assert say("{file} is not a photo.", file="a.txt").render(german) == "a.txt ist kein Foto."
        assert say("Choose another.").render(german) == "Wähle ein anderes."
        assert say("{files} and more", files=["a", "b"]).render(german) == "a und b and more"

    def test_without_parameters_braces_are_text(self):
        assert say("{file} is a name") == "{file} is a name" == say("{file} is a name").render(str)

    @pytest.mark.parametrize("template", ["{", "{}", "{0}", "{a.b}", "{a[0]}", "{a:{b}}", "{other}"])
    def test_malformed_templates_are_refused(self, template):
        with pytest.raises(ValueError):
            say(template, a=1, b=2)

    def test_translation_that_does_not_fit_is_not_used(self):
        assert say("The face is {width:.0f} pixels wide.", width=41).render(german) == "The face is 41 pixels wide."

    def test_messages_and_errors_within_messages_are_translated(self):
        error = HrnError(ErrorCode.NO_FACE, say("{file} is not a photo.", file="a"), hint="Choose another.")
        message = say("{name} was left out: {reason}", name="a", reason=error)
        assert message == "a was left out: a is not a photo. Choose another."
        assert message.render(german) == "Wähle ein anderes. (a ist kein Foto.) Deshalb fehlt a."
        assert Message.from_json(json.loads(json.dumps(message.to_json()))).render(german) == message.render(german)

    def test_parameters_are_plain(self, tmp_path):
        message = say(
            "{path} {code} {count} {share} {names} {error}",
            path=tmp_path,
            code=ErrorCode.NO_FACE,
            count=np.int64(3),
            share=np.float32(0.5),
            names=("a", tmp_path),
            error=OSError("bad"),
        )
        assert message == f"{tmp_path} NO_FACE 3 0.5 a, {tmp_path} bad"
        assert [type(value) for value in message.parameters.values()] == [str, str, int, float, list, str]

    def test_survives_copies_and_pickles(self):
        message = say("{file} is not a photo.", file="a")
        for twin in (copy.deepcopy(message), pickle.loads(pickle.dumps(message))):
            assert twin == message and twin.template == message.template and twin.parameters == message.parameters

    def test_sentences(self):
        assert sentences("A.", "", "B.", say("C.")) == "A. B. C." and sentences("", "B.") == "B."

    def test_fields_of(self):
        assert fields_of("{b:.1f} {{no}} {a!r}") == [("a", "r", ""), ("b", "", ".1f")]


class TestWire:
    def test_constant_text_stays_alone(self):
        assert say("Done").to_json() == {"message": "Done"}

    def test_with_parameters_both_travel(self):
        data = say("{file} is not a photo.", file="a").to_json()
        assert data == {"message": "a is not a photo.", "template": "{file} is not a photo.", "parameters": {"file": "a"}}
        assert Message.from_json(data).render(german) == "a ist kein Foto."

    @pytest.mark.parametrize(
        "spoilt",
        [
            {"template": 3},
            {"template": "{"},
            {"template": "{x}"},
            {"template": "{file.__class__}"},
            {"parameters": []},
            {"parameters": {}},
            {"parameters": {"file": {"message": 4}}, "template": "{file:d}"},
        ],
    )
    def test_malformed_members_leave_the_english_text(self, spoilt):
        data = {**say("{file} is not a photo.", file="a").to_json(), **spoilt}
        assert Message.from_json(data) == "a is not a photo." == Message.from_json(data).render(german)

    def test_nothing_is_an_empty_message(self):
        assert Message.from_json({}) == "" and Message.from_json({"message": 3}) == ""

    def test_no_number_breaks_the_line(self):
        message = say("The face is {width:.0f} pixels wide.", width=float("nan"))
        line = encode_line(error_response(1, HrnError(ErrorCode.NO_FACE, message)))
        assert HrnError.from_json(decode_line(line)["error"]).message.render(german) == "The face is nan pixels wide."

    def test_error_keeps_templates_over_the_wire(self):
        hint = say("{file} is not a photo.", file="b")
        error = HrnError(ErrorCode.NO_FACE, say("{file} is not a photo.", file="a"), hint=hint, details={"n": 1})
        data = decode_line(encode_line(error_response(1, error)))["error"]
        assert data["message"] == "a is not a photo." and data["hint"] == "b is not a photo."
        again = HrnError.from_json(data)
        assert (again.code, again.details, str(again)) == (error.code, error.details, str(error))
        assert again.sentence.render(german) == "b ist kein Foto. (a ist kein Foto.)"

    def test_error_of_an_older_program(self):
        error = HrnError.from_json({"code": "NO_FACE", "message": "No face.", "details": {}})
        assert error.message == "No face." and error.hint == ErrorCode.NO_FACE.hint


class TestLanguage:
    @pytest.mark.parametrize(
        "name,expected",
        [
            ("zh_CN.UTF-8", "zh_HANS"),
            ("zh_SG", "zh_HANS"),
            ("zh", "zh_HANS"),
            ("zh_HANS", "zh_HANS"),
            ("zh-Hans-CN", "zh_HANS"),
            ("ZH_cn.gb18030@pinyin", "zh_HANS"),
            ("Chinese (Simplified)_China.936", "zh_HANS"),
            ("Chinese_China", "zh_HANS"),
            ("Chinese (Traditional)_Taiwan.950", "en_US"),
            ("Chinese_Taiwan.950", "en_US"),
            ("zh_TW.UTF-8", "en_US"),
            ("en_GB.UTF-8", "en_US"),
            ("English_United States.1252", "en_US"),
            ("C", "en_US"),
            ("POSIX", "en_US"),
            ("xx_YY", "en_US"),
            ("", "en_US"),
            (None, "en_US"),
        ],
    )
    def test_of_a_locale(self, name, expected):
        assert language_of(name) == expected

    def test_of_a_territory_that_has_no_file_of_its_own(self, tmp_path, monkeypatch):
        for name in ("pt_BR", "fr_FR"):
            (tmp_path / f"{name}.po").touch()
        monkeypatch.setattr(language, "_FOLDER", tmp_path)
        assert [language_of(name) for name in ("pt_PT", "fr", "fr_CA.UTF-8", "zh_CN")] == ["pt_BR", "fr_FR", "fr_FR", "en_US"]

    @pytest.mark.parametrize(
        "variables,expected",
        [
            ({"LANG": "zh_CN.UTF-8"}, "zh_HANS"),
            ({"LANG": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en_US"),
            ({"LC_ALL": "zh_CN.UTF-8", "LC_MESSAGES": "en_US.UTF-8", "LANG": "C"}, "zh_HANS"),
            ({"LC_ALL": "", "LANG": "zh_CN.UTF-8"}, "zh_HANS"),
            ({"LC_ALL": "C.UTF-8", "LANG": "zh_CN.UTF-8"}, "en_US"),
        ],
    )
    def test_of_the_system(self, variables, expected):
        assert system_language(variables) == expected

    def test_of_windows(self, monkeypatch):
        monkeypatch.setattr(language.sys, "platform", "win32")
        monkeypatch.setattr(language.locale, "getlocale", lambda: ("Chinese (Simplified)_China", "936"))
        assert system_language({}) == "zh_HANS"
        monkeypatch.setattr(language.sys, "platform", "linux")
        assert system_language({}) == "en_US"

    def test_translate(self):
        error = HrnError(ErrorCode.CANCELLED, "The reconstruction was cancelled.")
        assert translate(error.sentence, "zh_HANS") == "重建已取消。没有任何更改。"
        assert translate(error.sentence, "en_US") == "The reconstruction was cancelled. Nothing was changed."
        assert translate("no such sentence", "zh_HANS") == "no such sentence" == translate("no such sentence", "xx")

    def test_local_follows_the_chosen_language(self):
        assert local("Nothing was changed.") == "Nothing was changed."
        use("zh_HANS")
        try:
            assert local("Nothing was changed.") == "没有任何更改。"
        finally:
            use("en_US")


class TestPo:
    def read(self, folder, text):
        (folder / "x.po").write_text(text, encoding="utf-8")
        return read_po(folder / "x.po")

    def test_what_a_translator_writes(self, tmp_path):
        text = (
            '# A comment\nmsgid ""\nmsgstr "Language: x\\n"\n\n#: a.py:3\n#, python-brace-format\nmsgid "A \\"b\\"\\n"\n'
            '"c\\\\"\nmsgstr "Ä "\n"ö"\nmsgctxt "Operator"\nmsgid "Cut"\nmsgstr "Schnitt"\n\n#, fuzzy\nmsgid "F"\nmsgstr "f"\n'
            '\nmsgid "G"\nmsgstr ""\n\n#~ msgid "old"\n#~ msgstr "alt"'
        )
        assert self.read(tmp_path, text) == {(None, 'A "b"\nc\\'): "Ä ö", ("Operator", "Cut"): "Schnitt"}

    @pytest.mark.parametrize(
        "text",
        [
            'msgid "a"',
            'msgstr "a"',
            '"a"',
            'msgid "a"\nmsgstr "b',
            'msgid "a"\nmsgstr "b" x',
            'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"',
            'msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"',
            'msgid "a\\q"\nmsgstr "b"',
            "hello",
        ],
    )
    def test_anything_else_is_refused(self, tmp_path, text):
        with pytest.raises(ValueError, match="x.po"):
            self.read(tmp_path, text)

    def test_a_damaged_file_is_no_reason_to_fail(self, tmp_path, monkeypatch):
        (tmp_path / "xx.po").write_text("hello")
        monkeypatch.setattr(language, "_FOLDER", tmp_path)
        assert translate("Nothing was changed.", "xx") == "Nothing was changed."
        language.catalog.cache_clear()
