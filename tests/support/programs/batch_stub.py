"""The real command line, batch and server around a stand-in for the `open` method, for tests of batches.

The stand-in does what the first word in its first photo (a text file, whatever its suffix) says:

    ok            a bundle at once; `ok 0.5` after so many seconds
    noface        error NO_FACE
    full          error DISK_FULL, unless the environment names an existing file in STUB_SPACE
    die           kill the process; `die_once PATH`: unless PATH exists, which is made first
    slow_once PATH  half a minute, unless PATH exists, which is made first
    hang          no progress any more
    deaf          progress for a minute without looking at cancel
    written PATH  kill the process right after the bundle was renamed, unless PATH exists, which is made first

Every reconstruction that begins adds a line ``title pid threads photos`` to the file STUB_LOG.
"""

from __future__ import annotations

import hashlib
import os
import runpy
import signal
import sys
import time
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parents[1] / "paths.py"))

from engine import methods
from engine.batch import work, worker
from engine.cli import main
from engine.wire.errors import ErrorCode, HrnError
from support import synthetic_bundle


def die() -> None:
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    time.sleep(60)


class StubMethod:
    def missing(self):
        return []

    def warm_up(self, progress):
        pass

    def reconstruct(self, photos, out, settings, progress):
        out = Path(out)
        if os.environ.get("STUB_LOG"):
            with open(os.environ["STUB_LOG"], "a", encoding="utf-8") as stream:
                stream.write(f"{out.name}\t{os.getpid()}\t{os.environ.get('OMP_NUM_THREADS')}\t{len(photos)}\n")
        try:
            action, argument = (Path(photos[0]).read_text(encoding="utf-8").split(maxsplit=1) + ["", ""])[:2]
        except UnicodeDecodeError:
            raise HrnError(ErrorCode.NOT_AN_IMAGE, f"{Path(photos[0]).name} is not a picture.") from None
        argument = argument.strip()
        progress.stage("coarse")(0.0, "Fitting the head")
        seconds = float(argument or 0) if action == "ok" else 30.0 if action == "slow_once" and first_time(argument) else 0.0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            progress.stage("mid")(1 - max(0.0, end - time.monotonic()) / seconds, "Shaping")
            time.sleep(0.02)
        if action == "noface":
            raise HrnError(ErrorCode.NO_FACE, f"There is no face in {Path(photos[0]).name}.")
        if action == "full" and not os.path.exists(os.environ.get("STUB_SPACE", "")):
            raise HrnError(ErrorCode.DISK_FULL, f"There is no space left for {out}.")
        if action == "die" or action == "die_once" and first_time(argument):
            die()
        if action == "hang":
            time.sleep(60)
        if action == "deaf":
            for _ in range(600):
                time.sleep(0.1)
        sha256 = hashlib.sha256(Path(photos[0]).read_bytes()).hexdigest()
        bundle = synthetic_bundle.make_bundle(
            out, name=out.name, settings=settings, density=2, photo_size=(24, 30), texture_size=16, sha256=sha256
        )
        if action == "written" and first_time(argument):
            die()
        return bundle


def first_time(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True


if __name__ in ("__main__", "__mp_main__"):  # the second one: in worker processes of dask
    worker.PROGRAM = Path(__file__).resolve()
    work.TAKEOVER_SECONDS = 1.5  # The stand-in writes in no time, and its workers notice the end of stdin at once.
    methods._created["open"] = StubMethod()
if __name__ == "__main__":
    sys.exit(main())
