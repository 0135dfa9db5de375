"""The extension zip: the add-on, the engine's sources and this installer in one file that Blender can install."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import BinaryIO

from ..wire.atomic import replace_file
from ..wire.messages import say
from .environments import InstallError, clean_environ

__all__ = ["build_zip", "contents", "validate_zip"]

ROOT = Path(__file__).resolve().parents[2]
"""Root of the checkout, or the add-on's folder where it is installed."""
_FIXED_TIME = (2020, 1, 1, 0, 0, 0)
"""Time of all entries, so that the same sources give the same zip."""


def contents(root: Path = ROOT) -> dict[str, Path]:
    """Names inside the zip and the files they come from.

    Raises:
        InstallError: `root` is not a checkout.
    """
    if not (root / "addon_manifest.toml").is_file() or not (root / "hrn_blender").is_dir():
        raise InstallError("The zip can only be built from a checkout; this is an installed add-on.")
    files = {"blender_manifest.toml": root / "addon_manifest.toml", "install_deps.py": root / "install_deps.py"}
    for folder, prefix in (("hrn_blender", ""), ("engine", "engine/")):
        for file in sorted((root / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".pyc":
                files[prefix + file.relative_to(root / folder).as_posix()] = file
    return files


def build_zip(out: Path, root: Path = ROOT) -> Path:
    """Write ``hrn_blender-VERSION.zip`` into the folder `out` and return its path."""
    manifest = tomllib.loads((root / "addon_manifest.toml").read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{manifest['id']}-{manifest['version']}.zip"
    replace_file(path, lambda file: _pack(file, contents(root)))
    return path


def _pack(file: BinaryIO, files: dict[str, Path]) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, source in sorted(files.items()):
            info = zipfile.ZipInfo(name, _FIXED_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, source.read_bytes())


def validate_zip(path: Path, bpy_python: Path) -> None:
    """Run Blender's own validator, which every bpy wheel contains, on the zip.

    Raises:
        InstallError: with the validator's words.
    """
    code = "import importlib.util as u, json; print(json.dumps(list(u.find_spec('bpy').submodule_search_locations)))"
    where = subprocess.run([bpy_python, "-I", "-c", code], capture_output=True, text=True, env=clean_environ())
    tools = [
        tool
        for folder in json.loads(where.stdout or "[]")
        for tool in Path(folder).glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py")
    ]
    if not tools:
        raise InstallError(say("{python} has no Blender module to validate with.", python=bpy_python))
    result = subprocess.run([bpy_python, tools[0], "validate", path], capture_output=True, text=True, env=clean_environ())
    if result.returncode:
        words = (result.stdout + result.stderr).strip()
        raise InstallError(say("Blender's validator refuses {file}: {words}", file=path.name, words=words))
    print(result.stdout.strip(), file=sys.stderr)
