"""What the verb `test` runs, side by side or one after another."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from engine.install.coverage import by_room
from engine.install.environments import BLENDERS
from engine.install.run_tests import tiers_of
from engine.install.testing import Meanwhile, Run, Tier, asks_for_window, plan, run_together
from engine.system.machine import cores

ENGINE = Tier("engine", Path("e"), "tests/engine", spread=True)
ADDONS = (
    Tier("add-on 4.5", Path("b45"), "tests/addon", group="Blender"),
    Tier("add-on 5.2", Path("b52"), "tests/addon", group="Blender"),
)
PACKAGE = Tier("package", Path("b45"), "tests/package", group="Blender")
TIERS = (ENGINE, *ADDONS, PACKAGE)


def test_coverage_is_measured_in_a_run_of_everything_only():
    (spread,), (alone,), *_ = plan(TIERS, [], cores=2)
    for run in (spread, alone):
        assert "--cov=engine" in run.arguments and "--cov-append" in run.arguments and "COVERAGE_FILE" in dict(run.environ)
    for arguments in (["-q"], ["tests/engine"]):
        for stage in plan(TIERS, arguments, cores=2):
            assert not any("--cov" in argument for run in stage for argument in run.arguments)


def test_coverage_is_told_by_room():
    def lines(run, of):
        return {"covered_lines": run, "num_statements": of}

    found = by_room(
        {
            "engine/cli.py": lines(1, 2),
            "engine/fit/mid/fit.py": lines(10, 10),
            "engine/fit/crop.py": lines(0, 30),
            "engine/wire/po.py": lines(5, 5),
        }
    )
    assert found == {"engine/*.py": 0.5, "engine/fit": 0.25, "engine/wire": 1.0, "all": 16 / 47}
    assert list(found)[-1] == "all"


def said(stages):
    return [[run.arguments for run in stage] for stage in stages]


def test_everything_is_shared_out_but_what_must_be_alone():
    stages = plan(TIERS, [], cores=2)
    assert [len(stage) for stage in stages] == [1, 1, 3]
    (spread,), (alone,), (*addons, package) = stages
    assert spread.spread and spread.arguments[:2] == ("-n", "2") and "loadfile" in spread.arguments
    assert "not alone" in spread.arguments and spread.arguments[-1] == alone.arguments[-1] == "tests/engine"
    # Two workers on two cores: one thread each.
    one_each = str(max(1, cores() // 2))
    assert dict(spread.environ)["OMP_NUM_THREADS"] == dict(spread.environ)["OPENCV_FOR_THREADS_NUM"] == one_each
    assert "OMP_NUM_THREADS" not in dict(alone.environ)
    assert alone.arguments[:2] == ("-m", "alone") and not alone.spread and package.arguments == ("tests/package",)
    assert [run.python for run in addons] == [Path("b45"), Path("b52")]
    assert all(run.command()[1:5] == ["-m", "pytest", "-q", "-rs"] for stage in stages for run in stage)


@pytest.mark.parametrize("flags", [["-m", "alone"], ["--pdb"], ["-s"], ["-n0"], ["--capture=no"]])
def test_arguments_that_want_one_process_get_one(flags):
    stages = plan(TIERS, flags, cores=2)
    assert said(stages) == [[(*flags, tier.folder)] for tier in TIERS]
    assert said(plan(TIERS, [], cores=1)) == [[(tier.folder,)] for tier in TIERS]


def test_single_files_run_in_one_process_with_the_other_arguments():
    assert said(plan(TIERS, ["-k", "light", "tests/engine/render/test_backends.py", "-x"], cores=2)) == [
        [("-k", "light", "-x", "tests/engine/render/test_backends.py")]
    ]
    one = "tests/addon/test_jobs.py::test_queue"
    assert said(plan(TIERS, [one], cores=2)) == [[(one,)], [(one,)]]


def test_folders_run_as_a_whole_and_flags_reach_every_pass():
    stages = plan(TIERS, ["tests/engine/", "-k", "light"], cores=8)
    assert [run.arguments[:2] for (run,) in stages] == [("-n", "4"), ("-m", "alone")]
    assert all(run.arguments[-3:] == ("-k", "light", "tests/engine/") for (run,) in stages)
    assert [len(stage) for stage in plan(TIERS, ["tests"], cores=2)] == [1, 1, 3]
    assert plan(TIERS, ["tests/gui"], cores=2) == []


def test_the_addon_runs_in_the_blenders_asked_for_two_at_a_time():
    def titles(*versions, arguments=("tests/addon", "tests/package")):
        return [[run.title for run in stage] for stage in plan(tiers_of(versions), arguments, cores=2)]

    assert titles("4.2") == [["add-on, Blender 4.2", "package"]]
    assert titles("4.5", "5.2") == [["add-on, Blender 4.5", "add-on, Blender 5.2", "package"]]
    assert titles("4.2", "4.5", "5.0", "5.2") == [
        ["add-on, Blender 4.2", "add-on, Blender 4.5"],
        ["add-on, Blender 5.0", "add-on, Blender 5.2", "package"],
    ]
    file = "tests/addon/test_views.py"
    assert titles("4.2", "5.0", arguments=[file]) == [["add-on, Blender 4.2"], ["add-on, Blender 5.0"]]
    # Each in its own module; the package's always in that of 4.5.
    (stage,) = plan(tiers_of(["5.0"]), ["tests/addon", "tests/package"], cores=2)
    assert [run.python for run in stage] == [BLENDERS["5.0"].python, BLENDERS["4.5"].python]


def test_the_window_belongs_to_the_whole():
    assert asks_for_window([]) and asks_for_window(["tests", "-x"]) and asks_for_window(["tests/gui/"])
    assert not asks_for_window(["tests/engine"])


class Said(Run):
    """A run of any program."""

    def command(self):
        return [str(self.python), *self.arguments]


def test_runs_at_the_same_time_keep_their_lines_apart(capfd):
    told = []
    code = "import os, time, sys; print(sys.argv[1], os.environ['PLACE'], flush=True); sys.exit(int(sys.argv[2]))"
    runs = [
        Said(name, Path(sys.executable), ("-c", code, name, exit_), (("PLACE", name.upper()),))
        for name, exit_ in (("a", "0"), ("b", "3"), ("c", "5"))
    ]
    assert run_together(runs, os.environ, told.append) == {"a": 0, "b": 3, "c": 5}
    assert capfd.readouterr().out.split() == ["a", "A", "b", "B", "c", "C"]
    assert "at the same time: b; at the same time: c" in told[0] and told[1:] == ["--- b", "--- c"]


def test_what_goes_wrong_meanwhile_is_said_when_it_is_waited_for():
    def fail():
        raise ValueError("no network")

    done = []
    Meanwhile(lambda: done.append(1)).wait()
    assert done == [1]
    later = Meanwhile(fail)
    for _ in range(2):
        with pytest.raises(ValueError, match="no network"):
            later.wait()
