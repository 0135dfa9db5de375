"""A throwaway Debian with Blender, Xvfb and a mouse, as a folder that is entered with chroot.

Everything that mounts happens in a private mount namespace (``unshare -m``): when the process ends, the mounts are gone,
and nothing of the host can be reached through the folder any more. The folder is kept and used again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["Unavailable", "bind", "build_root", "enter_namespace", "require"]

SUITE = "trixie"
PACKAGES = (
    "blender xvfb xdotool imagemagick libgl1-mesa-dri libegl1 libgl1 python3-numpy python3-requests ca-certificates"
).split()
PATIENCE = 480
"""Seconds for one step of building the system."""
OPTIONS = (
    *(f"path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")),
    "path-include=/usr/share/locale/languages",
    "path-include=/usr/share/locale/*/LC_MESSAGES/blender.mo",
)
"""What dpkg leaves out to save space; Blender's languages stay."""
RECIPE = "\n".join((SUITE, *PACKAGES, *OPTIONS))
DONE = "hrn-gui-root-complete"
"""File in a finished system; holds the recipe it was made by."""
_INSIDE = "HRN_GUI_INSIDE"


class Unavailable(Exception):
    """The throwaway system cannot be built on this machine; says why."""


def enter_namespace() -> None:
    """Run this program again in a private mount namespace, unless it is in one already."""
    if os.environ.get(_INSIDE) == "1":
        return
    os.environ[_INSIDE] = "1"
    os.execvp("unshare", ["unshare", "--mount", "--propagation", "private", sys.executable, *sys.argv])


def require() -> None:
    """Raise :class:`Unavailable` unless this machine can build and enter such a system."""
    if not sys.platform.startswith("linux"):
        raise Unavailable("it needs Linux")
    if os.geteuid() != 0:
        raise Unavailable("it needs root, for chroot and mounts")
    for tool in ("unshare", "chroot", "mount"):
        if not shutil.which(tool):
            raise Unavailable(f"the program {tool} is missing")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        raise Unavailable("this container may not make mounts")


def build_root(root: Path) -> None:
    """Build the system in `root` unless it is there, made by the present recipe. Takes two minutes and fetches about 350 MB.

    Raises:
        Unavailable: with the reason.
    """
    made = root / DONE
    if made.exists() and made.read_text() == RECIPE:
        return
    if any(str(root) in line for line in Path("/proc/self/mountinfo").read_text().splitlines()):
        raise Unavailable(f"{root} has mounts and is not touched")
    if not shutil.which("mmdebstrap"):
        print("installing mmdebstrap", file=sys.stderr)
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", "mmdebstrap"]):
            if not shutil.which("apt-get") or not _succeeds(*command):
                raise Unavailable("mmdebstrap is missing and cannot be installed")
    uri, key = _mirror()
    root.parent.mkdir(parents=True, exist_ok=True)
    partial = root.with_name(root.name + ".partial")
    if partial.exists():
        shutil.rmtree(partial)
    print(f"building {root}", file=sys.stderr)
    options = [
        '--aptopt=APT::Install-Recommends "false"',
        '--aptopt=Acquire::Check-Valid-Until "false"',
        *(f"--dpkgopt={option}" for option in OPTIONS),
    ]
    if not _succeeds(
        "mmdebstrap",
        "--variant=apt",
        "--mode=root",
        f"--keyring={key}",
        *options,
        f"--include={','.join(PACKAGES)}",
        SUITE,
        partial,
        f"deb [signed-by={key}] {uri} {SUITE} main",
    ):
        shutil.rmtree(partial, ignore_errors=True)
        raise Unavailable("mmdebstrap could not build it (no network or no mirror?)")
    (partial / DONE).write_text(RECIPE)
    if root.exists():
        shutil.rmtree(root)
    os.replace(partial, root)


def _succeeds(*command) -> bool:
    """Run a command that fetches something; a network that never answers counts as a failure."""
    try:
        return subprocess.run(command, stdout=sys.stderr, timeout=PATIENCE).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def _mirror() -> tuple[str, Path]:
    """The mirror that this machine uses itself, and Debian's keyring."""
    key = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
    if not key.exists():
        raise Unavailable("Debian's keyring is missing")
    sources = Path("/etc/apt/sources.list.d/debian.sources")
    if sources.exists():
        for line in sources.read_text().splitlines():
            if line.startswith("URIs:"):
                return line.split()[1], key
    return "http://deb.debian.org/debian", key


def bind(root: Path, path: Path, read_only: bool = True) -> None:
    """Show `path` of the host at the same place inside `root`. Only in a private namespace."""
    target = root / path.relative_to("/")
    if path.is_dir():
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    subprocess.run(["mount", "--rbind" if path == Path("/dev") else "--bind", path, target], check=True)
    if read_only:
        subprocess.run(["mount", "-o", "remount,bind,ro", target], check=True)
