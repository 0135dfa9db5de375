"""3DDFA-V3's result files: a grid of pictures, a dictionary of landmarks and segmentations, coloured meshes."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ...geometry.obj import ObjStyle, write_obj
from ...wire.atomic import write_whole
from ..basel.alignment import CROP_SIZE, CropWindow, crop_pixels_to_photo, flip_y

__all__ = [
    "landmarks_in_photo",
    "paste",
    "part_labels",
    "picture_grid",
    "segmentation_in_photo",
    "write_dictionary",
    "write_mesh",
]

_PART_COLORS = np.array(
    [(0, 205, 0), (0, 138, 0), (139, 76, 57), (139, 54, 38), (154, 50, 205), (72, 118, 255), (22, 22, 139), (255, 255, 0)]
)
"""RGB of the labels 1..8 in the picture of visible parts."""
_PART_TINT = (100, 200, 200)
"""RGB of one part in its own picture."""
_COLUMNS = 4
"""Most pictures side by side in the overview."""


def landmarks_in_photo(landmarks: np.ndarray, window: CropWindow) -> np.ndarray:
    """(n, 2) crop pixels with y up -> photo pixels, y down, float32."""
    return crop_pixels_to_photo(flip_y(landmarks, CROP_SIZE), window).astype(np.float32)


def paste(photo: np.ndarray, crop: np.ndarray, window: CropWindow, *, nearest: bool = False) -> np.ndarray:
    """The photo with a picture in place of its crop: the photo is resized as for the crop, and resized back.

    Args:
        photo: (H, W, 3) or (H, W) uint8.
        crop: (224, 224, 3) or (224, 224) uint8.
        nearest: for masks; pictures are resized bicubically.
    """
    resample = Image.Resampling.NEAREST if nearest else Image.Resampling.BICUBIC
    large = Image.fromarray(photo).resize(window.resized, resample=resample)
    large.paste(Image.fromarray(crop), (window.left, window.up))
    return np.asarray(large.resize((window.width, window.height), resample=resample))


def segmentation_in_photo(masks: np.ndarray, window: CropWindow) -> np.ndarray:
    """(224, 224, 8) bool -> (H, W, 8) uint8, 0 or 255."""
    black = np.zeros((window.height, window.width), np.uint8)
    return np.stack(
        [paste(black, masks[..., part].astype(np.uint8) * 255, window, nearest=True) for part in range(masks.shape[-1])], -1
    )


def part_labels(masks: np.ndarray) -> np.ndarray:
    """(H, W, 8) masks -> (H, W) uint8: 0 for none, part + 1; later parts win."""
    labels = np.zeros(masks.shape[:2], np.uint8)
    for part in range(masks.shape[-1]):
        labels[masks[..., part] > 0] = part + 1
    return labels


def picture_grid(
    photo: np.ndarray,
    window: CropWindow,
    shape: np.ndarray,
    face: np.ndarray,
    mask: np.ndarray,
    landmarks: dict[str, np.ndarray],
    visible_parts: np.ndarray | None,
    parts: np.ndarray | None,
) -> np.ndarray:
    """Photo, shape, textured face, landmark sets, visible parts and every part, four in a row.

    Args:
        photo: (H, W, 3) uint8 RGB.
        shape, face: (224, 224, 3) in 0..1, `mask` (224, 224) bool where they cover.
        landmarks: photo pixels of each set, in the order to show.
        visible_parts, parts: (H, W, 8) masks or None.

    Returns:
        (rows * H, columns * W, 3) uint8 RGB.
    """
    panels = [photo]
    shown = paste(np.zeros(photo.shape[:2], np.uint8), mask.astype(np.uint8) * 255, window, nearest=True) > 0
    for rendering in (shape, face):
        drawn = paste(np.zeros_like(photo), (np.clip(rendering, 0, 1) * 255).astype(np.uint8), window)
        panels.append(np.where(shown[..., None], drawn, photo))
    panels += [_dots(photo, points) for points in landmarks.values()]
    if visible_parts is not None:
        panels.append(_labelled(photo, part_labels(visible_parts)))
    if parts is not None:
        panels += [_tinted(photo, parts[..., part] > 0) for part in range(parts.shape[-1])]
    columns = min(_COLUMNS, len(panels))
    panels += [np.zeros_like(photo)] * (-len(panels) % columns)
    return np.concatenate([np.concatenate(panels[i : i + columns], 1) for i in range(0, len(panels), columns)])


def write_dictionary(
    path: Path | str, landmarks: dict[str, np.ndarray], visible_parts: np.ndarray | None, parts: np.ndarray | None
) -> None:
    """The published ``.npy``: a pickled dictionary of landmark sets, ``seg_visible`` (H, W, 1) and ``seg`` (H, W, 8).

    Raises:
        HrnError: OUTPUT_NOT_WRITABLE.
    """
    content = dict(landmarks)
    if visible_parts is not None:
        content["seg_visible"] = part_labels(visible_parts)[..., None].astype(np.float64)
    if parts is not None:
        content["seg"] = parts.astype(np.float64)
    write_whole(path, lambda file: np.save(file, np.array(content, dtype=object), allow_pickle=True))


def write_mesh(path: Path | str, camera_points: np.ndarray, triangles: np.ndarray, colors: np.ndarray) -> None:
    """The published ``.obj``: posed vertices (decimetres, y up) with colours of 0..1.

    Args:
        camera_points: (N, 3) float32 of :class:`engine.published.basel.model.PosedFace`.camera.
    """
    vertices = camera_points.copy()
    vertices[:, 2] = 10 - vertices[:, 2]
    write_obj(path, vertices, triangles, colors=colors, style=ObjStyle("r", ("3DDFA-V3",)))


def _dots(photo: np.ndarray, points: np.ndarray) -> np.ndarray:
    out = photo.copy()
    radius = max(max(photo.shape[:2]) // 150, 1)
    for x, y in np.round(points).astype(int):
        cv2.circle(out, (int(x), int(y)), radius, (0, 255, 0), -1)
    return out


def _labelled(photo: np.ndarray, labels: np.ndarray) -> np.ndarray:
    color = np.zeros_like(photo)
    color[labels > 0] = _PART_COLORS[labels[labels > 0] - 1]
    return cv2.addWeighted(photo, 0.5, color, 0.5 * 0.75, 0)


def _tinted(photo: np.ndarray, mask: np.ndarray) -> np.ndarray:
    out = photo.copy()
    out[mask] = _PART_TINT
    return out
