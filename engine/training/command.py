"""``engine train deep3d``: prepare photos, make synthetic pictures, train."""

from __future__ import annotations

import argparse
import logging
import signal
from pathlib import Path

from ..system.argument_types import count, positive_number
from ..wire.errors import ErrorCode, HrnError
from ..wire.language import local
from ..wire.messages import reason, say
from ..wire.pytorch import require_pytorch
from .choices import FRONT_MASKS, SCHEDULES

__all__ = ["add_arguments", "run"]

_log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options; :func:`run` takes what they parse to."""
    parser.add_argument("network", choices=("deep3d",), help="what is trained")
    parser.add_argument("--data", required=True, type=Path, metavar="FOLDER", help="training data, in the published layout")
    parser.add_argument("--prepare", nargs="+", metavar="PHOTOS", help="add these photos or folders to the data; no training")
    parser.add_argument("--mode", choices=("train", "val"), default="train", help="--prepare for learning or for measuring")
    parser.add_argument(
        "--synthetic",
        type=count,
        metavar="N",
        help="make N rendered pictures of a small face model (and N/8 to measure on); no training",
    )
    parser.add_argument("--bfm", type=Path, metavar="FILE", help="BFM_model_front.mat (default: of --data, or of your folder)")
    parser.add_argument("--lm3d", type=Path, metavar="FILE", help="similarity_Lm3D_all.mat (default: likewise)")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="states and tables (default: FOLDER/training of --data)")
    parser.add_argument("--recognition", type=Path, metavar="FILE", help="ArcFace's backbone.pth; without it, no such term")
    parser.add_argument("--init", type=Path, metavar="FILE", help="start from a state, or from torchvision's ImageNet weights")
    parser.add_argument("--backbone", choices=("resnet50", "resnet18"), default="resnet50")
    parser.add_argument("--last-fc", action="store_true", help="one last linear layer instead of seven heads")
    parser.add_argument("--epochs", type=count, default=20)
    parser.add_argument("--batch", type=count, default=32, help="pictures of a step over all processes (default: 32)")
    parser.add_argument("--learning-rate", type=positive_number, default=1e-4)
    parser.add_argument(
        "--schedule",
        choices=SCHEDULES,
        default="step",
        help="how the learning rate falls (default: step, ×0.2 every --decay-epochs)",
    )
    parser.add_argument(
        "--decay-epochs", type=count, default=10, help="epochs of a step, or before the linear fall (default: 10)"
    )
    parser.add_argument("--precision", choices=("fp32", "bf16", "fp16"), default="fp32")
    parser.add_argument(
        "--front-mask",
        choices=FRONT_MASKS,
        default="released",
        help="where colours are compared; the released code numbers the front's triangles wrongly",
    )
    parser.add_argument("--size", type=count, default=224, help="side of the crops; smaller only to try out")
    parser.add_argument("--no-augmentation", action="store_true")
    parser.add_argument("--workers", type=int, default=4, help="processes that read pictures (default: 4)")
    parser.add_argument("--save-every", type=count, default=5000, metavar="ITERATIONS")
    parser.add_argument("--log-every", type=count, default=50, metavar="ITERATIONS")
    parser.add_argument("--device", choices=("cpu", "cuda"), help="default: a GPU where there is one")
    parser.add_argument("--seed", type=int, default=0)


def run(options: argparse.Namespace) -> int:
    """Does what the options say; exit status.

    Raises:
        HrnError: of photos, files and folders; MODEL_MISSING where PyTorch is not installed.
    """
    require_pytorch(say("Training"))
    if options.synthetic:
        return _synthetic(options)
    if options.prepare:
        return _prepare(options)
    return _train(options)


def _synthetic(options: argparse.Namespace) -> int:
    from ..head import load_head_model
    from .synthetic import make_pictures, write_face_model

    head = load_head_model()
    try:
        data, _template = write_face_model(options.data / "model", head, options.seed)
        for mode, count in (("train", options.synthetic), ("val", max(8, options.synthetic // 8))):
            make_pictures(options.data, data, count, mode=mode, names=head.expression_names, seed=options.seed, tell=_tell)
    except OSError as error:
        raise HrnError(
            ErrorCode.OUTPUT_NOT_WRITABLE,
            say("{path} cannot be written: {reason}.", path=error.filename or options.data, reason=reason(error)),
        ) from error
    _tell(say("{path} is ready", path=options.data))
    return 0


def _prepare(options: argparse.Namespace) -> int:
    from ..published.basel.alignment import five_points
    from ..published.basel.files import read_landmark_template
    from .prepare import photos_in, prepare_photos

    template = five_points(read_landmark_template(_model_file(options, "lm3d")))
    count, unusable = prepare_photos(photos_in(options.prepare), options.data, template, mode=options.mode, tell=_tell)
    _tell(
        say(
            "{count} photos are ready for {mode}; {unusable} cannot be used (see {path})",
            count=count,
            mode=options.mode,
            unusable=len(unusable),
            path=options.data / "unusable.txt",
        )
        if unusable
        else say("{count} photos are ready for {mode}", count=count, mode=options.mode)
    )
    return 0


def _train(options: argparse.Namespace) -> int:
    from ..published.basel.alignment import five_points
    from ..published.basel.files import read_bfm_front, read_landmark_template
    from ..published.nets.official import load
    from .layout import list_path, read_list
    from .loop import Pictures, TrainingOptions, train
    from .processes import join_processes

    samples = read_list(options.data, "train")
    held_out = read_list(options.data, "val") if list_path(options.data, "val").is_file() else []
    template = five_points(read_landmark_template(_model_file(options, "lm3d")))
    model = read_bfm_front(_model_file(options, "bfm"), vertices=None)
    recognition = load("deep3d.recognition", options.recognition) if options.recognition else None
    chosen = TrainingOptions(
        epochs=options.epochs,
        batch=options.batch,
        learning_rate=options.learning_rate,
        schedule=options.schedule,
        decay_epochs=options.decay_epochs,
        backbone=options.backbone,
        last_fc=options.last_fc,
        size=options.size,
        front_mask=options.front_mask,
        augment=not options.no_augmentation,
        precision=options.precision,
        workers=options.workers,
        save_every=options.save_every,
        log_every=options.log_every,
        seed=options.seed,
        init=options.init,
    )
    processes = join_processes(options.device)
    tell = _tell if processes.first else _log.info
    tell(
        say(
            "{count} pictures, {held_out} held out; {processes} × {device}, {precision}",
            count=len(samples),
            held_out=len(held_out),
            processes=processes.world,
            device=str(processes.device),
            precision=options.precision,
        )
    )
    if recognition is None:
        tell(say("the recognition term is off: no --recognition file"))
    try:
        with _Interrupts() as interrupts:
            train(
                Pictures(samples, held_out, template),
                model,
                options.out or options.data / "training",
                chosen,
                recognition=recognition,
                processes=processes,
                tell=tell,
                stop=interrupts,
            )
    finally:
        processes.leave()
    return 0


def _model_file(options: argparse.Namespace, key: str) -> Path:
    """The file of --bfm or --lm3d: as named, that of the data, or the user's official one."""
    from ..published.files import FILES, file_states

    named = getattr(options, key)
    if named is not None:
        return named
    beside = options.data / "model" / FILES[key].name
    if beside.is_file():
        return beside
    for state in file_states("deep3d"):
        if state.key == key and state.state == "there":
            return state.path
    raise HrnError(
        ErrorCode.MODEL_MISSING,
        say("Training needs {file}.", file=FILES[key].name),
        hint=say(
            "Name it with --{option}, or choose the folder of the licensed files with `engine models --folder`.", option=key
        ),
    )


class _Interrupts:
    """Ctrl-C and the system's end wait for the end of a step, so that the state can be kept."""

    def __init__(self):
        self._asked, self._before = False, {}

    def __call__(self) -> bool:
        return self._asked

    def __enter__(self) -> _Interrupts:
        self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, _frame) -> None:
        if self._asked and number == signal.SIGINT:  # asked twice: at once
            raise KeyboardInterrupt
        self._asked = True


def _tell(line: str) -> None:
    print(local(line), flush=True)
