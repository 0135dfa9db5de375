"""The verbs of ``install_deps.py``."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ..wire.columns import pad
from ..wire.command_line import Parser, chosen_language
from ..wire.language import SOURCE, local
from ..wire.messages import say
from ..wire.paths import engine_home
from .environments import (
    BPY_4_5,
    ENGINE,
    EXTRAS,
    REQUIREMENTS,
    TEST_TOOLS,
    InstallError,
    clean_environ,
)
from .lint import LINT, checks, run_checks
from .packaging import ROOT, build_zip, validate_zip
from .plan import plan
from .reference import run_build
from .run_tests import test, window
from .shell import add_extra, ensure, ensure_engine, extras_in, progress_of, run_blender, run_engine, source, values_of

__all__ = ["main"]


def main(argv: list[str], description: str | None = None) -> int:
    """Run one verb; returns the exit code. Errors are one sentence on stderr and exit code 1."""
    parser = Parser(prog="install_deps.py", description=description)
    home = str(engine_home()).replace("%", "%%")
    parser.add_argument("--home", metavar="DIR", help=say("where everything is installed (now {folder})", folder=home))
    parser.add_argument("--python", metavar="PATH", help="interpreter for the engine's environment")
    parser.add_argument("--wheels", metavar="DIR", type=Path, help="folder of wheels that is looked into first")
    parser.add_argument("--offline", action="store_true", help="use nothing but --wheels")
    parser.add_argument("--json", action="store_true", help="progress and reports as JSON lines on stdout")
    parser.add_argument("verb", choices=sorted(VERBS), metavar="VERB", help=say("one of {verbs}", verbs=list(VERBS)))
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="…", help="what the verb takes")
    options = parser.parse_args(argv)
    wished, options.arguments = values_of(options.arguments, "--lang")
    if wished:
        parser.parse_args([f"--lang={wished[-1]}", options.verb])  # one that there is not is refused behind the verb, too
    options.lang = chosen_language(argv)
    if options.home:
        os.environ["HRN_ENGINE_HOME"] = str(Path(options.home).expanduser().absolute())
    if options.offline and not options.wheels:
        parser.error(say("--offline needs --wheels DIR"))
    if options.wheels and not options.wheels.is_dir():
        parser.error(say("{path} is not a folder", path=options.wheels))
    try:
        return VERBS[options.verb](options)
    except InstallError as error:
        if options.json:
            print(json.dumps({"method": "error", "params": error.sentence.to_json()}), flush=True)
        print(local(say("error: {error}", error=error)), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(local(say("Stopped. The next call goes on from here.")), file=sys.stderr)
        return 130


def install(options) -> int:
    """The engine's environment and its head model; with ``--with published`` PyTorch, with ``--with dask`` what a cluster
    needs. What was added before is brought up to date."""
    extras, rest = extras_in(options.arguments)
    if rest:
        raise InstallError(say("install does not know {argument}.", argument=repr(rest[0])))
    extras = list(dict.fromkeys([*(name for name, extra in EXTRAS.items() if ENGINE.has(extra.step)), *extras]))
    weights = [
        1 if ENGINE.is_complete() else ENGINE.download_mb,
        *(1 if ENGINE.has(EXTRAS[name].step) else EXTRAS[name].sizes.here[0] for name in extras),
    ]
    ends = [sum(weights[:number]) / sum(weights) for number in range(len(weights) + 1)]
    ensure_engine(options, (ends[0], ends[1]))
    for name, begin, end in zip(extras, ends[1:], ends[2:]):
        add_extra(name, options, (begin, end))
    return 0


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
                "--lang",
                SOURCE,
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
    ensure_engine(options)
    ensure(BPY_4_5, options)
    photo = Path(options.arguments[0]).absolute() if options.arguments else _demo_photo()
    folder = Path.cwd() / "demo"
    code = run_engine(
        ["reconstruct", str(photo), "--out", str(folder / "bundle"), "--export", str(folder / "head.obj")], options
    )
    if code:
        return code
    code = run_blender(
        ["build", str(folder / "bundle"), "--out", str(folder / "head.blend"), "--render", str(folder / "preview.png")],
        options,
    )
    if code == 0:
        made = {
            say("Blender file"): "head.blend",
            say("Picture"): "preview.png",
            say("Head bundle"): "bundle",
            "OBJ": "head.obj",
        }
        for what, name in made.items():
            print(pad(local(what), 13), folder / name)
    return code


def _demo_photo() -> Path:
    """The public-domain portrait of Eileen Collins (NASA) that scikit-image ships."""
    found = next(ENGINE.path.rglob("skimage/data/astronaut.png"), None)
    if found is None:
        raise InstallError(say("The demo photo is missing. Delete {path} and run the install again.", path=ENGINE.path))
    return found


def docs(options) -> int:
    """Build the API reference from the docstrings into ``build/docs``."""
    if not (ROOT / "docs").is_dir():
        raise InstallError("The documentation is part of the checkout, not of the installed add-on.")
    ensure(ENGINE, options)
    ENGINE.add(TEST_TOOLS, source(options), progress_of("docs", options))
    print(run_build(ROOT / "build" / "docs"))
    return 0


def lint(options) -> int:
    """Layout, common mistakes, types and the import graph; ``--fix`` mends what can be mended."""
    if not (ROOT / "pyproject.toml").is_file():
        raise InstallError("The linter's settings are part of the checkout, not of the installed add-on.")
    unknown = [argument for argument in options.arguments if argument != "--fix"]
    if unknown:
        raise InstallError(say("lint does not know {argument}; there is --fix.", argument=repr(unknown[0])))
    ensure(ENGINE, options)  # Types come with its packages.
    ensure(LINT, options)
    failed = run_checks(checks(fix="--fix" in options.arguments))
    if failed:
        raise InstallError(say("Found something: {titles}.", titles=failed))
    return 0


def engine(options) -> int:
    """The engine's own command line."""
    ensure_engine(options)
    return run_engine(options.arguments, options)


def blender(options) -> int:
    """The add-on's command line, on Blender 4.5 as a module."""
    ensure(BPY_4_5, options)
    return run_blender(options.arguments, options)


def package(options) -> int:
    """Build the extension zip into ``dist`` and let Blender's validator look at it."""
    path = build_zip(ROOT / "dist")
    ensure(BPY_4_5, options)
    validate_zip(path, BPY_4_5.python)
    print(path)
    return 0


def wheels(options) -> int:
    """Collect the engine's wheels in a folder, for ``--wheels DIR --offline`` on another machine of the same kind."""
    extras, folders = extras_in(options.arguments)
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
                *source(options).arguments(),
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
"""What ``install_deps.py`` can do."""
