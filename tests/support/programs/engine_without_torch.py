"""The engine's command line where PyTorch is not installed.

At its end it names the packages of the second tier that were loaded nevertheless. ``ENGINE_WITH_TORCH`` in the environment
leaves them in place.
"""

from __future__ import annotations

import atexit
import os
import runpy
import sys
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parents[1] / "paths.py"))

PACKAGES = ("torch", "nvdiffrast")

if not os.environ.get("ENGINE_WITH_TORCH"):
    sys.modules.update(dict.fromkeys(PACKAGES))  # None: importing it fails and looking for it finds nothing

from engine.cli import main


@atexit.register
def tell() -> None:
    print("loaded:", *(name for name in PACKAGES if sys.modules.get(name)), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
