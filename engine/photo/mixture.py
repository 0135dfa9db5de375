"""Gaussian mixtures for small, weighted samples.

A Gaussian's logarithm is a quadratic polynomial of its sample, and the sums that maximise the expectation are sums of
such polynomials: both steps are one matrix product over the monomials.
"""

from __future__ import annotations

import numpy as np

from .weights import WEIGHTS, MixtureWeights

__all__ = ["Mixture", "fit_mixture"]


class Mixture:
    """Weights (K,), means (K, D), covariances (K, D, D)."""

    def __init__(self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray):
        # Around the middle of the means, so that float32 is precise enough for the squares.
        origin = means.mean(0)
        self._origin = origin.astype(np.float32)
        self._polynomial = _polynomial(weights, means - origin, covariances).astype(np.float32)

    def log_density(self, samples: np.ndarray) -> np.ndarray:
        """(N, D) float32 -> (N,)."""
        out = np.empty(len(samples), np.float32)
        for start in range(0, len(samples), _CHUNK):
            part = slice(start, start + _CHUNK)
            out[part] = _logsumexp(self._polynomial @ _monomials(samples[part] - self._origin))
        return out


def fit_mixture(
    samples: np.ndarray, weights: np.ndarray, components: int, floor: np.ndarray, w: MixtureWeights = WEIGHTS.mixture
) -> Mixture:
    """Expectation maximisation from a deterministic start: k-means++ without its random draws.

    Args:
        samples: (N, D) float32.
        weights: (N,) how much each sample counts.
        components: at most this many; fewer for few samples.
        floor: (D,) least standard deviations.
        w: how it is learnt.
    """
    total = float(weights.sum())
    components = int(np.clip(min(components, len(samples) // w.samples), 1, None))
    scaled = samples / (samples.std(0) + floor)
    # Start: the weighted mean, then again and again a sample that is far from all centres.
    centres = [np.average(scaled, axis=0, weights=weights)]
    distance = ((scaled - centres[0]) ** 2).sum(1)
    for _ in range(components - 1):
        order = np.argsort(distance, kind="stable")
        centres.append(scaled[order[int(w.far * (len(order) - 1))]])
        distance = np.minimum(distance, ((scaled - centres[-1]) ** 2).sum(1))
    label = np.argmin([((scaled - c) ** 2).sum(1) for c in centres], 0)
    share = np.eye(components, dtype=np.float32)[label].T
    pooled = np.average(samples, axis=0, weights=weights)
    centred = samples - pooled
    monomials = _monomials(centred.astype(np.float64))
    dimensions = samples.shape[1]
    rows, columns = np.triu_indices(dimensions)
    least = w.least * total / components  # of the pooled mean, so that an empty component stays somewhere
    for step in range(w.iterations):
        sums = (share * weights) @ monomials.T
        mass = sums[:, 0] + least
        first = sums[:, 1 : 1 + dimensions]
        means = first / mass[:, None]
        second = np.empty((components, dimensions, dimensions))
        second[:, rows, columns] = second[:, columns, rows] = sums[:, 1 + dimensions :]
        cross = first[:, :, None] * means[:, None]
        covariances = second - cross - cross.transpose(0, 2, 1) + sums[:, 0, None, None] * means[:, :, None] * means[:, None]
        covariances = covariances / mass[:, None, None] + np.diag(floor.astype(np.float64) ** 2)
        if step + 1 < w.iterations:
            parts = _polynomial(mass / mass.sum(), means, covariances) @ monomials
            share = np.exp(parts - _logsumexp(parts))
    return Mixture(mass / mass.sum(), means + pooled, covariances)


_CHUNK = 8192
"""Samples at once: their monomials stay in the processor's cache."""


def _polynomial(weights: np.ndarray, means: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    """(K, M): the logarithm of each weighted Gaussian over :func:`_monomials`."""
    precision = np.linalg.inv(covariances)
    linear = np.einsum("kij,kj->ki", precision, means)
    constant = np.log(weights) - 0.5 * (
        np.linalg.slogdet(covariances)[1] + means.shape[1] * np.log(2 * np.pi) + (linear * means).sum(1)
    )
    rows, columns = np.triu_indices(means.shape[1])
    square = -precision[:, rows, columns] * np.where(rows == columns, 0.5, 1.0)
    return np.concatenate([constant[:, None], linear, square], 1)


def _monomials(samples: np.ndarray) -> np.ndarray:
    """(N, D) -> (M, N), M = 1 + D + D (D + 1) / 2: 1, each coordinate, and each product of two."""
    columns = np.ascontiguousarray(samples.T)
    return np.concatenate(
        [np.ones_like(columns[:1]), columns, *(columns[i : i + 1] * columns[i:] for i in range(len(columns)))]
    )


def _logsumexp(parts: np.ndarray) -> np.ndarray:
    top = parts.max(0)
    return top + np.log(np.exp(parts - top).sum(0))
