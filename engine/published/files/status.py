"""What of the official files is there, and which methods that makes usable."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ...system.packages import absent_packages
from ...wire.errors import ErrorCode, HrnError
from ...wire.licenses import LICENSES, forbids_commercial, method_license
from ...wire.messages import Message, as_message, list_to_json, say
from ...wire.methods import METHODS
from ...wire.pytorch import PYTORCH_MISSING, has_pytorch
from ...wire.user_settings import model_files_folder, read_user_settings
from .catalog import FILES, OfficialFile
from .check import known_verdict, verdict

__all__ = ["FileState", "file_states", "models_report", "offered_methods", "required_paths", "why_not"]

_DEPTH = 8
"""Depth of folders below the chosen one at which the search for files ends."""
_MOST_FOLDERS = 5000
"""A folder as large as a whole disk is not searched to its end."""


class FileState(NamedTuple):
    """One official file on this computer."""

    key: str
    file: OfficialFile
    state: str
    """``there``, ``missing``, ``wrong`` or, before it has been read, ``unread``."""
    path: Path | None
    problem: Message
    """What is wrong with it, one sentence."""
    required: bool

    def to_json(self) -> dict:
        terms = [LICENSES[key] for key in self.file.terms]
        return {
            "name": self.file.name,
            "what": self.file.what,
            "state": self.state,
            "required": self.required,
            "path": str(self.path) if self.path else None,
            **self.problem.to_json("problem"),
            "source": self.file.source,
            "licences": [{"part": term.part, "licence": term.license, "commercial": term.commercial} for term in terms],
        }


def file_states(method: str, folder: Path | None = None, *, read: bool = True) -> list[FileState]:
    """The official files of a method, those that it needs first.

    Args:
        method: a key of :data:`engine.wire.methods.METHODS`.
        folder: where to look; the user's setting when absent.
        read: whether files that were never read before are read now, which takes about a second each.
    """
    needs = METHODS[method].files
    keys = needs + METHODS[method].optional_files
    found = _index(folder or model_files_folder(), {FILES[key].name for key in keys})
    company = [found[name] for name in {FILES[key].name for key in needs} if name in found]
    return [_state(key, found.get(FILES[key].name, []), company, key in needs, read) for key in keys]


def required_paths(method: str, folder: Path | None = None) -> dict[str, Path]:
    """Where the files of a method lie, by their keys in :data:`FILES`; optional ones only where they are good.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID for the first one that the method cannot do without.
    """
    folder = folder or model_files_folder()
    paths = {}
    for state in file_states(method, folder):
        if state.state == "there":
            paths[state.key] = state.path
        elif state.required:
            if state.state == "wrong":
                raise HrnError(ErrorCode.CHECKPOINT_INVALID, state.problem, details={"file": str(state.path)})
            raise HrnError(
                ErrorCode.MODEL_MISSING,
                say(
                    "Method “{name}” needs {file}, which is not in {folder}.", name=method, file=state.file.name, folder=folder
                ),
                hint=say(
                    "Get it from {source}, and choose its folder in the preferences.", source=as_message(state.file.source)
                ),
                details={"file": state.file.name, "folder": str(folder)},
            )
    return paths


def why_not(method: str, folder: Path | None = None, *, commercial: bool | None = None, read: bool = True) -> list[Message]:
    """Why a method cannot be used, one sentence each; empty when it can."""
    folder = folder or model_files_folder()
    commercial = read_user_settings().commercial_work if commercial is None else commercial
    reasons = absent_packages(METHODS[method].packages)
    if commercial and forbids_commercial(method):
        reasons.append(say("Commercial work is switched on, and its licences do not allow it."))
    for state in file_states(method, folder, read=read):
        if state.required and state.state == "missing":
            reasons.append(
                say(
                    "{file} ({what}) is not in {folder}; get it from {source}.",
                    file=state.file.name,
                    what=as_message(state.file.what),
                    folder=folder,
                    source=as_message(state.file.source),
                )
            )
        elif state.required and state.state == "wrong":
            reasons.append(state.problem)
    if METHODS[method].pytorch and not has_pytorch():
        reasons.append(PYTORCH_MISSING)
    return reasons


def offered_methods() -> list[str]:
    """Methods that may be chosen, told without reading files that were never read before."""
    return [name for name in METHODS if not why_not(name, read=False)]


def models_report(folder: Path | None = None, commercial: bool | None = None) -> dict:
    """Everything that `engine models` shows, as JSON. Reads files that were never read before."""
    folder = folder or model_files_folder()
    commercial = read_user_settings().commercial_work if commercial is None else commercial
    rows = []
    for name, method in METHODS.items():
        allowed, missing = not forbids_commercial(name), why_not(name, folder, commercial=False)
        rows.append(
            {
                "name": name,
                "title": method.title,
                "description": method.description,
                "ready": not missing,
                **list_to_json("missing", missing),
                **method_license(name).to_json("licence"),
                "commercial": allowed,
                "hidden": commercial and not allowed,
                "files": [state.to_json() for state in file_states(name, folder)],
                "min_photos": method.min_photos,
                "max_photos": method.max_photos,
            }
        )
    return {"folder": str(folder), "commercial_work": commercial, "pytorch": has_pytorch(), "methods": rows}


# -- finding files -------------------------------------------------------------------------------------------------


def _index(folder: Path, names: Iterable[str]) -> dict[str, list[Path]]:
    """Every file below `folder` that has one of the names, by name; in a fixed order, nearest first."""
    wanted = set(names)
    found: dict[str, list[Path]] = {}
    if not wanted:
        return found
    for number, (place, folders, files) in enumerate(os.walk(folder, followlinks=True)):
        depth = len(Path(place).relative_to(folder).parts)
        folders[:] = sorted(name for name in folders if not name.startswith(".")) if depth < _DEPTH else []
        for name in wanted.intersection(files):
            found.setdefault(name, []).append(Path(place) / name)
        if number > _MOST_FOLDERS:
            break
    for paths in found.values():
        paths.sort(key=lambda path: (len(path.parts), str(path)))
    return found


def _state(key: str, candidates: list[Path], company: list[list[Path]], required: bool, read: bool) -> FileState:
    """The first good file wins; of files that are all bad, the first one's fault is told.

    First come files in a folder of the release's name, then those that lie nearest to what else the method needs: releases
    give different files the same name, and nothing in them may tell them apart.

    Args:
        company: for every file that the method needs, where its copies lie.
    """
    file = FILES[key]
    if len(candidates) > 1:
        others = [copies for copies in company if copies != candidates]
        candidates = sorted(candidates, key=lambda path: (not set(file.places) & set(path.parts), _apart(path, others)))
    fault: FileState | None = None
    for path in candidates:
        problem = verdict(file, path) if read else known_verdict(file, path)
        if not problem:
            return FileState(key, file, "unread" if problem is None else "there", path, Message(""), required)
        fault = fault or FileState(key, file, "wrong", path, problem, required)
    return fault or FileState(key, file, "missing", None, Message(""), required)


def _apart(path: Path, others: list[list[Path]]) -> int:
    """Steps from folder to folder between a file and the nearest copy of each of the others."""

    def steps(other: Path) -> int:
        here, there = path.parent.parts, other.parent.parts
        return len(here) + len(there) - 2 * len(os.path.commonprefix([here, there]))

    return sum(min(map(steps, copies)) for copies in others)
