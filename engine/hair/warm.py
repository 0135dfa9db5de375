"""A drawn head with drawn hair: what the compiled parts of the groom are loaded with before the first photo."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from ..camera import Camera, orbit_camera
from ..head.model import HeadModel
from ..photo.parts import part_network
from ..photo.regions import CHIN, TOP
from ..types import Textures
from .groom import groom_hair
from .types import HairMask, HairView, Window
from .weights import WEIGHTS
from .window import drawn_head

__all__ = ["drawn_textures", "drawn_view", "warm_up"]

_SKIN = (200, 150, 125)
"""sRGB of the drawing's skin."""
_HAIR = (70, 50, 38)
"""sRGB of its hair."""
_AROUND = (205, 210, 215)
"""sRGB of what is around it."""
_SIDE = 96
"""Side of the picture that warms up, pixels."""


def warm_up(model: HeadModel) -> None:
    """Groom a small drawing, so that all compiled code is loaded (compiled, the very first time), and load the networks."""
    part_network()
    posed = model.template
    camera = orbit_camera(posed, 10.0, width=_SIDE, height=_SIDE, fill=0.7)
    few = replace(WEIGHTS.strands, seen=30, grown=30, under=30, whorl=(5, 40.0))
    view = drawn_view(model, posed, camera, coat=15.0)
    groom_hair(model, [view], posed, drawn_textures(), replace(WEIGHTS, strands=few))


def drawn_textures() -> Textures:
    """A head's maps of one plain color."""
    plain, flat = np.full((8, 8, 3), _SKIN, np.uint8), np.zeros((8, 8), np.float32)
    return Textures(
        plain, flat, np.zeros((8, 8, 3), np.uint16), np.zeros((8, 8, 3), np.float32), flat.astype(np.uint8), np.zeros(1)
    )


def drawn_view(model: HeadModel, posed: np.ndarray, camera: Camera, coat: float, fall: float = 0.0) -> HairView:
    """A head whose scalp wears hair of an even thickness, combed down in the picture.

    Args:
        posed: (N, 3) mm.
        coat: how far the hair's outline lies outside of the head's, mm.
        fall: how far below the scalp's lower border it hangs, mm.
    """
    near, far, parts = drawn_head(model, posed, camera)
    landmarks = camera.project(model.landmarks(posed).astype(np.float64))[0].astype(np.float32)
    head = np.isfinite(near)
    per_mm = camera.fx / float(np.median(near[head]))
    face = float(np.ptp(landmarks[:468, 0]))
    up = landmarks[TOP] - landmarks[CHIN]
    y, x = np.mgrid[: camera.height, : camera.width].astype(np.float32) + 0.5
    level = ((x - landmarks[CHIN, 0]) * up[0] + (y - landmarks[CHIN, 1]) * up[1]) / float(up @ up)
    hair = _hair(parts["scalp"] > 0.5, head, coat * per_mm, fall * per_mm)
    stripes = 1 + 0.35 * np.sin(2 * np.pi * x / max(4.0, 0.04 * face))
    rgb = np.where(head[..., None], np.array(_SKIN), np.array(_AROUND)).astype(np.float32)
    rgb = np.where(hair[..., None], np.array(_HAIR) * stripes[..., None], rgb)
    bare = (head & ~hair).astype(np.float32)
    window = Window(
        rgb=rgb.clip(0, 255).astype(np.uint8),
        camera=camera,
        shown=np.ones(head.shape, bool),
        face=face,
        landmarks=landmarks,
        level=level,
        head_near=near,
        head_far=far,
        parts=parts,
        skin=bare,
        surface=bare,
        brow=np.zeros_like(bare),
        origin=(0.0, 0.0),
        scale=1.0,
    )
    nothing = np.zeros_like(bare)
    return HairView(window, HairMask(hair.astype(np.float32), nothing, nothing, (head | hair).astype(np.float32)))


def _hair(scalp: np.ndarray, head: np.ndarray, coat: float, fall: float) -> np.ndarray:
    """(H, W) bool: the scalp, a coat around it, and what hangs below beside the face."""
    side = 2 * max(1, round(coat)) + 1
    round_brush = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    around = cv2.dilate(scalp.astype(np.uint8), round_brush) > 0
    hair = scalp | (around & ~head)
    if fall > 0:
        down = np.zeros((2 * round(fall) + 1, 1), np.uint8)
        down[: round(fall) + 1] = 1
        hair |= (cv2.dilate((hair & ~head).astype(np.uint8), down) > 0) & ~head
    return hair
