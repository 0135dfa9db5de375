"""The photo of a real person."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))


@pytest.fixture(scope="session")
def portrait() -> Path:
    """The public-domain portrait of Eileen Collins that scikit-image carries."""
    spec = importlib.util.find_spec("skimage")
    if spec is None:
        pytest.skip("needs scikit-image, which carries the portrait")
    return Path(spec.origin).parent / "data" / "astronaut.png"


# fmt: off
LONG = ("test_methods_hrn.py", "test_nets_golden.py", "test_pipeline_views.py", "test_training.py", "test_texture_views.py",
        "test_pipeline.py", "test_texture.py", "test_fit_coarse.py", "test_fit_placing.py", "test_bench_now.py",
        "test_methods_hrn_head.py", "test_fit_views.py", "test_methods_tddfa.py", "test_bfm_hrn.py", "test_photo_faces.py",
        "test_errors.py", "test_methods_df_mvr.py", "test_methods_deep3d.py")
# fmt: on
"""Files of more than ten seconds, longest first."""


def pytest_collection_modifyitems(items):
    """Long files first: begun last, one of them would keep one process busy when the others have nothing left to do."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


def pytest_ignore_collect(collection_path, config):
    """Where only files marked `alone` are wanted, the others need not be imported, which takes ten seconds."""
    if config.option.markexpr == "alone" and collection_path.suffix == ".py":
        return "mark.alone" not in collection_path.read_text(encoding="utf-8") or None
    return None
