"""The space of head shapes: a Gaussian fitted to heads drawn from MakeHuman's sliders.

MakeHuman describes a person by macro properties (sex, age, muscle, weight, height, proportions, ancestry) whose
targets are blended multilinearly, and by local sliders (nose, jaw, eyes...) with a target for each direction. Heads
are drawn from a rule over those sliders, aligned, and summarised by their principal components. The result has the
form of a statistical face model, but its variance is that of the rule and of artist-made targets, not of a measured
population.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..system.progress import SILENT, Progress
from .makehuman import MM_PER_UNIT, read_target

__all__ = ["align_similarity", "principal_components", "read_slider_targets", "sample_heads"]

RACES = ("african", "asian", "caucasian")
"""MakeHuman's names of the macro targets for origin, which are mixed."""
GENDERS = ("male", "female")
"""MakeHuman's names of the macro targets for gender."""
AGES = ("child", "young", "old")
"""MakeHuman's names of the macro targets for age, young to old."""
MUSCLES = ("minmuscle", "averagemuscle", "maxmuscle")
"""MakeHuman's names of the macro targets for muscle, little to much."""
WEIGHTS = ("minweight", "averageweight", "maxweight")
"""MakeHuman's names of the macro targets for weight, light to heavy."""
HEIGHTS = ("minheight", "maxheight")
"""MakeHuman's names of the macro targets for height; between the two lies the base mesh."""
PROPORTIONS = ("idealproportions", "uncommonproportions")
"""MakeHuman's names of the macro targets for proportions; between the two lies the base mesh."""

FOLDERS = ("head", "forehead", "eyebrows", "eyes", "nose", "mouth", "ears", "chin", "cheek", "neck")
"""MakeHuman's folders of targets that change the head."""
OPPOSITES = (
    ("-decr", "-incr"),
    ("-down", "-up"),
    ("-in", "-out"),
    ("-backward", "-forward"),
    ("-concave", "-convex"),
    ("-compress", "-uncompress"),
    ("-square", "-round"),
    ("-pointed", "-triangle"),
)
"""Endings of the two targets of one slider."""

LOCAL_STD = 0.22
"""Standard deviation of a two-sided slider, of its full deflection."""
QUIET = {
    "head-age": 0.15,
    "head-fat": 0.3,
    "ear-shape": 0.15,
    "head-scale": 0.3,
    "head-trans": 0.0,
    "neck-trans": 0.2,
    "eye-push": 0.2,
    "eye-bag": 0.25,
    "ear-wing": 0.25,
}
"""Sliders that reach further than people do at :data:`LOCAL_STD`, or that the alignment removes anyway."""
SINGLE_STD = 0.12
"""Half-normal scale of one-sided targets such as ``head-oval``."""
ASYMMETRY_STD = 0.15
"""Standard deviation of an asymmetry, of the full deflection of its pair of targets."""
SIDE_CORRELATION = 0.92
"""Correlation between a deviation of the right side and the same of the left."""


def read_slider_targets(root: Path, source: np.ndarray, count: int, progress: Progress = SILENT) -> dict[str, np.ndarray]:
    """All targets that the sampling rule uses.

    Args:
        root: see :func:`engine.head.makehuman.data_root`.
        source: (N,) base-mesh vertex of each head vertex.
        count: number of vertices of the base mesh.
        progress: may raise to cancel.

    Returns:
        Path inside the target folder, without ending -> (N, 3) float32 mm.

    Raises:
        HrnError: MODEL_MISSING when a target is absent or damaged.
    """
    folder = root / "mpfb2" / "targets"
    names = list(_macro_names())
    for name in FOLDERS + ("asym",):
        found = sorted(path.name.removesuffix(".target.gz") for path in (folder / name).glob("*.target.gz"))
        names += [f"{name}/{stem}" for stem in found if not stem.startswith("asymm-")]
    targets, full = {}, np.zeros((count, 3))
    for number, name in enumerate(names):
        vertices, offsets = read_target(folder / f"{name}.target.gz", count)
        full[:] = 0
        full[vertices] = offsets
        targets[name] = (full[source] * MM_PER_UNIT).astype(np.float32)
        progress((number + 1) / len(names))
    return targets


def sample_heads(base: np.ndarray, targets: dict[str, np.ndarray], count: int, seed: int) -> np.ndarray:
    """Draw heads from the rule.

    Args:
        base: (N, 3) mm, the base mesh without any target.
        targets: from :func:`read_slider_targets`.
        count: how many.
        seed: of the random generator.

    Returns:
        (count, N, 3) float32 mm, not aligned.
    """
    random = np.random.default_rng(seed)
    names = list(targets)
    column = {name: number for number, name in enumerate(names)}
    weights = np.zeros((count, len(names)), np.float32)
    for row in range(count):
        for name, value in _macro_weights(random):
            weights[row, column[name]] += value
    _draw_local(random, names, column, weights)
    stacked = np.stack([targets[name].ravel() for name in names])
    return (weights @ stacked + base.ravel().astype(np.float32)).reshape(count, -1, 3)


def align_similarity(heads: np.ndarray, weight: np.ndarray, rounds: int = 3, progress: Progress = SILENT) -> np.ndarray:
    """Generalised Procrustes alignment: remove pose and size.

    Args:
        heads: (S, N, 3) mm.
        weight: (N,) which vertices count.
        rounds: of aligning to the running mean.
        progress: may raise to cancel.

    Returns:
        (S, N, 3) float32; size and pose of the mean are those of the samples' mean.
    """
    chosen = np.flatnonzero(weight > 0)
    w = (weight[chosen] / weight[chosen].sum())[:, None].astype(np.float64)
    mean = heads.mean(0, dtype=np.float64)
    size = _spread(mean[chosen], w)
    for turn in range(rounds):
        target = mean[chosen] - (w * mean[chosen]).sum(0)
        aligned = np.empty_like(heads)
        for row, head in enumerate(heads):
            if row % 100 == 0:
                progress((turn + row / len(heads)) / rounds)
            part = head[chosen].astype(np.float64)
            centre = (w * part).sum(0)
            u, s, vt = np.linalg.svd(((part - centre) * w).T @ target)
            flip = np.array([1, 1, np.sign(np.linalg.det(u @ vt))])
            rotation = (u * flip) @ vt
            scale = (s * flip).sum() / (w * (part - centre) ** 2).sum()
            aligned[row] = scale * (head - centre) @ rotation
        mean = aligned.mean(0, dtype=np.float64)
        mean *= size / _spread(mean[chosen], w)
    return aligned


def principal_components(heads: np.ndarray, weight: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and scaled components.

    Args:
        heads: (S, N, 3) aligned samples.
        weight: (N,) importance of each vertex in the variance that the components capture.
        count: K <= S.

    Returns:
        (N, 3) float64 mean; (K, N, 3) float32 offsets per standard deviation, largest variance first; (S,) fraction
        of the weighted variance that each component holds.
    """
    samples = len(heads)
    mean = heads.mean(0, dtype=np.float64)
    centred = (heads - mean).reshape(samples, -1)
    scaled = centred * np.sqrt(np.repeat(weight, 3)).astype(np.float32)
    gram = (scaled @ scaled.T).astype(np.float64)
    values, vectors = np.linalg.eigh(gram)
    values, vectors = values[::-1].clip(0), vectors[:, ::-1]
    # With unit vector v of the Gram matrix, centred^T v is the component times sqrt(S - 1) standard deviations.
    basis = (vectors[:, :count].T.astype(np.float32) @ centred).reshape(count, -1, 3) / np.sqrt(samples - 1)
    # Eigenvectors have no sign of their own: make the largest offset positive so that builds agree.
    flat = basis.reshape(count, -1)
    sign = np.sign(flat[np.arange(count), np.abs(flat).argmax(1)])
    return mean, basis * sign[:, None, None], values / values.sum()


def _macro_names():
    for gender in GENDERS:
        for age in AGES:
            for race in RACES:
                yield f"macrodetails/{race}-{gender}-{age}"
            for muscle in MUSCLES:
                for weight in WEIGHTS:
                    body = f"{gender}-{age}-{muscle}-{weight}"
                    yield f"macrodetails/universal-{body}"
                    for height in HEIGHTS:
                        yield f"macrodetails/height/{body}-{height}"
                    for proportion in PROPORTIONS:
                        yield f"macrodetails/proportions/{body}-{proportion}"


def _macro_weights(random: np.random.Generator):
    """One person's macro targets and their weights (MakeHuman's multilinear rule)."""
    race = dict(zip(RACES, random.dirichlet([0.6, 0.6, 0.6])))
    male = float(np.clip(random.choice([0.1, 0.9]) + 0.12 * random.standard_normal(), 0, 1))
    gender = {"male": male, "female": 1 - male}
    age = _blend(AGES, 0.45 + 0.43 * random.beta(1.3, 2.2))
    muscle = _blend(MUSCLES, random.beta(3, 3))
    weight = _blend(WEIGHTS, random.beta(2.5, 2.5))
    height = _away_from_half(HEIGHTS, random.beta(3, 3))
    proportion = _away_from_half(PROPORTIONS, random.uniform(0, 1))
    for g, vg in gender.items():
        for a, va in age.items():
            for r, vr in race.items():
                yield f"macrodetails/{r}-{g}-{a}", vg * va * vr
            for m, vm in muscle.items():
                for w, vw in weight.items():
                    body, value = f"{g}-{a}-{m}-{w}", vg * va * vm * vw
                    yield f"macrodetails/universal-{body}", value
                    for h, vh in height.items():
                        yield f"macrodetails/height/{body}-{h}", value * vh
                    for p, vp in proportion.items():
                        yield f"macrodetails/proportions/{body}-{p}", value * vp


def _blend(keys: tuple[str, ...], position: float) -> dict[str, float]:
    """Linear weights of equally spaced keys over 0..1 (zero weights left out)."""
    place = position * (len(keys) - 1)
    return {key: 1 - abs(place - number) for number, key in enumerate(keys) if abs(place - number) < 1}


def _away_from_half(keys: tuple[str, str], position: float) -> dict[str, float]:
    """Two opposite targets, none of which acts at 0.5."""
    return {keys[0]: 1 - 2 * position} if position < 0.5 else {keys[1]: 2 * position - 1}


def _draw_local(random: np.random.Generator, names: list[str], column: dict[str, int], weights: np.ndarray) -> None:
    """Fill the weights of the local sliders in place."""
    count = len(weights)
    done: set[str] = set()
    shared: dict[str, np.ndarray] = {}
    for name in names:
        if name in done or name.startswith("macrodetails/"):
            continue
        folder, _, stem = name.partition("/")
        if folder == "asym":
            # The two targets of a pair push a feature to either side.
            if stem.endswith("-l"):
                other = name[:-2] + "-r"
                _two_sided(weights, column[other], column[name], ASYMMETRY_STD * random.standard_normal(count))
                done.add(other)
            continue
        sided = stem[:2] in ("l-", "r-")
        std = next((value for key, value in QUIET.items() if key in stem), LOCAL_STD)
        pair = next(
            (
                (low, high)
                for low, high in OPPOSITES
                if stem.endswith(low) and stem[: -len(low)] + high in {n.partition("/")[2] for n in names}
            ),
            None,
        )
        if pair is None and any(stem.endswith(high) and name[: -len(high)] + low in column for low, high in OPPOSITES):
            continue
        draw = random.standard_normal(count)
        if sided:
            # Both sides of a face share most of a deviation.
            common = shared.setdefault(stem[2:], draw)
            if common is not draw:
                draw = SIDE_CORRELATION * common + np.sqrt(1 - SIDE_CORRELATION**2) * draw
        if pair is None:
            weights[:, column[name]] = np.clip(SINGLE_STD * np.abs(draw), 0, 1)
        else:
            other = name[: -len(pair[0])] + pair[1]
            _two_sided(weights, column[name], column[other], np.clip(std * draw, -1, 1))
            done.add(other)


def _two_sided(weights: np.ndarray, low: int, high: int, value: np.ndarray) -> None:
    weights[:, low] = np.maximum(-value, 0)
    weights[:, high] = np.maximum(value, 0)


def _spread(points: np.ndarray, weight: np.ndarray) -> float:
    return float(np.sqrt((weight * (points - (weight * points).sum(0)) ** 2).sum()))
