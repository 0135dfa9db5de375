"""``install_deps.py docs``: the API reference, built from the docstrings into ``build/docs``.

pdoc imports what it describes, so it runs in the engine's environment. Modules that need PyTorch are left out where that is
not installed, and said to be.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

from ..wire.language import current, local, use
from ..wire.messages import say
from .environments import ENGINE, InstallError, clean_environ
from .packaging import ROOT

__all__ = ["build_reference", "modules_of", "run_build"]


def run_build(out: Path) -> Path:
    """Build the reference into the folder `out` with the engine's Python; returns the first page.

    Raises:
        InstallError: pdoc could not; its lines above say why.
    """
    code = "import sys; sys.path.insert(0, sys.argv[1]); from engine.install.reference import main; main(*sys.argv[2:])"
    if subprocess.run([ENGINE.python, "-I", "-c", code, ROOT, out, current()], env=clean_environ()).returncode:
        raise InstallError("The API reference could not be built; the lines above say why.")
    return out / "index.html"


def main(out: str, language: str) -> None:
    """What :func:`run_build` starts."""
    use(language)
    absent = build_reference(Path(out))
    if absent:
        told = say("Left out, because they cannot be imported here (PyTorch?): {names}", names=absent)
        print(local(told), file=sys.stderr)


def build_reference(out: Path, package: str = "engine") -> list[str]:
    """Write one page for each module of `package` into the folder `out`, which is emptied first.

    Returns:
        Names of the modules that could not be imported.
    """
    import pdoc
    import pdoc.render

    found, absent = modules_of(package)
    for name in found:
        _open(sys.modules[name])
    shutil.rmtree(out, ignore_errors=True)
    pdoc.render.configure(docformat="google", show_source=False)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Error importing|Couldn't import|Error parsing type annotation")
        pdoc.pdoc(*_named_alone(found), *(f"!{re.escape(name)}$" for name in absent), output_directory=out)
    return absent


def modules_of(package: str) -> tuple[list[str], list[str]]:
    """Names of the modules of `package` that can be imported here, and of those that cannot. Imports them."""
    found, absent = [package], []
    top = importlib.import_module(package)
    for module in pkgutil.walk_packages(top.__path__, f"{package}.", onerror=lambda name: None):
        if module.name.endswith(".__main__"):
            continue
        try:
            importlib.import_module(module.name)
            found.append(module.name)
        except (ImportError, SystemExit):  # programs that need PyTorch leave at once
            absent.append(module.name)
    return found, absent


def _named_alone(names: list[str]) -> list[str]:
    """Modules that pdoc does not find below their package: where a package has ``__all__``, pdoc shows only what that names."""
    return [name for name in names if "." not in name or hasattr(sys.modules[name.rpartition(".")[0]], "__all__")]


def _open(module) -> None:
    """Make a module show what it hides: names that it imports when asked for them, and functions that Numba compiles."""
    vars(module).update({name: getattr(module, name) for name in getattr(module, "__all__", ()) if hasattr(module, name)})
    for name, value in list(vars(module).items()):
        if hasattr(value, "py_func") and getattr(value, "__module__", None) == module.__name__:
            setattr(module, name, value.py_func)
