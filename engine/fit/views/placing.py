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
from .weights import WEIGHTS, PlaceWeights

__all__ = ["find_pose", "place_photo"]


def place_photo(
    pixels: np.ndarray,
    camera: Camera,
    views: list[ViewState],
    triangles: np.ndarray,
    weights: PlaceWeights = WEIGHTS.place,
    progress: Progress = SILENT,
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
    scale = min(1.0, weights.largest / max(pixels.shape[:2]))
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    sift = cv2.SIFT_create(weights.features, contrastThreshold=weights.contrast)
    own, own_features = sift.detectAndCompute(grey, None)
    if own_features is None or len(own) < weights.least_inliers:
        return None
    own_points = np.array([point.pt for point in own]) + 0.5
    small = camera.scaled(scale)
    found: list[tuple[int, Camera]] = []
    for number, yaw in enumerate(weights.yaws):
        progress(number / len(weights.yaws))
        drawn = _drawn_with_skin(views, triangles, yaw, weights)
        if drawn is None:
            continue
        progress(number / len(weights.yaws))
        picture, mask, place = drawn
        points, features = sift.detectAndCompute(picture, mask)
        if features is None or len(points) < weights.least_inliers:
            continue
        progress(number / len(weights.yaws))
        pairs = cv2.BFMatcher(cv2.NORM_L2).knnMatch(features, own_features, k=2)
        pairs = [pair[0] for pair in pairs if len(pair) == 2 and pair[0].distance < weights.ratio * pair[1].distance]
        if len(pairs) < weights.least_inliers:
            continue
        at = np.array([points[pair.queryIdx].pt for pair in pairs]).astype(int)
        solid = place[at[:, 1], at[:, 0]].astype(float)
        seen = own_points[[pair.trainIdx for pair in pairs]]
        pose = find_pose(small, solid, seen, weights.inlier * max(grey.shape), weights)
        if pose is not None:
            count, placed, used = pose
            spread = np.ptp(at[used], 0) / np.ptp(np.argwhere(mask)[:, ::-1], 0)
            if count >= max(weights.least_inliers, weights.least_share * len(pairs)) and spread.min() > weights.least_spread:
                found.append((count, placed))
                if count >= weights.enough_inliers:
                    break
    if not found:
        return None
    best = max(found, key=lambda one: one[0])[1]
    return replace(camera, R=best.R, t=best.t)


def find_pose(
    camera: Camera, points: np.ndarray, pixels: np.ndarray, error: float, weights: PlaceWeights = WEIGHTS.place
) -> tuple[int, Camera, np.ndarray] | None:
    """The camera's pose from matches, some of which are wrong (PnP, RANSAC).

    Args:
        camera: its focal length and principal point stay.
        points: (n, 3) mm.
        pixels: (n, 2).
        error: largest distance of a right match, pixels.
        weights: when the search ends.

    Returns:
        number of right matches, the camera, and which they are; None where too few agree.
    """
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1.0]])
    try:
        ok, rotation, shift, used = cv2.solvePnPRansac(
            points,
            pixels,
            matrix,
            None,
            iterationsCount=weights.tries,
            reprojectionError=error,
            confidence=weights.confidence,
            flags=cv2.SOLVEPNP_SQPNP,
        )
    except cv2.error:
        return None  # wrong matches often share one place, from which the solver refuses to tell a pose
    if not ok or used is None or len(used) < weights.least_matches:
        return None
    used = used.ravel()
    rotation, shift = cv2.solvePnPRefineLM(points[used], pixels[used], matrix, None, rotation, shift)
    turned = cv2.Rodrigues(rotation)[0]
    if shift[2, 0] <= 0:
        return None
    return len(used), replace(camera, R=turned, t=shift.ravel()), used


def _drawn_with_skin(
    views: list[ViewState], triangles: np.ndarray, yaw: float, w: PlaceWeights
) -> tuple[np.ndarray, np.ndarray, np.ndarray] | None:
    """Grey picture of the head turned by `yaw`, its mask, and (h, w, 3) mm of every pixel; skin of the nearest view."""
    nearest = min(views, key=lambda view: abs(view.camera.yaw_degrees - yaw))
    camera = orbit_camera(nearest.vertices, yaw, width=w.side, height=w.side)
    virtual = replace(nearest, worn=None)
    virtual.frame, virtual.camera = Frame(1.0, 0, 0, w.side, w.side), camera
    virtual.draw(nearest.vertices, triangles)
    target, seen = predicted(virtual, nearest, triangles)
    if seen.mean() < w.least_seen:
        return None
    picture = cv2.remap(
        nearest.grey, target[..., 0] - 0.5, target[..., 1] - 0.5, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    place = interpolate(virtual.raster, triangles, nearest.vertices)
    mask = cv2.erode(seen.astype(np.uint8), np.ones((w.rim_px, w.rim_px)))
    return np.where(seen, picture, 128).astype(np.uint8), mask, place
