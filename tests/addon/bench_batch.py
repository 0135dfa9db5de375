"""How Blender copes with many heads: ``BPY_PYTHON tests/addon/bench_batch.py BUNDLE [--heads 200]``.

Fills the batch table with copies of one bundle (hard links, so that disk space does not matter), measures what is drawn and
filtered, then builds all of them as *Build All* does, step by step. Times are processor time of the main thread, which other
programs on the machine change little, and wall time. Without a window: what the graphics card does is not in it.
"""

from __future__ import annotations

import argparse
import os
import runpy
import shutil
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

runpy.run_path(str(Path(__file__).resolve().parents[1] / "support" / "paths.py"))

import bpy

import hrn_blender
from engine.bench.killed_run import resident_mib
from support.addon import ui as addon_ui


def copies(bundle: Path, folder: Path, count: int) -> list[Path]:
    made = []
    for number in range(count):
        made.append(folder / f"person {number + 1:03d}")
        made[-1].mkdir()
        for file in bundle.iterdir():
            os.link(file, made[-1] / file.name)
    return made


def fill_table(bundles: list[Path]):
    """The add-on's batch with all heads done."""
    from hrn_blender.link.batch import Batch, Subject, SubjectState
    from hrn_blender.state import batch_session

    batch = Batch(bundles[0].parent, bundles[0].parent, version="")
    for index, path in enumerate(bundles):
        photo = next(path.glob("photo_0*"), path / "preview.png")
        batch.subjects[path.name] = Subject(
            path.name, path.name, (str(photo),), index, SubjectState.DONE, bundle=str(path), preview=str(path / "preview.png")
        )
    batch.revision = 1
    batch_session.batch = batch
    return batch_session


def timed(function, *arguments) -> tuple[float, float]:
    """(processor, wall) seconds of one call."""
    wall, work = time.perf_counter(), time.thread_time()
    function(*arguments)
    return time.thread_time() - work, time.perf_counter() - wall


def measure_table(table) -> None:
    from hrn_blender.ui import panel_batch

    print(f"fill the rows        {1000 * timed(table.sync)[0]:6.1f} ms")
    print("draw panel, all rows {:6.1f} ms, with new pictures".format(1000 * timed(addon_ui.draw, "HRN_PT_batch")[0]))
    print(
        "draw panel, all rows {:6.1f} ms, again (Blender draws the visible rows only)".format(
            1000 * timed(addon_ui.draw, "HRN_PT_batch")[0]
        )
    )
    search = SimpleNamespace(filter_name="7", bitflag_filter_item=1 << 30)
    print(
        "search               {:6.1f} ms".format(
            1000
            * timed(panel_batch.HRN_UL_subjects.filter_items, search, bpy.context, bpy.context.window_manager.hrn, "subjects")[
                0
            ]
        )
    )
    print(f"tick, nothing to do  {1000 * timed(table.ticker.tick)[0]:6.1f} ms")
    print(f"memory {resident_mib(os.getpid()):.0f} MiB", flush=True)


def measure_building(table, count: int) -> None:
    bpy.ops.ed.undo_push(message="Empty")
    bpy.ops.hrn.batch_place_all(into="BUILD")
    steps, began = [], time.perf_counter()
    print("head   processor s   wall s   of which undo step   memory MiB")
    while table.waiting_to_build():
        recorded = table._recorded_at
        steps.append(timed(table.ticker.tick))
        if len(steps) in (1, 2, 10) or len(steps) % 50 == 0:
            undo = table._recording_seconds if table._recorded_at != recorded else 0.0
            print(
                f"{len(steps):4}   {steps[-1][0]:11.2f}   {steps[-1][1]:6.2f}   {undo:18.2f}   {resident_mib(os.getpid()):10.0f}",
                flush=True,
            )
    heads = sum("hrn_bundle" in o for o in bpy.data.objects)
    work = sorted(step[0] for step in steps)
    print(
        f"{heads} of {count} heads in {time.perf_counter() - began:.0f} s; processor time of a step: median "
        f"{work[len(work) // 2]:.2f} s, longest {work[-1]:.2f} s"
    )
    print(f"tick, nothing to do  {1000 * timed(table.ticker.tick)[0]:6.1f} ms")
    print(f"view layer update    {1000 * timed(bpy.context.view_layer.update)[0]:6.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--heads", type=int, default=200)
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="hrn-bench-", dir=options.bundle.absolute().parent))
    os.environ["HRN_ENGINE_HOME"] = str(work / "home")
    try:
        bundles = copies(options.bundle.absolute(), work, options.heads)
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
        hrn_blender.register()
        print(f"Blender {bpy.app.version_string}, {options.heads} heads, memory {resident_mib(os.getpid()):.0f} MiB")
        table = fill_table(bundles)
        measure_table(table)
        measure_building(table, options.heads)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    sys.stdout.flush()
    os._exit(0)  # Blender as a module may hang while Python is taken down.


if __name__ == "__main__":
    main()
