"""The pipeline runs once per session on a real portrait; many tests look at its bundle."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

SIZE = 512


class Reconstruction(NamedTuple):
    bundle: object
    photo: Path
    progress: list[tuple[str, float, str]]


@pytest.fixture(scope="session")
def portrait() -> Path:
    """The public-domain portrait of Eileen Collins that scikit-image carries."""
    spec = importlib.util.find_spec("skimage")
    if spec is None:
        pytest.skip("needs scikit-image, which carries the portrait")
    return Path(spec.origin).parent / "data" / "astronaut.png"


@pytest.fixture(scope="session")
def reconstruction(portrait, tmp_path_factory) -> Reconstruction:
    """A real reconstruction at 512 with default settings otherwise."""
    from engine.methods import reconstruct
    from engine.wire.protocol import Settings

    progress: list[tuple[str, float, str]] = []
    out = tmp_path_factory.mktemp("reconstruction") / "Kopf ü"
    bundle = reconstruct(portrait, out, Settings(texture_size=SIZE), lambda *step: progress.append(step))
    return Reconstruction(bundle, portrait, progress)
