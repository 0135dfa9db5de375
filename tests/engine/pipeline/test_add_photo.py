"""A photo added to a finished head: what is used again, and what is refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest

from engine.corrections.base import base_of_bundle
from engine.fit.views.start import single_fits
from engine.methods import add_photo, reconstruct
from engine.methods.added import kept_fits
from engine.photo import Landmarker, observe
from engine.system.progress import SILENT
from engine.wire.errors import ErrorCode, HrnError
from engine.wire.settings import Settings
from support.small_maps import small_analysis

DRAFT = Settings(texture_size=256, quality="draft", hair=False)


@pytest.fixture(scope="module")
def head(portrait, tmp_path_factory):
    """A head from a part of the portrait, and a small copy of it that another program saved."""
    folder = tmp_path_factory.mktemp("added")
    part = cv2.imread(str(portrait))[:400, 20:420]
    cv2.imwrite(str(folder / "part.png"), part)
    cv2.imwrite(str(folder / "again.jpg"), cv2.resize(part, None, fx=0.8, fy=0.8, interpolation=cv2.INTER_AREA))
    cv2.imwrite(str(folder / "empty.png"), np.full((300, 300, 3), 128, np.uint8))
    with small_analysis():
        return reconstruct(folder / "part.png", folder / "head", DRAFT), folder


def refused(head, photo, code: ErrorCode, text: str) -> None:
    bundle, folder = head
    with pytest.raises(HrnError) as caught:
        add_photo(bundle, folder / photo, folder / "new")
    assert caught.value.code is code and text in str(caught.value.message)
    assert not (folder / "new").exists()


def test_the_photo_that_is_there_is_named(head):
    refused(head, "part.png", ErrorCode.PHOTO_UNMATCHED, "same view as part.png")
    refused(head, "again.jpg", ErrorCode.PHOTO_UNMATCHED, "same view as part.png")


def test_no_face_is_one_sentence(head):
    refused(head, "empty.png", ErrorCode.NO_FACE, "No face was found in empty.png")


@pytest.mark.parametrize(
    ("change", "text"), [({"method": "deep3d"}, "not of “deep3d”"), ({"head_model_version": "x"}, "another mesh")]
)
def test_heads_of_another_kind_are_refused(head, change, text):
    bundle, folder = head
    other = folder / "other"
    shutil.copytree(bundle.path, other)
    (other / "head.json").write_text(json.dumps(bundle.manifest | change))
    try:
        refused((other, folder), "part.png", ErrorCode.BUNDLE_INVALID, text)
    finally:
        shutil.rmtree(other)


def test_the_fits_that_are_there_are_not_made_again(head, model):
    bundle, folder = head
    (known,) = kept_fits(bundle)
    np.testing.assert_allclose(known.camera.t, base_of_bundle(bundle).cameras[0].t)
    with Landmarker() as landmarker:
        face = observe(folder / "part.png", landmarker, 0)
    marked = replace(known, identity=known.identity + 1)
    first, second = single_fits(model, [face, face], DRAFT, SILENT, {0: marked})
    assert first is marked and not np.array_equal(second.identity, marked.identity)
