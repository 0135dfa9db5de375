"""Names of folders that every file system takes."""

from __future__ import annotations

import pytest

from engine.wire.names import folder_name


@pytest.mark.parametrize(
    "title, name",
    [
        ("IMG_0001", "IMG_0001"),
        ("a/b\\c:d", "a_b_c_d"),
        ("Ann/../a", "Ann_.._a"),
        ("..", "empty"),
        ("  . ", "empty"),
        ("", "empty"),
        (" dots... ", "dots"),
        ("name.", "name"),
        ("CON", "CON_"),
        ("nul.txt", "nul.txt_"),
        ("a:b*c?", "a_b_c_"),
        ("tab\there", "tab_here"),
        (".hidden", "hidden"),
        ("日本 語", "日本 語"),
        ("Ærø 名", "Ærø 名"),
        ("A\u030asa", "\u00c5sa"),
        ("\udce4", "_"),
        ("x" * 200, "x" * 100),
    ],
)
def test_folder_names_are_safe_everywhere(title, name):
    assert folder_name(title, empty="empty") == name


def test_long_names_leave_room_for_temporary_ones():
    for title in ("x" * 400, "語" * 400, "😀" * 400):
        assert 0 < len(folder_name(title, empty="empty").encode()) <= 200
