"""Progress: nested parts of a stage, messages, cancelling."""

from __future__ import annotations

import pytest

from engine.system.concurrency import concurrently
from engine.system.progress import SILENT, Progress
from engine.wire.errors import ErrorCode, HrnError


@pytest.fixture
def heard():
    return []


@pytest.fixture
def progress(heard):
    return Progress(lambda *step: heard.append(step))


def test_a_part_of_a_part_lies_in_its_range(progress, heard):
    half = progress.stage("mid", "Shaping").part(0.5, 1.0)
    quarter = half.part(0.5, 1.0, "Finishing")
    for fraction in (0.0, 0.5, 1.0):
        quarter(fraction)
    half(0.0)
    assert heard == [
        ("mid", 0.75, "Finishing"),
        ("mid", 0.875, "Finishing"),
        ("mid", 1.0, "Finishing"),
        ("mid", 0.5, "Shaping"),
    ]


def test_a_message_of_one_step_is_not_kept(progress, heard):
    shaping = progress.stage("mid", "Shaping")
    shaping(0.1, "Finding bare skin")
    shaping(0.2)
    assert [message for _, _, message in heard] == ["Finding bare skin", "Shaping"]


def test_a_stage_begins_anew_inside_of_another(progress, heard):
    progress.stage("coarse", "Fitting").part(0.9, 1.0).stage("mid")(0.25)
    assert heard == [("mid", 0.25, "")]


def test_raising_cancels(heard):
    def cancel(stage, fraction, message):
        heard.append(fraction)
        if fraction > 0.3:
            raise HrnError(ErrorCode.CANCELLED, "Cancelled.")

    part = Progress(cancel).stage("mid").part(0.0, 0.5)
    part(0.5)
    with pytest.raises(HrnError) as caught:
        concurrently([lambda: 1, lambda: 2], part)
    assert caught.value.code is ErrorCode.CANCELLED
    assert len(heard) >= 2


def test_work_that_nobody_watches_runs_all_the_same():
    assert concurrently([lambda: 1, lambda: 2], SILENT.stage("mid").part(0.2, 0.3)) == [1, 2]
