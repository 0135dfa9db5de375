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
from collections.abc import Sequence
from pathlib import Path

from ..system.machine import cores
from ..system.progress import Progress
from ..wire.licenses import LICENSES
from ..wire.paths import engine_home
from .coverage import coverage_report, forget_coverage
from .environments import (
    BLENDERS,
    BPY_4_5,
    ENGINE,
    ENGINE_SIZES,
    EXTRAS,
    REQUIREMENTS,
    TEST_TOOLS,
    Environment,
    InstallError,
    Source,
    clean_environ,
)
from .lint import LINT, checks, run_checks
from .packaging import ROOT, build_zip, validate_zip
from .reference import run_build
from .testing import NO_TESTS, Meanwhile, Tier, asks_for_window, run_together
from .testing import plan as plan_tests

__all__ = ["main"]


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


class _Shown:
    """One line that is rewritten on a terminal, one line per change elsewhere, JSON lines for the add-on."""

    def __init__(self, as_json: bool):
        self.as_json, self.last, self.since = as_json, "", time.monotonic()

    def __call__(self, title: str, fraction: float, text: str) -> None:
        if self.as_json:
            params = {"stage": title, "fraction": round(fraction, 3), "message": text}
            print(json.dumps({"method": "progress", "params": params}), flush=True)
        elif sys.stderr.isatty():
            width = shutil.get_terminal_size().columns - 1
            line = f"[{title}] {fraction:4.0%} {text}"[:width]
            print("\r" + line.ljust(width), end="\n" if fraction >= 1 else "", file=sys.stderr, flush=True)
        elif text != self.last and not text.startswith("Collecting"):
            print(f"[{title}] {fraction:4.0%} {text} ({time.monotonic() - self.since:.0f} s)", file=sys.stderr, flush=True)
        self.last = text


def _progress(title: str, options: argparse.Namespace, part: tuple[float, float] = (0.0, 1.0)) -> Progress:
    """Progress of one environment as a part of the whole install, which the add-on waits for."""
    whole = Progress(_Shown(options.json)).stage(title)
    return whole.part(*part) if options.json else whole


def _ensure(environment: Environment, options, progress: Progress | None = None) -> None:
    if not environment.is_complete() and not options.json:
        print(
            f"{environment.purpose}: about {environment.download_mb} MB to download, {environment.disk_mb} MB on "
            f"disk, in {environment.path}",
            file=sys.stderr,
        )
    environment.install(
        _source(options), progress or _progress(environment.name, options), options.python if environment is ENGINE else None
    )


def _source(options) -> Source:
    return Source(options.wheels.absolute() if options.wheels else None, options.offline)


def _ensure_engine(options, part: tuple[float, float] = (0.0, 1.0)) -> None:
    _ensure(ENGINE, options, _progress(ENGINE.name, options, part))
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
        for e in (ENGINE, *(BLENDERS[version] for version in _TESTED))
    ]
    extras = [
        {
            "name": name,
            "purpose": extra.purpose,
            "state": "installed" if ENGINE.has(extra.step) else "optional",
            "download_mb": extra.sizes.here[0],
            "disk_mb": extra.sizes.here[1],
        }
        for name, extra in EXTRAS.items()
    ]
    licences = [(one.part, one.license, one.used_for) for one in LICENSES.values() if one.kind != "user"]
    free = shutil.disk_usage(next(p for p in (engine_home(), *engine_home().parents) if p.exists())).free // 2**20
    if options.json:
        report = {"environments": rows, "extras": extras, "free_mb": free, "home": str(engine_home()), "licences": licences}
        print(json.dumps(report))
        return 0
    print(
        f"Folder {engine_home()}, {free} MB free. The engine is all that the add-on needs;\n"
        "the Blender modules serve the demo, the tests and headless builds.\n"
    )
    _print_sizes(rows)
    print("\nOptional, in the engine's environment: install --with NAME\n")
    _print_sizes(extras)
    print("\nMB to download / on disk   " + "".join(f"{system:>16}" for system in ("Linux x86", "Windows", "macOS (Apple)")))
    for name, sizes in (("engine", ENGINE_SIZES), *((name, extra.sizes) for name, extra in EXTRAS.items())):
        print(f"  {name:<25}" + "".join(f"{f'{a} / {b}':>16}" for a, b in (sizes.linux, sizes.windows, sizes.macos)))
    print(
        "\nOn Linux, PyPI's PyTorch is a CUDA build. With a CPU build of it in a folder given by --wheels, `published` is\n"
        "200 MB to download and 870 MB on disk."
    )
    if shutil.which("nvidia-smi"):
        print(
            "nvdiffrast, an optional rasterizer for NVIDIA GPUs (research and evaluation only), is not on PyPI:\n"
            "docs/develop/face_models.md says how to add it."
        )
    print("\nLicences")
    for name, licence, use in licences:
        print(f"  {name:<44} {licence:<52} {use}")
    return 0


def _print_sizes(rows: list[dict]) -> None:
    for row in rows:
        print(
            f"  {row['name']:<9} {row['state']:<11} {row['download_mb']:>5} MB download {row['disk_mb']:>6} MB disk"
            f"   {row['purpose']}"
        )


def install(options) -> int:
    """The engine's environment and its head model; with ``--with published`` PyTorch, with ``--with dask`` what a cluster
    needs. What was added before is brought up to date."""
    extras, rest = _extras(options.arguments)
    if rest:
        raise InstallError(f"install does not know {rest[0]!r}.")
    extras = list(dict.fromkeys([*(name for name, extra in EXTRAS.items() if ENGINE.has(extra.step)), *extras]))
    weights = [
        1 if ENGINE.is_complete() else ENGINE.download_mb,
        *(1 if ENGINE.has(EXTRAS[name].step) else EXTRAS[name].sizes.here[0] for name in extras),
    ]
    ends = [sum(weights[:number]) / sum(weights) for number in range(len(weights) + 1)]
    _ensure_engine(options, (ends[0], ends[1]))
    for name, begin, end in zip(extras, ends[1:], ends[2:]):
        _add(name, options, (begin, end))
    return 0


def _add(name: str, options, part: tuple[float, float] = (0.0, 1.0)) -> None:
    extra = EXTRAS[name]
    if not ENGINE.has(extra.step) and not options.json:
        download, disk = extra.sizes.here
        print(f"{extra.purpose}: about {download} MB to download, {disk} MB on disk", file=sys.stderr)
    ENGINE.add(extra.step, _source(options), _progress(name, options, part))


def _extras(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Names given with ``--with``, and the other arguments."""
    names, rest = _values(arguments, "--with")
    for name in names:
        if name not in EXTRAS:
            raise InstallError(f"There is no extra {name!r}. The extras are {', '.join(EXTRAS)}.")
    return names, rest


def _values(arguments: list[str], option: str) -> tuple[list[str], list[str]]:
    """What follows each `option` (empty where nothing does), and the other arguments."""
    values, rest, left = [], [], iter(arguments)
    for argument in left:
        if argument == option or argument.startswith(f"{option}="):
            values.append(argument[len(option) + 1 :] if "=" in argument else next(left, ""))
        else:
            rest.append(argument)
    return values, rest


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
    versions, arguments = _blenders(options.arguments)
    stages = plan_tests(_tiers(versions or _present(_TESTED)), arguments, cores())
    in_window = asks_for_window(arguments)
    if not stages and not in_window:
        raise InstallError("No test matches these arguments.")
    used = {run.python for stage in stages for run in stage}
    wanted = [environment for environment in BLENDERS.values() if environment.python in used]
    for environment in wanted:
        if not environment.is_complete():
            environment.interpreter()  # A missing Python is said now, not after minutes of the engine's tests.
    _ensure_engine(options)
    ENGINE.add(TEST_TOOLS, _source(options), _progress("test", options))
    for name in EXTRAS:
        _add(name, options)
    if not arguments:
        _ensure(LINT, options)
    meanwhile = bool(stages) and stages[0][0].spread
    later = Meanwhile(lambda: _prepare_rest(wanted, in_window, options, quiet=meanwhile))
    failed, ran = [], 0
    if not arguments:
        print("--- lint", file=sys.stderr, flush=True)
        failed += run_checks(checks())
        forget_coverage()
    for stage in stages:
        if not stage[0].spread:
            later.wait()
        codes = run_together(stage, clean_environ(), lambda line: print(line, file=sys.stderr, flush=True))
        ran += any(code != NO_TESTS for code in codes.values())
        failed += [title for title, code in codes.items() if code not in (0, NO_TESTS)]
    later.wait()
    if not arguments and (report := coverage_report()):
        print(f"--- lines of the engine that its tests run\n{report}", file=sys.stderr, flush=True)
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


_TESTED = ("4.5", "5.2")
"""Blenders that the add-on's tests run in, unless ``--blender`` names others."""


def _blenders(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Versions named with ``--blender``, each once and oldest first, and the other arguments."""
    named, rest = _values(arguments, "--blender")
    for version in named:
        if version not in (*BLENDERS, "all"):
            raise InstallError(f"There is no Blender {version!r} to test in; there are {', '.join(BLENDERS)} and all.")
    return [version for version in BLENDERS if version in named or "all" in named], rest


def _present(versions: Sequence[str]) -> list[str]:
    """Those of `versions` whose Python this machine has, and 4.5, which the package's tests need as well; it is said
    which are left out."""
    present = []
    for version in versions:
        try:
            if BLENDERS[version] is not BPY_4_5:
                BLENDERS[version].interpreter()
            present.append(version)
        except InstallError as error:
            print(f"Blender {version} is left out. {error}", file=sys.stderr)
    return present


def _tiers(versions: Sequence[str]) -> list[Tier]:
    """All tests, the add-on's once in each of the Blenders `versions`: two at a time, the package's beside the last."""
    addons = [
        Tier(f"add-on, Blender {version}", BLENDERS[version].python, "tests/addon", group=f"Blenders {index // 2}")
        for index, version in enumerate(versions)
    ]
    return [
        Tier("engine", ENGINE.python, "tests/engine", spread=True),
        *addons,
        Tier("package", BPY_4_5.python, "tests/package", group=addons[-1].group),
    ]


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


def docs(options) -> int:
    """Build the API reference from the docstrings into ``build/docs``."""
    if not (ROOT / "docs").is_dir():
        raise InstallError("The documentation is part of the checkout, not of the installed add-on.")
    _ensure(ENGINE, options)
    ENGINE.add(TEST_TOOLS, _source(options), _progress("docs", options))
    print(run_build(ROOT / "build" / "docs"))
    return 0


def lint(options) -> int:
    """Layout, common mistakes, types and the import graph; ``--fix`` mends what can be mended."""
    if not (ROOT / "pyproject.toml").is_file():
        raise InstallError("The linter's settings are part of the checkout, not of the installed add-on.")
    unknown = [argument for argument in options.arguments if argument != "--fix"]
    if unknown:
        raise InstallError(f"lint does not know {unknown[0]!r}; there is --fix.")
    _ensure(ENGINE, options)  # Types come with its packages.
    _ensure(LINT, options)
    failed = run_checks(checks(fix="--fix" in options.arguments))
    if failed:
        raise InstallError(f"Found something: {', '.join(failed)}.")
    return 0


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
        raise InstallError("Name the folder: python3 install_deps.py wheels DIR [--with published]")
    folder = Path(folders[0]).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    python = ENGINE.interpreter(options.python)
    for step in (*ENGINE.steps, *(EXTRAS[name].step for name in extras)):
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
    "lint": lint,
    "docs": docs,
    "plan": plan,
    "install": install,
    "verify": verify,
    "engine": engine,
    "blender": blender,
    "package": package,
    "wheels": wheels,
    "window": window,
}
