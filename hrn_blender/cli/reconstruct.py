"""``blender --command hrn``: photos to a .blend file without a window."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import bpy

from ..build import build_head
from ..engine.wire.command_line import Parser
from ..engine.wire.errors import HrnError
from ..engine.wire.language import language_of, look_in
from ..engine.wire.messages import say
from ..engine.wire.methods import check_photo_count
from ..engine.wire.photo_paths import photo_path
from ..engine.wire.settings_flags import add_flags, from_flags
from ..link.jobs import JobState
from ..state import session
from ..state.language import words
from ..state.settings import output_folder

__all__ = ["main", "register", "unregister"]

_command = None
_KINDS = {"started": say("started"), "done": say("done"), "failed": say("failed"), "cancelled": say("cancelled")}
"""Words for what became of a head, where there is no other news of it."""


def main(arguments: list[str]) -> int:
    """Reconstruct photos and build the heads into one file; returns the exit code."""
    look_in(Path(__file__).resolve().parents[1] / "translations")
    language = language_of(bpy.app.translations.locale)
    parser = Parser(prog="blender --command hrn", description="Reconstruct heads from photos.", language=language)
    parser.add_argument("--photo", action="append", required=True, metavar="FILE", help="may be given several times")
    parser.add_argument("--out", metavar="DIR", help="folder for the head bundles (default: as in the preferences)")
    parser.add_argument("--blend", metavar="FILE", help="save the heads into this .blend file")
    add_flags(parser)
    try:
        options = parser.parse_args(arguments)
    except SystemExit as leave:
        return int(leave.code or 0)
    try:
        settings = from_flags(options)
        check_photo_count(settings.method, 1)
        jobs = [
            session.queue.add([photo_path(p).absolute()], settings, Path(options.out or output_folder()).absolute())
            for p in options.photo
        ]
        shown = ""
        while session.queue.busy:
            for event in session.queue.pump():
                line = f"{event.job.name}: {words(event.job.message or _KINDS.get(event.kind, ''))}"
                if line != shown:
                    print(line, flush=True)
                    shown = line
            time.sleep(0.05)
        for job in jobs:
            if job.state is not JobState.DONE:
                raise job.error
            print(f"{job.name}: {job.bundle}")
        if options.blend:
            bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
            for number, job in enumerate(jobs):
                head = build_head(job.bundle).head
                head.location.x = 0.4 * number
            bpy.ops.wm.save_as_mainfile(filepath=str(Path(options.blend).absolute()))
            print(Path(options.blend).absolute())
    except HrnError as error:
        print(words("error: {reason}", reason=error), file=sys.stderr)
        return 1
    finally:
        session.queue.engine.kill(wait=2)
    return 0


def register() -> None:
    global _command
    if hasattr(bpy.utils, "register_cli_command"):
        _command = bpy.utils.register_cli_command("hrn", main)


def unregister() -> None:
    global _command
    if _command is not None:
        bpy.utils.unregister_cli_command(_command)
        _command = None
