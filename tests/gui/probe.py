"""Runs inside the Blender under test: carries out small orders and says what is the case.

Orders come as ``order.json`` in the folder named by ``HRN_PROBE``, the state goes to ``state.json``, several times per
second. Clicking is not done here: that is the mouse's job.
"""

import array
import functools
import json
import os
import runpy
import sys
import time
import traceback
from pathlib import Path

import bpy
import mathutils

runpy.run_path(str(Path(__file__).resolve().parents[1] / "support" / "paths.py"))

from support.addon import ui

FOLDER = Path(os.environ["HRN_PROBE"])
PACKAGE = "bl_ext.user_default.hrn_blender"
_done = 0
_error = ""
_read = []
"""Panels whose words are wanted."""
_spots = []
"""Landmarks whose places in the window are wanted while Adjust Mode is on."""
_foreign = set()
"""Texts that Blender translates in another way than the add-on."""
_rate = {"moves": 0, "draws": 0, "seconds": 0.0, "pause": 0.0, "last": 0.0}
"""What Adjust Mode did since it was asked to count: moves of a held pin, drawings, processor seconds of both, and the longest time
between two drawings."""
_slowest = 0.0
_builds = []
"""Seconds of each step that built a head: processor time of the main thread."""


def session():
    return sys.modules.get(f"{PACKAGE}.state.session")


def batch_session():
    return sys.modules.get(f"{PACKAGE}.state.batch_session")


def viewport():
    window = bpy.context.window_manager.windows[0]
    area = max((a for a in window.screen.areas if a.type == "VIEW_3D"), key=lambda a: a.width * a.height)
    return window, area, {r.type: r for r in area.regions if r.type in ("WINDOW", "UI")}


def order(name, value):
    global _read, _spots
    window, area, regions = viewport()
    if name == "prepare":
        preferences = bpy.context.preferences
        preferences.view.show_splash = False
        preferences.view.filebrowser_display_type = "SCREEN"
        preferences.view.smooth_view = 0
        preferences.view.show_developer_ui = False
        preferences.addons[PACKAGE].preferences.last_folder = value
        for thing in list(bpy.data.objects):
            bpy.data.objects.remove(thing)
        bpy.ops.ed.undo_push(message="Empty scene")
        area.spaces.active.show_region_ui = True
    elif name == "tab":
        regions["UI"].active_panel_category = value
        area.tag_redraw()
    elif name == "environment":
        os.environ.update(value)
    elif name == "stop_engine":
        session().queue.engine.kill(2)
    elif name == "settings":
        for key, entry in value.items():
            setattr(bpy.context.scene.hrn, key, entry)
    elif name == "language":
        view = bpy.context.preferences.view
        view.language = value
        view.use_translate_interface = view.use_translate_tooltips = view.use_translate_reports = value != "en_US"
    elif name == "read":
        _read = value
    elif name == "spots":
        _spots = value
    elif name == "rate":
        if value:
            _rate.update(moves=0, draws=0, seconds=0.0, pause=0.0, last=0.0)
    elif name == "python":
        exec(value, {"bpy": bpy, "window": window, "area": area, "regions": regions, "session": session()})
    elif name == "quit":
        bpy.app.timers.register(lambda: bpy.ops.wm.quit_blender() and None, first_interval=0.1)


def state():
    window, area, regions = (
        viewport() if any(a.type == "VIEW_3D" for a in bpy.context.window_manager.windows[0].screen.areas) else (None, None, {})
    )
    s = session()
    boxes = {}
    for kind, region in regions.items():
        top = window.height - (region.y + region.height)
        boxes[kind] = [region.x, top, region.x + region.width, top + region.height]
    if area:
        top = window.height - (area.y + area.height)
        boxes["AREA"] = [area.x, top, area.x + area.width, top + area.height]
    return {
        "time": time.time(),
        "done": _done,
        "error": _error,
        "version": bpy.app.version_string,
        "screens": [a.type for a in bpy.context.window_manager.windows[0].screen.areas],
        "boxes": boxes,
        "loaded": s is not None,
        "photos": list(s.photos) if s else [],
        "jobs": [
            {
                "name": j.name,
                "state": j.state.value,
                "stage": j.stage,
                "message": j.message,
                "fraction": j.fraction,
                "seconds": j.seconds,
            }
            for j in s.queue.jobs
        ]
        if s
        else [],
        "notice": {"code": s.notice.error.code.value, "text": str(s.notice.error)} if s and s.notice else None,
        "engine": s.queue.engine.state.value if s else "",
        "pid": s.queue.engine.pid if s else None,
        "heads": [o.name for o in bpy.context.scene.objects if "hrn_bundle" in o],
        "shape_keys": max(
            (len(o.data.shape_keys.key_blocks) for o in bpy.context.scene.objects if "hrn_bundle" in o and o.data.shape_keys),
            default=0,
        ),
        "shading": area.spaces.active.shading.type if area else "",
        "slowest_step": _slowest,
        "builds": _builds,
        "hidden": sum(o.hide_get() for o in bpy.context.scene.objects),
        "cameras": sum(o.type == "CAMERA" for o in bpy.context.scene.objects),
        "drafts": sum("hrn_draft" in o for o in bpy.context.scene.objects),
        "rate": dict(_rate),
        "batch": batch_state(),
        "view": view_name(area),
        "adjust": adjust_state(area, regions),
        "words": words(window, area, regions),
        "foreign": sorted(_foreign),
    }


def words(window, area, regions):
    """What the panels of `_read` say, each as a list of texts, their titles and the names of the settings, looked up by Blender
    in its language."""
    if not _read or area is None:
        return {}
    with bpy.context.temp_override(window=window, area=area, region=regions["UI"]):
        found = {panel: [text for entry in ui.draw(panel) if (text := text_of(*entry))] for panel in _read}
    titles = [getattr(bpy.types, panel) for panel in _read]
    found["titles"] = [translate(panel.bl_label, panel.bl_rna.translation_context) for panel in titles]
    settings = bpy.context.scene.hrn
    named = [one for group in (settings, settings.batch) for one in group.bl_rna.properties if one.name != one.identifier]
    found["properties"] = [translate(one.name, one.translation_context) for one in named if one.identifier != "rna_type"]
    return found


def translate(text, context=None):
    """`text` as Blender draws it; notes where that is not the add-on's translation."""
    translations = bpy.app.translations
    shown = translations.pgettext_iface(text, context or translations.contexts.default)
    own = table().get(translations.locale, {})
    if own.get((context or translations.contexts.default, text), shown) != shown:
        _foreign.add(text)
    return shown


@functools.cache
def table():
    return sys.modules[f"{PACKAGE}.state.language"].table()


ui.translate = translate


def text_of(kind, *parts):
    """What the user reads of one thing that a panel draws."""
    shown = {"label": 0, "progress": 0, "operator": 1, "menu": 1, "prop": 1}
    return parts[shown[kind]] if kind in shown else ""


def batch_state():
    """The table, by name, and what is still to be built."""
    module = batch_session()
    if module is None or module.batch is None:
        return {"running": False, "subjects": {}, "to_build": 0}
    return {
        "running": module.batch.running,
        "to_build": module.waiting_to_build(),
        "eta": module.batch.eta,
        "subjects": {s.title: {"state": s.state.value, "fraction": s.fraction} for s in module.batch.subjects.values()},
    }


def adjust_state(area, regions):
    """Whether Adjust Mode is on, how many pins there are, and where the window shows landmarks of the fit, and
    where the folder's own figures have them (x and y of each)."""
    correct = sys.modules.get(f"{PACKAGE}.state.correct")
    heads = [o for o in bpy.context.scene.objects if "hrn_bundle" in o]
    if correct is None or not heads or area is None:
        return {"on": False, "pins": 0, "spots": {}, "truth": {}, "running": False}
    head = bpy.context.view_layer.objects.active
    head = head if head in heads else heads[-1]
    found = {
        "on": bool(correct.adjusted),
        "pins": len(correct.pins_of_head(head)),
        "running": correct.running(head) is not None,
        "texture_old": head.hrn_correct.texture_old,
        "photo": bpy.context.scene.camera.get("hrn_photo", -1) if bpy.context.scene.camera else -1,
        "spots": {},
        "truth": {},
        "painted": painted(head),
        "said": [str(one) for one in sys.modules[f"{PACKAGE}.state.said"].sentences(head)],
    }
    if found["on"] and _spots:
        found["spots"], found["truth"] = spots(head, area, regions["WINDOW"])
    return found


def painted(head):
    """Pixels that were painted away of the first photo."""
    image = next((c.hrn_correct.ignore for c in head.children if c.type == "CAMERA" and c.hrn_correct.ignore), None)
    if image is None:
        return -1
    values = array.array("f", bytes(4 * len(image.pixels)))
    image.pixels.foreach_get(values)
    return sum(value < 0.5 for value in values[3::4])


def spots(head, area, region):
    view = sys.modules[f"{PACKAGE}.operators.adjust.view"]
    refit = sys.modules[f"{PACKAGE}.build.refit"]
    project = sys.modules[f"{PACKAGE}.adjust.camera"].project
    fitted = refit.fitted_of(head)
    camera = bpy.context.scene.camera
    eye = fitted.eye(camera["hrn_photo"])
    frame = view.photo_frame(region, area.spaces.active.region_3d, bpy.context.scene, camera)
    posed, window = fitted.posed(eye.number), bpy.context.window_manager.windows[0]
    bundle = sys.modules[f"{PACKAGE}.engine.wire.bundle"].load_bundle(bpy.path.abspath(head["hrn_bundle"]))
    given = bundle.arrays()["landmarks_fitted"]
    found, truth = {}, {}
    for number in _spots:
        point = fitted.landmark_weights[number] @ posed[fitted.landmark_vertices[number]]
        for places, pixel in ((found, project(point, eye)[0]), (truth, given[number])):
            x, y = frame.to_region(pixel)
            places[str(number)] = [float(region.x + x), float(window.height - region.y - y)]
    return found, truth


def view_name(area):
    """FRONT where the 3D viewport looks along y."""
    if area is None:
        return ""
    forward = area.spaces.active.region_3d.view_rotation @ mathutils.Vector((0, 0, -1))
    return "FRONT" if forward.y > 0.999 else "OTHER"


def tick():
    global _done, _error
    try:
        path = FOLDER / "order.json"
        if path.exists():
            orders = json.loads(path.read_text())
            path.unlink()
            for name, value in orders["orders"]:
                order(name, value)
            _done = orders["number"]
        temporary = FOLDER / "state.json.new"
        temporary.write_text(json.dumps(state()))
        os.replace(temporary, FOLDER / "state.json")
    except Exception:
        _error = traceback.format_exc()
        (FOLDER / "probe_error.txt").write_text(_error)
    return 0.1


def timed(plain):
    def tick():
        global _slowest
        heads, before = len(bpy.data.objects), time.thread_time()
        result = plain()
        seconds = time.thread_time() - before
        if len(bpy.data.objects) == heads:
            _slowest = max(_slowest, seconds)
        else:
            _builds.append(round(seconds, 3))
        return result

    return tick


def counted(plain, kind):
    """`plain`, whose calls are counted as `kind`."""

    @functools.wraps(plain)
    def call(*arguments):
        now, before = time.monotonic(), time.thread_time()
        result = plain(*arguments)
        _rate[kind] += 1
        _rate["seconds"] += time.thread_time() - before
        if kind == "draws":
            _rate["pause"] = max(_rate["pause"], now - _rate["last"] if _rate["last"] else 0.0)
            _rate["last"] = now
        return result

    return call


def measure():
    """Note how long each of the add-on's timer steps works, apart from those that build a head. Processor time, because
    on a machine without a GPU the drawing of the window competes with everything else."""
    for module in (session(), batch_session(), sys.modules[f"{PACKAGE}.state.correct"]):
        module.ticker.tick = timed(module.ticker.tick)
    mode = sys.modules[f"{PACKAGE}.operators.adjust.modal"].Mode
    mode._holding, mode._draw = counted(mode._holding, "moves"), counted(mode._draw, "draws")


measure()
bpy.app.timers.register(tick, first_interval=0.5, persistent=True)
