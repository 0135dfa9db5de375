"""``engine bench digest``: what differs is found and named, and nothing else is."""

from __future__ import annotations

import json
import shutil

import cv2
import numpy as np
import pytest
from PIL import Image

from engine.bench import digest as bench
from engine.bench.digest import CASES, differences, digest
from engine.cli import main
from engine.wire.methods import METHODS
from support.synthetic_bundle import make_bundle


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A case's folder with a bundle and files of every kind beside its maps."""
    place = tmp_path_factory.mktemp("case")
    bundle = make_bundle(place / "bundle", density=4)
    own = bundle.path / "own"
    own.mkdir()
    (own / "mesh.obj").write_text("mtllib mesh.mtl\nv 0 0 0\nv 1 0 0\nv 0 1.5 0\nvt 0 0\nf 1/1 2/1 3/1\n")
    (own / "mesh.mtl").write_text("newmtl skin\n")
    np.save(own / "numbers.npy", np.arange(6.0))
    np.save(own / "named.npy", np.array({"points": np.eye(2)}, dtype=object), allow_pickle=True)
    frames = [Image.fromarray(np.full((8, 8, 3), 40 * number, np.uint8)) for number in range(3)]
    frames[0].save(own / "turn.gif", save_all=True, append_images=frames[1:])
    np.savez(place / "blender.npz", key=np.zeros((4, 3), np.float32))
    (place / "blender.json").write_text(
        json.dumps(
            {
                "materials": {"skin": {"links": [["a", "b"]], "roughness": 0.5, "file": f"{place}/head.blend"}},
                "objects": {"head": {"[hrn_engine_version]": "1"}},
            }
        )
    )
    return place


@pytest.fixture
def copy(made, tmp_path):
    place = shutil.copytree(made, tmp_path / "again")
    path = place / "blender.json"
    path.write_text(path.read_text().replace(str(made), str(place)))
    return place


def change_json(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def found(made, copy):
    return differences(digest(made), digest(copy), made, copy)


def test_a_copy_elsewhere_made_at_another_time_is_the_same(made, copy):
    change_json(copy / "bundle/head.json", lambda head: head.update(engine_version="9", timings={"total": 1e3}))
    change_json(copy / "blender.json", lambda built: built["objects"]["head"].update({"[hrn_engine_version]": "9"}))
    assert found(made, copy) == [] and len(digest(made)) > 60
    # Written otherwise, the same pixels: only what a map holds counts.
    picture = cv2.imread(str(copy / "bundle/albedo.png"), cv2.IMREAD_UNCHANGED)
    before = (copy / "bundle/albedo.png").read_bytes()
    cv2.imwrite(str(copy / "bundle/albedo.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    assert (copy / "bundle/albedo.png").read_bytes() != before and found(made, copy) == []


def test_one_number_of_an_array(made, copy):
    path = copy / "bundle/mesh.npz"
    arrays = dict(np.load(path))
    arrays["vertices"][7, 1] += 0.25
    np.savez(path, **arrays)
    (line,) = found(made, copy)
    share = 100 / arrays["vertices"].size
    assert line.startswith("bundle/mesh.npz/vertices: ") and f"largest difference 0.25, in {share:.3g} %" in line
    # Without the arrays themselves the digests still tell which.
    (line,) = differences(digest(made), digest(copy))
    assert line.startswith("bundle/mesh.npz/vertices: ") and "largest" not in line
    np.savez(path, **{**arrays, "vertices": arrays["vertices"][:-1], "extra": np.zeros(2)})
    lines = found(made, copy)
    assert len(lines) == 2 and str((len(arrays["vertices"]) - 1, 3)) in lines[1] and "extra: new; " in lines[0]


def test_one_pixel_of_a_map(made, copy):
    path = copy / "bundle/albedo.png"
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    picture[3, 5, 1] ^= 1
    cv2.imwrite(str(path), picture)
    (line,) = found(made, copy)
    assert line.startswith("bundle/albedo.png: ") and "largest difference 1," in line


def test_one_value_of_a_float_map(made, copy):
    from engine.pipeline.image_files import write_exr

    path = copy / "bundle/displacement.exr"
    ((name, values),) = ((key, value) for key, value in bench.contents(copy) if key.startswith("bundle/displacement.exr/"))
    values = values.copy()
    values[0, 0] += np.float32(1e-6)
    write_exr(path, values)
    (line,) = found(made, copy)
    assert line.startswith(f"{name}: ") and "largest difference 1e-06" in line


@pytest.mark.parametrize(
    "change, name",
    [
        (lambda head: head["cameras"][0].update(fx=head["cameras"][0]["fx"] + 1e-9), "bundle/head.json/cameras/0/fx"),
        (lambda head: head["expression"]["values"].__setitem__(3, 0.5), "bundle/head.json/expression/values"),
        (lambda head: head["expression"]["names"].__setitem__(0, "frown"), "bundle/head.json/expression/names/0"),
        (lambda head: head["photos"][0].pop("focal_source"), "bundle/head.json/photos/0/focal_source"),
        (lambda head: head["files"].pop("albedo.png"), "bundle/head.json/files"),
    ],
)
def test_one_entry_of_the_manifest(made, copy, change, name):
    change_json(copy / "bundle/head.json", change)
    (line,) = found(made, copy)
    assert line.startswith(f"{name}: ")


@pytest.mark.parametrize(
    "file, before, after, name",
    [
        ("mesh.obj", "1.5", "1.25", "mesh.obj/v"),
        ("mesh.obj", "mesh.mtl", "other.mtl", "mesh.obj/text"),
        ("mesh.obj", "3/1", "2/1", "mesh.obj/f"),
        ("mesh.mtl", "skin", "hair", "mesh.mtl"),
    ],
)
def test_one_word_of_the_methods_own_files(made, copy, file, before, after, name):
    path = copy / "bundle/own" / file
    path.write_text(path.read_text().replace(before, after))
    (line,) = found(made, copy)
    assert line.startswith(f"bundle/own/{name}: ")


def test_files_of_numbers_and_moving_pictures(made, copy):
    own = copy / "bundle/own"
    np.save(own / "numbers.npy", np.arange(6.0) + 1)
    np.save(own / "named.npy", np.array({"points": 2 * np.eye(2)}, dtype=object), allow_pickle=True)
    frames = [Image.fromarray(np.full((8, 8, 3), 40 * number, np.uint8)) for number in (0, 2, 2)]
    frames[0].save(own / "turn.gif", save_all=True, append_images=frames[1:])
    names = [line.split(": ")[0] for line in found(made, copy)]
    assert "bundle/own/named.npy/points" in names and "bundle/own/numbers.npy" in names
    assert any(name.startswith("bundle/own/turn.gif/frame") for name in names)
    (own / "turn.gif").unlink()
    assert "bundle/own/turn.gif/frame 0: gone" in "\n".join(found(made, copy))


def test_what_blender_built(made, copy):
    np.savez(copy / "blender.npz", key=np.full((4, 3), 0.5, np.float32))
    change_json(copy / "blender.json", lambda built: built["materials"]["skin"].update(roughness=0.75, links=[["a", "c"]]))
    names = [line.split(": ")[0] for line in found(made, copy)]
    assert names == ["blender/key", "blender/materials/skin/links/0/1", "blender/materials/skin/roughness"]


def test_the_command_keeps_a_digest_and_compares_with_it(made, tmp_path, monkeypatch, capsys):
    changes = []

    def reconstruct(case, photos, out, official):
        assert (official is None) == (not case.official) and all(len(photo) for photo in case.photos)
        shutil.copytree(made / "bundle", out)
        for change in changes:
            change_json(out / "head.json", change)

    def build(place):
        for name in ("blender.npz", "blender.json"):
            shutil.copy(made / name, place / name)

    monkeypatch.setattr(bench, "_reconstruct", reconstruct)
    monkeypatch.setattr(bench, "_build", build)
    monkeypatch.setattr(bench, "_write_official_folders", lambda folder, names: None)
    kept = tmp_path / "before.json"
    command = ["bench", "digest", "--shared", str(tmp_path), "--only", "000007", "hrn"]
    assert main([*command, "--write", str(kept)]) == 0
    capsys.readouterr()
    assert main([*command, "--against", str(kept)]) == 0
    assert capsys.readouterr().out.splitlines() == ["000007: same (bundle and blender)", "hrn: same (bundle)"]
    changes.append(lambda head: head.update(unit="mile"))
    assert main([*command, "--against", str(kept)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["000007: 1 difference", '  bundle/head.json/unit: "metre" -> "mile"']
    changes.clear()

    def absent(place):
        raise bench._Failed("no Blender here")

    # What cannot be made is said, and is no success.
    monkeypatch.setattr(bench, "_build", absent)
    assert main([*command, "--against", str(kept)]) == 1
    assert capsys.readouterr().out.splitlines()[:2] == ["000007: same (bundle)", "  blender not compared: no Blender here"]
    assert main([*command[:4], "--only", "vd006", "--against", str(kept)]) == 1
    assert "vd006: not compared" in capsys.readouterr().out


def test_every_method_is_a_case(capsys):
    used = {
        case.settings[case.settings.index("--method") + 1] if "--method" in case.settings else "open" for case in CASES.values()
    }
    assert used == set(METHODS)
    assert main(["bench", "digest", "--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(CASES)
