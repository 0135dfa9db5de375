"""Whether a file is what its name says: it is read the way the method would, strictly, once.

The verdict is remembered by path, size and time of change, so that a table of gigabytes comes at once the next time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from ...wire.errors import ErrorCode, HrnError
from ...wire.json_file import read_object, write_object
from ...wire.messages import Message, say
from ...wire.paths import cache_dir
from .catalog import OfficialFile

__all__ = ["known_verdict", "verdict"]

_log = logging.getLogger(__name__)
_REVISION = 3
"""Raise this whenever a check becomes stricter or laxer, or the book changes its form."""


def verdict(file: OfficialFile, path: Path) -> Message | None:
    """An empty message when `path` holds what `file` describes, else what is wrong with it, one sentence; None for a file that
    only PyTorch can read, where that is not installed."""
    known = known_verdict(file, path)
    if known is not None:
        return known
    try:
        _check(file, path)
        found = Message("")
    except HrnError as error:
        if error.code is ErrorCode.OUT_OF_MEMORY:
            raise
        found = error.message
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        return None
    _remember(file, path, found)
    return found


def known_verdict(file: OfficialFile, path: Path) -> Message | None:
    """The verdict on a file that has been read before and has not changed since; None when that is not known."""
    try:
        state = path.stat()
    except OSError:
        return None
    match read_object(_book()).get(_key(file, path)):
        case [state.st_size, state.st_mtime_ns, dict(found)]:
            return Message.from_json(found)
    return None


def _check(file: OfficialFile, path: Path) -> None:
    if file.networks:
        _check_networks(file, path)
    else:
        _DATA[file.data](path)


def _check_networks(file: OfficialFile, path: Path) -> None:
    from ..nets.checkpoint import read_checkpoint
    from ..nets.official import load

    checkpoint = read_checkpoint(path)
    for name in file.without:
        if name in checkpoint.content:
            raise HrnError(
                ErrorCode.CHECKPOINT_INVALID,
                say(
                    "The file {file} cannot be used: {fault}.",
                    file=path.name,
                    fault=say("it contains “{name}”, so it is the file of another method", name=name),
                ),
            )
    for alternatives in file.networks:
        first = None
        for name in alternatives:
            try:
                load(name, checkpoint)
                break
            except HrnError as error:
                first = first or error
        else:
            raise first
    for name in file.numbers:
        checkpoint.number(name)


def _read_by(module: str, reader: str, **settings) -> Callable[[Path], None]:
    """A check that reads the file with that function of the engine, which is loaded when it is needed."""

    def check(path: Path) -> None:
        getattr(import_module(f"..{module}", __package__), reader)(path, **settings)

    return check


def _map_of(numbers: int) -> Callable[[Path], None]:
    def check(path: Path) -> None:
        import numpy as np

        try:  # The basis has 251 MB: its header tells enough.
            array = np.load(str(path), mmap_mode="r", allow_pickle=False)
        except FileNotFoundError:
            raise
        except Exception as error:
            raise HrnError(
                ErrorCode.CHECKPOINT_INVALID,
                say("The file {file} cannot be used: {fault}.", file=path.name, fault=say("it is damaged or not an array")),
            ) from error
        if array.size != numbers or array.dtype.kind != "f":
            raise HrnError(
                ErrorCode.CHECKPOINT_INVALID,
                say(
                    "The file {file} cannot be used: {fault}.",
                    file=path.name,
                    fault=say("it has {count} numbers instead of {expected}", count=array.size, expected=numbers),
                ),
            )

    return check


def _obj(path: Path) -> None:
    from ...geometry.obj import read_obj
    from ..basel.files import BFM_VERTICES

    mesh = read_obj(path)
    if len(mesh.vertices) != BFM_VERTICES:
        raise HrnError(
            ErrorCode.CHECKPOINT_INVALID,
            say(
                "The file {file} cannot be used: {fault}.",
                file=path.name,
                fault=say("it has {count} vertices instead of {expected}", count=len(mesh.vertices), expected=BFM_VERTICES),
            ),
        )


_DATA: dict[str, Callable[[Path], None]] = {
    "bfm_front": _read_by("basel.files", "read_bfm_front"),
    "bfm_like": _read_by("modelscope.files", "read_head_model", stored_lists=True),
    "landmark_template": _read_by("basel.files", "read_landmark_template"),
    "uv": _read_by("basel.files", "read_uv"),
    "obj": _obj,
    "albedo_mean": _map_of(512 * 512 * 3),
    "albedo_basis": _map_of(512 * 512 * 3 * 80),
    "tddfa_model": _read_by("tddfa_v3.files", "read_tddfa_file"),
    "vertex_numbers": _read_by("modelscope.files", "read_numbers"),
    "head_obj": _read_by("modelscope.files", "read_head_mesh"),
    "head_template": _read_by("modelscope.files", "read_head_mesh", with_uv=True),
    "picture": _read_by("modelscope.files", "read_picture"),
    "fitted_face": _read_by("modelscope.face_model", "read_face_part"),
    "fitted_head": _read_by("modelscope.face_model", "read_head_part"),
    "sheet_layout": _read_by("modelscope.face_model", "read_sheet_layout"),
    "mask_network": _read_by("nets.mask_network", "read_mask_network"),
}
"""What reads each kind of data file, and so checks it."""


# -- what is remembered --------------------------------------------------------------------------------------------


def _book() -> Path:
    return cache_dir() / f"model_files-{_REVISION}.json"


def _key(file: OfficialFile, path: Path) -> str:
    wanted = "+".join("|".join(group) for group in file.networks) or file.data
    return f"{path.absolute()} {wanted}"


def _remember(file: OfficialFile, path: Path, found: Message) -> None:
    try:
        state = path.stat()
        write_object(_book(), {**read_object(_book()), _key(file, path): [state.st_size, state.st_mtime_ns, found.to_json()]})
    except OSError as error:
        _log.warning("the verdict on %s could not be kept: %s", path.name, error)
