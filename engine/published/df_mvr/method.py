"""The `df_mvr` method: three views of one face by DF_MVR, which predicts one face and a pose for each view at once.

The photos are given in the order of the release: left, front, right view.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from ...system.progress import SILENT, Progress
from ...wire.errors import ErrorCode, HrnError
from ...wire.messages import say
from ...wire.methods import METHODS
from ...wire.settings import Settings
from ..basel import alignment
from ..basel.border import camera_over_photo, eye_origin, to_engine
from ..basel.camera import MVR_CAMERA
from ..basel.coefficients import Coefficients
from ..basel.files import read_bfm_front, read_landmark_template
from ..basel.model import FaceModel
from ..basel.pose import rotation_matrix
from ..carry import SeenFace
from ..method import GivenFace, Prediction, PublishedMethod
from ..nets.df_mvr import VIEWS
from ..nets.official import load
from . import geometry

__all__ = ["DfMvr", "create"]

_FRONT = VIEWS.index("ft")
"""Place of the front view among the network's views."""


def create() -> DfMvr:
    """A new instance of the `df_mvr` method."""
    return DfMvr()


class DfMvr(PublishedMethod):
    """DF_MVR for three photos of one face."""

    name = "df_mvr"

    def load(self, paths: dict[str, Path], progress: Progress = SILENT) -> None:
        self._template = alignment.five_points(read_landmark_template(paths["lm3d"]))
        self._face_model = FaceModel.build(read_bfm_front(paths["bfm"]), camera=MVR_CAMERA)
        self._net = load("df_mvr.views", paths["df_mvr"])

    @torch.no_grad()
    def predict(self, faces: Sequence[GivenFace], settings: Settings, progress: Progress = SILENT) -> Prediction:
        if len(faces) != len(VIEWS):
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("Method “{name}” needs three usable photos, not {count}.", name=self.name, count=len(faces)),
                hint=METHODS[self.name].which_photos,
            )
        model = self._face_model
        windows, inputs = [], []
        for face in faces:
            image = face.photo.pixels
            window, crop, _ = alignment.align(image, alignment.flip_y(face.points, len(image)), self._template)
            picture = torch.from_numpy(crop.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
            windows.append(window)
            inputs.append(torch.cat([picture, self._net.labels(picture)[:, None].to(picture)], 1))
        progress(0.3)
        found = self._net(*inputs)
        coefficients = Coefficients(
            found["face_id"],
            found["face_exp"],
            found["face_color"],
            found[f"face_rotate_{VIEWS[_FRONT]}"],
            found["face_gamma"],
            found[f"face_offset_xyz_{VIEWS[_FRONT]}"],
        )
        poses = [geometry.Rigid(found[f"face_rotate_{view}"], found[f"face_offset_xyz_{view}"]) for view in VIEWS]
        posed = geometry.faces(model, coefficients, poses)
        origin = eye_origin(model)
        relaxed = model.shape(coefficients.identity, torch.zeros_like(coefficients.expression))[0].numpy()
        shown = to_engine(model.shape(coefficients.identity, coefficients.expression)[0].numpy(), origin)
        seen = []
        for face, window, pose in zip(faces, windows, poses):
            rotation = rotation_matrix(pose.angles)[0].double().numpy()
            # Its pixels are whole at their centres in both directions: half a pixel off from a renderer's.
            camera = camera_over_photo(
                rotation, pose.translation[0].double().numpy(), window, origin, camera=MVR_CAMERA, follow="landmarks"
            )
            seen.append(SeenFace(face.photo, face.observation, shown, camera))
        seen.insert(0, seen.pop(_FRONT))
        front = posed.world[_FRONT][0].numpy()

        def write(folder: Path, stem: str) -> list[str]:
            geometry.write_mesh(folder / f"{stem}.obj", front, model.triangles.numpy())
            return [f"{stem}.obj"]

        return Prediction(
            relaxed,
            model.triangles.numpy(),
            model.keypoints.numpy(),
            origin,
            seen,
            rotation_matrix(poses[_FRONT].angles)[0].double().numpy(),
            poses[_FRONT].translation[0].double().numpy(),
            write,
            {},
        )
