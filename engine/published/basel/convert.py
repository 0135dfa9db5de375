"""``BFM_model_front.mat`` from the Basel Face Model 2009 and the expression basis of Guo et al.

Facts of the conversion: principal components times standard deviations, shapes divided by 1e5 (micrometres to
decimetres), 80 identity, 64 expression and 80 texture components; vertices 53490 -> 53215 (``trimIndex``) -> 35709
(``idx``). The mean of the expression file is not used.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...wire.atomic import write_whole
from ...wire.errors import ErrorCode, HrnError
from ...wire.messages import reason, say
from .files import Fields, read_mat

__all__ = ["convert_bfm_2009", "read_expression_basis", "write_bfm_front"]

_COPIED = ("tri", "point_buf", "tri_mask2", "keypoints", "frontmask2_idx", "skinmask")
"""Fields of the face model that are taken over as they are."""


def read_expression_basis(path: Path | str) -> tuple[np.ndarray, np.ndarray]:
    """Mean and components in ``Exp_Pca.bin``: int32 count, float32 mean, float32 components one after the other.

    Returns:
        (3V,) float32 mean and (count, 3V) float32 components.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise HrnError(
            ErrorCode.MODEL_MISSING, say("{path} cannot be read: {reason}.", path=path, reason=reason(error))
        ) from error
    count = int(np.frombuffer(raw[:4], "<i4")[0]) if len(raw) >= 4 else 0
    numbers = (len(raw) - 4) // 4
    if not 64 <= count <= 1000 or (len(raw) - 4) % 4 or numbers % (3 * (count + 1)):
        raise HrnError(
            ErrorCode.CHECKPOINT_INVALID,
            say(
                "The file {file} cannot be used: {fault}.",
                file=Path(path).name,
                fault=say("its length does not fit {count} components", count=count),
            ),
            details={"file": str(path), "field": "components"},
        )
    values = np.frombuffer(raw, "<f4", offset=4).reshape(count + 1, -1)
    return values[0], values[1:]


def convert_bfm_2009(folder: Path | str, *, expression_folder: Path | str | None = None) -> dict[str, np.ndarray]:
    """The fields of ``BFM_model_front.mat``, made from the files of the Basel Face Model 2009.

    Args:
        folder: holds ``01_MorphableModel.mat``, ``Exp_Pca.bin``, ``std_exp.txt``, ``BFM_front_idx.mat``,
            ``BFM_exp_idx.mat`` and ``facemodel_info.mat``.
        expression_folder: where the expression files are, when elsewhere (the reference always looks in ``./BFM``).

    Returns:
        name -> array; float32, except ``exBase``, which is float64; indices 1-based.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID naming the field.
    """
    folder = Path(folder)
    expressions = Path(expression_folder or folder)
    morphable_path = folder / "01_MorphableModel.mat"
    model = Fields(morphable_path, read_mat(morphable_path))
    shape_mean = model.take("shapeMU", (None, 1))
    rows = len(shape_mean)
    full = rows // 3
    shape_components = model.take("shapePC", (rows, None)) * _deviations(model, "shapeEV")
    texture_components = model.take("texPC", (rows, None)) * _deviations(model, "texEV")
    for name, value in (("shapePC", shape_components), ("texPC", texture_components)):
        if value.shape[1] < 80:
            raise model.wrong(name, say("has {count} components instead of {expected}", count=value.shape[1], expected=80))

    _, expression_components = read_expression_basis(expressions / "Exp_Pca.bin")
    cropped = expression_components.shape[1] // 3
    deviations = _standard_deviations(expressions / "std_exp.txt", len(expression_components))
    front_path, exp_path = folder / "BFM_front_idx.mat", folder / "BFM_exp_idx.mat"
    front = Fields(front_path, read_mat(front_path)).index("idx", None, cropped, one_based=True).reshape(-1)
    trim = Fields(exp_path, read_mat(exp_path)).index("trimIndex", None, full, one_based=True, size=cropped).reshape(-1)
    chosen = trim[front]

    def of(matrix, vertices):
        return matrix.reshape(-1, 3, matrix.shape[1])[vertices].reshape(3 * len(vertices), -1)

    expression = expression_components.T[:, :64] * deviations[None, :64] / 1e5
    fields = {
        "meanshape": (of(shape_mean, chosen) / 1e5).reshape(1, -1),
        "meantex": of(model.take("texMU", (rows, 1)), chosen).reshape(1, -1),
        "idBase": of(shape_components[:, :80], chosen) / 1e5,
        "texBase": of(texture_components[:, :80], chosen),
    }
    fields = {name: value.astype(np.float32) for name, value in fields.items()}
    fields["exBase"] = of(expression, front).astype(np.float64)
    info_path = folder / "facemodel_info.mat"
    info = Fields(info_path, read_mat(info_path))
    for name in _COPIED:
        fields[name] = info.take(name, None).astype(np.float32)
    return fields


def write_bfm_front(fields: dict[str, np.ndarray], path: Path | str) -> None:
    """Writes the fields as a .mat file that the published tools read, too; whole or not at all."""
    from scipy.io import savemat

    write_whole(path, lambda file: savemat(file, fields))


def _deviations(model: Fields, name: str) -> np.ndarray:
    return model.take(name, (None, 1)).reshape(1, -1)


def _standard_deviations(path: Path, count: int) -> np.ndarray:
    try:
        values = np.array(path.read_text().split(), np.float64)
    except OSError as error:
        raise HrnError(
            ErrorCode.MODEL_MISSING, say("{path} cannot be read: {reason}.", path=path, reason=reason(error))
        ) from error
    except ValueError:
        values = np.zeros(0)
    if len(values) < count:
        raise HrnError(
            ErrorCode.CHECKPOINT_INVALID,
            say(
                "The file {file} cannot be used: {fault}.",
                file=path.name,
                fault=say("{count} standard deviations are needed", count=count),
            ),
            details={"file": str(path), "field": "std_exp"},
        )
    return values[:count]
