"""What the verbs share: making environments complete, running engine and Blender, reading their arguments."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time

from ..system.progress import Progress
from ..wire.columns import cut, pad
from ..wire.language import local
from ..wire.messages import as_message, say
from .environments import (
    BPY_4_5,
    ENGINE,
    EXTRAS,
    Environment,
    InstallError,
    Source,
    clean_environ,
)
from .packaging import ROOT

__all__ = [
    "add_extra",
    "ensure",
    "ensure_engine",
    "extras_in",
    "progress_of",
    "run_blender",
    "run_engine",
    "source",
    "values_of",
]


class _Shown:
    """One line that is rewritten on a terminal, one line per change elsewhere, JSON lines for the add-on."""

    def __init__(self, as_json: bool):
        self.as_json, self.last, self.since = as_json, "", time.monotonic()

    def __call__(self, title: str, fraction: float, text: str) -> None:
        if self.as_json:
            params = {"stage": title, "fraction": round(fraction, 3), **as_message(text).to_json()}
            print(json.dumps({"method": "progress", "params": params}), flush=True)
        elif sys.stderr.isatty():
            columns = shutil.get_terminal_size().columns - 1
            line = cut(f"[{title}] {fraction:4.0%} {local(text)}", columns)
            print("\r" + pad(line, columns), end="\n" if fraction >= 1 else "", file=sys.stderr, flush=True)
        elif text != self.last and not text.startswith("Collecting"):
            since = time.monotonic() - self.since
            print(f"[{title}] {fraction:4.0%} {local(text)} ({since:.0f} s)", file=sys.stderr, flush=True)
        self.last = text


def progress_of(title: str, options: argparse.Namespace, part: tuple[float, float] = (0.0, 1.0)) -> Progress:
    """Progress of one environment; the add-on waits for all of them, of which this is a part."""
    whole = Progress(_Shown(options.json)).stage(title)
    return whole.part(*part) if options.json else whole


def ensure(environment: Environment, options, progress: Progress | None = None) -> None:
    """Make an environment complete; says beforehand what it downloads."""
    if not environment.is_complete() and not options.json:
        told = say(
            "{purpose}: about {download} MB to download, {disk} MB on disk, in {path}",
            purpose=as_message(environment.purpose),
            download=environment.download_mb,
            disk=environment.disk_mb,
            path=environment.path,
        )
        print(local(told), file=sys.stderr)
    environment.install(
        source(options), progress or progress_of(environment.name, options), options.python if environment is ENGINE else None
    )


def source(options) -> Source:
    """Where the wheels of this call come from."""
    return Source(options.wheels.absolute() if options.wheels else None, options.offline)


def ensure_engine(options, part: tuple[float, float] = (0.0, 1.0)) -> None:
    """Make the engine complete, and what it builds once: the head model and compiled code."""
    ensure(ENGINE, options, progress_of(ENGINE.name, options, part))
    if run_engine(["prepare"], options, quiet=options.json):
        raise InstallError("The head model could not be prepared; the lines above say why.")


def run_engine(arguments: list[str], options, quiet: bool = False) -> int:
    """Run the engine's command line; returns its exit status."""
    command = [ENGINE.python, "-I", ROOT / "engine" / "__main__.py", *_lang(options), *arguments]
    return subprocess.run(command, env=clean_environ(), stdout=subprocess.DEVNULL if quiet else None).returncode


def _lang(options) -> list[str]:
    """``--lang`` for a program that is started, where this call names a language; else it follows the locale, too."""
    language = getattr(options, "lang", None)
    return ["--lang", language] if language else []


def run_blender(arguments: list[str], options) -> int:
    """Run the add-on's command line on Blender 4.5 as a module; returns its exit status."""
    code = "import sys; sys.path.insert(0, sys.argv.pop(1)); from hrn_blender.cli.build import main; main(sys.argv[1:])"
    return subprocess.run([BPY_4_5.python, "-I", "-c", code, ROOT, *_lang(options), *arguments], env=clean_environ()).returncode


def add_extra(name: str, options, part: tuple[float, float] = (0.0, 1.0)) -> None:
    """Add one of :data:`.environments.EXTRAS` to the engine, unless it is there already."""
    extra = EXTRAS[name]
    if not ENGINE.has(extra.step) and not options.json:
        download, disk = extra.sizes.here
        told = say(
            "{purpose}: about {download} MB to download, {disk} MB on disk",
            purpose=as_message(extra.purpose),
            download=download,
            disk=disk,
        )
        print(local(told), file=sys.stderr)
    ENGINE.add(extra.step, source(options), progress_of(name, options, part))


def extras_in(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Names given with ``--with``, and the other arguments."""
    names, rest = values_of(arguments, "--with")
    for name in names:
        if name not in EXTRAS:
            raise InstallError(say("There is no extra {name}. The extras are {extras}.", name=repr(name), extras=list(EXTRAS)))
    return names, rest


def values_of(arguments: list[str], option: str) -> tuple[list[str], list[str]]:
    """What follows each `option` (empty where nothing does), and the other arguments."""
    values, rest, left = [], [], iter(arguments)
    for argument in left:
        if argument == option or argument.startswith(f"{option}="):
            values.append(argument[len(option) + 1 :] if "=" in argument else next(left, ""))
        else:
            rest.append(argument)
    return values, rest
