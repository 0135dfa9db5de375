#!/usr/bin/env python3
"""The add-on in a real Blender window, used with a mouse.

    python3 install_deps.py window [--keep DIR] [--docs] [--materials]

Builds a throwaway Debian with Blender 4.3 (once; kept in the engine's folder or in ``HRN_GUI_ROOT``), installs the
packaged zip by Blender's own command, opens the panel, chooses a photo in the file browser, reconstructs it with the
real engine, undoes, and survives an engine that crashes. Exit status 0: all as it should be; 1: not; 77: this machine
cannot build the throwaway system (the reason is printed).

``--keep DIR`` leaves screenshots and logs there. ``--docs`` writes the pictures of the user guide to ``docs/img``.
Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
sys.path[:0] = [str(CHECKOUT), str(HERE)]

from root import Unavailable, bind, build_root, enter_namespace, require  # noqa: E402
from screen import Screen  # noqa: E402

from engine.install.environments import ENGINE  # noqa: E402
from engine.install.packaging import build_zip  # noqa: E402
from engine.wire.paths import cache_dir, engine_home  # noqa: E402

WIDTH, HEIGHT = 1440, 900
SKIPPED = 77
LOOK_FOR_ENGINE = ("import sys; sys.modules['bl_ext.user_default.hrn_blender.engine_location'].engine_status(fresh=True); "
                   "area.tag_redraw()")


class Failure(Exception):
    """The window did not show what it should."""


class Window:
    """Blender on a screen inside the throwaway system, with the probe that reports its state."""

    def __init__(self, root: Path, work: Path, pictures: Path, env: dict[str, str]):
        self.root, self.work, self.pictures = root, work, pictures
        self.probe = work / "probe"
        self.probe.mkdir()
        self.inner = Path("/") / work.relative_to(root)
        self.screen = Screen(root, env | {"HRN_PROBE": str(self.inner / "probe")}, WIDTH, HEIGHT)
        self._number = 0
        self._shots = 0
        self._log = open(pictures / "blender.log", "wb")
        self.blender: subprocess.Popen | None = None

    def start(self) -> None:
        self.blender = self.screen.popen(
            "blender", "--no-window-focus", "--window-geometry", 0, 0, WIDTH, HEIGHT, "--offline-mode", "--python",
            HERE / "probe.py", stdout=self._log, stderr=subprocess.STDOUT)

    def state(self) -> dict:
        try:
            return json.loads((self.probe / "state.json").read_text())
        except (OSError, ValueError):
            return {}

    def wait(self, what: str, test, seconds: float = 30) -> dict:
        """Wait until `test(state)` holds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.blender.poll() is not None:
                raise Failure(f"Blender ended with {self.blender.returncode} while waiting for: {what}")
            state = self.state()
            if state.get("error"):
                raise Failure(f"the probe failed: {state['error']}")
            if state and test(state):
                return state
            time.sleep(0.1)
        self.shot("timeout")
        raise Failure(f"not within {seconds} s: {what}; state {json.dumps(self.state())}")

    def order(self, **orders) -> dict:
        """Let the probe do something and wait until it is done and drawn."""
        self._number += 1
        number = self._number
        text = json.dumps({"number": number, "orders": list(orders.items())})
        (self.probe / "order.new").write_text(text)
        os.replace(self.probe / "order.new", self.probe / "order.json")
        self.wait(f"order {orders}", lambda s: s["done"] >= number, 60)
        time.sleep(0.4)
        return self.state()

    def shot(self, name: str) -> None:
        self._shots += 1
        self.screen.save(self.pictures / f"{self._shots:02d}_{name}.png")

    def box(self, kind: str) -> tuple[int, int, int, int]:
        return tuple(self.state()["boxes"][kind])

    def close(self) -> None:
        if self.blender is not None and self.blender.poll() is None:
            self.blender.kill()
            self.blender.wait()
        self.screen.close()
        self._log.close()


class Panel:
    """Where things are in the sidebar. Blender does not tell scripts where its buttons are, so the rows are counted:
    a row has 20 pixels and a little space at this resolution."""

    HEADER = 47
    """Middle of the first row below the first panel's header."""

    def __init__(self, window: Window):
        self.window = window

    def click_first_row(self) -> None:
        left, top, right, _ = self.window.box("UI")
        self.window.screen.click((left + right - 20) / 2, top + self.HEADER + 3)

    def click_reconstruct(self) -> None:
        """The large button below one photo: picture (7 units), its frame, its name, a gap."""
        left, top, right, _ = self.window.box("UI")
        self.window.screen.click((left + right - 20) / 2, top + 246)


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise Failure(what)
    print(f"  ok  {what}", flush=True)


def is_orange(r, g, b) -> bool:
    return r > 170 and g < 130 and b < 110


def is_skin(r, g, b) -> bool:
    return r > 70 and r > g * 1.12 and g > b * 0.95 and r - b > 18


def scenario(window: Window, panel: Panel, photos: Path, docs: Path | None, materials: bool) -> None:
    """Everything that is done with the mouse. `materials`: let the viewport compile them."""
    inner_photos = "/" + str(photos.relative_to(window.root))
    window.start()
    window.wait("Blender with the add-on", lambda s: s["loaded"], 120)
    state = window.order(prepare=inner_photos)
    print(f"Blender {state['version']}", flush=True)
    window.screen.key("Escape")  # The splash screen.
    window.order(tab="HRN")
    if not materials:
        # Without a GPU the first Material Preview stops Blender for minutes; the texture alone is drawn at once.
        window.order(python="bpy.context.preferences.addons['bl_ext.user_default.hrn_blender']"
                            ".preferences.show_material = False")
    # A wider sidebar: dragging its edge is what an artist does too.
    left, top, right, bottom = window.box("UI")
    window.screen.drag(left + 1, (top + bottom) / 2 + 150, left - 90, (top + bottom) / 2 + 150)
    state = window.order(tab="HRN")
    expect(state["boxes"]["UI"][2] - state["boxes"]["UI"][0] > 200, "the sidebar is open")
    window.screen.move(300, 600)
    window.shot("panel")

    panel.click_first_row()
    window.wait("the file browser", lambda s: "FILE_BROWSER" in s["screens"], 20)
    time.sleep(3)  # Thumbnails are made in the background.
    window.shot("file_browser")
    if docs:
        window.screen.save(docs / "choose_photo.png", colors=255)
    window.screen.move(WIDTH / 2, HEIGHT / 2)
    window.screen.key("a")
    window.screen.key("Return")
    state = window.wait("one chosen photo", lambda s: len(s["photos"]) == 1 and s["boxes"], 20)
    expect(True, "a photo is chosen in the file browser")
    time.sleep(2)
    window.screen.move(300, 600)
    window.shot("photo_chosen")

    empty = window.screen.picture()
    panel.click_reconstruct()
    window.wait("a job", lambda s: s["jobs"], 10)
    window.screen.move(300, 600)
    window.wait("progress", lambda s: s["jobs"] and (s["jobs"][-1]["fraction"] > 0.25 or s["jobs"][-1]["state"] != "running"), 240)
    window.shot("progress")
    if docs:
        left, top, right, _ = window.box("UI")
        window.screen.save(docs / "progress.png", (left, top, right, top + 400), colors=255)
    state = window.wait("the head", lambda s: s["heads"] or s["notice"], 300)
    expect(not state["notice"], f"no error is shown ({state['notice']})")
    expect(len(state["heads"]) == 1 and state["shape_keys"] >= 53, "one head with its shape keys is in the scene")
    print(f"      reconstructed in {state['jobs'][-1]['seconds']:.1f} s, slowest timer step "
          f"{state['slowest_step'] * 1000:.0f} ms", flush=True)
    left, top, right, bottom = window.box("WINDOW")
    middle = (left + 200, top + 150, right - 400, bottom - 100)
    if materials:
        expect(state["shading"] == "MATERIAL", "the viewport is switched to materials")
        _settle(window, middle, 400)
    else:
        # Drawing competes with whatever else the machine does: ask until the texture is there.
        deadline = time.monotonic() + 120
        while window.screen.picture().share(middle, is_skin) < 0.05 and time.monotonic() < deadline:
            window.order(python="area.spaces.active.shading.color_type = 'TEXTURE'; area.tag_redraw()")
            time.sleep(1)
    window.shot("head")
    expect(window.screen.picture().difference(empty, middle) > 0.1, "the viewport shows the head")
    expect(window.screen.picture().share(middle, is_skin) > 0.05, "it has the colours of skin")
    if docs:
        window.screen.save(docs / "panel.png", window.box("AREA"), colors=255)

    window.screen.move((left + right) / 2 - 100, (top + bottom) / 2)
    window.screen.key("ctrl+z")
    state = window.wait("undo", lambda s: not s["heads"], 30)
    expect(len(state["jobs"]) == 1, "one undo removes the head and keeps the list")
    time.sleep(2)
    window.shot("undone")
    expect(window.screen.picture().difference(empty, middle) < 0.1, "the viewport is empty again")
    window.screen.key("ctrl+shift+z")
    window.wait("redo", lambda s: s["heads"], 30)
    expect(True, "redo brings it back")

    if docs:
        left, top, right, _ = window.box("UI")
        window.order(environment={"HRN_ENGINE_COMMAND": "", "HRN_ENGINE_HOME": "/nowhere"})
        window.order(python=LOOK_FOR_ENGINE)
        time.sleep(2)
        window.screen.save(docs / "install.png", (left, top, right, top + 420), colors=255)
        window.shot("engine_missing")
        inner = "/" + str(window.work.relative_to(window.root))
        window.order(environment={"HRN_ENGINE_HOME": f"{inner}/home"})

    fake = ["/usr/bin/python3", str(CHECKOUT / "tests" / "fake_engine.py"), "serve"]
    window.order(stop_engine=None)
    window.order(environment={"HRN_ENGINE_COMMAND": json.dumps(fake), "HRN_FAKE_ENGINE": "crash,at=0.5,seconds=2"})
    state = window.order(python=LOOK_FOR_ENGINE)
    time.sleep(2)
    before = window.screen.picture()
    jobs = len(state["jobs"])
    panel.click_reconstruct()
    window.wait("a second job", lambda s: len(s["jobs"]) > jobs, 10)
    window.screen.move(300, 600)
    state = window.wait("the message", lambda s: s["notice"], 30)
    expect(state["notice"]["code"] == "ENGINE_CRASHED", "a crash of the engine is one clear message")
    time.sleep(1)
    window.shot("crash")
    sidebar = window.box("UI")
    expect(window.screen.picture().share(sidebar, is_orange) > before.share(sidebar, is_orange),
           "the message is red in the panel")
    if docs:
        left, top, right, bottom = sidebar
        window.screen.save(docs / "error.png", (left, top, right, min(bottom, top + 560)), colors=255)

    window.order(environment={"HRN_FAKE_ENGINE": "slow"})
    panel.click_reconstruct()
    window.wait("a third job that runs", lambda s: s["jobs"][-1]["fraction"] > 0 and s["jobs"][-1]["state"] == "running", 30)
    left, top, right, _ = window.box("UI")
    window.screen.click(right - 49, top + 267)  # The cross beside the progress bar.
    started = time.monotonic()
    window.wait("the cancelled job to go", lambda s: all(j["state"] != "running" for j in s["jobs"]), 10)
    expect(time.monotonic() - started < 1.5, "cancel works at once")

    window.order(environment={"HRN_FAKE_ENGINE": "ok,seconds=0.5"}, stop_engine=None)
    panel.click_reconstruct()
    state = window.wait("the next head", lambda s: len(s["heads"]) == 2, 60)
    expect(state["notice"] is None, "the next click works and the message is gone")
    expect(state["slowest_step"] < 0.1, f"no step of the timer took longer than 100 ms "
                                        f"({state['slowest_step'] * 1000:.0f} ms)")
    window.shot("next_click")
    pid = state["pid"]
    (window.probe / "order.json").write_text(json.dumps({"number": 999, "orders": [["quit", None]]}))
    window.blender.wait(30)
    time.sleep(0.5)
    expect(pid is None or not Path(f"/proc/{pid}").exists(), "no engine is left when Blender quits")


def _settle(window: Window, box, seconds: float) -> None:
    """Wait until the picture stands still: on a machine without a GPU materials take their time."""
    deadline = time.monotonic() + seconds
    last, since = window.screen.picture(), time.monotonic()
    while time.monotonic() < deadline:
        time.sleep(2)
        now = window.screen.picture()
        if now.difference(last, box) > 0.002:
            since = time.monotonic()
        elif time.monotonic() - since > 12:
            return
        last = now


def prepare(root: Path, work: Path, engine_python: Path, photo: Path) -> dict[str, str]:
    """Mounts and settings; returns the environment of everything inside."""
    for special in ("/proc", "/dev"):
        bind(root, Path(special), read_only=False)
    bind(root, CHECKOUT)
    environment = engine_python.parent.parent
    bind(root, environment)
    for line in (environment / "pyvenv.cfg").read_text().splitlines():
        key, _, value = line.partition("=")
        if key.strip() == "home":
            base = Path(value.strip()).parent
            if base == Path("/usr"):
                version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
                for path in (engine_python.resolve(), Path("/usr/lib") / version):
                    bind(root, path)
            elif base.is_dir():
                bind(root, base)
    home = work / "home"
    (home / "envs").mkdir(parents=True)
    (home / "envs" / "engine").symlink_to(environment)
    cache_dir().mkdir(parents=True, exist_ok=True)
    bind(root, cache_dir(), read_only=False)
    (home / "cache").symlink_to(cache_dir())
    inner = "/" + str(work.relative_to(root))
    env = {"HOME": f"{inner}/user", "XDG_RUNTIME_DIR": f"{inner}/run", "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
           "LIBGL_ALWAYS_SOFTWARE": "1", "GALLIUM_DRIVER": "llvmpipe", "LANG": "C.UTF-8",
           "BLENDER_USER_RESOURCES": f"{inner}/blender", "HRN_ENGINE_HOME": f"{inner}/home"}
    for folder in ("user", "run", "blender"):
        (work / folder).mkdir()
    (work / "run").chmod(0o700)
    (work / "photos").mkdir()
    shutil.copyfile(photo, work / "photos" / f"Eileen Collins{photo.suffix}")
    if engine_python != ENGINE.python:
        env["HRN_ENGINE_COMMAND"] = json.dumps([str(engine_python), "-I", "-u", str(CHECKOUT / "engine/__main__.py"),
                                                "serve"])
    return env


def install_zip(root: Path, work: Path, env: dict[str, str]) -> None:
    archive = build_zip(work)
    inner = "/" + str(archive.relative_to(root))
    result = subprocess.run(["chroot", root, "blender", "--command", "extension", "install-file", "-r", "user_default",
                             "-e", inner], env=env, capture_output=True, text=True)
    if result.returncode:
        raise Failure(f"Blender refuses the zip: {result.stdout}{result.stderr}")
    print(f"  ok  Blender installs {archive.name} ({archive.stat().st_size // 1024} kB)", flush=True)


def use_command_line(root: Path, work: Path, env: dict[str, str]) -> None:
    """``blender --command hrn`` with the scripted engine, which is quick."""
    inner = "/" + str(work.relative_to(root))
    fake = ["/usr/bin/python3", str(CHECKOUT / "tests" / "fake_engine.py"), "serve"]
    photo = next((work / "photos").iterdir()).name
    result = subprocess.run(["chroot", root, "blender", "--command", "hrn", "--photo", f"{inner}/photos/{photo}",
                             "--out", f"{inner}/cli", "--blend", f"{inner}/cli/heads.blend"],
                            env=env | {"HRN_ENGINE_COMMAND": json.dumps(fake)}, capture_output=True, text=True)
    expect(result.returncode == 0 and (work / "cli" / "heads.blend").is_file(),
           f"`blender --command hrn` writes a .blend file {'' if result.returncode == 0 else result.stdout + result.stderr}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", metavar="DIR", type=Path, help="leave screenshots and logs there")
    parser.add_argument("--docs", action="store_true", help="write the pictures of the user guide")
    parser.add_argument("--materials", action="store_true",
                        help="also wait for Material Preview, which takes minutes without a GPU")
    parser.add_argument("--engine-python", metavar="PATH", type=Path, default=ENGINE.python,
                        help="interpreter of the engine's environment")
    parser.add_argument("--photo", metavar="FILE", type=Path)
    options = parser.parse_args()
    root = Path(os.environ.get("HRN_GUI_ROOT") or engine_home() / "gui-root").absolute() / "trixie"
    try:
        require()
        if not options.engine_python.exists():
            raise Unavailable("the engine is not installed")
        enter_namespace()
        build_root(root)
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    photo = options.photo or next(options.engine_python.parent.parent.rglob("skimage/data/astronaut.png"))
    pictures = (options.keep or Path(tempfile.mkdtemp(prefix="hrn-gui-"))).absolute()
    pictures.mkdir(parents=True, exist_ok=True)
    docs = CHECKOUT / "docs" / "img" if options.docs else None
    if docs:
        docs.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="hrn-gui-", dir=root / "tmp"))
    work.chmod(0o755)
    window = None
    try:
        env = prepare(root, work, options.engine_python.absolute(), photo)
        install_zip(root, work, env)
        use_command_line(root, work, env)
        window = Window(root, work, pictures, env)
        scenario(window, Panel(window), work / "photos", docs, options.materials)
    except Failure as failure:
        print(f"FAILED: {failure}", file=sys.stderr)
        print(f"Screenshots and Blender's log: {pictures}", file=sys.stderr)
        return 1
    finally:
        if window is not None:
            window.close()
        for log in (work / "home" / "logs").glob("*.log"):
            shutil.copyfile(log, pictures / log.name)
        shutil.rmtree(work, ignore_errors=True)
    if options.keep:
        print(f"Screenshots: {pictures}")
    else:
        shutil.rmtree(pictures, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
