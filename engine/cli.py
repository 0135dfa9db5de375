"""The engine's command line. Exit status: 0 success, 2 wrong usage, others by error code (docs/user/errors.md)."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Iterator, Sequence

from . import __version__
from .system.argument_types import count, positive_number
from .system.streams import open_closed_streams
from .wire.bundle import Bundle
from .wire.command_line import Parser
from .wire.errors import EXIT_CODES, ErrorCode
from .wire.formats import EXPORT_KINDS, PHOTO_KINDS
from .wire.language import current, local
from .wire.messages import Message, say
from .wire.paths import cache_dir, log_path
from .wire.protocol import STAGES, overall_fraction
from .wire.settings_flags import add_flags, from_flags

__all__ = ["main", "make_parser"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; errors become one sentence on stderr, their tracebacks go to the log."""
    open_closed_streams()
    options = make_parser().parse_args(argv)
    quiet_libraries()
    from .system.failures import as_hrn_error
    from .system.logs import start_logging

    start_logging()
    try:
        return options.run(options)
    except Exception as failure:
        error = as_hrn_error(failure)
    except KeyboardInterrupt as interrupt:
        error = as_hrn_error(interrupt)
    if getattr(options, "json", False):
        _print_json({"error": error.to_json()})
    print(local(say("error: {error}", error=error)), file=sys.stderr)
    if error.code is ErrorCode.INTERNAL:
        print(local(say("log: {path}", path=log_path())), file=sys.stderr)
    return EXIT_CODES[error.code]


def quiet_libraries() -> None:
    """Settings that the libraries read once, when they are imported."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # Threads that wait for each other sleep instead of spinning: beside other busy programs (Blender, a second worker)
    # spinning took up to twice the processor time and the wall time (docs/user/batch.md).
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # Compiled code belongs beside the other caches; the engine's own folder may be read-only.
    os.environ.setdefault("NUMBA_CACHE_DIR", str(cache_dir() / "numba"))


def make_parser() -> Parser:
    """The parser of the engine's command line."""
    parser = Parser(prog="engine", description="Reconstruct a complete textured head from a photo.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    command = commands.add_parser("reconstruct", help="photo in, head bundle out")
    command.add_argument("photos", nargs="+", metavar="PHOTO", help=PHOTO_KINDS)
    command.add_argument("--out", required=True, metavar="DIR", help="folder of the bundle; an older bundle is replaced")
    add_flags(command)
    command.add_argument(
        "--export", metavar="FILE", help=say("also write the posed head, in metres: {kinds}", kinds=EXPORT_KINDS)
    )
    command.add_argument(
        "--corrections", metavar="FILE", help="apply corrections by hand after the fit (docs/develop/corrections.md)"
    )
    command.add_argument("--json", action="store_true", help="print the result or the error as JSON on stdout")
    command.set_defaults(run=_reconstruct)

    command = commands.add_parser("add-photo", help="one more photo of a finished head, fitted together with its others")
    command.add_argument("bundle", metavar="BUNDLE", help="the head")
    command.add_argument("photo", metavar="PHOTO", help=PHOTO_KINDS)
    command.add_argument("--out", required=True, metavar="DIR", help="folder of the new bundle; may be BUNDLE itself")
    command.add_argument("--json", action="store_true", help="print the result or the error as JSON on stdout")
    command.set_defaults(run=_add_photo)

    command = commands.add_parser("batch", help="a folder of people in, a folder of heads out (docs/user/batch.md)")
    _add_batch(command)
    command.set_defaults(run=_batch)

    command = commands.add_parser("cluster-worker", help="work for `batch --scheduler` on this machine (docs/user/batch.md)")
    command.add_argument("scheduler", metavar="ADDRESS", help="address of the dask scheduler, such as tcp://host:8786")
    command.add_argument(
        "--jobs", type=count, metavar="N", help="number of workers (default: as many as memory and cores allow)"
    )
    command.add_argument("--gpu", action="store_true", help="offer each worker as the resource GPU")
    command.set_defaults(run=_cluster_worker)

    command = commands.add_parser("serve", help="stay warm and take requests on stdin (docs/develop/protocol.md)")
    command.set_defaults(run=_serve)

    command = commands.add_parser(
        "prepare", help="build what is built only once (head model, compiled code); the installer does this"
    )
    command.set_defaults(run=_prepare)

    command = commands.add_parser("train", help="train a published network on your own photos (docs/user/training.md)")
    from .training.command import add_arguments

    add_arguments(command)
    command.set_defaults(run=_train)

    command = commands.add_parser("models", help="methods, their official files and licences, and what is missing")
    _add_models(command)
    command.set_defaults(run=_models)

    command = commands.add_parser("licenses", help="show the licence of every part that the engine uses")
    command.set_defaults(run=_licenses)

    command = commands.add_parser("bench", help="accuracy, speed and contact sheets")
    command.add_argument(
        "what",
        choices=(
            *(
                "accuracy",
                "added",
                "batch",
                "correct",
                "detail",
                "df_mvr",
                "digest",
                "expressions",
                "hair",
                "now",
                "rendered",
                "speed",
                "sheets",
            ),
            *("views", "worn"),
        ),
        help="what is measured; `engine bench speed --help` tells its options",
    )
    command.add_argument("arguments", nargs=argparse.REMAINDER, metavar="…", help="options of that measurement")
    command.set_defaults(run=_bench)
    return parser


def _add_batch(command: argparse.ArgumentParser) -> None:
    command.add_argument("source", metavar="FOLDER", help="each sub-folder or loose photo is a subject; or a .csv/.json list")
    command.add_argument("--out", required=True, metavar="DIR", help="folder of the bundles; the same command completes it")
    command.add_argument(
        "--jobs", type=count, metavar="N", help="number of workers (default: as many as memory and cores allow)"
    )
    command.add_argument("--only", action="append", metavar="NAME", help="do only this subject; may be repeated")
    command.add_argument("--range", metavar="RANGE", help="do only the subjects with these numbers, such as 1-20,25")
    command.add_argument("--retry-failed", action="store_true", help="also try again what failed because of its photo")
    command.add_argument("--lenient", action="store_true", help="exit status 0 even when photos turn out to be unusable")
    command.add_argument(
        "--patience",
        type=positive_number,
        default=600.0,
        metavar="SECONDS",
        help="seconds without progress after which a worker is stopped (default: %(default).0f)",
    )
    command.add_argument("--scheduler", metavar="ADDRESS", help="run on a dask.distributed cluster, such as tcp://host:8786")
    command.add_argument("--json-lines", action="store_true", help="events on stdout, commands on stdin, for programs")
    add_flags(command)


def _add_models(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--folder", metavar="DIR", help="folder in which licensed files are looked for, with all its sub-folders"
    )
    command.add_argument(
        "--commercial",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="hide methods whose licences do not allow commercial work",
    )
    command.add_argument("--save", action="store_true", help="keep --folder and --commercial as your settings")
    command.add_argument(
        "--make-bfm", metavar="DIR", help="first make BFM_model_front.mat of the Basel Face Model 2009 in DIR, into the folder"
    )
    command.add_argument("--json", action="store_true", help="print as JSON")


def _reconstruct(options: argparse.Namespace) -> int:
    settings = from_flags(options)
    if options.export is not None:
        from .pipeline.export import check_export_path

        check_export_path(options.export)
    from .methods import reconstruct

    line = ProgressLine()
    try:
        with stdout_to_stderr():
            bundle = reconstruct(options.photos, options.out, settings, line, corrections=options.corrections)
    finally:
        line.end()
    exported = None
    if options.export is not None:
        from .pipeline.export import export_head

        exported = [str(path) for path in export_head(bundle, options.export)]
    _print_bundle(bundle, exported, options.json)
    return 0


def _add_photo(options: argparse.Namespace) -> int:
    from .methods import add_photo

    line = ProgressLine()
    try:
        with stdout_to_stderr():
            bundle = add_photo(options.bundle, options.photo, options.out, line)
    finally:
        line.end()
    _print_bundle(bundle, None, options.json)
    return 0


def _print_bundle(bundle: Bundle, exported: list[str] | None, as_json: bool) -> None:
    """Tell what was made, and its warnings."""
    if as_json:
        _print_json(
            {
                "bundle": str(bundle.path),
                "quality": bundle.manifest["quality"],
                "timings": bundle.manifest["timings"],
                "exported": exported,
            }
        )
    else:
        print(bundle.path)
        for path in exported or ():
            print(path)
        for warning in bundle.manifest["quality"]["warnings"]:
            print(local(say("warning: {text}", text=Message.from_json(warning))), file=sys.stderr)


@contextlib.contextmanager
def stdout_to_stderr() -> Iterator[None]:
    """Send what libraries print meanwhile, also from native code, to stderr: stdout is for the result."""
    sys.stdout.flush()
    saved = os.dup(1)
    os.dup2(2, 1)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        os.dup2(saved, 1)
        os.close(saved)


class ProgressLine:
    """One line on stderr that is rewritten in a terminal; elsewhere one line per stage."""

    def __init__(self, stream=None):
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._stage = None
        self._drawn = False

    def __call__(self, stage: str, fraction: float, message: str) -> None:
        done = round(100 * overall_fraction(stage, fraction))
        if self._live:
            self._stream.write(f"\r\x1b[K[{'#' * (done // 5):<20}] {done:3d} %  {local(message)}")
            self._drawn = True
            self._stream.flush()
        elif stage != self._stage:
            number = STAGES.index(stage) if stage in STAGES else 0
            print(f"[{number}/{len(STAGES) - 2}] {local(message)}", file=self._stream, flush=True)
        self._stage = stage

    def end(self) -> None:
        if self._drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def _batch(options: argparse.Namespace) -> int:
    from .batch.run import run_batch

    return run_batch(options, lambda: from_flags(options))


def _cluster_worker(options: argparse.Namespace) -> int:
    from .batch.cluster_worker import serve_cluster

    return serve_cluster(options.scheduler, options.jobs, options.gpu)


def _serve(options: argparse.Namespace) -> int:
    from .serve import serve

    return serve()


def _prepare(options: argparse.Namespace) -> int:
    from .methods import get_method
    from .published.files import offered_methods
    from .system.progress import Progress

    line = ProgressLine()
    try:
        for name in offered_methods():
            method = get_method(name)
            if not method.missing():
                method.warm_up(Progress(line))
    finally:
        line.end()
    return 0


def _train(options: argparse.Namespace) -> int:
    from .training.command import run

    return run(options)


def _models(options: argparse.Namespace) -> int:
    from .published.files import models_report
    from .published.files.settings import choose
    from .published.files.table import models_text

    folder, commercial = choose(options.folder, options.commercial, save=options.save)
    with stdout_to_stderr():
        if options.make_bfm:
            from .published.files.settings import make_bfm

            make_bfm(options.make_bfm, folder)
        report = models_report(folder, commercial=commercial)
    if options.json:
        _print_json(report)
    else:
        print(models_text(report))
    return 0


def _licenses(options: argparse.Namespace) -> int:
    from .wire.licenses import licenses_text

    print(licenses_text())
    return 0


def _bench(options: argparse.Namespace) -> int:
    from importlib import import_module

    return import_module(f".bench.{options.what}", __package__).main(["--lang", current(), *options.arguments]) or 0


def _print_json(value: dict) -> None:
    """Print JSON on stdout, readable by any program whatever the encoding of the console."""
    print(json.dumps(value, ensure_ascii=True, indent=1, allow_nan=False))
