"""Corrections of heads: what is wanted of each, the engine's answers, and their way into the scene.

A head's corrections are its own: they lie in its property group ``hrn_correct`` and in those of its photo cameras, so they are
saved and undone with it. Here is only what runs: at most one request for each head, after which the newest corrections follow
if they have changed meanwhile.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import bpy

from ..adjust.document import document, pins_from_text, pins_of, pins_to_text
from ..adjust.pins import PinSet
from ..build.camera import PHOTO_PROPERTY
from ..build.head import BUNDLE_PROPERTY
from ..build.keep import head_images
from ..build.photo_masks import mask_png, painted_photo
from ..build.refit import apply_answer, fitted_of, photo_cameras, read_answer, reload_maps
from ..engine.wire.bundle import Bundle, load_bundle
from ..engine.wire.corrections import LOCK_PARTS, Corrections, Locks, Switches, read_corrections
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from ..engine.wire.sliders import SLIDERS
from ..link.errands import Errand
from . import session
from .ticker import Ticker
from .windows import ready_to_build, redraw, window_context

__all__ = [
    "adjusted",
    "corrections_of",
    "mask_of",
    "pins_of_head",
    "read_from_bundle",
    "refit",
    "refit_or_say",
    "retexture",
    "running",
    "set_pins",
    "wait",
]

MASKS = ("ignore", "skin")
"""Kinds of masks; names of the pointers in the cameras' property group and of the engine's members."""
SLIDER = "slider_"
"""Begins the names of properties that are sliders of :data:`engine.wire.sliders.SLIDERS`."""
_SWITCHES = ("rigid_only", "shape", "expression", "symmetric")
"""Switches that are properties of the same name."""
_RETRY = 0.2
"""Seconds between looks at whether an answer may be put into the scene."""

listeners: list[Callable[[bpy.types.Object], None]] = []
"""Called with a head after it has taken another fit."""
adjusted: set[str] = set()
"""Names of heads in Adjust mode: their undo steps are made when it is left."""
_refits: dict[str, Errand] = {}
"""Head's name -> the request that runs for it."""
_again: set[str] = set()
"""Heads whose corrections have changed while their request ran."""
_answers: dict[str, dict] = {}
"""Head's name -> the answer that waits to be put into the scene."""
_textures: dict[str, Errand] = {}
"""Head's name -> the request for maps that runs for it."""
_finish: set[str] = set()
"""Heads that get new maps when their last fit is in the scene."""
_folder: Path | None = None
"""Where answers and masks lie until Blender ends."""
_number = 0


# -- what is corrected -------------------------------------------------------------------------------------------------


def pins_of_head(head: bpy.types.Object) -> PinSet:
    """The pins of a head in the scene."""
    return pins_from_text(head.hrn_correct.pins, len(head.data.vertices))


def set_pins(head: bpy.types.Object, pins: PinSet) -> None:
    """Give a head these pins."""
    head.hrn_correct.pins = pins_to_text(pins)


def mask_of(camera: bpy.types.Object, kind: str) -> bpy.types.Image | None:
    """What was painted over a camera's photo, of the kinds :data:`MASKS`."""
    return getattr(camera.hrn_correct, kind)


def corrections_of(head: bpy.types.Object) -> dict:
    """All corrections of a head, as the engine reads them; its masks are written to the session's folder.

    Raises:
        HrnError: ``BUNDLE_INVALID``: the head's folder is gone or damaged.
    """
    manifest = load_bundle(bpy.path.abspath(head[BUNDLE_PROPERTY])).manifest
    wanted = head.hrn_correct
    masks: dict[int, dict[str, str]] = {}
    for camera in photo_cameras(head):
        for kind in MASKS:
            image = mask_of(camera, kind)
            if image is not None:
                masks.setdefault(int(camera.get(PHOTO_PROPERTY, 0)), {})[kind] = _write_mask(head, camera, kind, image)
    switches = {name: getattr(wanted, name) for name in _SWITCHES}
    locked = tuple(name for name in LOCK_PARTS if getattr(wanted, f"lock_{name}"))
    return document(
        manifest,
        pins_of_head(head),
        masks,
        Switches(**switches, focal="free" if wanted.focal_free else "locked"),
        Locks(locked, _painted(head, wanted.lock_group)),
        {name: value for name in SLIDERS if (value := getattr(wanted, SLIDER + name))},
    ).to_json()


def _painted(head: bpy.types.Object, name: str) -> tuple[int, ...]:
    """The vertices that a vertex group holds by at least a half."""
    group = head.vertex_groups.get(name) if name else None
    if group is None:
        return ()
    found = []
    for vertex in head.data.vertices:
        if any(one.group == group.index and one.weight >= 0.5 for one in vertex.groups):
            found.append(vertex.index)
    return tuple(found)


def _write_mask(head: bpy.types.Object, camera: bpy.types.Object, kind: str, image: bpy.types.Image) -> str:
    """The name of the PNG in the session's folder that says where `image` was painted away: where its alpha is gone."""
    name = f"{bpy.path.clean_name(head.name)}_{camera.get(PHOTO_PROPERTY, 0)}_{kind}.png"
    (folder() / name).write_bytes(mask_png(image))
    return name


def read_from_bundle(head: bpy.types.Object) -> None:
    """Take over the corrections that a head's folder was made with, unless the head has some of its own.

    Raises:
        HrnError: ``BUNDLE_INVALID``, ``CORRECTIONS_INVALID``.
    """
    wanted = head.hrn_correct
    bundle = load_bundle(bpy.path.abspath(head[BUNDLE_PROPERTY]))
    about = bundle.manifest.get("corrections")
    if not about or wanted.begun:
        wanted.begun = True
        return
    found = read_corrections(bundle.path / about["file"])
    set_pins(head, pins_of(found, bundle.manifest))
    wanted.begun = True
    with quiet():
        for name in _SWITCHES:
            setattr(wanted, name, getattr(found.switches, name))
        wanted.focal_free = found.switches.focal == "free"
        for name in LOCK_PARTS:
            setattr(wanted, f"lock_{name}", name in found.locks.parts)
        for name in SLIDERS:
            setattr(wanted, SLIDER + name, found.sliders.get(name, 0.0))
        _lock_vertices(head, found.locks.vertices)
    _read_masks(head, found, bundle)


def _lock_vertices(head: bpy.types.Object, vertices: tuple[int, ...]) -> None:
    """Make single locked vertices a vertex group, as an artist would have painted it."""
    inside = [number for number in vertices if number < len(head.data.vertices)]
    if inside:
        group = head.vertex_groups.new(name="Stays As It Is")
        group.add(inside, 1.0, "REPLACE")
        head.hrn_correct.lock_group = group.name


def _read_masks(head: bpy.types.Object, found: Corrections, bundle: Bundle) -> None:
    """Make the masks of a bundle pictures that can be painted on."""
    numbers = {about.get("sha256"): number for number, about in enumerate(bundle.manifest["photos"])}
    for entry in found.photos:
        for camera in photo_cameras(head):
            if camera.get(PHOTO_PROPERTY, 0) != numbers.get(entry.sha256):
                continue
            for kind in MASKS:
                name = getattr(entry, kind)
                if name is not None and mask_of(camera, kind) is None:
                    setattr(camera.hrn_correct, kind, painted_photo(camera, kind, bundle.path / name))


class quiet:
    """While this lasts, changes of a head's corrections ask for no new fit."""

    depth = 0

    def __enter__(self) -> None:
        quiet.depth += 1

    def __exit__(self, *_) -> None:
        quiet.depth -= 1


# -- requests ----------------------------------------------------------------------------------------------------------


def folder() -> Path:
    """A folder of this session's own."""
    global _folder
    if _folder is None or not _folder.is_dir():
        _folder = Path(tempfile.mkdtemp(prefix="hrn-correct-"))
    return _folder


def running(head: bpy.types.Object) -> Errand | None:
    """The request that runs for a head."""
    return _refits.get(head.name) or _textures.get(head.name)


def refit(head: bpy.types.Object) -> None:
    """Have the engine fit the head to its corrections; the scene follows when it has answered. Returns at once.

    Raises:
        HrnError: ``BUNDLE_INVALID``.
    """
    global _number
    name = head.name
    if name in _refits:
        _again.add(name)
        return
    for other in list(_textures.values()):
        session.queue.give_up(other)  # What is seen at once goes first.
    _number += 1
    params = {
        "bundle": str(bpy.path.abspath(head[BUNDLE_PROPERTY])),
        "corrections": corrections_of(head),
        "folder": str(folder()),
        "out": str(folder() / f"refit_{_number}.npz"),
    }
    head.hrn_correct.begun = True
    head.hrn_correct.texture_old = True
    errand = Errand("refit", params, lambda result: _answered(name, result), lambda error: _refused(name, error))
    _refits[name] = session.queue.ask(errand)
    session.ticker.wake()


def _answered(name: str, result: dict) -> None:
    _refits.pop(name, None)
    _answers[name] = result
    if _put() is not None:
        ticker.wake(_RETRY)
    _follow(name)


def _refused(name: str, error: HrnError) -> None:
    _refits.pop(name, None)
    if error.code is not ErrorCode.CANCELLED and name not in _again:
        session.show_error(error, name)
        redraw()
    _follow(name)


def _follow(name: str) -> None:
    """Send the newest corrections where they have changed meanwhile."""
    head = bpy.data.objects.get(name)
    if name in _again:
        _again.discard(name)
        if head is not None and BUNDLE_PROPERTY in head:
            _try(refit, head)


def _try(what: Callable, head: bpy.types.Object) -> None:
    try:
        what(head)
    except HrnError as error:
        session.show_error(error, head.name)
        redraw()


def refit_or_say(head: bpy.types.Object) -> None:
    """:func:`refit`, with what went wrong in the panel."""
    _try(refit, head)


def _put() -> float | None:
    """Put waiting answers into the scene as soon as nothing is edited there; the seconds until the next try."""
    for name in list(_answers):
        head = bpy.data.objects.get(name)
        if head is None or BUNDLE_PROPERTY not in head:
            del _answers[name]
        elif ready_to_build():
            _try(_apply, head)
    for name in [name for name in _finish if name not in _refits and name not in _answers]:
        _finish.discard(name)
        head = bpy.data.objects.get(name)
        if head is not None and head.hrn_correct.texture_old and name not in _textures:
            _try(retexture, head)
    return _RETRY if _answers or _finish else None


def _apply(head: bpy.types.Object) -> None:
    result = _answers.pop(head.name)
    fitted = fitted_of(head)
    answer = read_answer(head, result)
    Path(result["geometry"]).unlink(missing_ok=True)
    apply_answer(head, fitted, answer)
    if head.name not in adjusted:
        undo_step()
    for listener in list(listeners):
        listener(head)
    redraw()


def undo_step() -> None:
    """Let Blender remember the scene as it is now."""
    with window_context():
        bpy.ops.ed.undo_push(message="Correct Head")


def retexture(head: bpy.types.Object) -> Errand:
    """Have the engine make the head's maps anew for its present shape, and store the corrections in its folder.

    Raises:
        HrnError: ``BUNDLE_INVALID``.
    """
    name = head.name
    path = str(bpy.path.abspath(head[BUNDLE_PROPERTY]))
    params = {"bundle": path, "corrections": corrections_of(head), "folder": str(folder()), "out": path}
    errand = Errand(
        "retexture",
        params,
        lambda _result: _textured(name),
        lambda error: _untextured(name, error),
        say("Taking the skin from the photo"),
    )
    _textures[name] = session.queue.ask(errand)
    session.ticker.wake()
    return errand


def retexture_later(head: bpy.types.Object) -> None:
    """:func:`retexture` as soon as the last fit of the head is in the scene."""
    _finish.add(head.name)
    ticker.wake(_RETRY)


def _textured(name: str) -> None:
    _textures.pop(name, None)
    head = bpy.data.objects.get(name)
    if head is not None:
        head.hrn_correct.texture_old = False
        reload_maps(head_images(head))
    redraw()


def _untextured(name: str, error: HrnError) -> None:
    _textures.pop(name, None)
    if error.code is not ErrorCode.CANCELLED:
        session.show_error(error, name)
    redraw()


def wait(head: bpy.types.Object, seconds: float) -> bool:
    """Wait until the engine has answered, for scripts; returns whether it has.

    Args:
        seconds: how long at most.
    """
    deadline = time.monotonic() + seconds
    while running(head) is not None or head.name in _answers:
        if time.monotonic() > deadline:
            return False
        session.ticker.tick()
        ticker.tick()
        time.sleep(0.01)
    return True


def _forget() -> bool:
    """Another file is open: what ran belongs to heads that are gone."""
    for errand in [*_refits.values(), *_textures.values()]:
        session.queue.give_up(errand)
    for kept in (_refits, _textures, _answers, _again, _finish, adjusted):
        kept.clear()
    return False


ticker = Ticker(_put, file_loaded=_forget)


def register() -> None:
    ticker.start()


def unregister() -> None:
    global _folder
    ticker.stop()
    for kept in (_refits, _textures, _answers, _again, _finish, adjusted):
        kept.clear()
    listeners.clear()
    if _folder is not None:
        shutil.rmtree(_folder, ignore_errors=True)
        _folder = None
