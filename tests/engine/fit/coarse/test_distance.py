"""The distance of a photo whose file says nothing: the frame and the guess by perspective."""

from dataclasses import replace

import numpy as np
import pytest

from engine.fit.coarse.distance import likely_distance
from engine.fit.coarse.focal import choose_focal
from engine.fit.coarse.weights import WEIGHTS
from engine.photo.exif import FILM_DIAGONAL_MM
from engine.types import Photo
from engine.wire.settings import Settings

PHONE, SQUARE = (1200, 1600), (1000, 1000)


def believed(size, span_mm, guess_mm, weights=WEIGHTS.distance):
    """What is believed of a picture whose diagonal spans so many mm at the face."""
    return likely_distance(size, float(np.hypot(*size)) / span_mm, guess_mm, weights)


def test_head_and_shoulders_in_a_square_were_not_taken_from_half_a_metre():
    assert believed((512, 512), 1090, 480).mm > 800


@pytest.mark.parametrize("guess", [450, 800, 1500])
def test_the_more_a_picture_shows_the_farther_was_the_camera(guess):
    found = [believed(PHONE, span, guess).mm for span in (500, 1000, 2000, 4000)]
    assert found == sorted(found) and found[-1] > 1.5 * found[0]


def test_no_frame_needs_a_wider_lens_than_cameras_have():
    for span in (600, 1000, 2000, 4000):
        assert FILM_DIAGONAL_MM * believed(PHONE, span, 400).mm / span > 20


def test_a_tight_square_says_less_than_a_whole_picture():
    assert believed(SQUARE, 400, 900).spread > 1.1 * believed(PHONE, 1500, 900).spread


def test_a_selfie_is_near_and_perspective_still_counts():
    near, far = believed(PHONE, 700, 450).mm, believed(PHONE, 700, 1600).mm
    assert 380 < near < 650 and far > 1.6 * near


def test_a_guess_that_is_far_off_is_doubted():
    sure = replace(WEIGHTS.distance, guess_tails=1e6)
    assert believed(PHONE, 3000, 350).mm > 1.1 * believed(PHONE, 3000, 350, sure).mm


def test_what_the_file_or_the_user_says_rules():
    photo = Photo(np.zeros((600, 800, 3), np.uint8), "photo", "0" * 64, 900.0)
    assert choose_focal(photo, Settings(), 1.0, 500.0) == (900.0, "exif")
    assert choose_focal(photo, Settings(focal_px=700), 1.0, 500.0) == (700.0, "user")
    assert choose_focal(replace(photo, focal_px=None), Settings(), 2.0, 500.0) == (1000.0, "estimated")
