"""The fixed camera in front of an aligned crop."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch

__all__ = ["ALIGNED_CAMERA", "MVR_CAMERA", "CropCamera"]


class CropCamera(NamedTuple):
    """A camera on the +z axis that looks towards -z; picture y is **up** and in pixels of a square crop."""

    focal: float = 1015.0
    """Focal length in pixels of the crop."""
    centre: float = 112.0
    """Principal point in pixels along both axes: half the size of the crop."""
    distance: float = 10.0
    """Distance of the camera from the origin, decimetres."""
    near: float = 5.0
    far: float = 15.0

    def to_camera(self, points: torch.Tensor) -> torch.Tensor:
        """World -> camera: x and y stay, z becomes the depth (positive in front of the camera)."""
        return torch.cat([points[..., :2], self.distance - points[..., 2:]], -1)

    def project(self, camera_points: torch.Tensor) -> torch.Tensor:
        """(..., 3) camera coordinates -> (..., 2) crop pixels, y up."""
        return self.focal * camera_points[..., :2] / camera_points[..., 2:] + self.centre

    def clip_matrix(self) -> np.ndarray:
        """(4, 4) float32: camera coordinates with y negated (as columns) -> clip space, as nvdiffrast takes them."""
        scale = self.focal / self.centre
        near, far = self.near, self.far
        return np.array(
            [
                [scale, 0, 0, 0],
                [0, scale, 0, 0],
                [0, 0, (near + far) / (far - near), -2 * far * near / (far - near)],
                [0, 0, 1, 0],
            ],
            np.float32,
        )

    def clip(self, camera_points: torch.Tensor) -> torch.Tensor:
        """(..., 3) camera coordinates -> (..., 4) clip space; the first row of a picture is its top."""
        turned = camera_points * camera_points.new_tensor([1.0, -1.0, 1.0])
        homogeneous = torch.cat([turned, torch.ones_like(turned[..., :1])], -1)
        return homogeneous @ torch.from_numpy(self.clip_matrix()).to(homogeneous).T


ALIGNED_CAMERA = CropCamera()
"""Deep3D, HRN and 3DDFA-V3: 224-pixel crop."""
MVR_CAMERA = CropCamera(focal=111.5 / math.tan(math.radians(12.593637 / 2)), centre=111.5, distance=1.0, near=0.01, far=50.0)
"""DF_MVR: camera at z = 1, so its networks predict a z translation near -9; pixels in PyTorch3D 0.5.0's convention,
in which a picture of 224 pixels is 223 wide."""
