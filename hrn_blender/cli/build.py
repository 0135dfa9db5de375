"""Command line for a Python that has ``bpy``: ``python -m hrn_blender.cli.build build BUNDLE --out head.blend``.

``install_deps.py blender build …`` runs it in the environment of the Blender that it installed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from contextlib import contextmanager
from pathlib import Path

from ..engine.wire.command_line import Parser
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.language import local, look_in
from ..engine.wire.messages import as_message, say

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run one command and return the process' exit status: 0 done, 1 failed, 2 wrong usage."""
    look_in(Path(__file__).resolve().parents[1] / "translations")
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except HrnError as error:
        print(local(say("error {code}: {reason}", code=error.code.value, reason=error)), file=sys.stderr)
    except OSError as error:
        print(local(say("error: {reason}", reason=as_message(str(error)))), file=sys.stderr)
    return 1


def _parser() -> Parser:
    parser = Parser(prog="blender", description="Head bundle -> .blend file, without a window.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    build = commands.add_parser("build", help="build the head of a bundle and save it")
    build.add_argument("bundle", type=Path, help="folder of the head bundle")
    build.add_argument("--out", type=Path, required=True, help=".blend file to write")
    build.add_argument("--render", type=Path, metavar="PNG", help="also render photo, head and turned head")
    build.add_argument(
        "--engine",
        choices=("cycles", "eevee"),
        default="cycles",
        help="what renders them; eevee needs OpenGL (default: cycles)",
    )
    build.add_argument("--height", type=int, default=512, help="height of the rendered pictures in pixels")
    build.add_argument("--samples", type=int, help="samples of the rendered pictures (default: 12, eevee 32)")
    build.add_argument("--pack", action="store_true", help="store maps and photo inside the .blend file")
    build.add_argument("--adaptive", action="store_true", help="let Cycles subdivide as finely as the detail needs")
    build.add_argument("--name", default="", help="what the objects are called (default: as the bundle says)")
    build.add_argument("--no-hair", action="store_true", help="build no hair curves, also where the bundle has hair")
    build.add_argument("--asset", action="store_true", help="mark the head as an asset, with the bundle's preview")
    build.set_defaults(run=_build)

    export = commands.add_parser("export", help="write a head for other programs: glTF, FBX, USD, OBJ or Alembic")
    export.add_argument(
        "source", type=Path, metavar="BUNDLE|BLEND", help="folder of a head bundle, or a .blend file with a head"
    )
    export.add_argument("--out", type=Path, required=True, help="file to write; its ending is the format's")
    export.add_argument("--format", choices=tuple(_EXPORTS), help="what is written (default: as the ending of --out says)")
    export.add_argument(
        "--preset",
        choices=("none", "unreal", "unity", "vrm", "web"),
        default="none",
        help="the program that reads it: axes, units, normal maps and sizes differ (default: none)",
    )
    export.add_argument(
        "--hair",
        choices=("best", "cards", "mesh", "curves", "none"),
        default="best",
        help="how hair goes out; best makes cards where the format carries no strands (default: best)",
    )
    export.add_argument(
        "--map-size", type=int, default=0, metavar="PIXELS", help="width of the largest map (default: as they are)"
    )
    export.add_argument(
        "--levels", type=int, choices=(0, 1, 2), default=0, help="how often the mesh is subdivided (default: 0)"
    )
    export.add_argument("--rig", action="store_true", help="with bones, also where the head has none yet")
    export.add_argument("--head", default="", help="which head of a .blend file (default: the first)")
    export.set_defaults(run=_export)

    check = commands.add_parser("check", help="say whether a bundle is complete and can be built")
    check.add_argument("bundle", type=Path, help="folder of the head bundle")
    check.set_defaults(run=_check)
    return parser


def _build(arguments: argparse.Namespace) -> int:
    import bpy

    from ..build import BuildOptions, build_head
    from ..build.preview import PreviewOptions, render_preview

    out = arguments.out.absolute()
    for target in filter(None, (out, arguments.render)):
        folder = target.absolute().parent
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise HrnError(
                ErrorCode.OUTPUT_NOT_WRITABLE, say("{folder} is not a folder that can be written to.", folder=folder)
            )
    if out.suffix != ".blend":
        raise HrnError(ErrorCode.OUTPUT_NOT_WRITABLE, say("{file} must end in .blend.", file=out.name))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    started = time.perf_counter()
    result = build_head(
        arguments.bundle,
        options=BuildOptions(
            name=arguments.name,
            pack=arguments.pack,
            adaptive=arguments.adaptive,
            hair=not arguments.no_hair,
            set_scene=True,
        ),
    )
    took = time.perf_counter() - started
    print(local(say("Built {name} in {seconds:.2f} s", name=result.head.name, seconds=took)), flush=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.render.use_border = False
    if arguments.asset:
        _mark_as_asset(result, arguments.bundle)
    if not arguments.pack:
        _point_images_from(out.parent)
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(out), compress=True, relative_remap=False)
    except RuntimeError as error:
        raise HrnError(
            ErrorCode.OUTPUT_NOT_WRITABLE, say("{file} cannot be written: {reason}", file=out, reason=error)
        ) from error
    print(local(say("Saved {path}", path=out)), flush=True)
    if arguments.render:
        # After saving, because Blender dies where EEVEE finds no OpenGL.
        started = time.perf_counter()
        with _quiet():
            render_preview(
                result,
                arguments.render,
                PreviewOptions(height=arguments.height, engine=arguments.engine, samples=arguments.samples),
            )
        took = time.perf_counter() - started
        print(local(say("Rendered {path} in {seconds:.1f} s", path=arguments.render, seconds=took)), flush=True)
    return 0


_EXPORTS = {"glb": "GLTF", "fbx": "FBX", "usd": "USD", "obj": "OBJ", "abc": "ALEMBIC"}
"""Name of a format on the command line -> its name in the add-on."""


def _export(arguments: argparse.Namespace) -> int:
    import bpy

    from ..build.export import FORMATS, PRESETS, ExportOptions
    from ..build.export.run import exported
    from ..build.rig import build_rig, find_rig, set_lead
    from ..engine.wire.rig import load_rig

    ending = arguments.out.suffix.lower()
    kinds = {one.suffix: key for key, one in FORMATS.items()}
    kind = _EXPORTS[arguments.format] if arguments.format else kinds.get(ending)
    if kind is None:
        message = say("{ending!r} is not the ending of a format that heads can be written in.", ending=ending)
        raise HrnError(
            ErrorCode.SETTINGS_INVALID, message, hint=say("Use one of {endings}, or --format.", endings=sorted(kinds))
        )
    head = _head(arguments.source, arguments.head)
    bpy.context.view_layer.objects.active = head
    if arguments.rig and find_rig(head) is None:
        set_lead(head, build_rig(head), "SKIN", load_rig())
    options = ExportOptions(PRESETS[arguments.preset.upper()], arguments.map_size, arguments.levels)
    with _quiet():
        hair = "BEST" if arguments.hair == "best" else arguments.hair
        files = exported(head, arguments.out.absolute(), kind, hair, options)
    for file in files:
        print(local(say("Wrote {path}", path=file)), flush=True)
    return 0


def _head(source: Path, name: str):
    """The head to export: of a .blend file, or built from a bundle.

    Raises:
        HrnError: BUNDLE_INVALID where there is none.
    """
    import bpy

    from ..build import BuildOptions, build_head, find_heads

    if source.suffix != ".blend":
        bpy.ops.wm.read_factory_settings(use_empty=True)
        return build_head(source, options=BuildOptions(name=name)).head
    try:
        with _quiet():
            bpy.ops.wm.open_mainfile(filepath=str(source.absolute()), load_ui=False, use_scripts=False)
    except RuntimeError as error:
        raise HrnError(ErrorCode.BUNDLE_INVALID, say("{file} cannot be opened: {reason}", file=source, reason=error)) from error
    heads = find_heads(bpy.context.scene)
    found = next((head for head in heads if not name or head.name == name), None)
    if found is None:
        message = (
            say("{file} has no head {name!r}.", file=source, name=name) if name else say("{file} has no head.", file=source)
        )
        raise HrnError(ErrorCode.BUNDLE_INVALID, message)
    return found


def _mark_as_asset(result, bundle: Path) -> None:
    """Show the head's collection in the Asset Browser, with the picture that the bundle has of it."""
    import bpy

    from ..engine.wire.bundle import load_bundle

    for camera in result.cameras:
        camera.hide_viewport = True  # As in the grid of a batch: it would hide the face where the head is used.
    result.collection.asset_mark()
    result.collection.asset_data.tags.new("head", skip_if_exists=True)
    preview = load_bundle(bundle).manifest.get("preview")
    if preview:
        with bpy.context.temp_override(id=result.collection):
            bpy.ops.ed.lib_id_load_custom_preview(filepath=str((bundle / preview).absolute()))


@contextmanager
def _quiet():
    """Without Cycles' own lines on stdout, a dozen for every picture."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _point_images_from(folder: Path) -> None:
    """Make image paths relative to the folder of the .blend file that is about to be saved."""
    import bpy

    for image in bpy.data.images:
        if image.source == "FILE" and not image.packed_file:
            try:
                image.filepath = bpy.path.relpath(bpy.path.abspath(image.filepath), start=str(folder))
            except ValueError:
                pass  # Another drive: no relative path exists.


def _check(arguments: argparse.Namespace) -> int:
    from ..build.source import read_source

    source = read_source(arguments.bundle)
    source.bundle.verify()
    found = say(
        "{name}: {quads} quads, {expressions} expressions, photos: {photos}, method {method}",
        name=source.name,
        quads=len(source.faces),
        expressions=len(source.expression_names),
        photos=len(source.cameras),
        method=source.method,
    )
    print(local(found))
    return 0


if __name__ == "__main__":
    status = 1
    try:
        status = main()
    except SystemExit as exit_:
        status = exit_.code if isinstance(exit_.code, int) else 1
    except BaseException:
        traceback.print_exc()
    # Blender as a Python module can hang while the interpreter is taken down, after the work is done and saved.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status or 0)
