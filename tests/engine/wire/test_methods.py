"""Every place that speaks of methods goes by the one table, and each row is true."""

from __future__ import annotations

import ast
import importlib
from dataclasses import fields
from pathlib import Path

import pytest

from engine.cli import main
from engine.methods import get_method
from engine.published.df_mvr.method import VIEWS
from engine.published.files import FILES, models_report
from engine.published.method import PublishedMethod
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.licenses import LICENSES, forbids_commercial, method_license
from engine.wire.methods import METHODS, check_photo_count, check_photo_limit, method_info
from engine.wire.settings import Settings
from support.checkout import ROOT

PUBLISHED = [method for method in METHODS.values() if method.files]


@pytest.mark.parametrize("method", METHODS.values(), ids=list(METHODS))
def test_a_row_leads_to_its_method(method):
    made = get_method(method.name)
    assert type(made).__module__ == f"engine.{method.module}"
    assert type(importlib.import_module(f"engine.{method.module}").create()) is type(made)
    assert isinstance(made, PublishedMethod) is bool(method.files)
    assert not method.files or made.name == method.name


def test_the_order_is_that_of_the_numbers_in_blender_files():
    known = ["open", "hrn", "mvhrn", "deep3d", "tddfa_v3", "df_mvr", "hrn_face", "hrn_head", "hrn_face_fit"]
    assert list(METHODS)[: len(known)] == known


def test_titles_and_descriptions_are_fit_for_menus():
    titles = [method.title for method in METHODS.values()]
    assert len(set(titles)) == len(titles) and all(titles)
    for method in METHODS.values():
        assert not method.description[0].islower() and not method.description.endswith(".") and len(method.description) < 120
        assert not method.files or "licence" in method.description


def test_options_are_settings_and_the_methods_heed_them():
    names = {field.name for field in fields(Settings)}
    assert {option for method in METHODS.values() for option in method.options} <= names
    for method in METHODS.values():
        for option in ("hair_texture", "corrected"):
            assert (option in method.options) is _reads(type(get_method(method.name)), option), (method.name, option)


def _reads(cls: type, option: str) -> bool:
    """Whether the modules of the class and its bases read that setting."""
    modules = {base.__module__ for base in cls.__mro__ if base.__module__.startswith("engine.")}
    sources = [Path(importlib.import_module(name).__file__).read_text(encoding="utf-8") for name in modules]
    return any(f"settings.{option}" in source for source in sources)


@pytest.mark.parametrize("method", PUBLISHED, ids=[method.name for method in PUBLISHED])
def test_official_files_exist_in_the_catalogue_and_carry_the_methods_licences(method):
    keys = method.files + method.optional_files
    assert set(keys) <= set(FILES) and len(set(keys)) == len(keys)
    assert set(method.licenses) == {term for key in method.files for term in FILES[key].terms}
    assert all(LICENSES[key].kind == "user" for key in method.licenses) and forbids_commercial(method.name)


def test_every_official_file_is_some_methods():
    assert set(FILES) == {key for method in METHODS.values() for key in method.files + method.optional_files}


def test_numbers_of_photos_make_sense():
    for method in METHODS.values():
        assert 1 <= method.min_photos <= method.max_photos
        assert not method.which_photos or method.which_photos.endswith(".")
    assert METHODS["df_mvr"].min_photos == METHODS["df_mvr"].max_photos == len(VIEWS)


@pytest.mark.parametrize(
    "name, count, words",
    [
        ("open", 31, "up to 30 photos, not 31"),
        ("hrn", 2, "one photo, not 2"),
        ("df_mvr", 4, "up to 3 photos, not 4"),
        ("df_mvr", 2, "exactly 3 photos, not 2"),
        ("mvhrn", 31, "30 photos"),
    ],
)
def test_a_wrong_number_of_photos_is_told_with_what_to_do(name, count, words):
    with pytest.raises(HrnError) as caught:
        check_photo_count(name, count)
    assert caught.value.code is ErrorCode.SETTINGS_INVALID
    assert words in caught.value.message and METHODS[name].title in caught.value.message
    assert METHODS[name].which_photos in caught.value.hint
    if METHODS[name].max_photos == 1:
        assert "mvhrn" in caught.value.hint and "df_mvr" not in caught.value.hint


def test_numbers_within_the_limits_pass():
    for method in METHODS.values():
        for count in (method.min_photos, method.max_photos):
            check_photo_count(method.name, count)
        check_photo_limit(method.name, 1)  # more may follow


def test_the_engine_refuses_too_few_photos_before_it_loads_anything(tmp_path, portrait, capsys):
    arguments = ["reconstruct", str(portrait), "--method", "df_mvr", "--out", str(tmp_path / "head")]
    assert main(arguments) == 2
    assert "exactly 3 photos, not 1" in capsys.readouterr().err and not (tmp_path / "head").exists()


def test_unknown_methods_are_named_with_those_that_exist():
    for refuses in (method_info, get_method, lambda name: check_photo_limit(name, 1)):
        with pytest.raises(HrnError) as caught:
            refuses("hrm")
        assert caught.value.code is ErrorCode.METHOD_UNKNOWN and all(name in caught.value.message for name in METHODS)


def test_the_report_says_what_the_table_says(tmp_path):
    rows = models_report(tmp_path)["methods"]
    assert [row["name"] for row in rows] == list(METHODS)
    for row, method in zip(rows, METHODS.values()):
        assert (row["title"], row["description"]) == (method.title, method.description)
        assert (row["min_photos"], row["max_photos"]) == (method.min_photos, method.max_photos)
        assert row["licence"] == method_license(method.name) and row["commercial"] is (method.name == "open")
        assert len(row["files"]) == len(method.files + method.optional_files)
        assert [file["required"] for file in row["files"]].count(True) == len(method.files)


def documented(method) -> str:
    """The method's row in the pages."""
    photos = str(method.max_photos) if method.min_photos == method.max_photos else f"{method.min_photos} to {method.max_photos}"
    options = ", ".join(f"`{option}`" for option in method.options)
    terms = "; ".join(LICENSES[key].part for key in method.licenses)
    return f"| `{method.name}` | {method.title} | {photos} | {options} | {len(method.files)} + {len(method.optional_files)} | {terms} |"


def test_the_pages_have_a_row_for_each_method():
    (page,) = ROOT.glob("docs/**/methods.md")
    lines = page.read_text(encoding="utf-8").splitlines()
    missing = [row for row in map(documented, METHODS.values()) if row not in lines]
    assert not missing, "\n" + "\n".join(missing)


def test_there_is_no_second_table():
    """No other file of the product lists methods."""
    others = []
    for path in [*ROOT.glob("engine/**/*.py"), *ROOT.glob("hrn_blender/**/*.py")]:
        # The catalogue's keys are files, some of which are named as their methods; the digest's are cases, and
        # its test holds that each method has one.
        if path.relative_to(ROOT).as_posix() in (
            "engine/wire/methods.py",
            "engine/published/files/catalog.py",
            "engine/bench/digest.py",
        ):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            elements = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", ())
            named = {e.value for e in elements if isinstance(e, ast.Constant)} & set(METHODS)
            if len(named) > 2:
                others.append((str(path), node.lineno, named))
    assert not others
