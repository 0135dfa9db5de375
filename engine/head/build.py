"""Building the head model from the packages' files."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ..system.progress import SILENT, Progress
from ..types import ARKIT_ACTIONS
from .expression import expression_basis
from .identity import align_similarity, principal_components, read_slider_targets, sample_heads
from .landmarks import load_landmark_table
from .makehuman import MM_PER_UNIT, data_root, read_base_mesh
from .model import MATERIALS, PARTS, HeadModel
from .parts import part_masks
from .skull import fill_out
from .topology import cut_head, mirror_map
from .uv import load_uv

__all__ = ["MODEL_VERSION", "build_head_model"]

BUILD_REVISION = 7
"""Raise this with every change of the recipe; caches of another revision are rebuilt."""


def _shipped_data() -> str:
    """Digest of the tables that are shipped with the code."""
    digest = hashlib.sha256()
    for path in sorted((Path(__file__).parent / "data").glob("*.npz")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:8]


MODEL_VERSION = f"makehuman-head-{BUILD_REVISION}-{_shipped_data()}"
"""Names the cache file, so that models of several versions can lie side by side."""

IDENTITY_COUNT = 120
"""Number of the model's identity components."""
SAMPLES = 1500
"""Number of heads from which the components are taken."""
SEED = 20240607
"""Seed of these heads."""

LID_OPENING = 0.3
"""Share of `eyeWide` in the neutral face."""

NASION = 168
"""Number of the landmark at the nasion."""

CHIN_HEIGHT = 620.0
"""Height of the chin's underside in the base mesh, mm: what lies below is neck."""


def build_head_model(
    progress: Progress = SILENT, *, landmarks: tuple[np.ndarray, np.ndarray] | None = None, uv: np.ndarray | None = None
) -> HeadModel:
    """Read the MakeHuman data and derive everything (seconds on one core).

    Args:
        progress: may raise to cancel.
        landmarks: triangles and weights to use instead of the shipped table.
        uv: (Q, 4, 2) float32 to use instead of the shipped layout.

    Raises:
        HrnError: MODEL_MISSING when the data are absent or damaged; CANCELLED from `progress`.
    """
    progress(0.0, "Reading the base mesh")
    root = data_root()
    mesh = read_base_mesh(root)
    head = cut_head(mesh)
    base = mesh.vertices[head.source] * MM_PER_UNIT
    mirror = mirror_map(base, head.faces)
    eyeballs = np.stack([np.unique(head.faces[head.face_helper == group]) for group in ("helper-r-eye", "helper-l-eye")])
    expressions = expression_basis(root, head.source, len(mesh.vertices))
    targets = read_slider_targets(root, head.source, len(mesh.vertices), progress.part(0.05, 0.5, "Reading the head's sliders"))
    progress(0.5, "Sampling heads")
    heads = sample_heads(base, targets, SAMPLES, SEED)
    skin = np.zeros(len(base))
    skin[np.unique(head.faces[head.face_material == MATERIALS.index("skin")])] = 1
    # The neck bends and thickens with the body; the head itself decides pose and size.
    above_neck = skin * (base[:, 1] > CHIN_HEIGHT)
    heads = align_similarity(heads, above_neck, progress=progress.part(0.55, 0.75, "Aligning heads"))
    progress(0.75, "Finding principal components")
    mean, identity, _ = principal_components(heads, np.where(above_neck > 0, 1.0, 0.25), IDENTITY_COUNT)
    mean = (mean + mean[mirror] * [-1, 1, 1]) / 2
    mean -= mean[eyeballs].mean(1).mean(0)
    _open_lids(mean, expressions)
    progress(0.95, "Finishing the head model")
    landmark_vertices, landmark_weights = landmarks or load_landmark_table()
    parts = part_masks(root, mesh.uv[head.face_uv], head, mean, mirror)
    nasion = landmark_weights[NASION] @ mean[landmark_vertices[NASION], 1]
    braincase = parts[[PARTS.index("skin"), PARTS.index("scalp")]].max(0) > 0.5
    mean = fill_out(mean, braincase, float(nasion))
    progress(1.0, "Head model ready")
    return HeadModel(
        template=mean.astype(np.float32),
        identity_basis=identity.astype(np.float32),
        expression_basis=expressions.astype(np.float32),
        expression_names=ARKIT_ACTIONS,
        faces=head.faces.astype(np.int32),
        uv=load_uv() if uv is None else uv,
        face_material=head.face_material,
        parts=parts.astype(np.float32),
        mirror=mirror,
        eyeballs=eyeballs.astype(np.int32),
        neck_loop=head.neck_loop,
        landmark_vertices=landmark_vertices,
        landmark_weights=landmark_weights,
        version=MODEL_VERSION,
    )


def _open_lids(mean: np.ndarray, expressions: np.ndarray) -> None:
    """Raise the upper lids of the mean head to where a rested adult has them, in place.

    The average of the sliders looks sleepy: its lids cover a third of the iris. Part of `eyeWide` becomes the neutral
    state. `eyeBlink` reaches some millimetres beyond the lower lid, so closed eyes stay closed.
    """
    for side in ("Left", "Right"):
        mean += LID_OPENING * expressions[ARKIT_ACTIONS.index("eyeWide" + side)]
