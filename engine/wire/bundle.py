"""The head bundle: one reconstructed head as a folder that is either whole or absent.

``head.json`` is the manifest; every other file is listed in it with size and SHA-256. The format, field by field, is
in ``docs/develop/bundle.md``. Lengths are metres in the engine's axes (x to the subject's left, y up, z out of the face).
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import threading
import time
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .atomic import output_error, partials_of, rename, temporary_path
from .bundle_checks import ARRAYS, OPTIONAL_ARRAYS, check_arrays, check_numbers
from .errors import ErrorCode, HrnError
from .messages import reason, say

__all__ = [
    "ARRAYS",
    "OPTIONAL_ARRAYS",
    "MANIFEST",
    "MATERIALS",
    "PARTS",
    "SCHEMA",
    "SCHEMA_VERSION",
    "Bundle",
    "check_replaceable",
    "check_writable",
    "checksum",
    "load_bundle",
    "output_path",
    "posed_vertices",
    "read_arrays",
    "remove_leftovers",
    "remove_own_partials",
    "write_bundle",
]

SCHEMA = "hrn-head-bundle"
"""The manifest's `schema`, by which a folder is known as a head bundle."""
SCHEMA_VERSION = 1
"""Newest version of the manifest that this code reads, and the one that it writes."""
MANIFEST = "head.json"
"""Name of the manifest in the bundle."""
MESH = "mesh.npz"
"""Name of the file of meshes in the bundle."""
MATERIALS = ("skin", "eyes", "teeth", "tongue", "mouth", "lashes")
"""Names that ``face_material`` counts through, the same in every bundle."""
PARTS = (
    "right_eye",
    "left_eye",
    "right_brow",
    "left_brow",
    "nose",
    "upper_lip",
    "lower_lip",
    "skin",
    "right_ear",
    "left_ear",
    "scalp",
    "neck",
)
"""Surface parts: the eight of 3DDFA-V3 (in its order), then ears, scalp and neck. Right/left are the subject's."""
_OLD = "old"
"""Suffix of a bundle that is moved aside while another takes its place."""

_own_partials: set[Path] = set()
"""Temporary folders that this process is writing now."""
_own_lock = threading.Lock()


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk, checked."""

    path: Path
    manifest: dict

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of ``mesh.npz`` (see :data:`ARRAYS` and :data:`OPTIONAL_ARRAYS`), shapes checked against each other."""
        arrays = read_arrays(self.path / MESH, ARRAYS, OPTIONAL_ARRAYS)
        check_arrays(arrays)
        return arrays

    def file(self, name: str) -> Path:
        """Path of a map or photo by its manifest key, such as ``"albedo"`` or ``"displacement"``.

        Raises:
            KeyError: the bundle has no such map.
        """
        return self.path / self.manifest["maps"][name]["file"]

    def verify(self) -> None:
        """Compare every file with its recorded size and SHA-256.

        Raises:
            HrnError: ``BUNDLE_INVALID`` naming the first file that differs.
        """
        for name, record in self.manifest["files"].items():
            if checksum(self.path / name) != record["sha256"]:
                raise HrnError(ErrorCode.BUNDLE_INVALID, say("{path} differs from its checksum.", path=self.path / name))


def read_arrays(path: Path, names: Iterable[str], optional: Iterable[str] = ()) -> dict[str, np.ndarray]:
    """The named arrays of a ``.npz`` file, and of `optional` those that it has.

    Raises:
        HrnError: ``BUNDLE_INVALID`` when the file is damaged or lacks one of them.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in (*names, *(one for one in optional if one in archive))}
    except (OSError, EOFError, ValueError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error) as error:
        raise HrnError(
            ErrorCode.BUNDLE_INVALID, say("{path} cannot be read: {reason}.", path=path, reason=reason(error))
        ) from error


def posed_vertices(arrays: dict[str, np.ndarray], values: Iterable[float]) -> np.ndarray:
    """(N, 3) metres: the head of a bundle's `arrays` with its deformation and `values` of the 52 expressions."""
    moved = np.tensordot(np.asarray(values, np.float64), arrays["expression_deltas"], 1)
    return arrays["vertices"] + arrays["deformation"] + moved


def load_bundle(path: str | os.PathLike) -> Bundle:
    """Open a bundle and check that it is complete (files and sizes; :meth:`Bundle.verify` also hashes).

    Raises:
        HrnError: ``BUNDLE_INVALID`` when it is not a bundle, of a newer schema, or incomplete.
    """
    path = Path(path)
    try:
        manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HrnError(
            ErrorCode.BUNDLE_INVALID, say("{path} contains no readable {file}.", path=path, file=MANIFEST)
        ) from error
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise HrnError(ErrorCode.BUNDLE_INVALID, say("{path} is not the manifest of a head bundle.", path=path / MANIFEST))
    if not isinstance(manifest.get("schema_version"), int) or manifest["schema_version"] > SCHEMA_VERSION:
        raise HrnError(
            ErrorCode.BUNDLE_INVALID,
            say(
                "{path} has schema version {version}; this program reads versions up to {newest}.",
                path=path,
                version=manifest.get("schema_version"),
                newest=SCHEMA_VERSION,
            ),
            hint="Update the add-on.",
        )
    try:
        _check_files(path, manifest)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise HrnError(
            ErrorCode.BUNDLE_INVALID, say("{path} lacks a required field ({error}).", path=path / MANIFEST, error=repr(error))
        ) from error
    return Bundle(path, manifest)


def _check_files(path: Path, manifest: dict) -> None:
    files = manifest["files"]
    for name, record in files.items():
        if Path(name).is_absolute() or ".." in Path(name).parts or "\\" in name or ":" in name:
            raise HrnError(
                ErrorCode.BUNDLE_INVALID, say("{path} refers to a file outside the bundle: “{file}”.", path=path, file=name)
            )
        file = path / name
        if not file.is_file() or file.stat().st_size != record["bytes"]:
            raise HrnError(ErrorCode.BUNDLE_INVALID, say("{path} is missing, or its size is not the recorded one.", path=file))
    named = [
        MESH,
        *(m["file"] for m in manifest["maps"].values()),
        *(c["file"] for c in manifest["cameras"]),
        *(p["file"] for p in manifest["photos"] if p.get("used", True) or "file" in p),
    ]
    for name in named:
        if name not in files:
            raise HrnError(ErrorCode.BUNDLE_INVALID, say("{path} does not list “{file}”.", path=path / MANIFEST, file=name))


def output_path(out: str | os.PathLike) -> Path:
    """The folder that `out` names: absolute, and what a symbolic link points to, so that the link stays.

    Raises:
        HrnError: ``OUTPUT_NOT_WRITABLE`` for a name that no file system takes.
    """
    out = Path(out).absolute()
    try:
        return Path(os.path.realpath(out)) if out.is_symlink() else out
    except OSError as error:
        raise output_error(error, out) from error


def check_writable(out: Path) -> None:
    """Make and remove what writing the bundle will make, so that a name that is too long is met before the work.

    Raises:
        HrnError: ``OUTPUT_NOT_WRITABLE``, ``DISK_FULL``.
    """
    temporary = temporary_path(out)
    try:
        temporary.mkdir(parents=True)
        (temporary / "displacement.exr").touch()
    except OSError as error:
        raise output_error(error, out) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_replaceable(out: str | os.PathLike) -> None:
    """Raise early when `out` cannot become a bundle.

    `out` must not exist, be an empty folder, or be a bundle (which may be replaced).

    Raises:
        HrnError: ``OUTPUT_EXISTS`` or ``OUTPUT_NOT_WRITABLE``.
    """
    out = Path(out).absolute()
    try:
        if out.exists():
            if not out.is_dir():
                raise HrnError(ErrorCode.OUTPUT_EXISTS, say("{path} is a file.", path=out))
            if any(out.iterdir()) and not _is_bundle(out):
                raise HrnError(ErrorCode.OUTPUT_EXISTS, say("{path} contains other files.", path=out))
        parent = out.parent
        while not parent.exists() and parent != parent.parent:
            parent = parent.parent
        writable = parent.is_dir() and os.access(parent, os.W_OK | os.X_OK) and "\0" not in out.name
    except (OSError, ValueError) as error:
        raise HrnError(
            ErrorCode.OUTPUT_NOT_WRITABLE, say("{path} cannot be used: {reason}.", path=out, reason=reason(error))
        ) from error
    if not out.name or not writable:
        raise HrnError(
            ErrorCode.OUTPUT_NOT_WRITABLE, say("“{name}” cannot be written in {folder}.", name=out.name, folder=parent)
        )


def remove_leftovers(out: str | os.PathLike) -> None:
    """Clear what a killed process left beside `out`: half-written folders go, a bundle caught in a swap comes back.

    For whoever has claimed `out` (:mod:`.claims`): somebody else's half-written folders look the same.
    """
    out = Path(out).absolute()
    for path in partials_of(out):
        if path not in _own_partials:
            shutil.rmtree(path, ignore_errors=True)
    for path in partials_of(out, _OLD):
        if _is_bundle(path):
            if out.exists():
                shutil.rmtree(path, ignore_errors=True)
            else:
                rename(path, out)


def remove_own_partials(patience: float = 0.5) -> None:
    """Remove the temporary folders of this process, which is about to end. Threads may still be writing to them.

    Args:
        patience: seconds to go on trying while a writer keeps adding files.
    """
    end = time.monotonic() + patience
    while True:
        with _own_lock:
            remaining = [path for path in _own_partials if path.exists()]
        if not remaining:
            return
        for path in remaining:
            shutil.rmtree(path, ignore_errors=True)
        if time.monotonic() > end:
            return
        time.sleep(0.01)


def _is_bundle(path: Path) -> bool:
    try:
        return json.loads((path / MANIFEST).read_text(encoding="utf-8")).get("schema") == SCHEMA
    except (OSError, ValueError, AttributeError):
        return False


@contextmanager
def write_bundle(out: str | os.PathLike, manifest: dict, arrays: dict[str, np.ndarray]) -> Iterator[Path]:
    """Write a bundle under a temporary name beside `out`; rename it when the block ends without an error.

    Args:
        out: the folder that the bundle becomes (see :func:`check_replaceable`).
        manifest: everything of ``head.json`` but ``schema``, ``schema_version`` and ``files``, which are added here.
            May still be filled inside the block.
        arrays: the arrays of :data:`ARRAYS`, and what they have of :data:`OPTIONAL_ARRAYS`.

    Yields:
        The temporary folder, into which the caller writes maps and photos.

    Raises:
        HrnError: ``OUTPUT_EXISTS``, ``OUTPUT_NOT_WRITABLE``, ``DISK_FULL``; ``BUNDLE_INVALID`` for numbers that are not
            finite. Nothing half-written remains.
    """
    out = output_path(out)
    check_replaceable(out)
    remove_leftovers(out)
    check_arrays(arrays)
    temporary = temporary_path(out)
    with _own_lock:
        _own_partials.add(temporary)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        kept = [*ARRAYS, *(name for name in OPTIONAL_ARRAYS if name in arrays)]
        np.savez(temporary / MESH, **{name: arrays[name] for name in kept})  # type: ignore[arg-type]
        files = {}
        for file in sorted(temporary.rglob("*")):
            if file.is_file():
                name = file.relative_to(temporary).as_posix()
                files[name] = {"bytes": file.stat().st_size, "sha256": checksum(file)}
        whole = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, **manifest, "files": files}
        check_numbers("", whole)
        with open(temporary / MANIFEST, "w", encoding="utf-8") as stream:
            json.dump(whole, stream, indent=1, ensure_ascii=False, allow_nan=False)
            stream.flush()
            os.fsync(stream.fileno())
        _replace_folder(temporary, out)
    except OSError as error:
        raise output_error(error, out) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        with _own_lock:
            _own_partials.discard(temporary)


def _replace_folder(temporary: Path, out: Path) -> None:
    """Rename over an existing bundle: the old one is moved aside first and restored if the rename fails."""
    if not out.exists():
        rename(temporary, out)
        return
    aside = temporary_path(out, _OLD)
    rename(out, aside)
    try:
        rename(temporary, out)
    except OSError:
        rename(aside, out)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def checksum(path: Path) -> str:
    """SHA-256 of a file, as manifests have it.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
