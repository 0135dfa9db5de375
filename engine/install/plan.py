"""The verb ``plan``: what an install would do."""

from __future__ import annotations

import json
import shutil

from ..wire.columns import pad, row
from ..wire.language import local
from ..wire.licenses import LICENSES
from ..wire.messages import say
from ..wire.paths import engine_home
from .environments import (
    BLENDERS,
    ENGINE,
    ENGINE_SIZES,
    EXTRAS,
)
from .run_tests import TESTED

__all__ = ["plan"]

_STATES = {
    "complete": say("complete"),
    "to install": say("to install"),
    "installed": say("installed"),
    "optional": say("optional"),
}
"""Words for the state of an environment."""


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
        for e in (ENGINE, *(BLENDERS[version] for version in TESTED))
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
    told = say(
        "Folder {folder}, {free} MB free. The engine is all that the add-on needs;\n"
        "the Blender modules serve the demo, the tests and headless builds.",
        folder=engine_home(),
        free=free,
    )
    print(f"{local(told)}\n")
    _print_sizes(rows)
    optional = say("Optional, in the engine's environment: install --with NAME")
    print(f"\n{local(optional)}\n")
    _print_sizes(extras)
    systems = ("Linux x86", "Windows", "macOS (Apple)")
    print(f"\n{pad(local(say('MB to download / on disk')), 27)}" + "".join(f"{system:>16}" for system in systems))
    for name, sizes in (("engine", ENGINE_SIZES), *((name, extra.sizes) for name, extra in EXTRAS.items())):
        print(f"  {name:<25}" + "".join(f"{f'{a} / {b}':>16}" for a, b in (sizes.linux, sizes.windows, sizes.macos)))
    told = say(
        "On Linux, PyPI's PyTorch is a CUDA build. With a CPU build of it in a folder given by --wheels, `published` is\n"
        "200 MB to download and 870 MB on disk."
    )
    print(f"\n{local(told)}")
    if shutil.which("nvidia-smi"):
        told = say(
            "nvdiffrast, an optional rasterizer for NVIDIA GPUs (research and evaluation only), is not on PyPI:\n"
            "docs/develop/face_models.md says how to add it."
        )
        print(local(told))
    print(f"\n{local(say('Licences'))}")
    for name, licence, use in licences:
        print(" ", row((local(name), 44), (local(licence), 52), (local(use), 0)))
    return 0


def _print_sizes(rows: list[dict]) -> None:
    for entry in rows:
        sizes = say("{download:>5} MB download {disk:>6} MB disk", download=entry["download_mb"], disk=entry["disk_mb"])
        print(f"  {entry['name']:<9} {pad(local(_STATES[entry['state']]), 11)} {local(sizes)}   {local(entry['purpose'])}")
