"""A scriptable stand-in for ``engine serve``: the add-on is tested against it without torch.

    python tests/support/programs/fake_engine.py [serve] [--mode MODE[,key=value…]] [--log FILE]

The mode comes from ``--mode``, else from the environment variable ``HRN_FAKE_ENGINE``; a reconstruction may choose its
own with ``settings.method = "fake:MODE[,key=value…]"``. Modes that act at the start of the process:

    silent                 say nothing at all
    wrong_version          `ready` names another protocol, `initialize` answers VERSION_MISMATCH
    exit_at_start          write an ImportError to stderr and exit with 1
    garbage_at_start       a warning of some library on stdout before `ready`

Modes of a reconstruction:

    ok,seconds=0.2         progress through all stages, then a synthetic bundle
    ok,early=1             the same, and shows the head's shape at the beginning and, a little wider, in the middle
    slow,seconds=10        the same, slowly; cancel works
    ignore_cancel,seconds=10,term=0   progress, but deaf to cancel, shutdown and end of stdin (term=1: and to SIGTERM)
    crash,at=0.5,code=3    exit at once when that fraction of the work is done
    kill,at=0.5,signal=9   the same by a signal
    oom                    an OUT_OF_MEMORY error
    oom_exit               "Killed" on stderr and exit status 137, as the out-of-memory killer leaves it
    error,code=NO_FACE     that error
    hang                   no further message at all; cancel is not answered
    garbage                lines on stdout that are not messages, then the result
    huge_line              one line longer than the protocol allows, then the result
    half_line              half a message without an end of line, then exit
    stderr_flood,megabytes=5   that much on stderr, then the result
    bad_bundle             a result whose bundle lacks a file
    partial                exit in the middle of writing, leaving a ``.partial`` folder

Modes of a refit (``refit``) and of new maps (``retexture``): ok, slow, crash and error, as of a reconstruction. The fake head
becomes as many millimetres wider to the left as there are pins; ``off=4.2`` says that the last one is missed by so many pixels,
``out=1`` that the others contradict it, ``warns=1`` that the photo of the new maps is dark.

A photo with "stranger" in its name is left out of the bundle's views, as somebody else's is.

``--log FILE`` appends each message that came in, one per line.

The environment variable ``HRN_FAKE_BUNDLES`` names a folder in which one bundle is kept: those of single photos are copies
of it with their own name and settings, which takes a quarter of the time, because NumPy need not be imported.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import queue
import runpy
import shutil
import signal
import struct
import sys
import threading
import time
import zlib
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parents[1] / "paths.py"))

from engine import __version__
from engine.wire.atomic import temporary_path
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.protocol import (
    MAX_LINE_BYTES,
    PROTOCOL_VERSION,
    STAGES,
    encode_line,
    error_response,
    notification,
    response,
)
from engine.wire.settings import Settings


def parse_mode(text: str) -> tuple[str, dict[str, str]]:
    name, *options = text.split(",")
    return name, dict(option.split("=", 1) for option in options)


class FakeEngine:
    """One process: a reader thread, and jobs on the main thread."""

    def __init__(self, mode: str, log: str | None):
        self.mode = mode
        self.log = log
        self.out = sys.stdout.buffer
        self.lock = threading.Lock()
        self.jobs: queue.SimpleQueue = queue.SimpleQueue()
        self.running: int | None = None
        self.cancelled: set[int] = set()
        self.deaf = False

    def send(self, message: dict) -> None:
        self.write(encode_line(message))

    def write(self, data: bytes) -> None:
        with self.lock:
            self.out.write(data)
            self.out.flush()

    def main(self) -> None:
        name, _ = parse_mode(self.mode)
        if name == "exit_at_start":
            sys.exit("ImportError: No module named 'torch'")
        if name == "silent":
            while sys.stdin.buffer.readline():
                pass
            return
        if name == "garbage_at_start":
            self.write(b"WARNING: All log messages before InitializeLog() is called are written to STDERR\n")
        protocol = PROTOCOL_VERSION + 1 if name == "wrong_version" else PROTOCOL_VERSION
        self.send(notification("ready", {"protocol": protocol, "engine_version": __version__, "pid": os.getpid()}))
        threading.Thread(target=self.read, daemon=True).start()
        while True:
            job = self.jobs.get()
            if job is None:
                return
            self.reconstruct(*job)

    def read(self) -> None:
        for line in sys.stdin.buffer:
            if self.log:
                with open(self.log, "ab") as stream:
                    stream.write(line)
            self.handle(json.loads(line))
        self.quit()

    def quit(self) -> None:
        if not self.deaf:
            os._exit(0)

    def handle(self, message: dict) -> None:
        id_, method, params = message.get("id"), message["method"], message.get("params", {})
        if method == "initialize":
            if parse_mode(self.mode)[0] == "wrong_version" or params.get("protocol") != PROTOCOL_VERSION:
                self.send(error_response(id_, HrnError(ErrorCode.VERSION_MISMATCH, "Engine 9.9.9 speaks another protocol.")))
            else:
                self.send(
                    response(
                        id_,
                        {"protocol": PROTOCOL_VERSION, "engine_version": __version__, "methods": ["open"], "pid": os.getpid()},
                    )
                )
        elif method == "ping":
            self.send(response(id_, {"busy": self.running is not None}))
        elif method == "cancel":
            if not self.deaf:
                self.send(response(id_, {"cancelled": self.running == params.get("id")}))
                self.cancelled.add(params.get("id"))
        elif method == "shutdown":
            if not self.deaf:
                self.send(response(id_, {}))
            self.quit()
        elif method in ("reconstruct", "refit", "retexture", "add_photo"):
            if self.running is not None:
                self.send(error_response(id_, HrnError(ErrorCode.BUSY, "Another reconstruction is running.")))
            else:
                self.running = id_
                self.jobs.put((id_, {"method": method} | params))
        else:
            self.send(error_response(id_, HrnError(ErrorCode.ENGINE_PROTOCOL, f"Unknown request {method!r}.")))

    def reconstruct(self, id_: int, params: dict) -> None:
        if params["method"] != "reconstruct":
            self.correct(id_, params)
            return
        settings = dict(params.get("settings") or {})
        method = settings.get("method", "open")
        if method.startswith("fake:"):
            mode, options = parse_mode(method[5:])
            settings["method"] = "open"
        else:
            mode, options = parse_mode(self.mode)
        try:
            answer = response(id_, self.work(id_, params, Settings.from_json(settings), mode, options))
        except HrnError as error:
            answer = error_response(id_, error)
        self.running = None  # Before the answer: the next request may follow it at once.
        self.send(answer)

    def correct(self, id_: int, params: dict) -> None:
        mode, options = parse_mode(self.mode)
        try:
            if mode == "error":
                raise HrnError(ErrorCode(options.get("code", "CORRECTIONS_INVALID")), "The fake engine does not like them.")
            if mode == "crash":
                os._exit(3)
            deadline = time.monotonic() + float(options.get("seconds", 0.05))
            while time.monotonic() < deadline:
                if id_ in self.cancelled:
                    raise HrnError(ErrorCode.CANCELLED, "Nothing was changed.")
                time.sleep(0.01)
            off = float(options.get("off", 0))
            if params["method"] == "refit":
                answer = response(id_, refitted(params, off, "out" in options))
            elif params["method"] == "add_photo":
                write_added(params)
                answer = response(id_, {"bundle": params["out"]})
            else:
                answer = response(id_, retextured(params, "warns" in options))
        except HrnError as error:
            answer = error_response(id_, error)
        self.running = None
        self.send(answer)

    def work(self, id_: int, params: dict, settings: Settings, mode: str, options: dict[str, str]) -> dict:
        out = Path(params["out"])
        if mode == "error":
            raise HrnError(
                ErrorCode(options.get("code", "NO_FACE")), f"The fake engine was told to fail on {params['photos'][0]}."
            )
        if mode == "oom":
            raise HrnError(ErrorCode.OUT_OF_MEMORY, "The reconstruction needs more memory than there is.")
        if mode == "oom_exit":
            os.write(2, b"Killed\n")
            os._exit(137)
        if mode in ("hang", "ignore_cancel"):
            self.deaf = True
        if mode == "ignore_cancel" and options.get("term") == "1":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if mode == "hang":
            time.sleep(float(options.get("seconds", 3600)))
        if mode == "garbage":
            for line in (b"progress: 10%|#         | 1/10\n", b"\xff\xfe\x00\x01\n", b"[1, 2]\n", b"\n", b'{"method": "pro\n'):
                self.write(line)
        if mode == "huge_line":
            self.write(b'{"method":"progress","params":"' + b"x" * MAX_LINE_BYTES + b'"}\n')
        if mode == "half_line":
            self.write(b'{"method": "progress", "params": {"id"')
            os._exit(1)
        if mode == "stderr_flood":
            for _ in range(int(options.get("megabytes", 5)) * 16):
                os.write(2, b"W0000 some library is unhappy\n" * (65536 // 30))
        seconds = float(options.get("seconds", 10 if mode in ("slow", "ignore_cancel") else 0.2))
        stages = STAGES[1:-1]
        steps = max(len(stages), min(200, int(seconds / 0.05)))
        for step in range(steps):
            done = step / steps
            if options.get("early") and step in (0, steps // 2):
                file = write_early(Path(params["early"]), int(step > 0))
                self.send(notification("early", {"id": id_, "file": str(file)}))
            if id_ in self.cancelled and not self.deaf:
                raise HrnError(ErrorCode.CANCELLED, "The reconstruction was cancelled.")
            if mode in ("crash", "kill", "partial") and done >= float(options.get("at", 0.5)):
                if mode == "partial":
                    (out.parent / f".{out.name}.0badc0de.partial").mkdir(parents=True, exist_ok=True)
                elif mode == "kill":
                    os.kill(os.getpid(), int(options.get("signal", 9)))
                os.write(2, b"Fatal Python error: Segmentation fault\n")
                os._exit(int(options.get("code", 3)))
            stage = int(done * len(stages))
            self.send(
                notification(
                    "progress",
                    {
                        "id": id_,
                        "stage": stages[stage],
                        "fraction": round(done * len(stages) - stage, 4),
                        "overall": round(done, 4),
                        "message": f"Pretending: {stages[stage]}",
                    },
                )
            )
            time.sleep(seconds / steps)
        manifest = write_head(out, [Path(photo) for photo in params["photos"]], settings)
        if mode == "bad_bundle":
            (out / "albedo.png").unlink()
        self.send(notification("progress", {"id": id_, "stage": "done", "fraction": 1.0, "overall": 1.0, "message": "Done"}))
        return {"bundle": str(out), "quality": manifest["quality"], "timings": manifest["timings"]}


def refitted(params: dict, off: float, outvoted: bool) -> dict:
    """A head that is one millimetre wider to the left for each pin, through the same cameras.

    Args:
        off: pixels by which the last pin is not met. outvoted: whether the others contradict it.
    """
    import numpy as np

    bundle = Path(params["bundle"])
    manifest = json.loads((bundle / "head.json").read_text(encoding="utf-8"))
    pins = [pin for photo in params["corrections"]["photos"] for pin in photo["pins"]]
    with np.load(bundle / "mesh.npz") as arrays:
        vertices, deformation = arrays["vertices"], arrays["deformation"]
    shift = np.array([0.001 * len(pins), 0, 0], np.float32)
    np.savez(params["out"], vertices=vertices + shift, deformation=deformation)
    expression = manifest["expression"]
    seen = [manifest["photos"][camera["photo"]].get("expression") or expression["values"] for camera in manifest["cameras"]]
    return {
        "geometry": params["out"],
        "cameras": manifest["cameras"],
        "expression": {name: expression[name] for name in ("values", "photo_values")},
        "expressions": seen,
        "pins": [
            {"photo": 0, "id": pin["id"], "before_px": 9.0, "error_px": error, "outvoted": outvoted and error == off}
            for pin, error in zip(pins, [*[0.1] * (len(pins) - 1), off])
        ],
        "warnings": [{"code": "pin_not_met", "message": "One pin is not met."}] if off > 1 else [],
    }


def retextured(params: dict, warns: bool) -> dict:
    """The bundle with a green albedo and hair that begins where it did and is a tenth longer.

    Args:
        warns: whether its quality report says one thing about the maps more.
    """
    bundle, out = Path(params["bundle"]), Path(params["out"])
    if out != bundle:
        shutil.copytree(bundle, out)
    manifest = json.loads((out / "head.json").read_text(encoding="utf-8"))
    lengthen_hair(out, manifest)
    (out / "corrections.json").write_text(json.dumps(params["corrections"]), encoding="utf-8")
    manifest["corrections"] = {"file": "corrections.json"}
    albedo = out / manifest["maps"]["albedo"]["file"]
    albedo.write_bytes(green_png(64))
    manifest["files"][albedo.name]["bytes"] = albedo.stat().st_size
    if warns:
        said = [{"code": "pin_not_met", "message": "A pin is not met."}, {"code": "dark", "message": "The photo is dark."}]
        known = [one for one in manifest["quality"].get("warnings", []) if one not in said]
        manifest["quality"]["warnings"] = [*known, *said]
    (out / "head.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    return {"bundle": str(out), "quality": manifest["quality"], "timings": manifest["timings"]}


def lengthen_hair(out: Path, manifest: dict) -> None:
    """Make the hair of a bundle, where it has any, a tenth longer from its roots on."""
    if (out / "hair.npz").exists():
        import numpy as np

        arrays = dict(np.load(out / "hair.npz"))
        for name in [name for name in arrays if name.endswith("_points")]:
            arrays[name] = arrays[name] + 0.1 * (arrays[name] - arrays[name][:, :1])
        np.savez(out / "hair.npz", **arrays)
        manifest["files"]["hair.npz"]["bytes"] = (out / "hair.npz").stat().st_size


def green_png(side: int) -> bytes:
    """A green picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\0\xff\0" * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write_added(params: dict) -> None:
    """The head with one more photo, a millimetre to the left, with hair that is a tenth longer; a bald one stays bald unless the photo
    is called after hair."""
    import numpy as np

    from support.synthetic_bundle import make_bundle

    bundle, out, photo = Path(params["bundle"]), Path(params["out"]), Path(params["photo"])
    if "stranger" in photo.name:
        raise HrnError(ErrorCode.PHOTO_UNMATCHED, f"{photo.name} shows nothing that the head's photos confirm.")
    manifest = json.loads((bundle / "head.json").read_text(encoding="utf-8"))
    count = len(manifest["cameras"]) + 1
    haired = (bundle / "hair.npz").exists() or "hair" in photo.name
    made = make_bundle(out, density=8, name=manifest["name"], views=(True,) * count, hair=haired)
    with np.load(out / "mesh.npz") as found:
        arrays = {name: found[name] for name in found.files}
    arrays["vertices"] = arrays["vertices"] + np.float32([0.001, 0, 0])
    np.savez(out / "mesh.npz", **arrays)
    written = made.manifest
    lengthen_hair(out, written)
    for number in range(count - 1):
        written["photos"][number]["sha256"] = manifest["photos"][number]["sha256"]
    written["photos"][-1] |= {"name": photo.name, "sha256": hashlib.sha256(photo.read_bytes()).hexdigest()}
    written["files"]["mesh.npz"]["bytes"] = (out / "mesh.npz").stat().st_size
    (out / "head.json").write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")


def write_early(folder: Path, number: int) -> Path:
    """A shape as the engine shows it before the head is finished, of a synthetic bundle."""
    import numpy as np

    from support.synthetic_bundle import make_bundle

    bundle = make_bundle(folder / f"of_{number}", density=8)
    arrays, camera = bundle.arrays(), bundle.manifest["cameras"][0]
    shutil.copyfile(bundle.path / "photo_0.png", folder / f"early_{number}.jpg")
    places = {name: np.array(camera[name], float) for name in ("width", "height", "fx", "fy", "cx", "cy", "R", "t")}
    mesh = {name: arrays[name] for name in ("faces", "face_material")} | {"picture": np.array(f"early_{number}.jpg")}
    np.savez(folder / f"early_{number}.npz", posed=arrays["vertices"] * (1 + 0.1 * number), **mesh, **places)
    return folder / f"early_{number}.npz"


def write_head(out: Path, photos: list[Path], settings: Settings) -> dict:
    """A synthetic bundle, or a copy of the one that is kept; returns its manifest."""
    keep, name = os.environ.get("HRN_FAKE_BUNDLES"), photos[0].stem
    alike = len(photos) == 1 and "stranger" not in name and settings.keep_expression and not out.exists()
    kept = Path(keep) / "bundle" if keep and alike else None
    if kept is None or not kept.is_dir():
        from support.synthetic_bundle import make_bundle

        bundle = make_bundle(
            out, density=8, name=name, settings=settings, views=tuple("stranger" not in photo.name for photo in photos)
        )
        if kept is not None:
            shutil.copytree(out, kept.with_name(f"bundle.{os.getpid()}"))
            kept.with_name(f"bundle.{os.getpid()}").rename(kept)
        return bundle.manifest
    partial = temporary_path(out)
    shutil.copytree(kept, partial)
    manifest = json.loads((partial / "head.json").read_text(encoding="utf-8"))
    manifest |= {"name": name, "method": settings.method, "settings": settings.to_json()}
    manifest["photos"][0]["name"] = f"{name}.png"
    (partial / "head.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    partial.rename(out)
    return manifest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", nargs="?", default="serve")
    parser.add_argument("--mode", default=os.environ.get("HRN_FAKE_ENGINE", "ok"))
    parser.add_argument("--log")
    options, _ = parser.parse_known_args()
    FakeEngine(options.mode, options.log).main()


if __name__ == "__main__":
    main()
