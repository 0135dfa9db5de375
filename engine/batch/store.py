"""What is known about each subject on disk: the bundle, beside it a small record, and a lock while somebody works on it.

The bundles are the truth: a bundle is whole or absent. The record says for which input it was made, so that the same
command knows what is done, and keeps the errors of the others. Records are written to a temporary file, flushed to
disk and renamed; a record that says "done" is written after the bundle's files have been flushed, so that it holds after
a power cut as well.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from pathlib import Path

from .. import __version__
from ..wire.atomic import flush_file, flush_folder, output_error, replace_file
from ..wire.bundle import MANIFEST, Bundle, load_bundle, remove_leftovers
from ..wire.claims import Claim, claim_name
from ..wire.errors import ErrorCode, HrnError
from ..wire.locks import FileLock, try_lock
from ..wire.messages import reason, say
from .subjects import Subject

__all__ = ["FOLDER", "HINT", "LASTING", "Fingerprint", "Store"]

FOLDER = ".hrn_batch"
"""Folder of the batch's own records in the output folder."""
_SCHEMA = 1
"""Version of these records; those of other versions are not read."""
HINT = say("Free some space, then run the same command again: it continues from here.")
"""What to do about a full disk."""

_LEFTOVER = re.compile(r"\.(.+?)(?:\.[0-9a-f]{8}\.(?:partial|old)|\.reserved)")
_LEFTOVER_SECONDS = 10.0
"""A temporary folder that changed more recently may belong to a worker that is just ending."""
_CLOCK_SECONDS = 3.0
"""Coarsest clock of a file system (FAT: two seconds): a file that is younger than this may change without a trace."""

LASTING = frozenset(
    code.value
    for code in (
        ErrorCode.NOT_AN_IMAGE,
        ErrorCode.IMAGE_DAMAGED,
        ErrorCode.IMAGE_TOO_LARGE,
        ErrorCode.NO_FACE,
        ErrorCode.FACE_TOO_SMALL,
        ErrorCode.FACE_INDEX,
        ErrorCode.SETTINGS_INVALID,
        ErrorCode.METHOD_UNKNOWN,
    )
)
"""Failures that the same photos and settings bring again: not tried again unless asked for."""


class Fingerprint(str):
    """SHA-256 over photos, settings and engine version; `photos` are the rows that a record keeps."""

    photos: list[dict]


class Store:
    """The output folder of a batch.

    Raises:
        HrnError: ``OUTPUT_NOT_WRITABLE``, ``DISK_FULL``.
    """

    def __init__(self, out: str | os.PathLike):
        self.out = Path(out).absolute()
        self._folder = self.out / FOLDER
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_file(self._folder / "version", f"{_SCHEMA}\n")  # meets a folder or disk that cannot be written
        except OSError as error:
            raise output_error(error, self.out, HINT) from error

    def bundle_path(self, name: str) -> Path:
        return self.out / name

    def claim(self, name: str) -> FileLock | None:
        """The right to work on a subject, until it is closed or this process dies; None while somebody else has it.

        Raises:
            HrnError: ``OUTPUT_NOT_WRITABLE``, ``DISK_FULL``.
        """
        try:
            return try_lock(self._folder / f"{name}.lock")
        except OSError as error:
            raise output_error(error, self.out, HINT) from error

    def claim_bundle(self, name: str) -> Claim | None:
        """The right to make the subject's bundle, also against programs outside the batch; None while one of them has it.

        Raises:
            HrnError: ``OUTPUT_NOT_WRITABLE``, ``DISK_FULL``.
        """
        try:
            return claim_name(self.bundle_path(name))
        except OSError as error:
            raise output_error(error, self.out, HINT) from error

    def read(self, name: str) -> dict:
        """The subject's record; empty where there is none or where it cannot be understood."""
        try:
            record = json.loads((self._folder / f"{name}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) and record.get("schema") == _SCHEMA else {}

    def write(self, name: str, record: dict) -> None:
        """
        Raises:
            HrnError: ``OUTPUT_NOT_WRITABLE``, ``DISK_FULL``. The older record stays.
        """
        try:
            replace_file(
                self._folder / f"{name}.json",
                json.dumps({"schema": _SCHEMA, **record}, indent=1, ensure_ascii=False, allow_nan=False),
            )
        except OSError as error:
            raise output_error(error, self.out, HINT) from error

    def fingerprint(self, subject: Subject, record: dict) -> Fingerprint:
        """The fingerprint of the subject's photos as they are now.

        Args:
            record: the last one; photos whose path, size and time are as recorded there are not read again.

        Raises:
            HrnError: ``PHOTO_UNREADABLE``.
        """
        known = {row["path"]: row for row in record.get("photos", ())}
        rows = [_photo_row(path, known.get(path)) for path in subject.photos]
        whole = json.dumps([[row["sha256"] for row in rows], subject.settings.to_json(), __version__], sort_keys=True)
        result = Fingerprint(hashlib.sha256(whole.encode()).hexdigest())
        result.photos = rows
        return result

    def bundle(self, name: str) -> Bundle | None:
        """The subject's bundle when it is complete."""
        try:
            return load_bundle(self.bundle_path(name))
        except HrnError:
            return None

    def mark(self, name: str) -> str | None:
        """A mark that distinguishes this bundle from any other in its place; None where there is none."""
        try:
            return hashlib.sha256((self.bundle_path(name) / MANIFEST).read_bytes()).hexdigest()
        except OSError:
            return None

    def flush_bundle(self, name: str) -> None:
        """Wait until the bundle's files and names are on the disk.

        Raises:
            HrnError: ``OUTPUT_NOT_WRITABLE``, ``DISK_FULL``.
        """
        try:
            for path in self.bundle_path(name).rglob("*"):
                flush_file(path) if path.is_file() else flush_folder(path)
            flush_folder(self.bundle_path(name))
            flush_folder(self.out)
        except OSError as error:
            raise output_error(error, self.out, HINT) from error

    def clean(self) -> None:
        """Remove what killed runs left behind, except where somebody is at work."""
        now = time.time()
        with contextlib.suppress(OSError):
            names = set()
            for path in self.out.iterdir():
                found = _LEFTOVER.fullmatch(path.name)
                old = abs(now - path.stat().st_mtime) > _LEFTOVER_SECONDS or path.suffix == ".reserved"
                if found and path.is_dir() and old:
                    names.add(found[1])
            for name in names:
                if (claim := self.claim(name)) is not None:
                    with claim:
                        if (bundle := self.claim_bundle(name)) is not None:
                            with bundle:
                                remove_leftovers(self.bundle_path(name))
            for path in [*self._folder.glob(".*.partial"), *self.out.glob(".report.html.*.partial")]:
                if abs(now - path.stat().st_mtime) > _LEFTOVER_SECONDS:
                    path.unlink(missing_ok=True)


def _photo_row(path: str, known: dict | None) -> dict:
    try:
        if os.path.exists(path) and not os.path.isfile(path):
            raise ValueError("it is not a file")
        with open(path, "rb") as stream:
            status = os.fstat(stream.fileno())
            row = {"path": path, "bytes": status.st_size, "mtime_ns": status.st_mtime_ns}
            if known and all(known.get(key) == value for key, value in row.items()) and known.get("settled"):
                return known
            row["settled"] = time.time() - status.st_mtime > _CLOCK_SECONDS
            row["sha256"] = hashlib.file_digest(stream, "sha256").hexdigest()
            return row
    except (OSError, ValueError) as error:
        raise HrnError(
            ErrorCode.PHOTO_UNREADABLE, say("{path} cannot be read: {reason}.", path=path, reason=reason(error))
        ) from error
