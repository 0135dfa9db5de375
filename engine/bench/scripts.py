"""Programs of the checkout that benchmarks run in other Pythons."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ..install.environments import BPY_4_5
from ..wire.messages import say
from .hair_bundle import NotMeasured

__all__ = ["last_line", "needs_blender", "run_in_blender"]


def needs_blender() -> None:
    """
    Raises:
        NotMeasured: Blender 4.5 as a module is not installed.
    """
    if not BPY_4_5.is_complete():
        raise NotMeasured(say("Blender 4.5 as a module is not installed (`install_deps.py blender --help` does it)"))


def run_in_blender(script: Path, jobs: list[Path]) -> tuple[bool, str]:
    """Run a script on folders in Blender 4.5 as a module: whether it ended well, and the last line of what went wrong.

    The script finds modules beside it, and none of the user's.
    """
    command = [str(BPY_4_5.python), "-E", "-s", str(script), *map(str, jobs)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode == 0, last_line(done.stderr)


def last_line(told: str) -> str:
    """The last line of a program's text that says something."""
    return next((line.strip() for line in reversed(told.splitlines()) if line.strip()), "")
