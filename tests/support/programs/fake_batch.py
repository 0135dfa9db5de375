"""A scriptable stand-in for ``engine batch … --json-lines``: for what the real one never says.

    python tests/support/programs/fake_batch.py batch SOURCE --out OUT [flags]

The environment variable ``HRN_FAKE_BATCH`` is a JSON list of steps, each a list: an action and its arguments.

    ["say", METHOD, PARAMS]   one event
    ["raw", TEXT]             that text, followed by an end of line
    ["long", BYTES]           a line longer than that
    ["err", TEXT]             that text on stderr
    ["sleep", SECONDS]
    ["wait", METHOD]          until this command has come in
    ["exit", CODE]            end at once; without it, the end of stdin ends the process

``ready`` and, with three subjects a, b and c, ``batch`` and ``queued`` are said first unless a step ["bare"] is among
the steps. Commands that come in are appended to ``OUT.commands``, the command line to ``OUT.calls``.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import threading
import time
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parents[1] / "paths.py"))

from engine import __version__

seen: list[str] = []


def raw(text: str) -> None:
    sys.stdout.buffer.write(text.encode() + b"\n")
    sys.stdout.buffer.flush()


def say(method: str, params: dict) -> None:
    raw(json.dumps({"method": method, "params": params}))


def read(out: str) -> None:
    for line in sys.stdin.buffer:
        with open(f"{out}.commands", "ab") as stream:
            stream.write(line)
        message = json.loads(line)
        seen.append(message["method"])
        if message["method"] == "cancel_all" and "deaf" not in os.environ["HRN_FAKE_BATCH"]:
            os._exit(130)
    os._exit(0)


def main() -> None:
    arguments = sys.argv[1:]
    source, out = arguments[1], arguments[arguments.index("--out") + 1]
    with open(f"{out}.calls", "a", encoding="utf-8") as stream:
        stream.write(json.dumps(arguments) + "\n")
    steps = json.loads(os.environ["HRN_FAKE_BATCH"])
    threading.Thread(target=read, args=(out,), daemon=True).start()
    if ["bare"] not in steps:
        say("ready", {"protocol": 1, "engine_version": __version__, "pid": os.getpid()})
        say("batch", {"source": source, "out": out, "total": 3, "workers": 1, "report": None, "notes": []})
        for index, name in enumerate("abc"):
            say("queued", {"subject": name, "title": name.upper(), "photos": [f"{source}/{name}.png"], "index": index})
    for action, *values in steps:
        if action == "say":
            say(*values)
        elif action == "raw":
            raw(*values)
        elif action == "long":
            raw("x" * values[0] + "yy")
        elif action == "err":
            os.write(2, values[0].encode() + b"\n")
        elif action == "sleep":
            time.sleep(values[0])
        elif action == "wait":
            while values[0] not in seen:
                time.sleep(0.01)
        elif action == "exit":
            os._exit(values[0])
    time.sleep(60)


if __name__ == "__main__":
    main()
