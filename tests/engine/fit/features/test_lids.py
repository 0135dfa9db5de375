"""Each eye is closed as far as it was seen, where both differ."""

import numpy as np
import pytest

from engine.fit.features.lids import with_seen_lids


def scores(model, left, right):
    out = np.zeros(52, np.float32)
    out[[model.expression_names.index("eyeBlink" + side) for side in ("Left", "Right")]] = left, right
    return out


@pytest.mark.parametrize("left, right", [(1.0, 0.03), (0.05, 0.9)])
def test_a_wink_is_no_longer_two_half_open_eyes(model, left, right):
    found = with_seen_lids(model, scores(model, 0.44, 0.40), scores(model, left, right))
    assert found == pytest.approx(0.8 * scores(model, left, right), abs=1e-6)


@pytest.mark.parametrize("left, right", [(0.1, 0.2), (0.4, 0.3), (0.9, 0.8)])
def test_eyes_that_are_alike_are_left_as_they_were(model, left, right):
    given = scores(model, 0.3, 0.25)
    np.testing.assert_array_equal(with_seen_lids(model, given, scores(model, left, right)), given)
