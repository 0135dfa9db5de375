"""The folder of licensed files and the commercial switch, as given for once or kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...wire.errors import ErrorCode, HrnError
from ...wire.messages import reason, say
from ...wire.user_settings import model_files_folder, read_user_settings, write_user_settings

__all__ = ["choose", "make_bfm"]


def choose(folder: str | None = None, commercial: bool | None = None, *, save: bool = False) -> tuple[Path, bool]:
    """Folder and switch: those given, else the user's.

    Args:
        save: keep what is given for all programs of this user.

    Raises:
        HrnError: OUTPUT_NOT_WRITABLE when it cannot be kept.
    """
    chosen = Path(folder).expanduser().absolute() if folder else None
    if save:
        settings = read_user_settings()
        settings = settings if chosen is None else replace(settings, model_files=str(chosen))
        write_user_settings(settings if commercial is None else replace(settings, commercial_work=commercial))
    return chosen or model_files_folder(), read_user_settings().commercial_work if commercial is None else commercial


def make_bfm(source: str, folder: Path) -> Path:
    """``BFM_model_front.mat`` in `folder`, made of the files of the Basel Face Model 2009 in `source`.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID naming the field, OUTPUT_NOT_WRITABLE.
    """
    from ..basel.convert import convert_bfm_2009, write_bfm_front

    fields = convert_bfm_2009(Path(source).expanduser())
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HrnError(
            ErrorCode.OUTPUT_NOT_WRITABLE, say("{path} cannot be written: {reason}.", path=folder, reason=reason(error))
        ) from error
    path = folder / "BFM_model_front.mat"
    write_bfm_front(fields, path)
    return path
