"""Of several photos each says something of its own."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from engine.photo import Landmarker
from engine.pipeline.observe import observe_photos
from engine.system.progress import SILENT
from engine.wire.errors import ErrorCode
from engine.wire.settings import Settings


def test_the_same_shot_twice_is_left_out_by_name(portrait, tmp_path):
    """As a phone and a cloud keep it: in two formats, in another size, as a copy. Cuts, turned and shifted ones are others."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    with Image.open(portrait) as image:
        image = image.convert("RGB")
    image.save(tmp_path / "IMG_1.jpg", quality=92)
    image.save(tmp_path / "IMG_1.heic", quality=80)
    image.resize((400, 400), Image.Resampling.LANCZOS).save(tmp_path / "small.jpg", quality=85)
    (tmp_path / "copy of IMG_1.jpg").write_bytes((tmp_path / "IMG_1.jpg").read_bytes())
    others = {"cut.png": image.crop((40, 0, 460, 420)), "mirrored.png": image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)}
    for name, other in others.items():
        other.save(tmp_path / name)
    names = ["IMG_1.jpg", "IMG_1.heic", "small.jpg", "copy of IMG_1.jpg", *others]
    with Landmarker() as landmarker:
        faces, left_out = observe_photos(landmarker, [tmp_path / name for name in names], Settings(), SILENT)
    assert [path.name for path, _, _ in faces] == ["IMG_1.jpg", *others]
    assert [one.name for one in left_out] == ["IMG_1.heic", "small.jpg", "copy of IMG_1.jpg"]
    for one in left_out:
        assert one.error.code is ErrorCode.PHOTO_UNMATCHED and "the same view as IMG_1.jpg" in one.error.message


@pytest.mark.parametrize("kind", ["missing", "text"])
def test_what_cannot_be_read_stops_no_other_photo(portrait, tmp_path, kind):
    if kind == "text":
        (tmp_path / "a.jpg").write_text("hello")
    with Landmarker() as landmarker:
        faces, (left,) = observe_photos(landmarker, [tmp_path / "a.jpg", portrait], Settings(), SILENT)
    assert len(faces) == 1 and left.name == "a.jpg" and np.isfinite(faces[0][2].landmarks).all()
