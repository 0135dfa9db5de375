"""What a user sets once for all programs of this product, in ``settings.json`` beside the installed engine.

The add-on writes it from its preferences; the engine, its batch workers and the shell read it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .atomic import output_error
from .json_file import read_object, write_object
from .paths import engine_home

__all__ = ["UserSettings", "model_files_folder", "read_user_settings", "settings_path", "write_user_settings"]

_ENVIRONMENT = "HRN_MODEL_FILES"
"""Environment variable with the folder of official files, before the user's settings."""


@dataclass(frozen=True)
class UserSettings:
    """One user's settings, with their defaults."""

    model_files: str = ""
    """Folder of the licensed files; empty: ``model_files`` beside the installed engine."""
    commercial_work: bool = False
    """Hide methods whose licences forbid commercial use."""


def settings_path() -> Path:
    """The file that holds the settings."""
    return engine_home() / "settings.json"


def read_user_settings() -> UserSettings:
    """The settings; defaults for what is absent, of a wrong type, or unreadable."""
    stored = read_object(settings_path())
    folder, commercial = stored.get("model_files"), stored.get("commercial_work")
    return UserSettings(folder if isinstance(folder, str) else "", commercial is True)


def write_user_settings(settings: UserSettings) -> None:
    """Write the file, whole or not at all; entries of other programs in it are kept.

    Raises:
        HrnError: OUTPUT_NOT_WRITABLE, DISK_FULL.
    """
    path = settings_path()
    try:
        write_object(
            path, {**read_object(path), "model_files": settings.model_files, "commercial_work": settings.commercial_work}
        )
    except OSError as error:
        raise output_error(error, path) from error


def model_files_folder() -> Path:
    """The folder in which licensed files are searched for: ``HRN_MODEL_FILES``, the user's setting, or beside the engine."""
    chosen = os.environ.get(_ENVIRONMENT) or read_user_settings().model_files
    return Path(chosen).expanduser().absolute() if chosen else engine_home() / "model_files"
