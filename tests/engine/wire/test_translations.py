"""Every sentence for users is written as a template, and every language has it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys

import pytest

from engine.cli import main
from engine.wire.errors import ErrorCode
from engine.wire.language import _FOLDER, SOURCE, languages, local, read_po, use
from engine.wire.messages import fields_of
from support.checkout import ROOT, python_path
from support.messages_in_source import calls, choices, has_words, tables, templates, texts_of, written

LANGUAGES = [name for name in languages() if name != SOURCE]
HAN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture(autouse=True)
def english_afterwards():
    yield
    use(SOURCE)


class TestSource:
    def test_sentences_are_found_where_they_are_known_to_stand(self):
        """So that a renamed function does not hide them."""
        found = templates()
        for text in (
            "No face was found in {file}.",  # say
            "The settings must be an object.",  # HrnError
            "Choose the sharpest ones, from all around the face.",  # a hint
            "Fitting the head",  # progress
            "Finding bare skin",
            "Sampling heads",
            "Done",
            ErrorCode.DISK_FULL.hint,
            "the DF_MVR project",
            "Permission denied",
        ):
            assert text in found, text
        assert len(found) > 500

    def test_sentences_are_constants(self):
        """A sentence that is put together before it is shown cannot be translated."""
        bad = []
        for place, call, name in calls():
            for text in (one for argument in texts_of(call, name) for one in choices(argument)):
                glued = isinstance(text, (ast.JoinedStr, ast.BinOp)) or (
                    isinstance(text, ast.Call) and getattr(text.func, "attr", "") in ("format", "join")
                )
                if glued or (name == "say" and not isinstance(text, ast.Constant)):
                    bad.append(f"{place}: {ast.unparse(text)}")
        assert not bad

    def test_the_test_before_sees_what_it_should(self, tmp_path):
        (tmp_path / "x.py").write_text(
            'raise HrnError(c, f"a {b}", hint="x" + y)\nsay(z)\nprogress(0, "x" if a else f"{b}")\nsay("fine {a}", a=1)\n'
            'HrnError(c, say("fine"), hint=None)\nprogress(0.5)\nprogress.part(0, 1, x + y)\nhead.part("a", "b", "c" + d)\n'
            'progress.stage("start", f"{c}")(0.5, "x" + y)\n'
        )
        seen = [
            type(one).__name__
            for _, call, name in calls(tmp_path, tmp_path)
            for argument in texts_of(call, name)
            for one in choices(argument)
        ]
        assert sorted(seen) == sorted(
            [
                "JoinedStr",
                "BinOp",
                "Name",
                "Constant",
                "JoinedStr",
                "Constant",
                "Call",
                "Constant",
                "Constant",
                *("BinOp", "JoinedStr", "BinOp"),
            ]
        )

    def test_templates_are_well_formed_and_given_what_they_name(self):
        for place, call, name in calls():
            if name == "say" and isinstance(call.args[0], ast.Constant) and not any(k.arg is None for k in call.keywords):
                named = {field for field, _, _ in fields_of(call.args[0].value)} if call.keywords else set()
                assert named == {keyword.arg for keyword in call.keywords}, place

    def test_sentences_of_errors_end(self):
        for place, call, name in calls():
            if name == "HrnError":
                for text in (one for argument in texts_of(call, name) for one in choices(argument)):
                    words = text.args[0] if isinstance(text, ast.Call) and text.args else text
                    if isinstance(words, ast.Constant) and words.value and ": {line}" not in words.value:
                        assert words.value.endswith((".", "FOLDER")), place
                        assert words.value[0] in "“{" or words.value[0].isupper(), place


@pytest.mark.parametrize("name", LANGUAGES)
class TestTranslations:
    def test_are_complete(self, name):
        known = {text for _, text in read_po(_FOLDER / f"{name}.po")}
        assert not {text: place for text, place in templates().items() if text not in known}

    def test_have_no_obsolete_entries(self, name):
        used = {**written(), **tables()}
        derived = {"{first} {second}", "{first}; {second}"}
        assert not [text for _, text in read_po(_FOLDER / f"{name}.po") if text not in used and text not in derived]
        assert "#~" not in (_FOLDER / f"{name}.po").read_text(encoding="utf-8")

    def test_have_no_fuzzy_or_empty_entries(self, name):
        text = (_FOLDER / f"{name}.po").read_text(encoding="utf-8")
        assert "fuzzy" not in text and text.count("\nmsgid ") == len(read_po(_FOLDER / f"{name}.po")) + 1

    def test_keep_the_placeholders(self, name):
        for (_, text), translated in read_po(_FOLDER / f"{name}.po").items():
            assert fields_of(translated) == fields_of(text), text

    def test_keep_commands_options_and_paths(self, name):
        for (_, text), translated in read_po(_FOLDER / f"{name}.po").items():
            for word in re.findall(r"`[^`]+`|--[a-z-]+|docs/[\w/]+\.md|\.\w{3}\b", text):
                assert word in translated, text


def test_chinese_reads_like_chinese():
    for (_, text), translated in read_po(_FOLDER / "zh_HANS.po").items():
        if has_words(text) and re.search(r"[a-z]{2,} [a-z]{2,}", text):
            assert HAN.search(translated), text
        if text.endswith(".") and " al." not in text:
            assert translated.endswith("。"), text
        assert not re.search("[\u4e00-\u9fff][,;:?!]", translated), translated  # full-width punctuation


class TestCommandLine:
    def run(self, tmp_path, *arguments, **environment):
        import os

        clean = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}
        return subprocess.run(
            [sys.executable, "-I", str(ROOT / "engine" / "__main__.py"), *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env={**clean, "HRN_ENGINE_HOME": str(tmp_path / "home"), "PYTHONUTF8": "1", **environment},
        )

    def test_follows_the_locale(self, tmp_path):
        wrong = ("reconstruct", str(tmp_path / "no.jpg"), "--out", str(tmp_path / "head"), "--method", "x")
        chinese = "错误：没有名为“x”的方法。"
        english = "error: There is no method “x”. "
        assert self.run(tmp_path, *wrong, LC_ALL="zh_CN.UTF-8").stderr.startswith(chinese)
        assert self.run(tmp_path, *wrong, LANG="zh_CN.UTF-8").stderr.startswith(chinese)
        assert self.run(tmp_path, *wrong, LC_ALL="C.UTF-8", LANG="zh_CN.UTF-8").stderr.startswith(english)
        assert self.run(tmp_path, *wrong).stderr.startswith(english)
        assert self.run(tmp_path, "--lang", "zh_HANS", *wrong).stderr.startswith(chinese)
        assert self.run(tmp_path, "--lang", "en", *wrong, LC_ALL="zh_CN.UTF-8").stderr.startswith(english)

    def test_an_unknown_language_is_wrong_usage(self, capsys):
        with pytest.raises(SystemExit) as caught:
            main(["--lang", "xx", "licenses"])
        assert caught.value.code == 2 and "zh_HANS" in capsys.readouterr().err

    def test_json_stays_english_and_carries_the_template(self, tmp_path, capsys):
        import json

        arguments = ["--lang", "zh_CN", "reconstruct", str(tmp_path / "no.jpg"), "--out", str(tmp_path / "head"), "--json"]
        assert main(arguments) != 0
        captured = capsys.readouterr()
        error = json.loads(captured.out)["error"]
        assert error["message"] == "no.jpg cannot be read: No such file or directory."
        assert error["template"] == "{file} cannot be read: {reason}."
        assert "错误：无法读取 no.jpg：没有该文件或文件夹。请检查" in captured.err

    def test_translations_are_read_when_they_are_needed(self):
        code = (
            "import engine.cli, engine.serve, engine.methods; "
            "from engine.wire.language import catalog, local, use; use('zh_HANS'); print(catalog.cache_info().misses); "
            "text = local('Nothing was changed.'); print(catalog.cache_info().misses, text)"
        )
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-c", code],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=python_path(),
        )
        assert done.stdout.splitlines() == ["0", "1 没有任何更改。"], done.stderr

    def test_tables(self, capsys):
        assert main(["--lang", "zh_HANS", "licenses"]) == 0 and main(["--lang", "zh_HANS", "models"]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith("组成部分") and any(line.endswith("光栅化器") for line in lines)
        assert any("可用：开放。开箱即用，无需手动下载任何内容" in line for line in lines)
        assert any("BFM_model_front.mat" in line and "Basel 面部模型，正面部分" in line for line in lines)
        assert main(["licenses"]) == 0 and capsys.readouterr().out.startswith("part ")

    def test_every_message_of_a_reconstruction(self, tmp_path, portrait, capsys, monkeypatch):
        """Also those that no test of the sources would see."""
        from engine.cli import ProgressLine
        from support.small_maps import small_analysis

        said = []
        monkeypatch.setattr(ProgressLine, "__call__", lambda self, stage, fraction, message: said.append(message))
        arguments = ["reconstruct", str(portrait), "--out", str(tmp_path / "head"), "--texture-size", "256"]
        with small_analysis():
            assert main(["--lang", "zh_HANS", *arguments]) == 0
        assert len(set(said)) > 8
        assert not {message for message in said if not HAN.search(local(message))}
        warnings = [line for line in capsys.readouterr().err.splitlines() if line.startswith(("警告", "warning"))]
        assert all(HAN.search(line.partition("：")[2]) for line in warnings)
