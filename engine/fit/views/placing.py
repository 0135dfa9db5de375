"""Cameras of photos in which no landmarks were found: profiles, and faces half hidden.

The head is drawn with the skin of another photo from where the photo may have been taken; features (Lowe, "Distinctive
image features from scale-invariant keypoints", IJCV 2004) of that picture lie on the mesh, so their matches in the
photo give its pose.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ...camera import Camera, orbit_camera
from ...render import interpolate
from ...system.progress import SILENT, Progress
from .matching import predicted
from .state import Frame, ViewState

__all__ = ["place_photo"]

_YAWS = (80.0, -80.0, 55.0, -55.0, 30.0, -30.0, 0.0)
_SIDE = 640
"""Pixels of the drawn head."""
_LARGEST = 1280
"""Pixels of the photo's long side in which features are looked for."""
_FEATURES = 2000
_RATIO = 0.8
_INLIER_PX = 0.006
"""Of the long side: reprojection error of a match that fits a pose."""
_LEAST_INLIERS, _ENOUGH_INLIERS = 14, 80
_LEAST_SHARE = 0.12
_LEAST_SPREAD = 0.15
"""The matches that fit must spread over that share of the drawn head."""


def place_photo(
    pixels: np.ndarray, camera: Camera, views: list[ViewState], triangles: np.ndarray, progress: Progress = SILENT
) -> Camera | None:
    """The camera of a photo of the same head.

    Args:
        pixels: (H, W, 3) uint8 sRGB.
        camera: of that photo, its pose unknown.
        views: drawn, with one facial expression or nearly so.
        triangles: (T, 3) of their meshes.
        progress: may raise to cancel.

    Returns:
        None where too few features agree on a pose.
    """
    scale = min(1.0, _LARGEST / max(pixels.shape[:2]))
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    sift = cv2.SIFT_create(_FEATURES, contrastThreshold=0.01)
    own, own_features = sift.detectAndCompute(grey, None)
    if own_features is None or len(own) < _LEAST_INLIERS:
        return None
    own_points = np.array([point.pt for point in own]) + 0.5
    small = camera.scaled(scale)
    found: list[tuple[int, Camera]] = []
    for number, yaw in enumerate(_YAWS):
        progress(number / len(_YAWS))
        drawn = _drawn_with_skin(views, triangles, yaw)
        if drawn is None:
            continue
        progress(number / len(_YAWS))
        picture, mask, place = drawn
        points, features = sift.detectAndCompute(picture, mask)
        if features is None or len(points) < _LEAST_INLIERS:
            continue
        progress(number / len(_YAWS))
        pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(features, own_features, k=2)
        pairs = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < _RATIO * pair[1].distance]
        if len(pairs) < _LEAST_INLIERS:
            continue
        at = np.array([points[pair.queryIdx].pt for pair in pairs]).astype(int)
        solid = place[at[:, 1], at[:, 0]].astype(float)
        seen = own_points[[pair.trainIdx for pair in pairs]]
        pose = _pose(small, solid, seen, _INLIER_PX * max(grey.shape))
        if pose is not None:
            count, placed, used = pose
            spread = np.ptp(at[used], 0) / np.ptp(np.argwhere(mask)[:, ::-1], 0)
            if count >= max(_LEAST_INLIERS, _LEAST_SHARE * len(pairs)) and spread.min() > _LEAST_SPREAD:
                found.append((count, placed))
                if count >= _ENOUGH_INLIERS:
                    break
    if not found:
        return None
    best = max(found, key=lambda one: one[0])[1]
    return replace(camera, R=best.R, t=best.t)


def _pose(camera: Camera, points: np.ndarray, pixels: np.ndarray, error: float) -> tuple[int, Camera, np.ndarray] | None:
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1.0]])
    try:
        ok, rotation, shift, used = cv2.solvePnPRansac(
            points,
            pixels,
            matrix,
            None,
            iterationsCount=2000,
            reprojectionError=error,
            confidence=0.999,
            flags=cv2.SOLVEPNP_SQPNP,
        )
    except cv2.error:
        return None  # wrong matches often share one place, from which the solver refuses to tell a pose
    if not ok or used is None or len(used) < 6:
        return None
    used = used.ravel()
    rotation, shift = cv2.solvePnPRefineLM(points[used], pixels[used], matrix, None, rotation, shift)
    turned = cv2.Rodrigues(rotation)[0]
    if shift[2, 0] <= 0:
        return None
    return len(used), replace(camera, R=turned, t=shift.ravel()), used


def _drawn_with_skin(
    views: list[ViewState], triangles: np.ndarray, yaw: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Grey picture of the head turned by `yaw`, its mask, and (h, w, 3) mm of every pixel; skin of the nearest view."""
    nearest = min(views, key=lambda view: abs(view.camera.yaw_degrees - yaw))
    camera = orbit_camera(nearest.vertices, yaw, width=_SIDE, height=_SIDE)
    virtual = replace(nearest)
    virtual.frame, virtual.camera = Frame(1.0, 0, 0, _SIDE, _SIDE), camera
    virtual.draw(nearest.vertices, triangles)
    target, seen = predicted(virtual, nearest, triangles)
    if seen.mean() < 0.02:
        return None
    picture = cv2.remap(
        nearest.grey, target[..., 0] - 0.5, target[..., 1] - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    place = interpolate(virtual.raster, triangles, nearest.vertices)
    mask = cv2.erode(seen.astype(np.uint8), np.ones((5, 5)))
    return np.where(seen, picture, 128).astype(np.uint8), mask, place
