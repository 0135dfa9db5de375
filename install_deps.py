#!/usr/bin/env python3
"""Sets up everything that HRN for Blender needs, and runs it.

    python3 install_deps.py demo [PHOTO]         set up, reconstruct a real photo, build a .blend, render a preview
    python3 install_deps.py test [PYTEST ARGS]   set up and run the tests; --blender 4.2 runs the add-on's in that Blender
    python3 install_deps.py lint [--fix]         layout, mistakes, types and import graph; the tests begin with it
    python3 install_deps.py plan                 what would be installed, how big, under which licence
    python3 install_deps.py install [--with NAME]  the engine only; published: PyTorch, for the published methods and
                                                   training; dask: for batches on a cluster
    python3 install_deps.py verify               check the engine, JSON report
    python3 install_deps.py engine ARGS…         the engine's command line
    python3 install_deps.py blender ARGS…        the add-on's command line, on Blender as a Python module
    python3 install_deps.py package              build the extension zip
    python3 install_deps.py window               click through a reconstruction in a real Blender window (Debian, root)
    python3 install_deps.py wheels DIR [--with NAME]  collect the engine's wheels for a machine without network

Standard library only; any Python from 3.11 on, Blender's own included. Every verb may be repeated: what is complete
is left alone, what is broken or half-finished is repaired.
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    if sys.version_info < (3, 11):
        sys.exit(f"HRN for Blender needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from engine.install.verbs import main

    sys.exit(main(sys.argv[1:], description=__doc__))
