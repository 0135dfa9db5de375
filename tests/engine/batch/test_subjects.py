"""What a batch finds in a folder or in a list."""

from __future__ import annotations

import json
import os
import sys
import unicodedata

import pytest

from engine.batch.names import NameTaker, natural_key
from engine.batch.subjects import Subject, find_subjects
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.methods import METHODS
from engine.wire.settings import Settings


@pytest.fixture
def people(tmp_path):
    folder = tmp_path / "people"
    folder.mkdir()
    return folder


def put(folder, *names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def find(people, settings=Settings()):
    return find_subjects(people, people.parent / "heads", settings)


def names(found):
    return [subject.name for subject in found.subjects]


def photos(subject):
    return [os.path.basename(path) for path in subject.photos]


def test_folders_and_loose_photos_in_natural_order(people, several_photos):
    put(people, "p10.jpg", "p2.JPG", "Zoë/b.png", "Zoë/a10.heic", "Zoë/a9.tif", "anna maria/1.webp")
    found = find(people)
    assert names(found) == ["anna maria", "Zoë", "p2", "p10"] and found.notes == []
    assert photos(found.subjects[1]) == ["a9.tif", "a10.heic", "b.png"]
    assert all(os.path.isabs(path) for subject in found.subjects for path in subject.photos)


def test_what_is_no_photo_is_passed_over(people):
    put(
        people,
        "a.jpg",
        ".hidden.jpg",
        "Thumbs.db",
        "._a.jpg",
        "notes.txt",
        ".git/x.png",
        "__MACOSX/a.jpg",
        "a head/head.json",
        "a head/photo_0.png",
        "empty/readme.md",
    )
    found = find(people)
    assert names(found) == ["a"]
    assert found.notes == ["The folder empty contains no photo and is left out."]


def test_the_output_inside_the_input_is_not_searched(people):
    put(people, "a.jpg", "heads/b/photo_0.png")
    assert names(find_subjects(people, people / "heads", Settings())) == ["a"]


def test_folders_of_folders(people):
    put(people, "monday/anna/1.jpg", "monday/ben/1.jpg", "tuesday/1.jpg", "tuesday/raw/2.jpg")
    assert names(find(people)) == ["monday_anna", "monday_ben", "tuesday"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_in_a_circle_ends(people):
    put(people, "a/b/1.jpg")
    (people / "a" / "b" / "up").symlink_to(people / "a")
    (people / "c").mkdir()
    (people / "c" / "again").symlink_to(people / "c")
    assert names(find(people)) == ["a_b"]


def test_equal_names_stay_apart(people):
    put(people, "a.jpg", "a.png", "b/1.jpg", "b.jpg", "report.html.jpg")
    assert names(find(people)) == ["b", "a", "a_png", "b_jpg", "report.html_jpg"]


def test_names_that_differ_only_in_case_or_composition_stay_apart():
    taker = NameTaker()
    taken = [taker.take(name) for name in ("Zoë", unicodedata.normalize("NFD", "Zoë"), "zoË", "REPORT.HTML")]
    assert taken == ["Zoë", "Zoë_2", "zoË_3", "REPORT.HTML_2"]


def test_natural_key_orders_any_mixture():
    texts = ["10", "9", "a", "a1b", "a01b", "", "1a", "²", "A"]
    assert sorted(sorted(texts), key=natural_key) == sorted(texts, key=natural_key)
    assert sorted(["p10", "p9", "P8"], key=natural_key) == ["P8", "p9", "p10"]


@pytest.fixture
def several_photos(monkeypatch):
    from dataclasses import replace

    def allow(number):
        monkeypatch.setitem(METHODS, "open", replace(METHODS["open"], max_photos=number))

    allow(30)
    return allow


def test_more_photos_than_the_method_takes(people, several_photos):
    put(people, *(f"anna/{i}.jpg" for i in range(1, 12)))
    several_photos(5)
    (subject,) = find(people).subjects
    assert photos(subject) == ["1.jpg", "3.jpg", "6.jpg", "9.jpg", "11.jpg"] and "11 photos" in subject.warnings[0]
    several_photos(1)
    (subject,) = find(people).subjects
    assert photos(subject) == ["1.jpg"] and "method “open” takes one, so only the first is used" in subject.warnings[0]
    several_photos(11)
    (subject,) = find(people).subjects
    assert len(subject.photos) == 11 and not subject.warnings


def test_nothing_usable_is_an_error(people):
    for source, code in ((people, ErrorCode.PHOTO_UNREADABLE), (people / "missing", ErrorCode.PHOTO_UNREADABLE)):
        with pytest.raises(HrnError) as caught:
            find(source)
        assert caught.value.code is code and str(source) in caught.value.message
    put(people, "a.jpg")
    for source, out in ((people, people), (people / "a.jpg", people / "out")):
        with pytest.raises(HrnError) as caught:
            find_subjects(source, out, Settings())
        assert caught.value.code is ErrorCode.SETTINGS_INVALID
    with pytest.raises(HrnError) as caught:
        find(people, Settings(method="hrm"))
    assert caught.value.code is ErrorCode.METHOD_UNKNOWN


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8")
def test_a_file_name_that_is_no_text(people):
    with open(os.fsencode(people) + b"/\xe4.jpg", "wb"):
        pass
    (subject,) = find(people).subjects
    assert subject.error.code is ErrorCode.PHOTO_UNREADABLE
    json.dumps({**subject.to_json(), "photos": []}, ensure_ascii=False).encode()


class TestLists:
    @pytest.mark.parametrize(
        "text",
        [
            'name,photos,detail\nAnna Ö,"a.jpg;sub/b.jpg",0.5\nBen,c.jpg,\n',
            'name;photos;detail\r\nAnna Ö;"a.jpg;sub/b.jpg";0.5\r\nBen;c.jpg;\r\n\r\n',
            'Name\tPhotos\tDetail\nAnna Ö\t"[""a.jpg"", ""sub/b.jpg""]"\t0.5\nBen\tc.jpg\n',
            "\ufeffname,detail,photos\nAnna Ö,0.5,a.jpg; sub/b.jpg\nBen,,c.jpg\n",
            "name;detail;photos\nAnna Ö;0.5;a.jpg;sub/b.jpg\nBen;;c.jpg\n",
        ],
    )
    def test_csv(self, people, several_photos, text):
        (people / "list.csv").write_text(text, encoding="utf-8", newline="")
        anna, ben = find(people / "list.csv").subjects
        assert (anna.name, ben.name) == ("Anna Ö", "Ben")
        assert anna.photos == (str(people / "a.jpg"), str(people / "sub" / "b.jpg")) and ben.photos == (str(people / "c.jpg"),)
        assert anna.settings == Settings(detail=0.5) and ben.settings == Settings()

    def test_json(self, people, several_photos):
        rows = [{"name": "Anna", "photos": ["a.jpg", "/abs/b.jpg"], "settings": {"detail": 0.5}}, {"photos": "c.jpg"}]
        for value in (rows, {"subjects": rows}):
            (people / "list.json").write_text(json.dumps(value), encoding="utf-8")
            anna, c = find(people / "list.json", Settings(texture_size=512)).subjects
            assert anna.photos[1] == os.path.abspath("/abs/b.jpg") and c.name == "c"
            assert anna.settings == Settings(detail=0.5, texture_size=512)

    def test_types_of_cells(self, people):
        (people / "list.csv").write_text("photos,texture_size,keep_expression,focal_px,quality\na.jpg,512,no,1200.5,draft\n")
        (subject,) = find(people / "list.csv").subjects
        assert subject.settings == Settings(texture_size=512, keep_expression=False, focal_px=1200.5, quality="draft")

    def test_focal_lengths_of_single_subjects(self, people):
        (people / "list.csv").write_text("photos;focal\na.jpg;50\nb.jpg;85,5 mm\nc.jpg;812px\nd.jpg;\ne.jpg;wide\n")
        found = find(people / "list.csv", Settings(focal_mm=35)).subjects
        assert [(s.settings.focal_mm, s.settings.focal_px) for s in found[:4]] == [
            (50, None),
            (85.5, None),
            (None, 812),
            (35, None),
        ]
        assert found[4].error.code is ErrorCode.SETTINGS_INVALID and "50 mm" in found[4].error.message
        (people / "list.json").write_text('[{"photos": "a.jpg", "focal": 50}, {"photos": "b.jpg", "focal_px": 900}]')
        found = find(people / "list.json", Settings(focal_mm=35)).subjects
        assert [(s.settings.focal_mm, s.settings.focal_px) for s in found] == [(50, None), (None, 900)]

    def test_a_bad_row_is_one_subject_with_an_error(self, people):
        (people / "list.csv").write_text(
            "name,photos,detail,settings,shoes\nno photo,,,,\nbad number,a.jpg,lots,,\n"
            'out of range,a.jpg,9,,\nbad json,a.jpg,,{,\nunknown,a.jpg,,"{""x"": 1}",\n'
            'method,a.jpg,,"{""method"": ""x""}",\ntoo long,a.jpg,1,,red,blue\nok,a.jpg,,,\n'
        )
        found = find(people / "list.csv")
        errors = [subject.error and subject.error.code.value for subject in found.subjects]
        assert errors == ["PHOTO_UNREADABLE", *["SETTINGS_INVALID"] * 4, "METHOD_UNKNOWN", "SETTINGS_INVALID", None]
        assert found.notes == ["The column “shoes” of the list is not used."]
        assert Subject.from_json(json.loads(json.dumps(found.subjects[1].to_json()))) == found.subjects[1]

    @pytest.mark.parametrize(
        "name,data",
        [
            ("l.csv", b"name,pictures\na,b\n"),
            ("l.csv", b""),
            ("l.csv", b"photos,photos\n"),
            ("l.csv", b"photos\n\xff\n"),
            ("l.json", b"{"),
            ("l.json", b"[1]"),
            ("l.json", b'{"a": 1}'),
            ("l.json", b"[" * 100000),
        ],
    )
    def test_a_file_that_is_no_list(self, people, name, data):
        (people / name).write_bytes(data)
        with pytest.raises(HrnError) as caught:
            find(people / name)
        assert caught.value.code is ErrorCode.SETTINGS_INVALID and name in caught.value.message

    def test_an_empty_list(self, people):
        (people / "l.json").write_text("[]")
        with pytest.raises(HrnError) as caught:
            find(people / "l.json")
        assert caught.value.code is ErrorCode.PHOTO_UNREADABLE

    def test_utf_16_as_spreadsheets_save_it(self, people):
        (people / "l.csv").write_text("name\tphotos\nJosé\ta.jpg\n", encoding="utf-16")
        assert names(find(people / "l.csv")) == ["José"]
