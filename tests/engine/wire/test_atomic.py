"""Files that appear whole or not at all, and that nothing else in the product renames over anything."""

from __future__ import annotations

import ast
import errno
import os

import pytest

from engine.wire import atomic
from engine.wire.atomic import copy_file, partials_of, rename, replace_file, temporary_path, write_whole
from engine.wire.errors import ErrorCode, HrnError
from support.checkout import ROOT


@pytest.mark.parametrize("content", [b"n\xc3\xa9w\n", "néw\n", lambda file: file.write("néw\n".encode())])
def test_what_is_written_takes_the_place_of_what_was_there(tmp_path, content):
    path = tmp_path / ".ä b"
    path.write_text("old")
    replace_file(path, content)
    assert path.read_bytes() == "néw\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    order, fsync, replace = [], os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: (order.append("fsync"), fsync(file)))
    monkeypatch.setattr(os, "replace", lambda *names: (order.append("replace"), replace(*names)))
    replace_file(tmp_path / "a", "text")
    assert order[:2] == ["fsync", "replace"]


@pytest.mark.parametrize("failure", [OSError(errno.ENOSPC, "full"), RuntimeError("no"), KeyboardInterrupt()])
def test_a_failure_keeps_the_old_file_and_leaves_nothing(tmp_path, failure):
    path = tmp_path / "a"
    path.write_text("old")

    def half(file):
        file.write(b"half")
        raise failure

    with pytest.raises(type(failure)):
        replace_file(path, half)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number, code", [(errno.ENOSPC, ErrorCode.DISK_FULL), (errno.EACCES, ErrorCode.OUTPUT_NOT_WRITABLE)])
def test_the_user_is_told_what_is_wrong(tmp_path, monkeypatch, number, code):
    def fails(*_):
        raise OSError(number, "because")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(HrnError) as caught:
        write_whole(tmp_path / "a", "text")
    assert caught.value.code is code
    assert not list(tmp_path.iterdir())


def test_a_copy_takes_no_space_and_replaces_itself(tmp_path, monkeypatch):
    source, path = tmp_path / "a", tmp_path / "b"
    source.write_text("text")
    for _ in range(2):
        copy_file(source, path)
        assert path.samefile(source)
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EPERM, "no links here")))
    copy_file(source, path)
    assert path.read_text() == "text" and not path.samefile(source)
    assert sorted(tmp_path.iterdir()) == [source, path]


def test_temporary_names_are_known_as_such_and_others_are_not(tmp_path):
    path = tmp_path / "a[1].b"
    temporary = temporary_path(path)
    for name in (temporary.name, ".a[1].b.c.0badc0de.partial", ".a1.b.0badc0de.partial", "a[1].b.partial"):
        (tmp_path / name).mkdir()
    assert partials_of(path) == [temporary]
    assert partials_of(path, "old") == [] == partials_of(tmp_path / "missing" / "x")


def test_windows_is_given_a_second_and_then_believed(tmp_path, monkeypatch):
    calls = []

    def refused(*_):
        calls.append(1)
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(os, "replace", refused)
    monkeypatch.setattr(atomic, "sys", type("Windows", (), {"platform": "win32"}))
    with pytest.raises(PermissionError):
        rename(tmp_path / "a", tmp_path / "b", patience=0.2)
    assert len(calls) > 2


def _renames(tree: ast.AST) -> list[int]:
    """Lines that rename a file or make a temporary one: ``os.replace``, ``Path.rename`` and their relatives.

    ``Path.replace`` has one argument, ``str.replace`` two, ``dataclasses.replace`` is told by its name.
    """
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, owner = node.func.attr, node.func.value
        module = owner.id if isinstance(owner, ast.Name) else None
        if (
            (module, name) in {("os", "replace"), ("os", "renames"), ("shutil", "move"), ("tempfile", "mkstemp")}
            or name == "rename"
            or (name == "replace" and len(node.args) == 1 and not node.keywords)
        ):
            found.append(node.lineno)
    return found


def test_nothing_else_renames():
    files = [file for folder in ("engine", "hrn_blender") for file in (ROOT / folder).rglob("*.py")]
    renaming = {
        file.relative_to(ROOT).as_posix(): lines
        for file in files
        if (lines := _renames(ast.parse(file.read_text(encoding="utf-8"))))
    }
    assert set(renaming) == {"engine/wire/atomic.py"}


@pytest.mark.parametrize(
    "line",
    ["os.replace(a, b)", "os.rename(a, b)", "path.rename(b)", "path.replace(b)", "Path(a).replace(b)", "shutil.move(a, b)"],
)
def test_the_scan_would_see_it(line):
    assert _renames(ast.parse(line)) == [1]
    assert not _renames(ast.parse("text.replace('a', 'b'); dataclasses.replace(x, a=1); time.replace(hour=1)"))
