"""Make the data file on people's faces: averages and modes of scanned people as identities of the head model.

    pip download --no-deps --no-binary :all: meshmonk==0.3.0 && tar xf meshmonk-0.3.0.tar.gz
    python -m engine.synthetic.people meshmonk-0.3.0/tutorial/TutorialData

The folder (Apache-2.0, of MeshMonk's authors) holds ``Template.obj``, an average face of 7160 vertices, and 45 faces of the
same topology that were drawn from statistics of scanned people. The head's identity is fitted to both averages by nearest
points; what each of the 45 differs in from their mean then becomes an identity through fixed counterparts.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from ..fit.coarse.population import PEOPLE_FILE, canonical_identity
from ..geometry.closest import Closest, SurfaceIndex
from ..geometry.mesh import vertex_normals
from ..geometry.obj import read_obj
from ..geometry.similarity import similarity
from ..head import load_head_model
from ..head.model import MATERIALS, HeadModel
from ..wire.command_line import Parser
from ..wire.language import local
from ..wire.messages import say
from .anchored import anchored_moves

__all__ = ["common_shape", "main", "mean_identity", "people_modes"]

_POINTS = {0: 3572, 133: 2627, 362: 4532, 61: 2179, 291: 4980}
"""Landmark of the head -> vertex of MeshMonk's template: upper lip, inner corners of the eyes, corners of the mouth."""
_SIGMA_MM = 12.0
"""Deviation of a vertex from the head's surface if all errors were independent, mm: they are 1 mm, and alike over patches of
about 150."""
_MODE_SIGMA_MM = 7.0
"""The same deviation for differences between two faces in correspondence, mm."""
_ALONG_SURFACE = 0.1
"""Weight of differences along the surface, against those along the normal."""
_STEPS = 15
"""Number of Gauss-Newton steps in which the mean face is laid on the head."""
_LEAST_COSINE = 0.5
"""Least cosine between the normals of a vertex and of its counterpart."""
_FARTHEST_MM = 12.0
"""Largest distance of a vertex from its counterpart, mm."""
_ROBUST_MM = 3.0
"""Distance at which a vertex has lost half of its weight, mm; differences between faces are read only below it."""
_LEAST_VARIANCE = 0.05
"""Squared length of the smallest mode that is kept, in identities."""
_ANCHORS = 420
"""About so many of the face's vertices stand for an identity in the shipped file."""


def common_shape(faces: np.ndarray) -> np.ndarray:
    """(n, V, 3) faces in correspondence, brought onto their mean by similarity (generalised Procrustes analysis)."""
    aligned, mean = faces, faces[0]
    size = np.linalg.norm(mean - mean.mean(0))
    for _ in range(10):
        placed = []
        for face in faces:
            scale, R, t = similarity(face, mean)
            placed.append(scale * face @ R.T + t)
        aligned = np.array(placed)
        mean = aligned.mean(0) - aligned.mean((0, 1))
        mean *= size / np.linalg.norm(mean)
    return aligned


def _skin(model: HeadModel) -> np.ndarray:
    """(T, 3) triangles."""
    quads = model.faces[model.face_material == MATERIALS.index("skin")]
    return np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]])


def mean_identity(model: HeadModel, face: np.ndarray, triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The identity that resembles a face of MeshMonk's topology.

    Args:
        face: (7160, 3) any unit, x to the subject's left, y up, z out of the face. triangles: (F, 3) of it.

    Returns:
        (K,) identity and (7160, 3) the face where it fits the head, mm.
    """
    skin, relaxed = _skin(model), np.zeros(len(model.expression_basis))
    identity = canonical_identity(model)
    count = len(identity)
    landmarks = model.landmarks(model.shape(identity, relaxed).astype(float))
    scale, R, t = similarity(face[list(_POINTS.values())], landmarks[list(_POINTS)])
    placed = scale * face @ R.T + t
    for _ in range(_STEPS):
        vertices = model.shape(identity, relaxed).astype(float)
        found = SurfaceIndex(vertices, skin).query(placed)
        normals = _unit(found.of(vertex_normals(vertices, model.triangles), skin))
        facing = (vertex_normals(placed, triangles) * normals).sum(1) > _LEAST_COSINE
        weight = (~found.on_border & facing & (found.distance < _FARTHEST_MM)) / (1 + (found.distance / _ROBUST_MM) ** 2)
        basis = _at(found, model.identity_basis, skin)
        jacobian = np.concatenate(
            [
                np.einsum("knd,nd->nk", basis, normals),
                -normals,
                -np.cross(placed, normals),
                -(placed * normals).sum(1)[:, None],
            ],
            1,
        )
        weighted = jacobian.T * weight / _SIGMA_MM**2
        hessian, gradient = weighted @ jacobian, weighted @ ((found.of(vertices, skin) - placed) * normals).sum(1)
        hessian[:count, :count] += np.eye(count)
        gradient[:count] += identity
        hessian[count:, count:] += 1e-6 * np.eye(7)
        step = -np.linalg.solve(hessian, gradient)
        identity = identity + step[:count]
        shift, turn, growth = step[count : count + 3], cv2.Rodrigues(step[count + 3 : count + 6])[0], 1 + step[-1]
        placed = growth * placed @ turn.T + shift
    return identity, placed


def people_modes(model: HeadModel, faces: np.ndarray, identity: np.ndarray, placed: np.ndarray) -> np.ndarray:
    """Principal components of faces in correspondence, as identities.

    Args:
        faces: (n, 7160, 3) as from :func:`common_shape`.
        identity: (K,), placed: (7160, 3): of their mean, as from :func:`mean_identity`.

    Returns:
        (M, K), each one standard deviation long.
    """
    skin = _skin(model)
    vertices = model.shape(identity, np.zeros(len(model.expression_basis))).astype(float)
    found = SurfaceIndex(vertices, skin).query(placed)
    used = ~found.on_border & (found.distance < _ROBUST_MM)
    normals = _unit(found.of(vertex_normals(vertices, model.triangles), skin))[used]
    metric = (1 - _ALONG_SURFACE) * normals[:, :, None] * normals[:, None] + _ALONG_SURFACE * np.eye(3)
    basis = _at(found, model.identity_basis, skin)[:, used]
    weighted = np.einsum("knd,nde->kne", basis, metric) / _MODE_SIGMA_MM**2
    solve = np.linalg.inv(np.einsum("kne,lne->kl", weighted, basis) + np.eye(len(basis)))
    target, identities = placed[used], []
    for face in faces[:, used]:
        away = np.zeros(len(basis))
        for _ in range(10):
            scale, R, t = similarity(face, target + np.einsum("k,knd->nd", away, basis))
            away = solve @ np.einsum("kne,ne->k", weighted, scale * face @ R.T + t - target)
        identities.append(away)
    away = np.array(identities) - np.mean(identities, 0)
    _, values, axes = np.linalg.svd(away / np.sqrt(len(away) - 1), full_matrices=False)
    kept = values**2 > _LEAST_VARIANCE
    return axes[kept] * values[kept, None]


def _at(found: Closest, fields: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """(K, V, 3) fields -> (K, n, 3) at these points."""
    return np.einsum("nc,kncd->knd", found.weights, fields[:, triangles[found.triangle]].astype(float))


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main(argv: list[str] | None = None) -> int:
    """Command line; see ``--help``."""
    parser = Parser(prog="python -m engine.synthetic.people", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="TutorialData of MeshMonk's source distribution")
    parser.add_argument("--out", type=Path, default=PEOPLE_FILE, help="file that is written")
    options = parser.parse_args(argv)
    model = load_head_model()
    template = read_obj(options.folder / "Template.obj")
    faces = common_shape(
        np.array([read_obj(path).vertices for path in sorted((options.folder / "SimulatedMappedFaces").glob("*.obj"))])
    )
    average, _ = mean_identity(model, template.vertices, template.faces)
    mean, placed = mean_identity(model, faces.mean(0), template.faces)
    modes = people_modes(model, faces, mean, placed)
    anchors, averages, moved = anchored_moves(model, _ANCHORS, np.stack([average, mean]), modes)
    np.savez_compressed(options.out, vertices=anchors, averages=averages, modes=moved)
    size = options.out.stat().st_size / 1000
    made = say(
        "{file}: {faces} faces, {modes} modes, {size:.0f} KB", file=options.out, faces=len(faces), modes=len(modes), size=size
    )
    print(local(made))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
