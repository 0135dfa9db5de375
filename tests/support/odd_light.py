"""Photos of people made into what is left of them without color, of one tone, and in tinted light: pictures for tests, and a table.

    python tests/support/odd_light.py PHOTO ... [--only grey,sepia] [--sheet sheet.png]

prints for each change of the photos how far skin, lips, iris and teeth of the head are from those of the photo as it is, by
CIEDE2000, in how many mouths with teeth they are found again, and how far the shape moves.
"""

from __future__ import annotations

import argparse
import runpy
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

if __name__ == "__main__":
    runpy.run_path(str(Path(__file__).resolve().parent / "paths.py"))

from engine.bench.painted import paint_face
from engine.wire.color import linear_to_srgb, srgb_to_linear

__all__ = ["ODD_LIGHT", "grey", "saved"]

Change = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(H, W, 3) uint8 and (478, 2) landmarks -> the changed picture."""


def grey(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 without color."""
    return np.repeat(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, 2)


def saved(pixels: np.ndarray, quality: int = 80) -> np.ndarray:
    """As a JPEG gives it back."""
    code = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.ascontiguousarray(cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1])


def _toned(dark: tuple[int, ...], light: tuple[int, ...]) -> Change:
    def change(pixels: np.ndarray, _: np.ndarray) -> np.ndarray:
        share = grey(pixels)[..., :1] / 255
        return saved(np.uint8(np.array(dark) * (1 - share) + np.array(light) * share))

    return change


def _saturated(share: float) -> Change:
    def change(pixels: np.ndarray, _: np.ndarray) -> np.ndarray:
        plain = grey(pixels).astype(float)
        return saved(np.uint8(np.clip(plain + share * (pixels - plain), 0, 255)))

    return change


def _lamp(*gains: float) -> Change:
    return lambda pixels, _: saved(_coded(_linear(pixels) * np.float32(gains)))


def _two_lamps(left: tuple[float, ...], right: tuple[float, ...]) -> Change:
    def change(pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
        middle, width = points[[1, 168], 0].mean(), np.ptp(points[:, 0])
        share = 1 / (1 + np.exp(-(np.arange(pixels.shape[1]) - middle) / (0.12 * width)))
        light = (1 - share)[:, None] * np.array(left) + share[:, None] * np.array(right)
        return saved(_coded(_linear(pixels) * light.astype(np.float32)))

    return change


def _green_screen(pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
    y, x = np.indices(pixels.shape[:2])
    centre, width = points.mean(0), np.ptp(points[:, 0])
    away = np.hypot((x - centre[0]) / (0.5 * width), (y - centre[1]) / (0.65 * width))
    share = np.clip((away - 0.3) / 0.7, 0, 1)[..., None]
    linear = _linear(pixels)
    light = linear.mean(-1, keepdims=True)
    return saved(_coded(linear * (1 - 0.2 * share) + share * np.array([0, 0.22, 0.02]) * (light + 0.15)))


def _linear(pixels: np.ndarray) -> np.ndarray:
    return srgb_to_linear(pixels.astype(np.float32) / 255)


def _coded(linear: np.ndarray) -> np.ndarray:
    return np.round(255 * linear_to_srgb(linear)).astype(np.uint8)


def _half_painted(pixels: np.ndarray, points: np.ndarray) -> np.ndarray:
    return saved(paint_face(pixels, points, (40, 90, 170)))


ODD_LIGHT: dict[str, tuple[Change, str | None]] = {
    "grey": (lambda pixels, _: saved(grey(pixels)), "no_color"),
    "sepia": (_toned((38, 22, 8), (250, 235, 200)), "toned"),
    "cyanotype": (_toned((8, 30, 70), (225, 240, 250)), "toned"),
    "greenish print": (_toned((25, 35, 20), (235, 240, 205)), "toned"),
    "half saturation": (_saturated(0.5), None),
    "red only": (lambda pixels, _: pixels * np.uint8([1, 0, 0]), "toned"),
    "green only": (lambda pixels, _: pixels * np.uint8([0, 1, 0]), "toned"),
    "blue only": (lambda pixels, _: pixels * np.uint8([0, 0, 1]), "toned"),
    "no blue": (lambda pixels, _: pixels * np.uint8([1, 1, 0]), "tinted_light"),
    "blue light": (_lamp(0.08, 0.2, 1.6), "tinted_light"),
    "magenta light": (_lamp(1.1, 0.12, 1.3), "tinted_light"),
    "red light": (_lamp(1.4, 0.1, 0.12), "tinted_light"),
    "green light": (_lamp(0.3, 1.0, 0.35), "tinted_light"),
    "red and blue": (_two_lamps((1.3, 0.15, 0.2), (0.1, 0.25, 1.6)), "tinted_light"),
    "magenta and cyan": (_two_lamps((1.2, 0.25, 1.1), (0.2, 0.9, 1.0)), "tinted_light"),
    "green screen": (_green_screen, "tinted_light"),
    "half painted": (_half_painted, "painted"),
}
"""Name -> the change, and the warning that belongs to it; None where it depends on the photo."""


def _measured(paths: list[str], only: list[str], sheet: str | None) -> None:
    from engine.bench.ciede2000 import color_difference
    from engine.camera import orbit_camera
    from engine.methods.open import OpenMethod
    from engine.photo import Landmarker, find_bite, observe
    from engine.pipeline.preview import render_head
    from engine.wire.settings import Settings

    settings = Settings(texture_size=512, hair=False, quality="draft")
    method = OpenMethod()
    rows: dict[str, list[list[float]]] = {}
    pictures = []
    with Landmarker() as landmarker, tempfile.TemporaryDirectory() as folder:
        for path in paths:
            photo, observation = observe(path, landmarker)
            truth, line = None, []
            for name in ("as it is", *(only or ODD_LIGHT)):
                pixels = photo.pixels if truth is None else ODD_LIGHT[name][0](photo.pixels, observation.landmarks)
                file = Path(folder, f"{name}.png")
                cv2.imwrite(str(file), pixels[..., ::-1])
                try:
                    found = method.solve([file], settings)
                except Exception as error:
                    print(path, name, error)
                    continue
                now = _colors(found)
                bite = find_bite(found.photo, found.observation)
                teeth = bite is not None and bite.color is not None
                if sheet:
                    camera = orbit_camera(found.posed, yaw=20.0, pitch=4.0, width=200, height=200)
                    small = cv2.resize(pixels, (200, 200 * len(pixels) // pixels.shape[1]))[:200]
                    small = cv2.copyMakeBorder(small, 0, 200 - len(small), 0, 0, cv2.BORDER_CONSTANT)
                    line.append(
                        np.concatenate([small, render_head(found.model, found.posed, camera, found.textures.albedo)[..., :3]])
                    )
                if truth is None:
                    truth = now, teeth, found.posed
                    continue
                off = [color_difference(a, b) if np.isfinite(a).all() else np.nan for a, b in zip(truth[0], now)]
                moved = np.linalg.norm(found.posed - truth[2], axis=1)[found.model.landmark_vertices.ravel()].mean()
                rows.setdefault(name, []).append([*off, float(teeth) if truth[1] else np.nan, moved])
                codes = [code for code, _ in found.photo.remarks]
                print(Path(path).stem, name, codes, np.round(rows[name][-1], 1).tolist(), flush=True)
            if line:
                pictures.append(np.concatenate(line, 1))
    print(f"{'':18s}  skin  lips  iris enamel teeth shape mm")
    for name, values in rows.items():
        table = np.array(values)
        middle = [float(np.nanmedian(column)) if np.isfinite(column).any() else np.nan for column in table[:, :4].T]
        told = table[:, 4][np.isfinite(table[:, 4])]
        print(
            f"{name:18s} {middle[0]:5.1f} {middle[1]:5.1f} {middle[2]:5.1f} {middle[3]:6.1f} {int(told.sum())}/{len(told)} {np.median(table[:, 5]):8.2f}"
        )
    if sheet and pictures:
        cv2.imwrite(sheet, np.concatenate(pictures)[..., ::-1])


def _colors(found) -> list[np.ndarray]:
    """Linear colors of skin, lips, iris and enamel of a head."""
    model, albedo = found.model, found.textures.albedo
    side = len(albedo)
    uv = np.zeros((len(model.template), 2))
    uv[model.faces.ravel()] = model.uv.reshape(-1, 2)
    column, row = (np.clip((value * side).astype(int), 0, side - 1) for value in (uv[:, 0], 1 - uv[:, 1]))
    at = _linear(albedo[row, column])
    lips = model.part("upper_lip", "lower_lip") > 0.8
    seen = found.textures.vertex_confidence > 0.9
    others = model.part("upper_lip", "lower_lip", "scalp", "right_brow", "left_brow") > 0.1
    skin = seen & ~others
    return [
        np.median(at[skin], 0),
        np.median(at[lips], 0),
        *(_linear(np.asarray(one)) for one in (found.textures.eye_color, found.textures.tooth_color)),
    ]


def main(arguments: list[str] | None = None) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("photos", nargs="+")
    parser.add_argument("--only", default="")
    parser.add_argument("--sheet")
    given = parser.parse_args(arguments)
    _measured(given.photos, [name for name in given.only.split(",") if name], given.sheet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
