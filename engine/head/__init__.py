"""The parametric head: built once from MakeHuman's CC0 data, then loaded from a cache."""

from __future__ import annotations

import logging
from pathlib import Path

from ..system.progress import SILENT, Progress
from ..wire.paths import cache_dir
from .model import MATERIALS, PARTS, HeadModel

__all__ = ["MATERIALS", "PARTS", "HeadModel", "load_head_model", "model_path"]

_log = logging.getLogger(__name__)


def load_head_model(progress: Progress = SILENT) -> HeadModel:
    """The head model, from memory, from the cache, or built anew (some ten seconds, then cached).

    Args:
        progress: of the building; may raise to cancel.

    Raises:
        HrnError: MODEL_MISSING when it must be built and the MakeHuman data are absent or damaged.
    """
    return _load(model_path(), progress)


def model_path() -> Path:
    """Where the cached model of this version lies."""
    from .build import MODEL_VERSION

    return cache_dir() / f"{MODEL_VERSION}.npz"


_loaded: dict[Path, HeadModel] = {}


def _load(path: Path, progress: Progress) -> HeadModel:
    from .build import MODEL_VERSION, build_head_model
    from .cache import read_cache, write_cache

    if path in _loaded and path.is_file():
        return _loaded[path]
    model = read_cache(path, MODEL_VERSION)
    if model is None:
        model = build_head_model(progress)
        try:
            write_cache(model, path)
        except OSError as error:
            _log.warning("the head model could not be cached at %s: %s", path, error)
    _loaded[path] = model
    return model
