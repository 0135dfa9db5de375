"""``python -m hrn_blender.cli.build``: bundle in, .blend file and preview out."""

from __future__ import annotations

import math

import pytest

pytest.importorskip("bpy", reason="needs Blender as a Python module")
import bpy
from mathutils import Euler, Matrix

from hrn_blender import compat
from hrn_blender.build import build_head, find_heads, preview, strength_socket
from hrn_blender.build.preview import PreviewOptions, render_preview
from hrn_blender.cli.build import main
from support.addon.build import (
    census,
    pixels,
)
from support.synthetic_bundle import make_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    return make_bundle(tmp_path_factory.mktemp("bundle") / "a b", texture_size=32, density=8)


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


def test_build_saves_a_file_that_finds_its_maps(bundle, tmp_path, capfd):
    out = tmp_path / "kopf ö.blend"
    assert main(["build", str(bundle.path), "--out", str(out)]) == 0
    assert str(out) in capfd.readouterr().out
    bpy.ops.wm.open_mainfile(filepath=str(out))
    scene = bpy.context.scene
    (head,) = find_heads(scene)
    assert strength_socket(head).default_value == 1 and len(head.data.shape_keys.key_blocks) == 54
    assert scene.camera.parent == head and (scene.render.resolution_x, scene.render.resolution_y) == (480, 600)
    images = [image for image in bpy.data.images if image.source == "FILE"]
    assert len(images) == 4
    assert all(image.filepath.startswith("//") and image.size[0] for image in images)
    assert not bpy.data.lights and len(scene.objects) == 2


def test_a_packed_file_needs_no_bundle(tmp_path):
    bundle = make_bundle(tmp_path / "b", texture_size=16, density=4)
    out = tmp_path / "head.blend"
    assert main(["build", str(bundle.path), "--out", str(out), "--pack"]) == 0
    for file in bundle.path.iterdir():
        file.unlink()
    bpy.ops.wm.open_mainfile(filepath=str(out))
    assert {image.size[0] for image in bpy.data.images if image.source == "FILE"} == {16, 480}


@pytest.mark.parametrize(
    "arguments, code",
    [
        (["{missing}", "--out", "{tmp}/a.blend"], "BUNDLE_INVALID"),
        (["{bundle}", "--out", "{tmp}/no/a.blend"], "OUTPUT_NOT_WRITABLE"),
        (["{bundle}", "--out", "{tmp}/a.txt"], "OUTPUT_NOT_WRITABLE"),
        (["{bundle}", "--out", "{tmp}/a.blend", "--render", "{tmp}/no/a.png"], "OUTPUT_NOT_WRITABLE"),
    ],
)
def test_errors_are_one_line_with_a_code(bundle, tmp_path, capfd, arguments, code):
    places = {"missing": tmp_path / "none", "bundle": bundle.path, "tmp": tmp_path}
    assert main(["build", *(a.format(**places) for a in arguments)]) == 1
    message = capfd.readouterr().err
    assert code in message and "Traceback" not in message
    assert not list(tmp_path.glob("*.blend"))


def test_it_speaks_the_language_that_is_asked_for(bundle, tmp_path, capfd):
    for arguments, told in (
        (["check", str(bundle.path)], "52 个表情"),
        (["check", str(tmp_path)], "错误 BUNDLE_INVALID："),
        (["build", str(bundle.path), "--out", str(tmp_path / "a.txt")], "a.txt 的扩展名必须为 .blend。"),
    ):
        main(["--lang", "zh_HANS", *arguments])
        assert told in "".join(capfd.readouterr())
    with pytest.raises(SystemExit):
        main(["build", "--help", "--lang=zh_HANS"])
    shown = capfd.readouterr().out
    assert shown.startswith("用法：blender build") and "将贴图和照片打包到 .blend 文件中" in shown
    with pytest.raises(SystemExit):
        main(["build", "--help"])
    assert "store maps and photo inside the .blend file" in capfd.readouterr().out


def test_check_hashes_every_file(bundle, tmp_path, capfd):
    assert main(["check", str(bundle.path)]) == 0
    assert "52 expressions" in capfd.readouterr().out
    damaged = make_bundle(tmp_path / "b", texture_size=16, density=4)
    file = damaged.path / "albedo.png"
    content = bytearray(file.read_bytes())
    content[-20] ^= 1
    file.write_bytes(content)
    assert main(["check", str(damaged.path)]) == 1
    assert "albedo.png" in capfd.readouterr().err


def test_the_preview_shows_photo_and_head_side_by_side_and_cleans_up(bundle, tmp_path):
    result = build_head(bundle.path)
    before = census()
    path = render_preview(result, tmp_path / "p.png", PreviewOptions(height=48, samples=1))
    after = census()
    after["images"] = [name for name in after["images"] if name != "Render Result"]  # Blender's own
    assert after == before
    picture = pixels(str(path))
    assert picture.shape[0] == 48 and picture.shape[1] > 90
    # The photo's background is blue, the studio's grey; both frames cut the same window.
    blue = picture[..., 2] - picture[..., 0]
    columns = (blue[40] > 0.1).nonzero()[0]
    photo_width = columns.max() + 1
    grey = abs(blue[:, photo_width + 2 :]) < 0.06
    assert photo_width < picture.shape[1] / 2 and grey[44:].mean() > 0.9


def test_pictures_are_rendered_by_the_engine_asked_for_after_the_head_is_saved(bundle, tmp_path, monkeypatch):
    out, seen = tmp_path / "a.blend", []

    def render(result, path, options):
        with preview._studio(result, options) as (scene, _):
            seen.append((scene.render.engine, scene.eevee.taa_render_samples, scene.cycles.samples, out.is_file()))
            assert options.engine == "cycles" or scene.eevee.use_shadows

    monkeypatch.setattr(preview, "render_preview", render)
    for more in ((), ("--samples", "5"), ("--engine", "eevee"), ("--engine", "eevee", "--samples", "7")):
        assert main(["build", str(bundle.path), "--out", str(out), "--render", str(tmp_path / "p.png"), *more]) == 0
        assert bpy.context.scene.render.engine == "CYCLES"
        out.unlink(missing_ok=True)
    assert [row[0] for row in seen] == ["CYCLES"] * 2 + [compat.eevee_engine()] * 2 and all(row[3] for row in seen)
    assert [row[2] for row in seen[:2]] == [12, 5] and [row[1] for row in seen[2:]] == [32, 7]


@pytest.mark.parametrize("azimuth, side", [(0, -1), (25, -1), (-25, 1)])
def test_the_turned_view_shows_the_side_that_the_photo_lacks(bundle, azimuth, side):
    """A frontal photo is turned into the key light, at the subject's right."""
    result = build_head(bundle.path)
    (view,) = result.cameras
    view.matrix_world = Matrix.Rotation(math.radians(azimuth), 4, "Z") @ Matrix.LocRotScale(
        (0, -1, 0.15), Euler((math.pi / 2, 0, 0)), None
    )
    with preview._studio(result, PreviewOptions()) as (scene, ledger):
        turned = preview._turned_camera(scene, result, 35, ledger).matrix_world.translation.copy()
    assert math.degrees(math.atan2(turned.x, -turned.y)) == pytest.approx(azimuth + 35 * side, abs=4)


def test_a_head_without_a_photo_has_no_preview(tmp_path):
    result = build_head(make_bundle(tmp_path / "b", texture_size=16, density=4, cameras=[]).path)
    assert result.cameras == ()
    with pytest.raises(ValueError):
        render_preview(result, tmp_path / "p.png")
