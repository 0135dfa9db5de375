"""A plain client of ``engine serve`` for process tests."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path

from support.checkout import PROGRAMS

STUB = PROGRAMS / "stub_engine.py"


class Client:
    """Starts an engine; every wait has a limit, so that a failing test fails instead of hanging."""

    def __init__(self, program: Path = STUB, **env: str):
        self._open([sys.executable, "-I", "-u", str(program), "serve"], {**os.environ, **env})

    def _open(self, command: list[str], env: dict[str, str]) -> None:
        self.messages: list[dict] = []
        self._early: dict[int | None, dict] = {}
        """Answers that came while another message was waited for: two answers may come in either order."""
        self.stderr = b""
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        self._lines: queue.SimpleQueue = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._drain, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _drain(self):
        self.stderr = self.process.stderr.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def send(self, id_: int | None, method: str, **params) -> None:
        self.send_line(json.dumps({"id": id_, "method": method, "params": params}).encode() + b"\n")

    def send_line(self, line: bytes) -> None:
        self.process.stdin.write(line)
        self.process.stdin.flush()

    def wait(self, matches, seconds: float = 20.0) -> dict:
        """The next message for which `matches(message)`; all messages are kept in `messages`."""
        end = time.monotonic() + seconds
        while True:
            try:
                line = self._lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no such message within {seconds} s; had {self.messages[-3:]}") from None
            assert line is not None, f"the engine ended with {self.process.wait()}: {self.stderr[-2000:]!r}"
            message = json.loads(line)
            self.messages.append(message)
            if matches(message):
                return message
            if "method" not in message:
                self._early[message.get("id")] = message

    def answer(self, id_: int | None, seconds: float = 20.0) -> dict:
        if id_ in self._early:
            return self._early.pop(id_)
        return self.wait(lambda m: "method" not in m and m.get("id") == id_, seconds)

    def notified(self, method: str, seconds: float = 20.0, **params) -> dict:
        return self.wait(
            lambda m: m.get("method") == method and all(m["params"].get(k) == v for k, v in params.items()), seconds
        )

    def reconstruct(self, id_: int, photo: str, out, **settings) -> None:
        self.send(id_, "reconstruct", photos=[photo], out=str(out), settings=settings)

    def exit_code(self, seconds: float = 15.0) -> int:
        return self.process.wait(seconds)
