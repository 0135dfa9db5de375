"""Every place that speaks of photo formats goes by the one table, and the engine reads what the table names."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.batch.subjects import find_subjects
from engine.bench import sheets
from engine.cli import main
from engine.photo import load_photo
from engine.training.prepare import photos_in
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.formats import PHOTO_FORMATS, PHOTO_GLOB, PHOTO_KINDS, PHOTO_SUFFIXES, is_photo_name
from engine.wire.settings import Settings
from support.checkout import ROOT

SUFFIXES = [(one, suffix) for one in PHOTO_FORMATS for suffix in one.suffixes]
PAGES = ("docs/user/photos.md", "docs/develop/photo_stage.md", "docs/user/guide.md")


def picture(path: Path, pillow: str) -> Path:
    """A tiny picture in one of Pillow's formats, whatever its name."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    Image.fromarray(np.full((16, 24, 3), (200, 120, 60), np.uint8)).save(path, pillow)
    return path


@pytest.mark.parametrize("one, suffix", SUFFIXES, ids=[suffix for _, suffix in SUFFIXES])
def test_a_file_of_each_suffix_is_read(tmp_path, one, suffix):
    written = "MPO" if suffix == ".mpo" else one.pillow
    for name in (f"a{suffix}", f"B{suffix.upper()}", f"wrong{'.png' if suffix != '.png' else '.jpg'}"):
        photo = load_photo(picture(tmp_path / name, written))
        assert photo.size == (24, 16)
        assert np.abs(photo.pixels.astype(int) - (200, 120, 60)).max() <= 12


@pytest.mark.parametrize("one", PHOTO_FORMATS, ids=[one.name for one in PHOTO_FORMATS])
def test_a_file_that_only_begins_like_a_photo_is_damaged(tmp_path, one):
    """Its first bytes are those of the table, so it is told apart from what is not a picture at all."""
    whole = picture(tmp_path / "whole", one.pillow).read_bytes()
    assert any(whole[at : at + len(magic)] == magic for at, magic in one.magic)
    (tmp_path / "cut").write_bytes(whole[:20])
    with pytest.raises(HrnError) as caught:
        load_photo(tmp_path / "cut")
    assert caught.value.code is ErrorCode.IMAGE_DAMAGED


def test_other_pictures_are_refused_with_all_formats_named(tmp_path):
    with pytest.raises(HrnError) as caught:
        load_photo(picture(tmp_path / "a.png", "ICO"))
    assert caught.value.code is ErrorCode.NOT_AN_IMAGE and PHOTO_KINDS in caught.value.hint


def test_readers_come_with_the_table(tmp_path):
    """In a process in which nothing else has imported Pillow's plugins."""
    paths = [str(picture(tmp_path / one.name, one.pillow)) for one in PHOTO_FORMATS]
    code = "import sys; from engine.photo.load import load_photo; [load_photo(path) for path in sys.argv[1:]]"
    subprocess.run([sys.executable, "-c", code, *paths], cwd=ROOT, check=True, timeout=120)


def test_the_table_agrees_with_itself():
    assert len(set(PHOTO_SUFFIXES)) == len(PHOTO_SUFFIXES) == len(SUFFIXES)
    assert all(re.fullmatch(r"\.[a-z0-9]+", suffix) for suffix in PHOTO_SUFFIXES)
    assert PHOTO_GLOB.split(";") == [f"*{suffix}" for suffix in PHOTO_SUFFIXES]
    assert re.split(", | or ", PHOTO_KINDS) == [one.name for one in PHOTO_FORMATS]
    assert is_photo_name("Zoë.HEIC") and not is_photo_name("a.psd") and not is_photo_name("jpg") and not is_photo_name(".jpg")


def test_batch_training_and_sheets_take_all_of_them(tmp_path):
    folder = tmp_path / "people"
    folder.mkdir()
    names = sorted(
        [
            *(f"p{number}{suffix}" for number, suffix in enumerate(PHOTO_SUFFIXES)),
            *(f"q{number}{suffix.upper()}" for number, suffix in enumerate(PHOTO_SUFFIXES)),
        ]
    )
    for name in (*names, "note.txt", "clip.mp4"):
        (folder / name).write_bytes(b"x")
    found = find_subjects(folder, tmp_path / "out", Settings()).subjects
    assert sorted(Path(photo).name for subject in found for photo in subject.photos) == names
    assert sorted(path.name for path in photos_in([folder])) == names
    assert sorted(path.name for path in sheets.expanded([folder])) == names


def test_messages_help_and_pages_name_all_of_them(capsys):
    assert PHOTO_KINDS in ErrorCode.NOT_AN_IMAGE.hint
    with pytest.raises(SystemExit):
        main(["reconstruct", "--help"])
    assert PHOTO_KINDS in " ".join(capsys.readouterr().out.split())
    for page in PAGES:
        assert PHOTO_KINDS in " ".join((ROOT / page).read_text(encoding="utf-8").split()), page


def test_there_is_no_second_list():
    """No other file of the product holds a collection of photo suffixes or a sentence with the formats."""
    mine, others = ROOT / "engine" / "wire" / "formats.py", []
    for path in [*ROOT.glob("engine/**/*.py"), *ROOT.glob("hrn_blender/**/*.py")]:
        if path == mine:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
                values = {e.value for e in node.elts if isinstance(e, ast.Constant)} & set(PHOTO_SUFFIXES)
                if len(values - {".png", ".jpg", ".jpeg"}) > 1:
                    others.append((path.name, node.lineno))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and "WebP, TIFF" in node.value:
                others.append((path.name, node.lineno))
    assert not others
