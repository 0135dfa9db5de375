"""A small, valid head bundle made from nothing but NumPy: what the add-on's tests build heads from.

``make_bundle(path)`` writes an all-quad, head-like mesh (open neck, two eyeballs, teeth, tongue, mouth, lashes),
52 named shape deltas, every map of the format and a photo that the camera lines up with.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

from engine.wire.bundle import MATERIALS, PARTS, Bundle, load_bundle, write_bundle
from engine.wire.hair import hair_json, write_hair
from engine.wire.settings import Settings
from support.synthetic_hair import synthetic_hair

EXPRESSIONS = (
    "browDownLeft browDownRight browInnerUp browOuterUpLeft browOuterUpRight cheekPuff cheekSquintLeft "
    "cheekSquintRight eyeBlinkLeft eyeBlinkRight eyeLookDownLeft eyeLookDownRight eyeLookInLeft eyeLookInRight "
    "eyeLookOutLeft eyeLookOutRight eyeLookUpLeft eyeLookUpRight eyeSquintLeft eyeSquintRight eyeWideLeft "
    "eyeWideRight jawForward jawLeft jawOpen jawRight mouthClose mouthDimpleLeft mouthDimpleRight mouthFrownLeft "
    "mouthFrownRight mouthFunnel mouthLeft mouthLowerDownLeft mouthLowerDownRight mouthPressLeft mouthPressRight "
    "mouthPucker mouthRight mouthRollLower mouthRollUpper mouthShrugLower mouthShrugUpper mouthSmileLeft "
    "mouthSmileRight mouthStretchLeft mouthStretchRight mouthUpperUpLeft mouthUpperUpRight noseSneerLeft "
    "noseSneerRight tongueOut"
).split()
LANDMARKS = 478


def write_png(path: Path, image: np.ndarray) -> None:
    """(H, W) or (H, W, 3) uint8 or uint16 as PNG."""
    height, width = image.shape[:2]
    rows = np.ascontiguousarray(image, image.dtype.newbyteorder(">")).tobytes()
    stride = len(rows) // height
    raw = b"".join(b"\0" + rows[y * stride : (y + 1) * stride] for y in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, image.dtype.itemsize * 8, 2 if image.ndim == 3 else 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw, 1)) + chunk(b"IEND", b"")
    )


def write_exr(path: Path, channels: dict[str, np.ndarray]) -> None:
    """(H, W) float32 channels as an uncompressed scan-line OpenEXR file."""
    names = sorted(channels)
    height, width = channels[names[0]].shape

    def attribute(name: str, kind: str, value: bytes) -> bytes:
        return name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value

    listing = b"".join(n.encode() + b"\0" + struct.pack("<iB3xii", 2, 0, 1, 1) for n in names) + b"\0"
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    header = (
        struct.pack("<2i", 20000630, 2)
        + attribute("channels", "chlist", listing)
        + attribute("compression", "compression", b"\0")
        + attribute("dataWindow", "box2i", window)
        + attribute("displayWindow", "box2i", window)
        + attribute("lineOrder", "lineOrder", b"\0")
        + attribute("pixelAspectRatio", "float", struct.pack("<f", 1))
        + attribute("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0))
        + attribute("screenWindowWidth", "float", struct.pack("<f", 1))
        + b"\0"
    )
    size = 4 * width * len(names)
    first = len(header) + 8 * height
    offsets = b"".join(struct.pack("<Q", first + y * (size + 8)) for y in range(height))
    stacked = np.stack([channels[n] for n in names], 1).astype("<f4")
    lines = b"".join(struct.pack("<2i", y, size) + stacked[y].tobytes() for y in range(height))
    path.write_bytes(header + offsets + lines)


def _grid(rows: int, columns: int, base: int = 0) -> np.ndarray:
    """Quads of a (rows + 1) x (columns + 1) lattice of vertices."""
    a = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)[None]).reshape(-1) + base
    return np.stack([a, a + 1, a + columns + 2, a + columns + 1], 1)


def _cube_sphere(n: int, sides: tuple[int, ...] = (0, 1, 2, 3, 4, 5)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit sphere of n x n quads per cube side, welded: vertices, quads, (Q, 4, 3) side number and side-local uv.

    Sides: +x, -x, +y, +z, -z, -y; leaving -y out opens the sphere at the bottom.
    """
    axes = [
        ((0, 0, -1), (0, 1, 0), (1, 0, 0)),
        ((0, 0, 1), (0, 1, 0), (-1, 0, 0)),
        ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
        ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        ((-1, 0, 0), (0, 1, 0), (0, 0, -1)),
        ((1, 0, 0), (0, 0, 1), (0, -1, 0)),
    ]
    ticks = np.linspace(0, 1, n + 1)
    v, u = np.meshgrid(ticks, ticks, indexing="ij")
    points, quads, local = [], [], []
    for number in sides:
        right, up, out = np.array(axes[number], float)
        lattice = np.tan((u - 0.5) * np.pi / 2)[..., None] * right + np.tan((v - 0.5) * np.pi / 2)[..., None] * up + out
        faces = _grid(n, n)
        quads.append(faces + len(points) * (n + 1) ** 2)
        points.append(lattice.reshape(-1, 3))
        corner = np.stack([u.reshape(-1), v.reshape(-1)], 1)[faces]
        local.append(np.concatenate([np.full((len(faces), 4, 1), number), corner], -1))
    points = np.concatenate(points)
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    _, keep, weld = np.unique(np.round(points, 6), axis=0, return_index=True, return_inverse=True)
    return points[keep], weld.reshape(-1)[np.concatenate(quads)], np.concatenate(local)


def _head(n: int) -> dict[str, np.ndarray]:
    """Vertices (m), faces, uv, face_material and parts of the synthetic head."""
    sphere, faces, local = _cube_sphere(n, (0, 1, 2, 3, 4))
    vertices = sphere * (0.075, 0.115, 0.095) + (0, 0, -0.07)
    front = np.clip(sphere[:, 2], 0, 1)
    nose = np.exp(-((sphere[:, 0] / 0.14) ** 2 + ((sphere[:, 1] + 0.2) / 0.2) ** 2)) * front
    vertices[:, 2] += 0.02 * nose
    atlas = []

    def cell(number: int, u, v):
        """Coordinates inside cell `number` of the 4 x 3 atlas, with a border."""
        return np.stack([(number % 4 + 0.05 + 0.9 * np.asarray(u)) / 4, (number // 4 + 0.05 + 0.9 * np.asarray(v)) / 3], -1)

    atlas.append(np.concatenate([cell(int(q[0, 0]), q[:, 1], q[:, 2])[None] for q in local]))
    # Neck: the open border is extruded downwards.
    edges = np.concatenate([faces[:, [i, (i + 1) % 4]] for i in range(4)])
    known = {tuple(e) for e in edges.tolist()}
    following = {b: a for a, b in known if (b, a) not in known}
    loop = [min(following)]
    while following[loop[-1]] != loop[0]:
        loop.append(following[loop[-1]])
    ring, rings, count = np.array(loop), [np.array(loop)], len(loop)
    pieces, all_faces, materials = [vertices], [faces], [np.zeros(len(faces), int)]
    for step in range(1, 4):
        lower = vertices[ring] * (1 - 0.08 * step, 1, 1 - 0.08 * step) + (0, -0.025 * step, -0.004 * step)
        rings.append(len(vertices) + (step - 1) * count + np.arange(count))
        pieces.append(lower)
        side = np.arange(count)
        turn = (side + 1) % count
        all_faces.append(np.stack([rings[-2][side], rings[-2][turn], rings[-1][turn], rings[-1][side]], 1))
        u0, u1 = 1 - side / count, 1 - (side + 1) / count
        v0, v1 = 1 - (step - 1) / 3, 1 - step / 3
        atlas.append(
            np.stack(
                [
                    cell(5, u0, np.full(count, v0)),
                    cell(5, u1, np.full(count, v0)),
                    cell(5, u1, np.full(count, v1)),
                    cell(5, u0, np.full(count, v1)),
                ],
                1,
            )
        )
        materials.append(np.zeros(count, int))
    groups = [(len(vertices), len(vertices) + 3 * count, "neck")]
    # name, material, atlas cell, density, centre, radius
    objects = [
        ("right_eye", 1, 6, 8, (-0.031, 0, 0), (0.0117,) * 3),
        ("left_eye", 1, 7, 8, (0.031, 0, 0), (0.0117,) * 3),
        ("teeth", 2, 8, 2, (0, -0.064, 0), (0.02, 0.006, 0.004)),
        ("tongue", 3, 9, 2, (0, -0.07, -0.02), (0.015, 0.004, 0.02)),
        ("mouth", 4, 10, 2, (0, -0.066, -0.02), (0.025, 0.015, 0.025)),
        ("lashes", 5, 11, 2, (0, 0.008, 0.014), (0.045, 0.001, 0.002)),
    ]
    for name, material, place, density, centre, radius in objects:
        points, quads, inside = _cube_sphere(density)
        base = sum(map(len, pieces))
        groups.append((base, base + len(points), name))
        pieces.append(points * radius + centre)
        all_faces.append(quads + base)
        materials.append(np.full(len(quads), material))
        sixth = inside[..., 0]
        atlas.append(cell(place, (sixth % 3 + inside[..., 1] * 0.9) / 3, (sixth // 3 + inside[..., 2] * 0.9) / 2))
    vertices = np.concatenate(pieces)
    x, y, z = vertices.T
    parts = np.zeros((len(PARTS), len(vertices)))

    def blob(cx, cy, rx, ry):
        return np.exp(-(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2)) * (z > -0.05)

    for row, values in {
        "right_eye": blob(-0.031, 0, 0.012, 0.008),
        "left_eye": blob(0.031, 0, 0.012, 0.008),
        "right_brow": blob(-0.031, 0.02, 0.015, 0.005),
        "left_brow": blob(0.031, 0.02, 0.015, 0.005),
        "nose": blob(0, -0.023, 0.012, 0.02),
        "upper_lip": blob(0, -0.058, 0.02, 0.006),
        "lower_lip": blob(0, -0.07, 0.02, 0.006),
        "right_ear": (x < -0.07) * 1.0,
        "left_ear": (x > 0.07) * 1.0,
        "scalp": ((y > 0.05) | (z < -0.1)) * 1.0,
    }.items():
        parts[PARTS.index(row)] = values
    for first, last, name in groups:
        parts[:, first:last] = 0
        if name in PARTS:
            parts[PARTS.index(name), first:last] = 1
    parts[PARTS.index("skin"), : groups[0][1]] = 1
    return {
        "vertices": vertices,
        "faces": np.concatenate(all_faces),
        "uv": np.concatenate(atlas),
        "face_material": np.concatenate(materials),
        "parts": parts,
        "skin_count": np.array(groups[0][0]),
    }


def _expressions(vertices: np.ndarray) -> np.ndarray:
    """(52, N, 3) smooth local motions, each unlike the others; metres at value 1."""
    deltas = np.zeros((len(EXPRESSIONS), len(vertices), 3))
    places = {
        "brow": (0.031, 0.02),
        "cheek": (0.04, -0.03),
        "eye": (0.031, 0),
        "jaw": (0, -0.09),
        "mouth": (0.02, -0.064),
        "nose": (0.012, -0.03),
        "tongue": (0, -0.07),
    }
    for index, name in enumerate(EXPRESSIONS):
        cx, cy = places[next(key for key in places if name.startswith(key))]
        side = -1 if name.endswith("Right") else 1
        near = np.exp(-(((vertices[:, 0] - side * cx) / 0.02) ** 2 + ((vertices[:, 1] - cy) / 0.02) ** 2))
        near *= vertices[:, 2] > -0.06
        turn = 2 * np.pi * index / len(EXPRESSIONS)
        motion = (0, -0.02, -0.004) if name == "jawOpen" else (0.004 * np.cos(turn), 0.004 * np.sin(turn), 0.001)
        deltas[index] = near[:, None] * motion
    return deltas


def make_bundle(
    path,
    *,
    texture_size: int = 64,
    density: int = 16,
    photo_size: tuple[int, int] = (480, 600),
    name: str = "synthetic",
    views: tuple[bool, ...] = (True,),
    settings: Settings | None = None,
    hair: bool | dict = False,
    sha256: str = "0" * 64,
    folds: bool = False,
    **changes,
) -> Bundle:
    """Write a bundle to `path`.

    Args:
        path: the folder to become a bundle (see ``engine.wire.bundle.check_replaceable``).
        texture_size: side of the maps in pixels.
        density: quads per side of the head's cube sphere; 16 gives about 2,000 vertices.
        photo_size: (width, height) of the photo.
        name: name of the head.
        views: for each photo, whether it was used; each one that was has a camera, further round than the last.
        settings: recorded in the manifest.
        sha256: sum of the photos' files.
        hair: guides on its scalp, brows, lids and chin, and an albedo without painted ones; or the groups themselves.
        folds: the bundle tells apart what of its deformation are folds.
        changes: top-level manifest fields to add or replace.
    """
    settings = settings or Settings(texture_size=max(256, texture_size))
    mesh = _head(density)
    vertices, skin_count = mesh["vertices"], int(mesh.pop("skin_count"))
    deltas = _expressions(vertices)
    photo_values = np.zeros(len(EXPRESSIONS))
    for action, value in {"jawOpen": 0.25, "mouthSmileLeft": 0.6, "mouthSmileRight": 0.55, "browInnerUp": 0.2}.items():
        photo_values[EXPRESSIONS.index(action)] = value
    values = photo_values if settings.keep_expression else 0 * photo_values
    cheek = np.exp(-(((np.abs(vertices[:, 0]) - 0.04) / 0.015) ** 2 + ((vertices[:, 1] + 0.03) / 0.015) ** 2))
    deformation = np.zeros_like(vertices)
    deformation[:, 2] = 0.002 * cheek * (vertices[:, 2] > -0.06) * (np.arange(len(vertices)) < skin_count)
    posed = vertices + deformation + np.tensordot(photo_values, deltas, 1)

    width, height = photo_size
    yaw = np.radians(12)
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    rotation = np.diag([1.0, -1, -1]) @ turn
    camera = {
        "photo": 0,
        "file": "photo_0.png",
        "width": width,
        "height": height,
        "fx": 2.0 * width,
        "fy": 2.0 * width,
        "cx": width / 2 + 3.0,
        "cy": height / 2 - 5.0,
        "R": rotation.tolist(),
        "t": [0.01, -0.02, 0.7],
    }

    cameras, photos = [], []
    for number, used in enumerate(views):
        about = {
            "name": f"{name}.png" if number == 0 else f"{name} {number + 1}.png",
            "sha256": sha256,
            "width": width,
            "height": height,
            "scale": 1.0,
            "used": used,
        }
        if used:
            yaw = np.radians(12 + 15 * number)
            turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
            cameras.append(camera | {"photo": number, "R": (np.diag([1.0, -1, -1]) @ turn).tolist()})
            about |= {
                "file": "photo_0.png",
                "face_index": 0,
                "face_count": 1,
                "focal_px": 2.0 * width,
                "focal_source": "estimated",
                **({"share": round(1 / sum(views), 4)} if len(views) > 1 else {}),
                "expression": (photo_values / (1 + number)).tolist(),
            }
        photos.append(about)

    def project(points):
        local = points @ rotation.T + camera["t"]
        return local[:, :2] / local[:, 2:] * camera["fx"] + (camera["cx"], camera["cy"])

    generator = np.random.default_rng(0)
    frontal = np.flatnonzero((vertices[mesh["faces"]].mean(1)[:, 2] > 0) & (mesh["face_material"] == 0))
    landmark_vertices = mesh["faces"][generator.choice(frontal, LANDMARKS)][:, :3]
    landmark_weights = generator.dirichlet((1, 1, 1), LANDMARKS)
    fitted = project(np.einsum("lk,lkd->ld", landmark_weights, posed[landmark_vertices]))
    detected = fitted + generator.normal(0, 0.4, fitted.shape)
    seen = np.clip(vertices[:, 2] / 0.05 + 1, 0, 1)
    arrays = {
        "vertices": vertices,
        "deformation": deformation,
        "expression_deltas": deltas,
        "faces": mesh["faces"],
        "uv": mesh["uv"],
        "face_material": mesh["face_material"],
        "parts": mesh["parts"],
        "confidence": seen,
        "confidence_class": np.digitize(seen, (0.2, 0.6)),
        "landmark_vertices": landmark_vertices,
        "landmark_weights": landmark_weights,
        "landmarks_detected": detected,
        "landmarks_fitted": fitted,
    }
    if folds:
        arrays["folds"] = 0.25 * deformation
    arrays = {key: value.astype(np.float32 if value.dtype.kind == "f" else np.int32) for key, value in arrays.items()}

    size = texture_size
    v, u = np.meshgrid((np.arange(size) + 0.5) / size, (np.arange(size) + 0.5) / size, indexing="ij")
    albedo = np.stack([180 + 30 * np.sin(20 * u), 130 + 30 * np.sin(20 * v), 110 + 0 * u], -1).astype(np.uint8)
    displacement = (0.0004 * np.sin(60 * u) * np.sin(60 * v)).astype(np.float32)
    normal = np.stack([np.full((size, size), 32768), np.full((size, size), 32768), np.full((size, size), 65535)], -1).astype(
        np.uint16
    )
    picture = np.full((height, width, 3), (70, 90, 110), np.uint8)
    for x, y in np.round(project(posed) - 0.5).astype(int):
        picture[max(0, y - 2) : y + 3, max(0, x - 2) : x + 3] = (200, 150, 130)

    def about(file: str, color_space: str, bits: int, channels: str, **more) -> dict:
        return {
            "file": file,
            "width": size,
            "height": size,
            "color_space": color_space,
            "bits": bits,
            "channels": channels,
            **more,
        }

    manifest = {
        "name": name,
        "method": settings.method,
        "engine_version": "0.1.0",
        "head_model_version": "synthetic",
        "unit": "metre",
        "settings": settings.to_json(),
        "photos": photos,
        "cameras": cameras,
        "maps": {
            "albedo": about("albedo.png", "sRGB", 8, "RGB"),
            "displacement": about("displacement.exr", "Non-Color", 32, "Y", unit="metre", mid_level=0.0),
            "normal": about("normal.png", "Non-Color", 16, "RGB", convention="OpenGL"),
            "deformation": about("deformation.exr", "Non-Color", 32, "RGB", unit="metre"),
            "confidence": about("confidence.png", "Non-Color", 8, "Y"),
        },
        "expression": {"names": list(EXPRESSIONS), "values": values.tolist(), "photo_values": photo_values.tolist()},
        "materials": list(MATERIALS),
        "parts": list(PARTS),
        "eye_color": [96, 74, 52],
        "tooth_color": [188, 188, 188],
        "preview": "preview.png",
        "identity": [0.0] * 10,
        "lighting": [[1.0] * 3] + [[0.0] * 3] * 8,
        "quality": {
            "landmark_residual_px": 0.5,
            "landmark_residual_mm": 0.3,
            "photometric_residual": 0.05,
            "face_width_px": 200.0,
            "seen_fraction": 0.5,
            "warnings": [{"code": "eyes_closed", "message": "The eyes are closed; their colour is guessed."}],
        },
        "timings": {
            "photo": 0.1,
            "landmarks": 0.1,
            "coarse": 0.2,
            "mid": 0.3,
            "albedo": 0.4,
            "displacement": 0.2,
            "bundle": 0.1,
            "total": 1.4,
        },
        **changes,
    }
    if hair:
        groups = hair if isinstance(hair, dict) else synthetic_hair(arrays)
        manifest["hair"] = hair_json(groups, scalp_color=[0.05, 0.03, 0.02])
        manifest["maps"]["albedo_bare"] = about("albedo_bare.png", "sRGB", 8, "RGB")
    with write_bundle(path, manifest, arrays) as folder:
        if hair:
            write_hair(folder, groups)
            write_png(folder / "albedo_bare.png", albedo[:, ::-1].copy())
        write_png(folder / "albedo.png", albedo)
        write_exr(folder / "displacement.exr", {"Y": displacement})
        write_png(folder / "normal.png", normal)
        write_exr(folder / "deformation.exr", {c: np.full((size, size), 0.0005 * i, np.float32) for i, c in enumerate("RGB")})
        write_png(folder / "confidence.png", np.where(u < 0.5, 255, 128).astype(np.uint8))
        write_png(folder / "photo_0.png", picture)
        write_png(folder / "preview.png", picture[::4, ::4].copy())
    return load_bundle(path)
