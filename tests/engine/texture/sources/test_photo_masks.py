"""What lies over the face goes along with the masks of a photo's crop."""

import numpy as np

from engine.photo.regions import EYES, fill
from engine.texture.sources.photo_masks import photo_masks
from engine.texture.sources.photo_view import PhotoView
from engine.types import Veil
from support.head_scene import Scene


def test_what_lies_over_an_eye_lies_there_in_the_crop(model):
    """And nowhere on a bare face: the colors of its eyes are read."""
    scene = Scene(model, yaw=0.0, hand=False)
    view = scene.view()
    camera, landmarks = view.coarse.camera, view.observation.landmarks
    posed = model.shape(view.coarse.identity, view.coarse.expression) + view.mid.deformation
    crop = PhotoView.of(model, posed, view.photo, landmarks, camera, 2.0)
    bare = photo_masks(crop, view.mid.skin_mask, None, camera)
    assert bare.over.shape == bare.skin.shape and not bare.over.any()
    over = fill(view.photo.pixels.shape[:2], landmarks, EYES[0])
    worn = photo_masks(crop, view.mid.skin_mask, Veil(over, np.zeros(478, np.float32)), camera)
    eyes = [fill(worn.over.shape, crop.landmarks.astype(np.float32), eye) > 0 for eye in EYES]
    assert worn.over[eyes[0]].mean() > 0.8 and not worn.over[eyes[1]].any()
