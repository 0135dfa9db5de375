"""Names are taken before the work begins: two programs never make one head, and what dead ones left goes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from engine.methods import reconstruct
from engine.wire import claims
from engine.wire.bundle import load_bundle
from engine.wire.claims import claim_free, claim_name, claimed
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.settings import Settings
from support.checkout import python_path
from support.synthetic_bundle import make_bundle

PROCESSES, JOBS = 8, 100


def _python(code: str, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, **python_path()},
        stdout=subprocess.PIPE,
        text=True,
    )


def _ended(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_claimed_name_is_nobody_elses(tmp_path):
    with claim_name(tmp_path / "a") as claim:
        assert claim_name(tmp_path / "a") is None
        assert claim_free(tmp_path, "a").path.name == "a_2"
        with pytest.raises(HrnError) as caught, claimed(tmp_path / "a"):
            pass
        assert caught.value.code is ErrorCode.BUSY
        with claimed(tmp_path / "a", claim.token):
            pass
        assert claim_name(tmp_path / "a") is None  # It still belongs to its owner.
    with claim_name(tmp_path / "a"):
        pass
    assert _ended(tmp_path) == [".a_2.reserved"]


def test_folders_that_were_made_for_nothing_go(tmp_path):
    claim = claim_name(tmp_path / "new" / "folder" / "a")
    assert (tmp_path / "new" / "folder").is_dir()
    claim.release()
    assert not _ended(tmp_path)
    with claim_name(tmp_path / "new" / "folder" / "a") as claim:
        claim.path.mkdir()
    assert claim.path.is_dir()


def test_what_stands_on_the_disk_is_not_given_out(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a_2").write_text("a file")
    with claim_free(tmp_path, "a") as claim:
        assert claim.path == tmp_path / "a_3"


@pytest.mark.parametrize("token", ["../a", "", "nobody's", ".."])
def test_a_token_that_nobody_has_proves_nothing(tmp_path, token):
    with claim_name(tmp_path / "a"), pytest.raises(HrnError), claimed(tmp_path / "a", token):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed by signals")
@pytest.mark.parametrize("numbers_are_reused", [False, True])
def test_the_claim_of_a_killed_process_is_void(tmp_path, monkeypatch, numbers_are_reused):
    """At once where its number is gone; where another process has got the number, a moment later, by the lock."""
    owner = _python(
        "import sys, time, pathlib; from engine.wire.claims import claim_name; "
        "claim = claim_name(pathlib.Path(sys.argv[1])); print('has it', flush=True); time.sleep(60)",
        tmp_path / "a",
    )
    assert owner.stdout.readline() == "has it\n" and claim_name(tmp_path / "a") is None
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    if numbers_are_reused:
        monkeypatch.setattr(claims, "_gone", lambda file: False)
        assert claim_name(tmp_path / "a") is None
        monkeypatch.setattr(claims, "_YOUNG_SECONDS", 0.0)
    with claim_name(tmp_path / "a"):
        pass
    assert not _ended(tmp_path)


def test_where_files_cannot_be_locked_a_claim_holds_for_a_day(tmp_path, monkeypatch):
    def unsupported(*_, **__):
        raise HrnError(ErrorCode.OUTPUT_NOT_WRITABLE, "The file system cannot lock files.")

    monkeypatch.setattr(claims, "try_lock", unsupported)
    monkeypatch.setattr(claims, "_YOUNG_SECONDS", 0.0)
    with claim_name(tmp_path / "a") as claim:
        assert claim_name(tmp_path / "a") is None
        os.utime(tmp_path / ".a.reserved" / claim.token, (1e9, 1e9))
        monkeypatch.setattr(claims, "_UNLOCKED_SECONDS", 60.0)
        other = claim_name(tmp_path / "a")
        assert other is not None
        other.release()


def test_an_engine_leaves_what_another_one_is_writing(tmp_path):
    """The partial folder of somebody who is at work, and the name."""
    partial = tmp_path / ".head.0123abcd.partial"
    partial.mkdir()
    with claim_name(tmp_path / "head"), pytest.raises(HrnError) as caught:
        reconstruct(tmp_path / "photo.jpg", tmp_path / "head", Settings())
    assert caught.value.code is ErrorCode.BUSY and partial.is_dir()


def test_a_link_stays_and_its_folder_gets_the_head(tmp_path):
    (tmp_path / "disk").mkdir()
    try:
        (tmp_path / "head").symlink_to(tmp_path / "disk", target_is_directory=True)
    except OSError as error:
        pytest.skip(f"no symbolic links here: {error}")
    make_bundle(tmp_path / "head")
    assert (tmp_path / "head").is_symlink() and (tmp_path / "disk" / "head.json").is_file()


@pytest.mark.parametrize("name", ["x" * 240, "x" * 300, "x/" * 2500])
def test_a_name_that_is_too_long_is_met_before_the_work(tmp_path, name):
    begun = []
    with pytest.raises(HrnError) as caught:
        reconstruct(tmp_path / "no photo.jpg", tmp_path / name, Settings(), lambda *step: begun.append(step))
    assert caught.value.code is ErrorCode.OUTPUT_NOT_WRITABLE and not begun and not _ended(tmp_path)


WORKER = """
import json, os, pathlib, random, signal, sys, time
import numpy as np
from engine.wire.bundle import load_bundle, remove_leftovers, write_bundle
from engine.wire.claims import claim_free
source, folder, me = load_bundle(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
arrays = source.arrays()
manifest = {key: value for key, value in source.manifest.items() if key != "files"}
for number in range(int(sys.argv[4])):
    claim = claim_free(folder, "IMG_0001")
    try:
        remove_leftovers(claim.path)
        with write_bundle(claim.path, {**manifest, "name": f"{me}/{number}"}, arrays) as inside:
            for file in source.path.iterdir():
                if file.name not in ("head.json", "mesh.npz"):
                    os.link(file, inside / file.name)
            (inside / "person.txt").write_text(f"{me}/{number}")
            if me.startswith("killed"):
                os.kill(os.getpid(), signal.SIGKILL)
    finally:
        claim.release()
    print(json.dumps([f"{me}/{number}", claim.path.name]), flush=True)
"""
"""A person after the other, all with photos of one name. What is computed of them is left out."""


@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed by signals")
def test_a_hundred_jobs_of_one_name_become_a_hundred_whole_heads_of_the_right_people(tmp_path):
    source, folder = make_bundle(tmp_path / "source"), tmp_path / "heads"
    share = [JOBS // PROCESSES + (number < JOBS % PROCESSES) for number in range(PROCESSES)]
    workers = [_python(WORKER, source.path, folder, f"p{number}", jobs) for number, jobs in enumerate(share)]
    killed = [_python(WORKER, source.path, folder, f"killed{number}", 1) for number in range(2)]
    told = [json.loads(line) for worker in workers for line in worker.communicate(timeout=120)[0].splitlines()]
    for one in killed:
        one.communicate(timeout=120)
    assert all(worker.returncode == 0 for worker in workers) and len(told) == JOBS
    assert len({name for _, name in told}) == JOBS
    for person, name in told:
        bundle = load_bundle(folder / name)
        bundle.verify()
        assert bundle.manifest["name"] == person == (folder / name / "person.txt").read_text()
    # What the two killed ones left goes with the next one who gets their names.
    left = {name for name in _ended(folder) if name.startswith(".")}
    assert all(name.endswith((".partial", ".reserved")) for name in left) and len(left) <= 4
