#!/usr/bin/env python3
"""The add-on in a real Blender window, used with a mouse.

    python3 install_deps.py window [--keep DIR] [--docs] [--materials] [--steps single adjust adjust_views more language views batch]

Builds a throwaway Debian with Blender 4.3 (once; kept in the engine's folder or in ``HRN_GUI_ROOT``), installs the
packaged zip by Blender's own command, opens the panel, chooses a photo in the file browser, reconstructs it with the
real engine, undoes, and survives an engine that crashes; speaks Chinese when Blender does; makes a list of photos; turns a folder of people into a grid of
heads with the real engine, one of them after a second try. Exit status 0: all as it should be; 1: not; 77: this machine
cannot build the throwaway system (the reason is printed).

``--keep DIR`` leaves screenshots and logs there. ``--docs`` writes the pictures of the user guide to ``docs/img``.
Standard library only.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
runpy.run_path(str(HERE.parent / "support" / "paths.py"))

from root import Unavailable, bind, build_root, enter_namespace, require
from steps_adjust import corrected_by_hand
from steps_adjust_views import several_corrected_by_hand
from steps_batch import people_become_a_grid
from steps_language import panel_in_chinese
from steps_more import more_of_one_person
from steps_single import errors_and_cancel, one_photo
from steps_views import several_photos
from window import CHECKOUT, Failure, Panel, Window, expect, fake_engine

from engine.install.environments import ENGINE
from engine.install.packaging import build_zip
from engine.wire.paths import cache_dir, engine_home

SKIPPED = 77
STEPS = ("single", "adjust", "adjust_views", "more", "language", "views", "batch")


def scenario(
    window: Window, panel: Panel, engine: dict[str, str], docs: Path | None, materials: bool, steps: list[str]
) -> None:
    """Everything that is done with the mouse.

    Args:
        engine: variables of the environment that choose the real engine.
        materials: let the viewport compile them.
        steps: names of :data:`STEPS`.
    """
    window.start()
    window.wait("Blender with the add-on", lambda s: s["loaded"], 120)
    state = window.order(prepare=window.inside(window.work / "photos"))
    print(f"Blender {state['version']}", flush=True)
    window.screen.key("Escape")  # The splash screen.
    window.order(tab="HRN")
    if not materials:
        # Without a GPU the first Material Preview stops Blender for minutes; the texture alone is drawn at once.
        window.order(
            python="bpy.context.preferences.addons['bl_ext.user_default.hrn_blender'].preferences.show_material = False"
        )
    # A wider sidebar: dragging its edge is what an artist does too.
    left, top, right, bottom = window.box("UI")
    window.screen.drag(left + 1, (top + bottom) / 2 + 150, left - 90, (top + bottom) / 2 + 150)
    state = window.order(tab="HRN")
    expect(state["boxes"]["UI"][2] - state["boxes"]["UI"][0] > 200, "the sidebar is open")
    window.screen.move(300, 600)
    window.shot("panel")
    took = {}
    for step, run in {
        "single": lambda: one_photo(window, panel, docs, materials),
        "errors": lambda: errors_and_cancel(window, panel, docs),
        "adjust": lambda: corrected_by_hand(window, engine, docs),
        "adjust_views": lambda: several_corrected_by_hand(window, engine, docs),
        "more": lambda: more_of_one_person(window, engine, docs),
        "language": lambda: panel_in_chinese(window, panel, engine, docs),
        "views": lambda: several_photos(window, panel, docs),
        "batch": lambda: people_become_a_grid(window, panel, engine, docs),
    }.items():
        if step in steps or step == "errors" and "single" in steps:
            began = time.monotonic()
            run()
            took[step] = time.monotonic() - began
    state = window.state()
    expect(
        state["slowest_step"] < 0.1,
        f"no step of a timer that built no head took longer than 100 ms ({state['slowest_step'] * 1000:.0f} ms)",
    )
    pid = state["pid"]
    (window.probe / "order.json").write_text(json.dumps({"number": 9999, "orders": [["quit", None]]}))
    window.blender.wait(30)
    time.sleep(0.5)
    expect(pid is None or not Path(f"/proc/{pid}").exists(), "no engine is left when Blender quits")
    print("      seconds: " + ", ".join(f"{step} {seconds:.0f}" for step, seconds in took.items()), flush=True)


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
    env = {
        "HOME": f"{inner}/user",
        "XDG_RUNTIME_DIR": f"{inner}/run",
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
        "LIBGL_ALWAYS_SOFTWARE": "1",
        "GALLIUM_DRIVER": "llvmpipe",
        "LANG": "C.UTF-8",
        "BLENDER_USER_RESOURCES": f"{inner}/blender",
        "HRN_ENGINE_HOME": f"{inner}/home",
    }
    for folder in ("user", "run", "blender"):
        (work / folder).mkdir()
    (work / "run").chmod(0o700)
    (work / "photos").mkdir()
    shutil.copyfile(photo, work / "photos" / f"Eileen Collins{photo.suffix}")
    if engine_python != ENGINE.python:
        env["HRN_ENGINE_COMMAND"] = json.dumps([str(engine_python), "-I", "-u", str(CHECKOUT / "engine/__main__.py"), "serve"])
    return env


def install_zip(root: Path, work: Path, env: dict[str, str]) -> None:
    archive = build_zip(work)
    inner = "/" + str(archive.relative_to(root))
    result = subprocess.run(
        ["chroot", root, "blender", "--command", "extension", "install-file", "-r", "user_default", "-e", inner],
        env=env,
        capture_output=True,
        text=True,
    )
    if result.returncode:
        raise Failure(f"Blender refuses the zip: {result.stdout}{result.stderr}")
    print(f"  ok  Blender installs {archive.name} ({archive.stat().st_size // 1024} kB)", flush=True)


def use_command_line(root: Path, work: Path, env: dict[str, str]) -> None:
    """``blender --command hrn`` with the scripted engine, which is quick."""
    inner = "/" + str(work.relative_to(root))
    photo = next((work / "photos").iterdir()).name
    result = subprocess.run(
        [
            "chroot",
            root,
            "blender",
            "--command",
            "hrn",
            "--photo",
            f"{inner}/photos/{photo}",
            "--out",
            f"{inner}/cli",
            "--blend",
            f"{inner}/cli/heads.blend",
        ],
        env=env | {"HRN_ENGINE_COMMAND": fake_engine()},
        capture_output=True,
        text=True,
    )
    expect(
        result.returncode == 0 and (work / "cli" / "heads.blend").is_file(),
        f"`blender --command hrn` writes a .blend file {'' if result.returncode == 0 else result.stdout + result.stderr}",
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", metavar="DIR", type=Path, help="leave screenshots and logs there")
    parser.add_argument("--docs", action="store_true", help="write the pictures of the user guide")
    parser.add_argument(
        "--materials", action="store_true", help="also wait for Material Preview, which takes minutes without a GPU"
    )
    parser.add_argument(
        "--engine-python", metavar="PATH", type=Path, default=ENGINE.python, help="interpreter of the engine's environment"
    )
    parser.add_argument("--photo", metavar="FILE", type=Path)
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS, help="do these only")
    parser.add_argument("--build", action="store_true", help="only build the throwaway system, unless it is there")
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
    if options.build:
        return 0
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
        engine = {"HRN_ENGINE_COMMAND": env.get("HRN_ENGINE_COMMAND", "")}
        scenario(window, Panel(window), engine, docs, options.materials, options.steps)
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
