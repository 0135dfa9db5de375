"""How much of the engine its tests run: a line for each room, after the tests."""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from pathlib import Path

from .environments import ENGINE, clean_environ
from .packaging import ROOT

__all__ = ["MEASURED", "by_room", "coverage_report", "forget_coverage"]

_FILE = ROOT / "build" / "coverage"
MEASURED = (("--cov=engine", "--cov-append", "--cov-report="), (("COVERAGE_FILE", str(_FILE)),))
"""Arguments of pytest, and environment, of a run that is measured. Compiled (Numba) code counts as not run."""


def forget_coverage() -> None:
    """Forget what earlier runs measured."""
    _FILE.parent.mkdir(exist_ok=True)
    for file in _FILE.parent.glob(_FILE.name + "*"):
        file.unlink()


def coverage_report() -> str:
    """The measured share of every room's lines; empty where nothing was measured."""
    environ = {**clean_environ(), "COVERAGE_FILE": str(_FILE)}
    found = subprocess.run(
        [ENGINE.python, "-m", "coverage", "json", "-q", "-o", "-"], cwd=ROOT, env=environ, capture_output=True, text=True
    )
    if found.returncode:
        return ""
    rows = by_room({name: file["summary"] for name, file in json.loads(found.stdout)["files"].items()})
    return "\n".join(f"  {share:4.0%}  {room}" for room, share in rows.items())


def by_room(files: dict[str, dict]) -> dict[str, float]:
    """The share of lines run, by folder below ``engine/`` and for all of it.

    Args:
        files: coverage.py's summaries (``num_statements``, ``covered_lines``) by path from the checkout.
    """
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, summary in files.items():
        parts = Path(name).parts
        for room in ("/".join(parts[:2]) if len(parts) > 2 else parts[0] + "/*.py", "all"):
            counts[room][0] += summary["covered_lines"]
            counts[room][1] += summary["num_statements"]
    return {room: run / max(lines, 1) for room, (run, lines) in sorted(counts.items(), key=lambda row: row[0] == "all")}
