"""The `mvhrn` method: several views of one face (MV-HRN, the multi-view part of Lei et al., CVPR 2023), fused to one head.

Every view goes through the single-view stages, then one fit finds the identity and the deformation that all share. The
released program ends with a mesh for each view; their results are kept, and the head is the fused face.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from ...geometry.obj import write_obj
from ...pipeline.image_files import write_exr
from ...system.progress import SILENT, Progress
from ...wire.settings import Settings
from ..basel import uv_maps
from ..basel.contour import edge_columns
from ..basel.objectives import EdgeColumns
from ..in_crop import marks_in_crop, picture_tensor
from ..method import GivenFace, Prediction
from .face import HrnFace
from .fit import VIEW_STEPS, FusedFace, ViewEvidence, fit_several_views
from .method import Hrn
from .output import METRES, write_results
from .stages import BaseStage

__all__ = ["MvHrn", "create", "sight"]

_DRAFT_STEPS = 10
"""Steps of the fit to several views in the draft quality."""


def create() -> MvHrn:
    """A new instance of the `mvhrn` method."""
    return MvHrn()


class MvHrn(Hrn):
    """HRN for several photos of one face, whose results are fused."""

    name = "mvhrn"

    def predict(self, faces: Sequence[GivenFace], settings: Settings, progress: Progress = SILENT) -> Prediction:
        self.choose(settings)
        count = len(faces)
        views = [
            (face, self.stages(face, progress.part(0.6 * number / count, 0.6 * (number + 1) / count)))
            for number, face in enumerate(faces)
        ]
        # The head shows the face as in the view that sees it best.
        views.sort(key=lambda view: sight(view[1]), reverse=True)
        steps = _DRAFT_STEPS if settings.quality == "draft" else VIEW_STEPS
        results, fused = fit_several_views(
            self._hrn,
            [self._evidence(*view) for view in views],
            steps=steps,
            progress=progress.part(0.6, 1.0, "Fitting all views together"),
        )
        views = [
            (face, found._replace(base=_without_gradients(result.base), detail=result.stage, texture=result.stage.color_high))
            for (face, found), result in zip(views, results)
        ]
        valid = torch.cat([found.mask for _, found in views]).amax(0, keepdim=True)
        names = [Path(face.photo.name).stem for face, _ in views]
        about = {
            **self.about(*(found for _, found in views)),
            "views": [{"photo": face.photo.name, "terms": result.terms} for (face, _), result in zip(views, results)],
        }
        return self.prediction(
            fused.identity,
            fused.levels,
            valid,
            views,
            np.eye(3),
            np.zeros(3),
            lambda folder, stem: self._write(folder, stem, names, [f for _, f in views], fused),
            about,
        )

    def _evidence(self, face: GivenFace, found: HrnFace) -> ViewEvidence:
        left, right = edge_columns(found.face_mask[:, 0].numpy())
        return ViewEvidence(
            found.base,
            found.detail.levels,
            found.base.valid_mask,
            picture_tensor(found.crop),
            torch.from_numpy(marks_in_crop(face, found.window)).float()[None],
            EdgeColumns(torch.from_numpy(left), torch.from_numpy(right)),
        )

    @torch.no_grad()
    def _write(self, folder: Path, stem: str, names: Sequence[str], views: Sequence[HrnFace], fused: FusedFace) -> list[str]:
        """The fused face, unposed, with its two maps; and a folder with the published results of each view."""
        written = []
        for number, (name, found) in enumerate(zip(names, views)):
            place = folder / f"view_{number + 1}"
            place.mkdir()
            written += [
                f"{place.name}/{file}"
                for file in write_results(place, name, found, self._hrn, self.mask_tile, turning=number == 0)
            ]
        model = self._hrn.face
        shape = model.shape(fused.identity, views[0].base.coefficients.expression)
        shape = shape + uv_maps.apply_offsets(fused.levels.deformation, self._hrn.uv)
        write_obj(folder / f"{stem}_fused_mesh.obj", shape[0].numpy(), model.triangles.numpy(), uv=self._hrn.uv.numpy())
        write_exr(folder / "deformation.exr", np.ascontiguousarray(fused.levels.deformation[0].permute(1, 2, 0)) * METRES)
        write_exr(folder / "displacement.exr", fused.levels.displacement[0, 0].numpy() * METRES)
        return [f"{stem}_fused_mesh.obj", "deformation.exr", "displacement.exr", *written]


def sight(found: HrnFace) -> float:
    """How well a view sees the face: 1 straight from the front and unhidden, 0 from the side or nothing of it."""
    turned = float(found.detail.face.rotation[0, 2, 2].clamp(min=0))
    return turned * float(found.mask.mean())


def _without_gradients(base: BaseStage) -> BaseStage:
    """The same; the fitted coefficients are leaves of the fit."""
    return base._replace(coefficients=base.coefficients._make(part.detach() for part in base.coefficients))
