"""Figures about the head model: ``python -m engine.head.making.quality``."""

from __future__ import annotations

import numpy as np

from ...geometry.mesh import uv_density
from ..model import MATERIALS, HeadModel

__all__ = ["texel_density"]


def texel_density(model: HeadModel, size: int) -> dict[str, np.ndarray]:
    """Texels per millimetre of the skin quads of the mean head, by region.

    Args:
        size: width of the square map in texels.

    Returns:
        Region -> densities of its quads (root of the ratio of areas). ``face`` is the mask of a frontal view: brows
        to chin, ear to ear, without scalp, ears and neck.
    """
    faces = model.faces[model.face_material == MATERIALS.index("skin")]
    corner = model.template[faces].astype(np.float64)
    density = uv_density(corner, model.uv[model.face_material == MATERIALS.index("skin")]) * size

    def inside(*names):
        return model.part(*names)[faces].mean(1) > 0.5

    middle = corner.mean(1)
    around = (np.abs(middle[:, 0]) < 70) & (middle[:, 1] > -115) & (middle[:, 1] < 75) & (middle[:, 2] > -40)
    return {
        "face": density[around & ~inside("scalp", "right_ear", "left_ear", "neck")],
        "nose": density[inside("nose")],
        "lips": density[inside("upper_lip", "lower_lip")],
        "lids": density[inside("right_eye", "left_eye")],
        "ears": density[inside("right_ear", "left_ear")],
        "scalp": density[inside("scalp")],
        "neck": density[inside("neck")],
    }


def main() -> None:
    from .. import load_head_model

    model = load_head_model()
    print(
        f"{model.version}: {len(model.template)} vertices, {len(model.faces)} quads, {len(model.identity_basis)} "
        "identity components"
    )
    for name, value in texel_density(model, 2048).items():
        low, one, five, half = np.percentile(value, [0, 1, 5, 50])
        print(f"  {name:6} {len(value):5} quads: median {half:.2f}, p5 {five:.2f}, p1 {one:.2f}, min {low:.2f} texel/mm")


if __name__ == "__main__":
    main()
