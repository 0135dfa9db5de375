"""The real command line and server around a stand-in for the `open` method: process tests without networks.

The stand-in does what the name of its first photo says; see :class:`StubMethod`. ``STUB_WARM`` in the environment is
how many seconds its warm-up takes.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

runpy.run_path(str(Path(__file__).resolve().parents[1] / "paths.py"))

from engine import methods
from engine.cli import main
from engine.wire.protocol import STAGES
from support import synthetic_bundle


class StubMethod:
    def missing(self):
        return []

    def warm_up(self, progress):
        end = time.monotonic() + float(os.environ.get("STUB_WARM", 0))
        while time.monotonic() < end:
            progress.stage("start")(0.5, "Building the head model")
            time.sleep(0.02)

    def reconstruct(self, photos, out, settings, progress):
        action = Path(photos[0]).stem
        for stage in STAGES[1:-1]:
            progress.stage(stage)(0.0, f"At {stage}")
        if action == "slow":
            for step in range(600):
                progress.stage("bundle")(step / 600, "Slowly")
                time.sleep(0.05)
        elif action == "memory":
            np.empty(1 << 52)
        elif action == "torch_memory":
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory")
        elif action == "bug":
            return 1 / 0
        elif action == "noise":
            print("a library says hello")
            os.write(1, b"native code says hello\n")
            subprocess.run([sys.executable, "-c", "print('a child says hello', flush=True)"], check=True)
            sys.stdin.read()  # the protocol's stdin must not be reachable
        elif action == "writing":
            write = synthetic_bundle.write_png

            def slowly(path, image):
                write(path, image)
                progress.stage("bundle")(0.5, "Writing")
                for number in range(2000):
                    path.with_name(f"more_{number}.bin").write_bytes(b"0" * 1000)
                    time.sleep(0.005)

            synthetic_bundle.write_png = slowly
        return synthetic_bundle.make_bundle(out, name=action, settings=settings)

    def retexture(self, bundle, replay, out, progress):
        return synthetic_bundle.make_bundle(out, name="retextured")


if __name__ == "__main__":
    methods._created["open"] = StubMethod()
    sys.exit(main())
