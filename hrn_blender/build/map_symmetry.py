"""Maps of a head made symmetric: the UV layout is its own mirror image, as far as vertices are (:func:`.symmetry.mirrored`)."""

from __future__ import annotations

import shutil
from pathlib import Path

import bpy
import numpy as np

from ..engine.wire.bundle import MESH, load_bundle, write_bundle
from ..engine.wire.claims import claim_free
from ..engine.wire.errors import ErrorCode, HrnError
from ..engine.wire.messages import say
from .exr import exr_bytes
from .hair_games.png import png_bytes
from .head import bundle_path
from .keep import head_images

__all__ = ["symmetric_maps"]

_COLORS = ("albedo", "albedo_bare")
"""8-bit maps that become the mean of both sides."""
_MAPS = (*_COLORS, "displacement", "normal")
"""The maps that become symmetric."""


def symmetric_maps(head: bpy.types.Object, amount: float) -> Path:
    """Write a copy of a head's folder beside it whose skin, displacement and normals go to the mean of both sides.

    What the artist has painted on pictures of the head counts. The shape of the folder stays what it is.

    Args:
        amount: 0 nothing, 1 wholly symmetric.

    Raises:
        HrnError: ``BUNDLE_INVALID``: a map is gone; ``DISK_FULL``, ``OUTPUT_NOT_WRITABLE``.
    """
    bundle = load_bundle(bundle_path(head))
    files = {name: bundle.file(name) for name in _MAPS if name in bundle.manifest["maps"]}
    paths = {image: Path(bpy.path.abspath(image.filepath)) for image in head_images(head)}
    shown = {path.name: image for image, path in paths.items() if path.parent.name == bundle.path.name}
    claim = claim_free(bundle.path.parent, bundle.path.name)
    made = {file.name for file in files.values()}
    manifest = {name: value for name, value in bundle.manifest.items() if name not in ("schema", "schema_version", "files")}
    try:
        with write_bundle(claim.path, manifest, bundle.arrays()) as folder:
            for name in bundle.manifest["files"]:
                if name != MESH and name not in made:
                    (folder / name).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(bundle.path / name, folder / name)
            for name, file in files.items():
                pixels = _pixels(file, shown.get(file.name))
                (folder / file.name).write_bytes(_encoded(name, _evened(pixels, amount, name == "normal")))
    finally:
        claim.release()
    return claim.path


def _pixels(file: Path, image: bpy.types.Image | None) -> np.ndarray:
    """(H, W, 3) float32, top row first: an image of the head, or where it shows the map no more, the file."""
    own = image is None or image.size[0] == 0
    if own:
        try:
            image = bpy.data.images.load(str(file), check_existing=False)
        except RuntimeError as error:
            raise HrnError(
                ErrorCode.BUNDLE_INVALID, say("{path} cannot be read: {reason}.", path=file, reason=error)
            ) from error
        image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    values = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(values)
    values = values.reshape(height, width, -1)[::-1]
    if own:
        bpy.data.images.remove(image)
    return np.repeat(values[..., :1], 3, 2) if values.shape[2] < 3 else values[..., :3]


def _evened(pixels: np.ndarray, amount: float, vectors: bool) -> np.ndarray:
    """Pixels on their way to the mean with their mirror image, whose tangents point the other way where they are vectors."""
    mirror = pixels[:, ::-1]
    if vectors:
        mirror = mirror * np.float32([-1, 1, 1]) + np.float32([1, 0, 0])
    found = pixels + np.float32(0.5 * amount) * (mirror - pixels)
    if vectors:
        found = 2 * found - 1
        found = 0.5 + 0.5 * found / np.maximum(np.linalg.norm(found, axis=2, keepdims=True), 1e-6)
    return found


def _encoded(name: str, pixels: np.ndarray) -> bytes:
    if name == "displacement":
        return exr_bytes(pixels[..., 0])
    most, kind = (255, np.uint8) if name in _COLORS else (65535, np.uint16)
    return png_bytes(np.round(np.clip(pixels, 0, 1) * most).astype(kind))
