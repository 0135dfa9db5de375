"""The heads of a batch as an asset library of this Blender."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import bpy

from ..engine.wire.child_process import clean_environment
from ..engine.wire.engine_events import Launch

__all__ = ["launch_builder", "refresh_browsers", "register_library"]

_ADDON = Path(__file__).resolve().parents[1]


def launch_builder(bundle: Path, target: Path) -> Launch:
    """How to start this Blender, or this Python with Blender as a module, to write `bundle` as an asset to `target`."""
    arguments = ["build", str(bundle), "--out", str(target), "--asset", f"--name={bundle.name}"]
    # The other add-ons beside ours must not hide a module of Python.
    code = (
        f"import os, sys; sys.path.append({str(_ADDON.parent)!r}); from {_ADDON.name}.cli.build import main; "
        f"status = main({json.dumps(arguments)}); sys.stdout.flush(); sys.stderr.flush(); os._exit(status)"
    )
    environment = clean_environment(os.environ)
    if bpy.app.binary_path:
        return Launch(
            [bpy.app.binary_path, "--background", "--factory-startup", "--python-exit-code", "1", "--python-expr", code],
            environment,
        )
    return Launch([sys.executable, "-c", code], environment)


def register_library(folder: Path) -> bpy.types.UserAssetLibrary:
    """Make `folder` an asset library whose assets are linked, unless it is one already."""
    libraries = bpy.context.preferences.filepaths.asset_libraries
    for library in libraries:
        if library.path and Path(bpy.path.abspath(library.path)).absolute() == folder.absolute():
            return library
    library = libraries.new(name=folder.name, directory=str(folder))
    library.import_method = "LINK"
    return library


def refresh_browsers() -> None:
    """Let the open Asset Browsers read their library again; Blender does not notice new files by itself."""
    if bpy.app.background:
        return  # Without a display, areas exist but crash Blender when used.
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            region = next((r for r in area.regions if r.type == "WINDOW"), None)
            if area.ui_type != "ASSETS" or region is None:
                continue
            with bpy.context.temp_override(window=window, area=area, region=region):
                if bpy.ops.asset.library_refresh.poll():
                    bpy.ops.asset.library_refresh()
