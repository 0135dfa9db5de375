"""From pictures that nothing natural has to a head with hair, or to the sentence that there is no face: never a crash, a division by
zero, or a number that is not finite.

More of them by hand: ``python tests/support/odd_pictures.py PHOTO ... --mixed 20``.
"""

from __future__ import annotations

import pytest

from engine.photo import Landmarker, observe
from support.odd_pictures import CHANGES, broken, mixed


@pytest.fixture(scope="module")
def faces(portrait, shared_dir):
    """Three photos and their faces, measured in their own colors."""
    paths = [portrait, shared_dir / "photos/single/000031.jpg", shared_dir / "photos/single/vd006.png"]
    with Landmarker() as landmarker:
        return [observe(path, landmarker) for path in paths]


@pytest.mark.parametrize("seed", range(len(CHANGES) + 1))
def test_mixed_changes_end_in_a_whole_head_or_in_no_face(faces, tmp_path, seed):
    photo, face = faces[seed % len(faces)]
    names, pixels = mixed(photo.pixels, face.landmarks, seed)
    assert broken(pixels, tmp_path) == "", names
