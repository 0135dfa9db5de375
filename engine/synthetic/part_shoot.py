"""One person before a camera: head, hair and things, lit and labelled."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np

from ..camera import Camera
from ..geometry.mesh import vertex_normals
from ..hair.draw import draw_lines
from ..render import Raster, rasterize
from .grooms import Locks
from .hair_light import HairCloud, strand_light
from .paint import Column, Paint
from .part_labels import label_head, noise_at
from .render import visible_from
from .shade import shade
from .sitter import Studio
from .things import Thing, albedo

__all__ = ["Lights", "Person", "Plate", "shoot"]

_SOFT = 3
"""Directions by which a lamp of some size is replaced."""
_BLUR = 1.0
"""Pixels over which the cover of strands is averaged before they are labelled: single hairs before a wall are wall."""
_SKIP = 3
"""Light is found for every so many points of a guide."""


class Lights(NamedTuple):
    """Two lamps and a sky, in camera axes."""

    lamps: np.ndarray
    """(2, 3) unit vectors towards them."""
    soft: np.ndarray
    """(2,) half angles, radians."""
    radiance: np.ndarray
    """(2, 3)"""
    sky: np.ndarray
    """(K, 3) unit vectors."""
    shine: np.ndarray
    """(K, 3) radiance times share of the sphere over pi."""


class Person(NamedTuple):
    """What is before the camera."""

    posed: np.ndarray
    """(N, 3) mm, the head."""
    values: np.ndarray
    """(N, ...) see :class:`.paint.Column`."""
    paint: Paint
    dense: bool
    """Whether painted hair of the scalp counts as hair."""
    lashes: np.ndarray
    """(T,) bool: triangles of the head that are drawn."""
    things: list[Thing]
    locks: list[Locks]


class Plate(NamedTuple):
    """A person's picture without what is behind."""

    light: np.ndarray
    """(S, S, 3) float32 linear, times `alpha`."""
    alpha: np.ndarray
    """(S, S) float32 cover."""
    labels: np.ndarray
    """(S, S) uint8, background where the cover is below a half."""


class _Scene(NamedTuple):
    """A person's surfaces, as lit and as seen: V vertices and T triangles of the head and of solid things."""

    vertices: np.ndarray
    """(V, 3) mm in the head's space."""
    triangles: np.ndarray
    """(T, 3) int32, the head's first."""
    owner: np.ndarray
    """(T,) 0 for the head, one more than its thing's number for the others."""
    at: np.ndarray
    """(V, 3) mm in camera axes."""
    normals: np.ndarray
    """(V, 3) in camera axes."""
    raster: Raster
    """What each pixel sees."""
    lamps: np.ndarray
    """(2, V + points of hair) share of each lamp that arrives."""
    sky: np.ndarray
    """(V + points of hair, 3) irradiance of the sky."""
    hair: list[np.ndarray]
    """Points (G, P', 3) of each group of strands at which light was found."""


def shoot(studio: Studio, person: Person, camera: Camera, lights: Lights, rng: np.random.Generator) -> Plate:
    """Draw a person, as large as the camera's picture (a square)."""
    solid = [thing for thing in person.things if thing.look.opacity >= 1]
    head = studio.model.triangles[person.lashes]
    scene = _scene(person, head, solid, camera, lights, rng)
    raster = scene.raster
    picture, labels = _painted_head(studio, person, scene, lights)
    for number, thing in enumerate(solid):
        where = np.flatnonzero((raster.triangle >= 0).ravel() & (scene.owner[raster.triangle.ravel()] == number + 1))
        if len(where):
            _paint_thing(thing, where, scene, lights, studio.renderer.grid, picture)
            labels.flat[where] = thing.label
    alpha = (raster.triangle >= 0).astype(np.float32)
    plate = Plate(picture.astype(np.float32), alpha, labels)
    plate, depth = _with_locks(plate, person.locks, scene, camera, lights)
    for thing in person.things:
        if thing.look.opacity < 1:
            plate = _with_glass(plate, depth, thing, camera, lights, rng)
    return plate


def _scene(person: Person, head: np.ndarray, solid: list[Thing], camera: Camera, lights: Lights, rng) -> _Scene:
    """A person's surfaces; `head` (T', 3) are the triangles of it that are drawn."""
    vertices, triangles, owner = _joined(person.posed, head, solid)
    hair = [lock.guides[:, ::_SKIP] for lock in person.locks]
    points = np.concatenate([vertices, *(guide.reshape(-1, 3) for guide in hair)]).astype(float)
    normals = vertex_normals(vertices, triangles)
    cloud = HairCloud(person.locks) if person.locks else None
    lamps, sky = _light(points, normals, triangles, cloud, lights, camera, rng)
    at = camera.to_camera(vertices)
    raster = rasterize(camera.project(vertices)[0], at[:, 2], triangles, camera.width, camera.height)
    return _Scene(vertices, triangles, owner, at, normals @ camera.R.T, raster, lamps, sky, hair)


def _painted_head(studio: Studio, person: Person, scene: _Scene, lights: Lights) -> tuple[np.ndarray, np.ndarray]:
    """(S, S, 3) light and (S, S) labels where the head is seen, elsewhere 0."""
    raster, renderer, count = scene.raster, studio.renderer, len(person.posed)
    shown = int(person.lashes.sum())
    values = person.values.copy()
    values[:, Column.NORMAL], values[:, Column.CAMERA] = scene.normals[:count], scene.at[:count]
    values[:, Column.LAMPS], values[:, Column.SKY] = scene.lamps[:, :count].T, scene.sky[:count]
    common = (
        np.where(raster.triangle < shown, raster.triangle, -1),
        raster.weights,
        scene.triangles[:shown],
        np.repeat(studio.model.face_material, 2)[person.lashes].astype(np.int32),
        values,
        person.paint._replace(key=tuple(lights.radiance[0]), fill=tuple(lights.radiance[1])),
        renderer.grid,
        renderer.curve,
    )
    picture, labels = np.zeros((*raster.triangle.shape, 3)), np.zeros(raster.triangle.shape, np.uint8)
    shade(*common, renderer.eye_centres, renderer.mouth, lights.lamps, np.zeros((9, 3)), picture)
    label_head(*common, renderer.mouth, person.dense, labels)
    return picture, labels


def _joined(posed, head, things):
    """Vertices and triangles of all, and for each triangle 0 for the head or one more than its thing's number."""
    vertices, triangles, owner = [np.asarray(posed, float)], [head], [np.zeros(len(head), np.int32)]
    start = len(posed)
    for number, thing in enumerate(things):
        vertices.append(thing.vertices)
        triangles.append(thing.triangles + start)
        owner.append(np.full(len(thing.triangles), number + 1, np.int32))
        start += len(thing.vertices)
    return np.concatenate(vertices), np.concatenate(triangles).astype(np.int32), np.concatenate(owner)


def _light(points, normals, triangles, cloud, lights: Lights, camera: Camera, rng) -> tuple[np.ndarray, np.ndarray]:
    """Shares (2, N) of the lamps and irradiance (N, 3) of the sky at points (N, 3): first of surfaces, each with a normal,
    then of hair."""
    seen, count = np.zeros((2, len(points))), len(normals)
    for number, (lamp, soft) in enumerate(zip(lights.lamps, lights.soft)):
        if not lights.radiance[number].any():
            continue
        towards = [lamp] if soft == 0 else lamp + soft * rng.normal(size=(_SOFT, 3))
        for direction in np.asarray(towards) @ camera.R:
            direction = direction / np.linalg.norm(direction)
            share = visible_from(points, triangles, direction, 160)
            seen[number] += (share if cloud is None else share * cloud.through(points, direction)) / len(towards)
    sky = np.zeros((len(points), 3))
    for direction, radiance in zip(lights.sky @ camera.R, lights.shine):
        share = visible_from(points, triangles, direction, 72)
        if cloud is not None:
            share = share * cloud.through(points, direction)
        share[:count] *= np.abs(normals @ direction) * ((normals @ direction) > 0)
        share[count:] *= 0.4
        sky += share[:, None] * radiance
    return seen, sky


def _paint_thing(thing: Thing, where: np.ndarray, scene: _Scene, lights: Lights, grid: np.ndarray, picture: np.ndarray) -> None:
    """Shade the pixels `where` (flat) of a thing."""
    raster = scene.raster
    corner = scene.triangles[raster.triangle.flat[where]]
    weight = raster.weights.reshape(-1, 3)[where].astype(float)

    def read(values):
        return np.einsum("nk,nk...->n...", weight, values[corner])

    place, view, normal = read(scene.vertices), -read(scene.at), read(scene.normals)
    look = thing.look
    if look.fold > 0:
        for axis in range(3):
            normal[:, axis] += look.fold * noise_at(grid, place / look.fold_size + 17 * axis)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    view /= np.maximum(np.linalg.norm(view, axis=1, keepdims=True), 1e-9)
    normal *= np.where((normal * view).sum(1, keepdims=True) < 0, -1, 1)
    color, total, mirrored = albedo(look, place, grid), read(scene.sky), 0.0
    for number in range(2):
        seen = read(scene.lamps[number])
        total = total + (np.maximum(normal @ lights.lamps[number], 0) * seen)[:, None] * lights.radiance[number]
        half = view + lights.lamps[number]
        half /= np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-9)
        peak = np.maximum((normal * half).sum(1), 0) ** look.shine * seen * look.gloss * 3
        mirrored = mirrored + peak[:, None] * lights.radiance[number]
    picture.reshape(-1, 3)[where] = color * total + mirrored


def _with_locks(plate: Plate, locks: list[Locks], scene: _Scene, camera: Camera, lights: Lights) -> tuple[Plate, np.ndarray]:
    """The plate with strands over it, and the depths of what is nearest."""
    light, alpha, labels = plate.light.copy(), plate.alpha.copy(), plate.labels.copy()
    quick = replace(camera, R=camera.R.astype(np.float32), t=camera.t.astype(np.float32))
    view = -(camera.R[2])
    lamps = lights.lamps @ camera.R
    limit = np.ascontiguousarray(scene.raster.depth, np.float32)
    nearest = limit.copy()
    start = len(scene.vertices)
    for lock, coarse in zip(locks, scene.hair):
        size = coarse.shape[0] * coarse.shape[1]
        seen = scene.lamps[:, start : start + size].reshape(2, *coarse.shape[:2])
        sky = scene.sky[start : start + size].reshape(*coarse.shape).astype(np.float32)
        start += size
        points = lock.guides.shape[1]
        spot = np.minimum(np.arange(points) / _SKIP, coarse.shape[1] - 1)
        low = np.minimum(spot.astype(int), max(coarse.shape[1] - 2, 0))
        high, share = np.minimum(low + 1, coarse.shape[1] - 1), (spot - low).astype(np.float32)[:, None]
        sky = sky[:, low] * (1 - share) + sky[:, high] * share
        seen = seen[:, :, low] * (1 - share[:, 0]) + seen[:, :, high] * share[:, 0]
        glow = (seen[..., None] * lights.radiance[:, None, None]).astype(np.float32)
        scattered, mirrored = strand_light(lock.guides, view, lamps, glow, sky)
        shaded = lock.color * scattered[:, None] + np.float32(lock.gloss) * mirrored[:, None]
        flat = lock.strands.reshape(-1, points, 3)
        pixels, distance = quick.project(flat)
        width = np.float32(lock.width) * np.float32(camera.fx) / np.maximum(distance, 1)
        color, cover = np.zeros_like(light), np.zeros_like(alpha)
        near = np.full(alpha.shape, np.inf, np.float32)
        draw_lines(
            np.ascontiguousarray(pixels, np.float32), distance.astype(np.float32), shaded.reshape(flat.shape).astype(np.float32),
            width.astype(np.float32), limit, color, cover, near,
        )  # fmt: skip
        light = color + (1 - cover[..., None]) * light
        alpha = cover + (1 - cover) * alpha
        shown = cv2.GaussianBlur(cover, (0, 0), _BLUR) > 0.5
        labels = np.where(shown, np.uint8(lock.label), labels)
        nearest = np.where(shown, np.minimum(nearest, near), nearest)
    return Plate(light, alpha, labels), nearest


def _with_glass(plate: Plate, depth: np.ndarray, thing: Thing, camera: Camera, lights: Lights, rng) -> Plate:
    """The plate behind a see-through thing, which reflects a soft picture of a room."""
    pixel, distance = camera.project(thing.vertices)
    raster = rasterize(pixel, distance, thing.triangles, camera.width, camera.height)
    shown = np.isfinite(raster.depth) & (raster.depth < depth)
    look = thing.look
    cells = int(rng.integers(3, 14))
    room, way = rng.random((cells, cells), np.float32) ** 3, cv2.INTER_CUBIC
    if rng.random() < 0.3:  # lamps and windows
        room, way = (room > rng.uniform(0.4, 0.8)).astype(np.float32), cv2.INTER_NEAREST
    room = cv2.GaussianBlur(cv2.resize(room, shown.shape[::-1], interpolation=way), (0, 0), rng.uniform(0.7, 6))
    level = float(lights.radiance.sum(0).mean() + lights.shine.sum(0).mean())
    reflected = look.color + look.gloss * level * np.clip(room, 0, 1)[..., None] * look.second
    edge = cv2.GaussianBlur(shown.astype(np.float32), (0, 0), 0.7)[..., None]
    share = np.float32(look.opacity) * edge
    tint = 1 - share
    light = plate.light * tint + (share * look.color + look.gloss * edge * (reflected - look.color)).astype(np.float32)
    labels = np.where(shown & (look.opacity > 0.5), np.uint8(thing.label), plate.labels)
    return Plate(light.astype(np.float32), np.maximum(plate.alpha, share[..., 0]), labels)
