"""Every sentence for users is written as a template, and every language has it."""

from __future__ import annotations

import argparse
import ast
import inspect
import re
import subprocess
import sys

import pytest

from engine.cli import main, make_parser
from engine.wire.columns import width, wrap
from engine.wire.command_line import ARGPARSE, Parser, paragraphs
from engine.wire.errors import ErrorCode
from engine.wire.language import _FOLDER, SOURCE, languages, local, read_po, use
from engine.wire.messages import fields_of
from support.checkout import ROOT, python_path
from support.messages_in_source import calls, choices, has_words, helps, printed, tables, templates, texts_of, written

LANGUAGES = [name for name in languages() if name != SOURCE]
HAN = re.compile("[\u4e00-\u9fff]")
_PERCENT = re.compile(r"%(?:\(\w+\))?(?:\.\d)?[a-z%](?![\w])")
"""What argparse fills in."""
_OF_PROGRAMMERS = re.compile(
    "not defined|invalid argument for|must be optional|is not callable|cannot merge|must start|is required for|"
    "conflict|multiple subparser|with mode|must have|is not allowed|deprecated|subcommands|: warning: |^ .default: "
)
"""What argparse says to who writes a program wrongly, and nothing that a user sees."""
BENCHES = (
    "accuracy",
    "batch",
    "df_mvr",
    "digest",
    "expressions",
    "hair",
    "now",
    "rendered",
    "speed",
    "sheets",
    "views",
    "worn",
)


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
            "show this help message and exit",  # argparse
            "photo in, head bundle out",  # help
            "side of the maps",  # of a setting
            "`engine bench now`: the metric of the NoW benchmark, scan to mesh.",  # a paragraph of a description
            "print as JSON",
            "what is trained",
            "No test matches these arguments.",  # InstallError
            "Sets up everything that HRN for Blender needs, and runs it.",
        ):
            assert text in found, text
        assert len(found) > 800

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

    def test_help_texts_are_constants_or_messages(self):
        found = list(helps())
        assert len(found) > 120
        assert not [f"{place}: {ast.unparse(value)}" for place, value, texts in found if texts is None]

    def test_the_test_before_sees_those_that_are_not(self, tmp_path):
        (tmp_path / "x.py").write_text(
            '"""What it does.\n\nMore\nof it.\n"""\nparser = Parser(description=__doc__)\nadd_argument("a", help=f"{x} b")\n'
            'parser.add_argument("b", help="x" + y)\nadd_parser("c", help=name)\nParser(description=__doc__.split("\\n")[0])\n'
            'p.add_argument("d", help=argparse.SUPPRESS)\np.add_argument("e", help="x" if y else say("z"))\n_declare(help=x())\n'
        )
        assert [texts for _, _, texts in helps(tmp_path, tmp_path)] == [
            ["What it does.", "More of it."],
            *[None] * 3,
            ["What it does."],
            [],
            ["x"],
            None,
        ]

    def test_nothing_is_printed_in_english_only(self):
        tools = ("engine/head/making/", "engine/install/lint.py", "engine/install/run_tests.py")  # for developers
        found = [*printed(), *printed(ROOT / "hrn_blender")]
        assert not [f"{place}: {text}" for place, text in found if not place.startswith(tools) and text.strip() != "MiB"]

    def test_the_test_before_sees_them(self, tmp_path):
        (tmp_path / "x.py").write_text(
            'print(f"{a}: not {local(say(\'here\'))}")\nprint("a" if b else "there", local(c), d("e"))\n'
        )
        assert [text for _, text in printed(tmp_path, tmp_path)] == [": not ", "there"]

    def test_all_commands_have_the_parser_that_translates(self):
        used = re.compile(r"\bArgumentParser\(|\w+HelpFormatter\b")
        assert not [
            path.name
            for folder in ("engine", "hrn_blender")
            for path in (ROOT / folder).rglob("*.py")
            if used.search(path.read_text(encoding="utf-8"))
        ]

    def test_the_words_of_argparse_are_known(self):
        for node in ast.walk(ast.parse(inspect.getsource(argparse))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "ngettext"):
                for text in (
                    one.value for one in node.args[:2] if isinstance(one, ast.Constant) and isinstance(one.value, str)
                ):
                    assert text in ARGPARSE or _OF_PROGRAMMERS.search(text), text

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
            assert sorted(_PERCENT.findall(translated)) == sorted(_PERCENT.findall(text)), text

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
        assert error["message"] == f"{tmp_path / 'no.jpg'} cannot be read: No such file or directory."
        assert error["template"] == "{path} cannot be read: {reason}."
        assert f"错误：无法读取 {tmp_path / 'no.jpg'}：没有该文件或文件夹。请检查" in captured.err

    def test_translations_are_read_when_they_are_needed(self):
        code = (
            "import engine.cli, engine.serve, engine.methods; "
            "from engine.wire.language import catalog, local, use; use('zh_HANS'); print(catalog.cache_info().misses); "
            "text = local('Nothing was changed.'); print(catalog.cache_info().misses, text)"
        )
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-c", code], env=python_path(), capture_output=True, text=True, encoding="utf-8"
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

    def test_help_follows_the_locale(self, tmp_path):
        for arguments, chinese, english in (
            (("--help",), "用法：engine", "usage: engine"),
            (
                ("reconstruct", "--help"),
                "贴图的边长，256 到 8192（默认：2048）",
                "side of the maps, 256 to 8192 (default: 2048)",
            ),
            (("bench", "speed", "--help"), "实际耗时受机器上其他任务的影响", "Wall time depends on what else"),
            (("bench", "--help"), "测量的内容", "what is measured"),
        ):
            assert chinese in self.run(tmp_path, *arguments, LANG="zh_CN.UTF-8").stdout
            assert english in self.run(tmp_path, "--lang", "en", *arguments, LANG="zh_CN.UTF-8").stdout
            assert english in self.run(tmp_path, *arguments[:-1], "--lang=en", "--help", LANG="zh_CN.UTF-8").stdout
            assert chinese in self.run(tmp_path, *arguments, "--lang", "zh_HANS").stdout

    def test_wrong_usage_follows_the_locale(self, tmp_path):
        for arguments, chinese in (
            (("reconstruct",), "engine reconstruct：错误：缺少以下必需的参数：PHOTO, --out"),
            (("models", "--nonsense"), "engine：错误：无法识别的参数：--nonsense"),
            (("batch", "a", "--out", "b", "--jobs", "0"), "参数 --jobs：无效的值 '0'：必须是不小于 1 的整数"),
            (("bench", "now"), "请提供 PREDICTION 以及 --scan"),
            (("--lang", "xx", "licenses"), "没有语言 'xx'；可用的有 en_US、zh_HANS"),
        ):
            said = self.run(tmp_path, *arguments, LANG="zh_CN.UTF-8")
            assert said.returncode == 2 and said.stderr.startswith("用法：") and chinese in said.stderr

    def test_all_help_is_in_chinese(self, capsys):
        """Also what no test of the sources would see."""
        use("zh_HANS")

        def helped(parser):
            yield parser
            for action in parser._actions:
                if isinstance(action, argparse._SubParsersAction):
                    for inner in action.choices.values():
                        yield from helped(inner)

        for parser in helped(make_parser()):
            assert isinstance(parser, Parser) and not english_left(parser.format_help()), parser.prog
        for what in BENCHES:
            with pytest.raises(SystemExit):
                main(["--lang", "zh_HANS", "bench", what, "--help"])
            shown = capsys.readouterr().out
            assert shown.startswith(f"用法：engine bench {what}") and not english_left(shown)
            assert all(width(line) <= 80 for line in shown.splitlines() if HAN.search(line) and not line.startswith("   "))

    def test_what_benchmarks_print(self, tmp_path, capsys):
        assert main(["--lang", "zh_HANS", "bench", "views", "--bench", str(tmp_path)]) == 1
        assert capsys.readouterr().err == f"{tmp_path} 中没有基准测试：请用 --bench 提供其文件夹。\n"
        assert main(["bench", "views", "--bench", str(tmp_path)]) == 1
        assert capsys.readouterr().err == f"No benchmark at {tmp_path}: give its folder with --bench.\n"
        assert main(["--lang", "zh_HANS", "bench", "digest", "--list"]) == 0
        assert "000007        single/000007.jpg  --texture-size 512  以及在 Blender 中" in capsys.readouterr().out

    def test_argparse_is_left_as_it_was(self, capsys):
        before = argparse._, argparse.ngettext
        with pytest.raises(SystemExit):
            main(["--lang", "zh_HANS", "models", "--nonsense"])
        assert (argparse._, argparse.ngettext) == before
        with pytest.raises(SystemExit):
            argparse.ArgumentParser().parse_args(["x"])
        assert capsys.readouterr().err.rpartition("usage: ")[2].endswith("error: unrecognized arguments: x\n")


def english_left(text: str) -> list[str]:
    """Runs of English words; names of products are shorter."""
    return re.findall(
        r"(?<![-/\w`])(?:[a-z]{2,} ){2,}[a-z]{2,}(?![\w/])", re.sub(r"`[^`]+`|(    |用法：)(engine|python3?) .*", "", text)
    )


def test_descriptions_fall_into_paragraphs():
    assert paragraphs("""``a b``: does
    what it says.

        a b --c   # first
        a b

    Of :mod:`x`,
    more.
    """) == ["`a b`: does what it says.", "    a b --c   # first\n    a b", "Of `x`, more."]


def test_chinese_is_broken_between_characters_and_english_between_words():
    text = "同时导出带姿势的头部，单位为米：Wavefront OBJ (.obj)，“例如”这样的文件。"
    lines = wrap(text, 20)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "") and len(lines) > 3
    assert all(width(line) <= 22 for line in lines) and not any(line[0] in "，。：”" for line in lines)
    assert wrap("two words and more", 9) == ["two words", "and more"]
