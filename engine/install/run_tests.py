"""The verbs ``test`` and ``window``."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from ..system.machine import cores
from ..wire.language import local
from ..wire.messages import say
from .coverage import coverage_report, forget_coverage
from .environments import (
    BLENDERS,
    BPY_4_5,
    ENGINE,
    EXTRAS,
    TEST_TOOLS,
    Environment,
    InstallError,
    clean_environ,
)
from .lint import LINT, checks, run_checks
from .packaging import ROOT
from .shell import add_extra, ensure, ensure_engine, progress_of, source, values_of
from .testing import NO_TESTS, Meanwhile, Tier, asks_for_window, run_together
from .testing import plan as plan_tests

__all__ = ["TESTED", "blenders_in", "present_blenders", "tiers_of", "run_window", "test", "window"]


def test(options) -> int:
    """Run the tests, tier by tier, each in the environment that it needs; what later ones need is fetched meanwhile."""
    if not (ROOT / "tests").is_dir():
        raise InstallError("The tests are part of the checkout, not of the installed add-on.")
    versions, arguments = blenders_in(options.arguments)
    stages = plan_tests(tiers_of(versions or present_blenders(TESTED)), arguments, cores())
    in_window = asks_for_window(arguments)
    if not stages and not in_window:
        raise InstallError("No test matches these arguments.")
    used = {run.python for stage in stages for run in stage}
    wanted = [environment for environment in BLENDERS.values() if environment.python in used]
    for environment in wanted:
        if not environment.is_complete():
            environment.interpreter()  # A missing Python is said now, not after minutes of the engine's tests.
    ensure_engine(options)
    ENGINE.add(TEST_TOOLS, source(options), progress_of("test", options))
    for name in EXTRAS:
        add_extra(name, options)
    if not arguments:
        ensure(LINT, options)
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
        print(f"--- {local(say('lines of the engine that its tests run'))}\n{report}", file=sys.stderr, flush=True)
    if in_window:
        print(f"--- {local(say('window, Blender 4.3'))}", file=sys.stderr, flush=True)
        ran += 1
        if run_window([]) not in (0, _SKIPPED):
            failed.append(say("window"))
    if not ran:
        raise InstallError("No test matches these arguments.")
    if failed:
        raise InstallError(say("Tests failed: {titles}.", titles=failed))
    return 0


TESTED = ("4.5", "5.2")
"""Blenders that the add-on's tests run in, unless ``--blender`` names others."""


def blenders_in(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Versions named with ``--blender``, each once and oldest first, and the other arguments."""
    named, rest = values_of(arguments, "--blender")
    for version in named:
        if version not in (*BLENDERS, "all"):
            there = list(BLENDERS)
            raise InstallError(
                say("There is no Blender {version} to test in; there are {there} and all.", version=repr(version), there=there)
            )
    return [version for version in BLENDERS if version in named or "all" in named], rest


def present_blenders(versions: Sequence[str]) -> list[str]:
    """Those of `versions` whose Python this machine has, and 4.5, which the package's tests need as well; it is said
    which are left out."""
    present = []
    for version in versions:
        try:
            if BLENDERS[version] is not BPY_4_5:
                BLENDERS[version].interpreter()
            present.append(version)
        except InstallError as error:
            print(local(say("Blender {version} is left out. {reason}", version=version, reason=error)), file=sys.stderr)
    return present


def tiers_of(versions: Sequence[str]) -> list[Tier]:
    """All tests, the add-on's once in each of the Blenders `versions`: two at a time, the package's beside the last."""
    addons = [
        Tier(
            say("add-on, Blender {version}", version=version),
            BLENDERS[version].python,
            "tests/addon",
            group=f"Blenders {index // 2}",
        )
        for index, version in enumerate(versions)
    ]
    return [
        Tier(say("engine"), ENGINE.python, "tests/engine", spread=True),
        *addons,
        Tier(say("package"), BPY_4_5.python, "tests/package", group=addons[-1].group),
    ]


def _prepare_rest(environments: list[Environment], in_window: bool, options, quiet: bool) -> None:
    """What the tiers after the engine's need. The window test's system is tried only: the test itself says what is
    missing."""
    for environment in environments:
        ensure(environment, options, (lambda fraction, text: None) if quiet else None)
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
    ensure_engine(options)
    return run_window(options.arguments)


def run_window(arguments: list[str]) -> int:
    """Run the window test; returns its exit status, ``_SKIPPED`` where its system cannot be built."""
    code = subprocess.run([sys.executable, ROOT / "tests" / "gui" / "run.py", *arguments], cwd=ROOT).returncode
    if code == _SKIPPED:
        told = say("The window test was left out: the throwaway system cannot be built here (reason above).")
        print(local(told), file=sys.stderr)
    return code
