"""The test run: which tier goes to which environment, and what may run at the same time.

The engine's tests are shared out to worker processes, whole files at a time, except for those marked ``alone``: they
start processes or look at the clock, and run afterwards, one by one. The add-on's tests run in two Blenders at once, and
beside the last two those of the package: the add-on's wait for processes half of their time.
Arguments that want one process (a chosen marker, a debugger, output as it comes) or name single files are followed: then
each tier is one pytest after another.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from ..system.machine import thread_environment
from ..wire.language import local
from ..wire.messages import as_message, say
from .coverage import MEASURED
from .packaging import ROOT

__all__ = ["NO_TESTS", "Meanwhile", "Run", "Tier", "asks_for_window", "plan", "run_together"]

NO_TESTS = 5
"""Exit code of pytest when it has collected nothing."""
_MOST_WORKERS = 4
"""Each worker grows to 4 GB: torch, the head model, and the faces and networks that many files of tests share."""
_ONE_PROCESS = (
    "-m",
    "-n",
    "-s",
    "-p",
    "--pdb",
    "--trace",
    "--capture",
    "--numprocesses",
    "--dist",
    "--collect-only",
    "--co",
    "--lf",
    "--ff",
    "--sw",
    "--last-failed",
    "--failed-first",
    "--stepwise",
    "--fixtures",
    "--markers",
)
"""Options of pytest with which the tests run in one process."""


@dataclass(frozen=True)
class Tier:
    """Tests of one folder in one environment."""

    title: str
    python: Path
    folder: str
    group: str = ""
    """Tiers of the same name, one after another in the list, may run at once."""
    spread: bool = False
    """Whether its files may be shared out to workers."""


@dataclass(frozen=True)
class Run:
    """One call of pytest."""

    title: str
    python: Path
    arguments: tuple[str, ...]
    environ: tuple[tuple[str, str], ...] = ()
    spread: bool = False
    """Whether workers share its files, so that other work beside it does no harm."""

    def command(self) -> list[str]:
        return [str(self.python), "-m", "pytest", "-q", "-rs", *self.arguments]


def plan(tiers: Sequence[Tier], arguments: Sequence[str], cores: int) -> list[list[Run]]:
    """What to run: stages one after another, each of runs at the same time.

    Args:
        arguments: of the user: paths inside the checkout, and whatever else pytest takes.
        cores: of this machine.
    """
    paths = _paths(arguments)
    flags = [a for a in arguments if a not in paths]
    together = cores > 1 and not any(_wants_one_process(flag) for flag in flags)
    stages: list[list[Run]] = []
    group = ""
    for tier in tiers:
        wanted = [p for p in paths if _is_all(p) or p.startswith(tier.folder)] if paths else [tier.folder]
        if not wanted:
            continue
        whole = all(_is_all(p) or p.rstrip("/") == tier.folder for p in wanted)
        if tier.spread and together and whole:
            workers = min(cores, _MOST_WORKERS)
            measured, environ = ((), ()) if arguments else MEASURED
            stages.append(
                [
                    Run(
                        say("{tests}, {count} at a time", tests=as_message(tier.title), count=workers),
                        tier.python,
                        (
                            "-n",
                            str(workers),
                            "--dist",
                            "loadfile",
                            "--no-loadscope-reorder",
                            "-m",
                            "not alone",
                            *measured,
                            *flags,
                            *wanted,
                        ),
                        (*thread_environment(workers).items(), *environ),
                        spread=True,
                    )
                ]
            )
            stages.append(
                [
                    Run(
                        say("{tests}, alone", tests=as_message(tier.title)),
                        tier.python,
                        ("-m", "alone", *measured, *flags, *wanted),
                        environ,
                    )
                ]
            )
        elif tier.group and tier.group == group and together and whole:
            stages[-1].append(Run(tier.title, tier.python, (*flags, *wanted)))
        else:
            stages.append([Run(tier.title, tier.python, (*flags, *wanted))])
        group = tier.group if whole else ""
    return stages


def run_together(runs: Sequence[Run], environ: Mapping[str, str], tell: Callable[[str], None]) -> dict[str, int]:
    """Exit codes by title. The first run's lines come at once, those of the others when they end."""
    with ExitStack() as stack:
        others = []
        for run in runs[1:]:
            lines = stack.enter_context(tempfile.TemporaryFile())
            process = stack.enter_context(
                subprocess.Popen(
                    run.command(),
                    cwd=ROOT,
                    env={**environ, **dict(run.environ)},
                    stdin=subprocess.DEVNULL,
                    stdout=lines,
                    stderr=lines,
                )
            )
            # Left early: `Popen` waits for its process, which must not go on for minutes.
            stack.callback(process.terminate)
            others.append((run, process, lines))
        first = runs[0]
        beside = [say("; at the same time: {tests}", tests=as_message(run.title)) for run, _, _ in others]
        tell(f"--- {local(first.title)}" + "".join(local(text) for text in beside))
        codes = {first.title: subprocess.run(first.command(), cwd=ROOT, env={**environ, **dict(first.environ)}).returncode}
        for run, process, lines in others:
            codes[run.title] = process.wait()
            tell(f"--- {local(run.title)}")
            lines.seek(0)
            sys.stdout.write(lines.read().decode("utf-8", "replace"))
            sys.stdout.flush()
    return codes


def asks_for_window(arguments: Sequence[str]) -> bool:
    """Whether the window test belongs to what these arguments name."""
    paths = _paths(arguments)
    return not paths or any(path.rstrip("/") in ("tests", "tests/gui") for path in paths)


class Meanwhile:
    """Work in a thread, whose exception is raised by whoever waits for it."""

    def __init__(self, work: Callable[[], None]):
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            self._error = error

    def wait(self) -> None:
        while self._thread.is_alive():
            self._thread.join(0.5)  # Ctrl-C gets through.
        if self._error is not None:
            raise self._error


def _paths(arguments: Sequence[str]) -> list[str]:
    return [a for a in arguments if not a.startswith("-") and (ROOT / a.split("::")[0]).exists()]


def _is_all(path: str) -> bool:
    return path.rstrip("/") == "tests"


def _wants_one_process(flag: str) -> bool:
    # "-n2" and "-mslow" are one word; "-maxfail" does not exist, "--maxfail" is another.
    return any(flag == name or flag.startswith(f"{name}=") or len(name) == 2 and flag.startswith(name) for name in _ONE_PROCESS)
