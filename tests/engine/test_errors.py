"""Bad input: each kind has its own code, one sentence, its exit status, and leaves nothing behind."""

from __future__ import annotations

import errno
import json
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from engine import methods
from engine.cli import main
from engine.methods import reconstruct
from engine.wire.errors import EXIT_CODES, ErrorCode
from engine.wire.settings import Settings
from support.checkout import ROOT, python_path
from support.small_maps import small_analysis


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A place for photos whose every byte is accounted for after the run."""
    (tmp_path / "out").mkdir()
    return tmp_path


def fails(capsys, folder, code: ErrorCode, *arguments, out=None) -> dict:
    """Run the command line; check code, sentence, exit status and that nothing was left in the output folder."""
    status = main(["reconstruct", *map(str, arguments), "--out", str(out or folder / "out" / "head"), "--json"])
    captured = capsys.readouterr()
    error = json.loads(captured.out)["error"]
    assert error["code"] == code.value
    assert status == EXIT_CODES[code]
    lines = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and error["message"] in lines[0] and "Traceback" not in captured.err
    assert error["message"].endswith(".") and error["hint"]
    assert list((folder / "out").rglob("*")) == []
    return error


def photo(path: Path, pixels: np.ndarray) -> Path:
    done, data = cv2.imencode(path.suffix, pixels)
    path.write_bytes(data)
    return path


def portrait_of(width: int, portrait: Path, path: Path) -> Path:
    """The portrait's face, which is 91 pixels wide, scaled so that it has about `width`, on a grey ground."""
    small = cv2.resize(cv2.imread(str(portrait)), None, fx=width / 91, fy=width / 91, interpolation=cv2.INTER_AREA)
    ground = np.full((512, 512, 3), 90, np.uint8)
    ground[: small.shape[0], : small.shape[1]] = small[:512, :512]
    return photo(path, ground)


class TestPhoto:
    def test_missing(self, capsys, folder):
        error = fails(capsys, folder, ErrorCode.PHOTO_UNREADABLE, folder / "no such photo.jpg")
        assert "no such photo.jpg" in error["message"]

    def test_a_folder(self, capsys, folder):
        fails(capsys, folder, ErrorCode.PHOTO_UNREADABLE, folder)

    def test_not_an_image(self, capsys, folder):
        (folder / "letter.jpg").write_text("Dear reader,")
        assert "letter.jpg" in fails(capsys, folder, ErrorCode.NOT_AN_IMAGE, folder / "letter.jpg")["message"]

    def test_empty(self, capsys, folder):
        (folder / "empty.png").touch()
        fails(capsys, folder, ErrorCode.NOT_AN_IMAGE, folder / "empty.png")

    def test_truncated_jpeg(self, capsys, folder, portrait):
        whole = photo(folder / "whole.jpg", cv2.imread(str(portrait))).read_bytes()
        (folder / "cut.jpg").write_bytes(whole[: whole.index(b"\xff\xda") + 20])  # hardly anything behind its header
        fails(capsys, folder, ErrorCode.IMAGE_DAMAGED, folder / "cut.jpg")

    def test_image_bomb(self, capsys, folder):
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
        (folder / "bomb.png").write_bytes(
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(b"\0" * 10_000_000))
            + chunk(b"IEND", b"")
        )
        fails(capsys, folder, ErrorCode.IMAGE_TOO_LARGE, folder / "bomb.png")

    def test_no_face(self, capsys, folder):
        noise = np.random.default_rng(0).integers(0, 255, (300, 400, 3), np.uint8)
        fails(capsys, folder, ErrorCode.NO_FACE, photo(folder / "wall.png", cv2.blur(noise, (9, 9))))

    def test_face_too_small(self, capsys, folder, portrait):
        fails(capsys, folder, ErrorCode.FACE_TOO_SMALL, portrait_of(45, portrait, folder / "far.png"))

    def test_no_such_face(self, capsys, folder, portrait):
        fails(capsys, folder, ErrorCode.FACE_INDEX, portrait, "--face", "3")

    def test_blanks_and_letters_in_names_are_no_error(self, folder, portrait):
        name = folder / "mein Föto 写真 'x' [1].png"
        name.write_bytes(portrait.read_bytes())
        with small_analysis():
            bundle = reconstruct(name, folder / "out" / "el niño #1", Settings(texture_size=256, quality="draft"))
        assert bundle.manifest["photos"][0]["name"] == name.name and bundle.manifest["name"] == name.stem
        assert [p.name for p in (folder / "out").iterdir()] == ["el niño #1"]


class TestOutput:
    def test_a_file_is_in_the_way(self, capsys, folder, portrait):
        (folder / "notes.txt").write_text("mine")
        fails(capsys, folder, ErrorCode.OUTPUT_EXISTS, portrait, out=folder / "notes.txt")
        assert (folder / "notes.txt").read_text() == "mine"

    def test_other_files_are_never_replaced(self, capsys, folder, portrait):
        fails(capsys, folder, ErrorCode.OUTPUT_EXISTS, portrait, out=folder)

    def test_read_only(self, capsys, folder, portrait, monkeypatch):
        access = os.access
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != folder / "out" and access(path, mode))
        fails(capsys, folder, ErrorCode.OUTPUT_NOT_WRITABLE, portrait)

    def test_below_a_file(self, capsys, folder, portrait):
        (folder / "notes.txt").write_text("mine")
        fails(capsys, folder, ErrorCode.OUTPUT_NOT_WRITABLE, portrait, out=folder / "notes.txt" / "head")

    @pytest.mark.parametrize("writer", ["write_png", "write_exr", "write_jpeg"])
    def test_full_disk(self, capsys, folder, portrait, monkeypatch, writer):
        def full(path, *_):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))

        monkeypatch.setattr(f"engine.pipeline.assemble.{writer}", full)
        with small_analysis():
            fails(capsys, folder, ErrorCode.DISK_FULL, portrait, "--texture-size", "256", "--quality", "draft")

    @pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
    def test_no_cut_exr_passes_for_whole(self, tmp_path, monkeypatch):
        """The library itself overlooks it when the last part of a file does not fit."""
        import resource
        import signal
        from collections import namedtuple

        from engine.pipeline import image_files as maps

        monkeypatch.setattr(maps.shutil, "disk_usage", lambda _: namedtuple("Usage", "free")(0))
        image = np.random.default_rng(0).random((64, 48)).astype(np.float32)
        maps.write_exr(tmp_path / "whole.exr", image)
        size = (tmp_path / "whole.exr").stat().st_size
        before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN), resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            for room in (0, 20, 400, size // 2, size - 3000, size - 1):
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1][1]))
                with pytest.raises(OSError) as caught:
                    maps.write_exr(tmp_path / "cut.exr", image)
                assert caught.value.errno == errno.ENOSPC, room
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before[1])
            signal.signal(signal.SIGXFSZ, before[0])


class TestSettings:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("--texture-size", "100"),
            ("--quality", "best"),
            ("--detail", "9"),
            ("--focal-px", "1"),
            ("--face", "-1"),
            ("--detail", "nan"),
        ],
    )
    def test_out_of_range(self, capsys, folder, portrait, arguments):
        fails(capsys, folder, ErrorCode.SETTINGS_INVALID, portrait, *arguments)

    def test_wrong_method(self, capsys, folder, portrait):
        assert "“hrm”" in fails(capsys, folder, ErrorCode.METHOD_UNKNOWN, portrait, "--method", "hrm")["message"]

    def test_too_many_photos(self, capsys, folder, portrait):
        assert "30 photos" in fails(capsys, folder, ErrorCode.SETTINGS_INVALID, *[portrait] * 31)["message"]

    def test_export_to_something_else(self, capsys, folder, portrait):
        fails(capsys, folder, ErrorCode.SETTINGS_INVALID, portrait, "--export", str(folder / "head.fbx"))

    def test_wrong_usage(self, capsys):
        for arguments in ([], ["reconstruct"], ["reconstruct", "a.jpg"], ["fly"]):
            with pytest.raises(SystemExit) as caught:
                main(arguments)
            assert caught.value.code == 2
        assert "usage" in capsys.readouterr().err


class TestEngine:
    """Failures that are nobody's input, through a method that has them."""

    def run(self, capsys, folder, portrait, monkeypatch, failure, code):
        class Failing:
            def reconstruct(self, *_):
                raise failure

        monkeypatch.setitem(methods._created, "open", Failing())
        return fails(capsys, folder, code, portrait)

    @pytest.mark.parametrize(
        "failure,code",
        [
            (MemoryError(), ErrorCode.OUT_OF_MEMORY),
            (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), ErrorCode.OUT_OF_MEMORY),
            (RuntimeError("CUDA out of memory. Tried to allocate 2 GiB"), ErrorCode.OUT_OF_MEMORY),
            (OSError(errno.ENOSPC, "No space left on device", "/tmp/x"), ErrorCode.DISK_FULL),
            (ModuleNotFoundError("No module named 'torch'", name="torch"), ErrorCode.MODEL_MISSING),
            (ZeroDivisionError("division\nby zero"), ErrorCode.INTERNAL),
            (KeyboardInterrupt(), ErrorCode.CANCELLED),
        ],
    )
    def test_translation(self, capsys, folder, portrait, monkeypatch, failure, code):
        message = self.run(capsys, folder, portrait, monkeypatch, failure, code)["message"]
        assert "\n" not in message and len(message) < 300

    @pytest.mark.parametrize("content", ["nothing", "half", "other"])
    def test_damaged_network_data(self, capsys, folder, portrait, monkeypatch, content):
        from engine.fit.coarse import regress

        whole, file = regress._FILE.read_bytes(), folder / "coarse.npz"
        if content == "other":
            np.savez(file, weights=np.zeros(3))
        else:
            file.write_bytes(whole[: len(whole) // 2] if content == "half" else b"")
        monkeypatch.setattr(regress, "_FILE", file)
        monkeypatch.setattr(regress, "_loaded", {})
        monkeypatch.setattr(methods, "_created", {})
        error = fails(capsys, folder, ErrorCode.CHECKPOINT_INVALID, portrait, "--texture-size", "256")
        assert "coarse.npz" in error["message"]

    def test_opencv_out_of_memory(self, capsys, folder, portrait, monkeypatch):
        try:
            cv2.resize(np.zeros((8, 8, 3), np.uint8), (1 << 20, 1 << 20))
        except cv2.error as error:
            self.run(capsys, folder, portrait, monkeypatch, error, ErrorCode.OUT_OF_MEMORY)
        else:
            pytest.skip("this machine has 3 TiB to spare")

    def test_a_model_that_is_missing(self, folder, portrait):
        code = (
            "import sys; sys.modules['scipy'] = None; sys.modules['torch'] = None; "
            "sys.modules['cv2'] = None; from engine.cli import main; sys.exit(main(sys.argv[1:]))"
        )
        run = subprocess.run(
            [sys.executable, "-c", code, "reconstruct", str(portrait), "--out", str(folder / "out" / "head")],
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=python_path(HRN_ENGINE_HOME=str(folder / "home")),
        )
        assert run.returncode == EXIT_CODES[ErrorCode.MODEL_MISSING] and "Traceback" not in run.stderr
        assert "Traceback" in (folder / "home" / "logs" / "engine.log").read_text(encoding="utf-8")


def test_every_part_of_the_engine_writes_to_the_log(tmp_path):
    code = (
        "import logging; from engine.system.logs import start_logging; start_logging(); "
        "[logging.getLogger(f'engine.{name}').warning('from %s', name) for name in ('fit.mid', 'serve', 'system.machine')]"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "HRN_ENGINE_HOME": str(tmp_path)},
    )
    assert run.returncode == 0
    lines = (tmp_path / "logs" / "engine.log").read_text(encoding="utf-8").splitlines()
    assert [line.rpartition(" ")[2] for line in lines] == ["fit.mid", "serve", "system.machine"]
