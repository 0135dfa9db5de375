"""The extension zip: what is in it, that Blender accepts it, and that it works when unpacked."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import engine
from engine.install.environments import InstallError, clean_environ
from engine.install.packaging import build_zip, contents, validate_zip
from support.checkout import ROOT


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    return build_zip(tmp_path_factory.mktemp("dist"))


def test_manifest_is_the_single_source(package):
    with zipfile.ZipFile(package) as archive:
        assert archive.read("blender_manifest.toml") == (ROOT / "addon_manifest.toml").read_bytes()


def test_engine_and_addon_carry_the_same_version():
    manifest = tomllib.loads((ROOT / "addon_manifest.toml").read_text(encoding="utf-8"))
    assert manifest["version"] == engine.__version__


def test_zip_holds_addon_engine_and_installer_but_no_tests(package):
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
    assert {
        "__init__.py",
        "engine/__init__.py",
        "engine/wire/bundle.py",
        "engine/wire/translations/zh_HANS.po",
        "engine/requirements/engine.txt",
        "install_deps.py",
        "LICENSE",
    } <= set(names)
    assert not [n for n in names if "__pycache__" in n or n.startswith("tests") or n.endswith((".partial", ".pyc"))]


def test_same_sources_give_the_same_zip(package, tmp_path):
    assert build_zip(tmp_path).read_bytes() == package.read_bytes()


def test_blenders_validator_accepts_the_zip(package):
    validate_zip(package, Path(sys.executable))


def test_blenders_validator_would_refuse_a_bad_manifest(package, tmp_path):
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(package) as source, zipfile.ZipFile(bad, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data.replace(b"license =", b"lizense =") if name.endswith(".toml") else data)
    with pytest.raises(InstallError, match="refuses"):
        validate_zip(bad, Path(sys.executable))


def test_unpacked_addon_uses_the_engine_inside_it(package, tmp_path):
    folder = tmp_path / "hrn_blender"
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    code = "from hrn_blender.engine.wire import protocol;print(protocol.__file__)"
    environ = {**clean_environ(), "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-s", "-P", "-c", code]
    found = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()) == folder / "engine" / "wire" / "protocol.py"
    plan = subprocess.run(
        [sys.executable, folder / "install_deps.py", "--home", tmp_path / "home", "plan"],
        capture_output=True,
        text=True,
        env=clean_environ(),
    )
    assert plan.returncode == 0 and "to install" in plan.stdout


def test_contents_outside_a_checkout_is_a_clear_error(tmp_path):
    with pytest.raises(InstallError, match="checkout"):
        contents(tmp_path)


def test_the_sources_say_that_they_are_not_the_add_on():
    """Who installs a zip of them meets "Missing manifest"; the file lies where they look, in both languages."""
    text = (ROOT / "NOT_THE_ADDON.txt").read_text(encoding="utf-8")
    assert "Missing manifest" in text and "install_deps.py package" in text and "不能" in text
    assert "Missing manifest" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "NOT_THE_ADDON.txt" not in contents()
