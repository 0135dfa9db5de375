"""The verb ``plan``: what an install would do."""

from __future__ import annotations

import json
import shutil

from ..wire.licenses import LICENSES
from ..wire.paths import engine_home
from .environments import (
    BLENDERS,
    ENGINE,
    ENGINE_SIZES,
    EXTRAS,
)
from .run_tests import TESTED

__all__ = ["plan"]


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
    print(
        f"Folder {engine_home()}, {free} MB free. The engine is all that the add-on needs;\n"
        "the Blender modules serve the demo, the tests and headless builds.\n"
    )
    _print_sizes(rows)
    print("\nOptional, in the engine's environment: install --with NAME\n")
    _print_sizes(extras)
    print("\nMB to download / on disk   " + "".join(f"{system:>16}" for system in ("Linux x86", "Windows", "macOS (Apple)")))
    for name, sizes in (("engine", ENGINE_SIZES), *((name, extra.sizes) for name, extra in EXTRAS.items())):
        print(f"  {name:<25}" + "".join(f"{f'{a} / {b}':>16}" for a, b in (sizes.linux, sizes.windows, sizes.macos)))
    print(
        "\nOn Linux, PyPI's PyTorch is a CUDA build. With a CPU build of it in a folder given by --wheels, `published` is\n"
        "200 MB to download and 870 MB on disk."
    )
    if shutil.which("nvidia-smi"):
        print(
            "nvdiffrast, an optional rasterizer for NVIDIA GPUs (research and evaluation only), is not on PyPI:\n"
            "docs/develop/face_models.md says how to add it."
        )
    print("\nLicences")
    for name, licence, use in licences:
        print(f"  {name:<44} {licence:<52} {use}")
    return 0


def _print_sizes(rows: list[dict]) -> None:
    for row in rows:
        print(
            f"  {row['name']:<9} {row['state']:<11} {row['download_mb']:>5} MB download {row['disk_mb']:>6} MB disk"
            f"   {row['purpose']}"
        )
