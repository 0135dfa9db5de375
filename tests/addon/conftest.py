"""What the add-on's tests share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def fake_bundles(tmp_path_factory):
    """The scripted engine makes one bundle and copies it, see tests/fake_engine.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HRN_FAKE_BUNDLES", str(tmp_path_factory.mktemp("fake bundles")))
        yield
