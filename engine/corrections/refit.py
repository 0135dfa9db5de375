"""A bundle's head with corrections: the geometry, within a second."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..fit.skin_surface import skin_surface
from ..head import HeadModel, load_head_model
from ..pipeline.assemble import camera_json
from ..wire.atomic import write_whole
from ..wire.bundle import MANIFEST, Bundle, load_bundle
from ..wire.corrections import Corrections, read_corrections
from ..wire.errors import ErrorCode, HrnError
from .apply import Corrected, corrected
from .base import MM, Base, base_of_bundle
from .errors_of_fits import error_field
from .weights import WEIGHTS

__all__ = ["Refit", "given_corrections", "refit", "warm_refit", "write_geometry"]


@dataclass(frozen=True)
class Refit:
    """The corrected head of a bundle, metres."""

    vertices: np.ndarray
    """(N, 3) float32 as `vertices` of the bundle."""
    deformation: np.ndarray
    """(N, 3) float32 as `deformation` of the bundle."""
    cameras: list[dict]
    """As in the manifest."""
    expressions: np.ndarray
    """(V, 52) the photos' actions."""
    identity: np.ndarray
    """(K,)"""
    found: Corrected
    """The same in mm, and how well the pins are met."""
    keep_expression: bool
    """Whether the head is built with its photo's actions."""
    seconds: float

    def to_json(self) -> dict:
        """The answer over the protocol, but for the file."""
        values = np.round(self.expressions, 5).tolist()
        return {
            "cameras": self.cameras,
            "expression": {"values": values[0] if self.keep_expression else [0.0] * len(values[0]), "photo_values": values[0]},
            "expressions": values,
            "identity": np.round(self.identity, 5).tolist(),
            "pins": [pin.to_json() for pin in self.found.pins],
            "warnings": [{"code": code, **message.to_json()} for code, message in self.found.warnings],
            "seconds": round(self.seconds, 3),
        }


def refit(
    bundle: Bundle | str | os.PathLike,
    corrections: Corrections | Mapping | str | os.PathLike,
    folder: str | os.PathLike | None = None,
) -> Refit:
    """The head of a bundle with corrections, counted from its uncorrected fit; nothing is written.

    Args:
        bundle: one, or its folder.
        corrections: what is corrected, an object of its JSON, or its file.
        folder: where the masks lie; the file's own folder, or else the bundle. They do not change the geometry, but are checked.

    Raises:
        HrnError: ``CORRECTIONS_INVALID``, ``BUNDLE_INVALID``, ``MODEL_MISSING``.
    """
    start = time.perf_counter()
    bundle = bundle if isinstance(bundle, Bundle) else load_bundle(bundle)
    corrections, _ = given_corrections(corrections, bundle.path if folder is None else folder)
    model = load_head_model()
    if bundle.manifest["head_model_version"] != model.version:
        raise HrnError(ErrorCode.CORRECTIONS_INVALID, "This head was made with another mesh; it cannot be corrected.")
    base = _kept_base(bundle)
    found = corrected(model, base, corrections)
    return _in_metres(model, bundle, found, start)


def warm_refit(model: HeadModel) -> None:
    """Load what every re-fit needs, so that the first one is as fast as the others."""
    skin_surface(model)
    error_field(model, WEIGHTS.error)


def given_corrections(
    corrections: Corrections | Mapping | str | os.PathLike, folder: str | os.PathLike
) -> tuple[Corrections, Path]:
    """Corrections as they may be given, their masks checked, and where these lie.

    Args:
        folder: where the masks lie of what is not a file.

    Raises:
        HrnError: ``CORRECTIONS_INVALID``.
    """
    if isinstance(corrections, (str, os.PathLike)):
        return read_corrections(corrections), Path(corrections).parent
    found = corrections if isinstance(corrections, Corrections) else Corrections.from_json(dict(corrections))
    found.check_masks(Path(folder))
    return found, Path(folder)


def write_geometry(path: str | os.PathLike, found: Refit) -> None:
    """Write the arrays as ``.npz``, whole or not at all.

    Raises:
        HrnError: ``OUTPUT_NOT_WRITABLE``, ``DISK_FULL``.
    """
    arrays = {"vertices": found.vertices, "deformation": found.deformation, "photo_values": np.float32(found.expressions)}
    write_whole(path, lambda stream: np.savez(stream, **arrays))  # type: ignore[arg-type]


def _in_metres(model: HeadModel, bundle: Bundle, found: Corrected, start: float) -> Refit:
    cameras = [{**one, **camera_json(camera)} for one, camera in zip(bundle.manifest["cameras"], found.cameras)]
    return Refit(
        np.float32(found.base.neutral / MM),
        np.float32(found.deformation / MM),
        cameras,
        found.actions,
        found.base.identity,
        found,
        bool(bundle.manifest["settings"].get("keep_expression", True)),
        time.perf_counter() - start,
    )


_kept: tuple[tuple, Base] | None = None
_lock = threading.Lock()


def _kept_base(bundle: Bundle) -> Base:
    """The bundle's fit; that of the last bundle stays in memory until its manifest changes."""
    global _kept
    status = (bundle.path / MANIFEST).stat()
    key = str(bundle.path), status.st_mtime_ns, status.st_size
    with _lock:
        if _kept is None or _kept[0] != key:
            _kept = key, base_of_bundle(bundle)
        return _kept[1]
