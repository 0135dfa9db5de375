"""The fitted head as Wavefront OBJ, for programs other than Blender. One albedo map covers skin, eyes and teeth."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...geometry.obj import obj_faces, obj_rows
from ...wire.atomic import output_error, replace_file
from ...wire.bundle import Bundle, posed_vertices

__all__ = ["write"]


def write(bundle: Bundle, path: Path) -> list[Path]:
    """Write `path`, a material library and the albedo and normal map beside it.

    The mesh is all quads in metres (x to the subject's left, y up), posed with the bundle's expression values and
    deformed, with UV and one group per material. Companion files are named after `path`, with blanks replaced:
    many readers end a file name at a blank.

    Returns:
        The files written, the OBJ first.

    Raises:
        HrnError: ``OUTPUT_NOT_WRITABLE``, ``DISK_FULL``, ``BUNDLE_INVALID``.
    """
    manifest, arrays = bundle.manifest, bundle.arrays()
    stem = "_".join(path.stem.split())
    library = path.with_name(f"{stem}.mtl")
    maps = {key: path.with_name(f"{stem}_{key}{bundle.file(key).suffix}") for key in ("albedo", "normal")}
    vertices = posed_vertices(arrays, manifest["expression"]["values"])
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for key, target in maps.items():
            replace_file(target, bundle.file(key).read_bytes())
        replace_file(library, _materials(manifest["materials"], maps))
        text = _obj(vertices, arrays, manifest["materials"], library.name, path.stem)
        replace_file(path, text)
    except OSError as error:
        raise output_error(error, path) from error
    return [path, library, *maps.values()]


def _obj(vertices: np.ndarray, arrays: dict, materials: list[str], library: str, name: str) -> str:
    uv, corner = np.unique(arrays["uv"].reshape(-1, 2), axis=0, return_inverse=True)
    corner = corner.reshape(-1, 4) + 1
    quads = arrays["faces"] + 1
    lines = ["# metres; x to the subject's left, y up", f"mtllib {library}", f"o {'_'.join(name.split())}"]
    lines += [obj_rows("v", vertices, ".6f"), obj_rows("vt", uv, ".6f"), "s 1"]
    for index, material in enumerate(materials):
        chosen = arrays["face_material"] == index
        if not chosen.any():
            continue
        lines += [f"g {material}", f"usemtl {material}", obj_faces(quads[chosen], corner[chosen])]
    return "\n".join(lines) + "\n"


def _materials(materials: list[str], maps: dict[str, Path]) -> str:
    lines = []
    for material in materials:
        lines += [f"newmtl {material}", "Kd 1 1 1", "Ks 0.04 0.04 0.04", "Ns 60", "illum 2", f"map_Kd {maps['albedo'].name}"]
        if material == "skin":
            lines.append(f"norm {maps['normal'].name}")
        lines.append("")
    return "\n".join(lines)
