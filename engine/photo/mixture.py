"""Gaussian mixtures for small, weighted samples."""

from __future__ import annotations

import numpy as np

__all__ = ["Mixture", "fit_mixture"]


class Mixture:
    """Weights (K,), means (K, D), covariances (K, D, D)."""

    def __init__(self, weights: np.ndarray, means: np.ndarray, covariances: np.ndarray):
        self.weights, self.means = weights, means
        chol = np.linalg.cholesky(covariances)
        self._whiten = np.linalg.inv(chol).transpose(0, 2, 1).astype(np.float32)
        logdet = np.log(np.diagonal(chol, axis1=1, axis2=2)).sum(1)
        self._offset = np.log(weights) - logdet - 0.5 * means.shape[1] * np.log(2 * np.pi)

    def log_parts(self, samples: np.ndarray) -> np.ndarray:
        """(N, D) float32 -> (K, N): logarithm of each component's share of the density."""
        out = np.empty((len(self.weights), len(samples)), np.float32)
        for k in range(len(self.weights)):
            z = (samples - self.means[k].astype(np.float32)) @ self._whiten[k]
            out[k] = self._offset[k] - 0.5 * np.einsum("nd,nd->n", z, z)
        return out

    def log_density(self, samples: np.ndarray) -> np.ndarray:
        """(N, D) -> (N,)."""
        return _logsumexp(self.log_parts(samples))


def fit_mixture(samples: np.ndarray, weights: np.ndarray, components: int, floor: np.ndarray,
                iterations: int = 6) -> Mixture:
    """Expectation maximisation from a deterministic start: k-means++ without its dice.

    Args:
        samples: (N, D) float32.
        weights: (N,) how much each sample counts.
        components: at most this many; fewer for few samples.
        floor: (D,) least standard deviations.
    """
    total = float(weights.sum())
    components = int(np.clip(min(components, len(samples) // 8), 1, None))
    scale = 1 / (samples.std(0) + floor)
    scaled = samples * scale
    # Start: the weighted mean, then again and again the sample at the 90th percentile of distance to all centres.
    centres = [np.average(scaled, axis=0, weights=weights)]
    distance = ((scaled - centres[0]) ** 2).sum(1)
    for _ in range(components - 1):
        order = np.argsort(distance, kind="stable")
        centres.append(scaled[order[int(0.9 * (len(order) - 1))]])
        distance = np.minimum(distance, ((scaled - centres[-1]) ** 2).sum(1))
    label = np.argmin([((scaled - c) ** 2).sum(1) for c in centres], 0)
    share = np.eye(components, dtype=np.float32)[label].T
    for step in range(iterations):
        share = share * weights
        mass = share.sum(1) + 1e-3 * total / components
        means = np.stack([s @ samples for s in share]) / mass[:, None]
        pooled = np.average(samples, axis=0, weights=weights)
        means += (1e-3 * total / components / mass)[:, None] * pooled
        covariances = np.empty((components, samples.shape[1], samples.shape[1]))
        for k in range(components):
            centred = samples - means[k].astype(np.float32)
            covariances[k] = (centred * share[k][:, None]).T @ centred / mass[k] + np.diag(floor**2)
        mixture = Mixture(mass / mass.sum(), means, covariances)
        if step + 1 < iterations:
            parts = mixture.log_parts(samples)
            share = np.exp(parts - _logsumexp(parts))
    return mixture


def _logsumexp(parts: np.ndarray) -> np.ndarray:
    top = parts.max(0)
    return top + np.log(np.exp(parts - top).sum(0))
