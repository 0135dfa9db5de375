"""Running batches around the stand-in of batch_stub.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from support.checkout import PROGRAMS, python_path
from support.serve_client import Client

STUB = PROGRAMS / "batch_stub.py"


class Bench:
    """A folder with photos, an output folder, and the command."""

    def __init__(self, folder: Path):
        self.folder, self.source, self.out = folder, folder / "people", folder / "heads"
        self.source.mkdir()
        self.log = folder / "log.txt"
        self.environment = {
            **python_path(),
            "HRN_ENGINE_HOME": str(folder / "home"),
            "STUB_LOG": str(self.log),
            "PYTHONIOENCODING": "utf-8",
        }

    def photo(self, name: str, text: str = "ok") -> Path:
        path = self.source / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (1e9, 1e9 + len(text)))  # long ago: its time and size are trusted
        return path

    def command(self, *flags) -> list[str]:
        return [
            sys.executable,
            "-I",
            "-u",
            str(STUB),
            "batch",
            str(self.source),
            "--out",
            str(self.out),
            "--texture-size",
            "256",
            *map(str, flags),
        ]

    def run(self, *flags) -> subprocess.CompletedProcess:
        return subprocess.run(
            self.command(*flags),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            env=self.environment,
            stdin=subprocess.DEVNULL,
        )

    def start(self, *flags) -> subprocess.Popen:
        return subprocess.Popen(
            self.command(*flags),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env=self.environment,
            stdin=subprocess.DEVNULL,
        )

    def begun(self) -> list[str]:
        """Names of the reconstructions that began so far."""
        return [line.split("\t")[0] for line in self.log_lines()]

    def log_lines(self) -> list[str]:
        return self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []

    def wait_begun(self, count: int, seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while len(self.begun()) < count:
            assert time.monotonic() < end, f"only {self.begun()} began"
            time.sleep(0.02)

    def record(self, name: str) -> dict:
        return json.loads((self.out / ".hrn_batch" / f"{name}.json").read_text(encoding="utf-8"))

    def results(self) -> list[str]:
        return sorted(p.name for p in self.out.iterdir() if p.name not in (".hrn_batch", "report.html"))


class Driver(Client):
    """A batch driven by JSON lines."""

    def __init__(self, bench: Bench, *flags):
        self._open(bench.command("--json-lines", *flags), bench.environment)

    def of(self, method: str) -> list[dict]:
        return [m["params"] for m in self.messages if m.get("method") == method]

    def summary(self, seconds: float = 30.0) -> dict:
        return self.notified("summary", seconds)["params"]

    def command(self, method: str, id_: int | None = None, **params) -> None:
        message = {"method": method, **({"params": params} if params else {}), **({} if id_ is None else {"id": id_})}
        self.send_line(json.dumps(message).encode() + b"\n")
