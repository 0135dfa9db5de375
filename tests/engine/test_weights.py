"""Numbers that were chosen are fields of a frozen dataclass, each with a docstring, and stand nowhere else.

See "Numbers" in docs/develop/architecture.md.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "engine"
ROOMS = ("texture", "fit", "photo")
"""Packages of the engine in which the stages of `open` live."""
FORMATS = {
    "fit/coarse/network.py",
    "fit/relief/network.py",
    "photo/apple_depth.py",
    "photo/deep.py",
    "photo/exif.py",
    "photo/face_nets.py",
    "photo/google_depth.py",
    "photo/jpeg_streams.py",
    "photo/kinds.py",
    "photo/load.py",
    "photo/mattes.py",
    "photo/opening.py",
    "photo/part_net.py",
    "photo/phone_depth.py",
    "photo/code_points.py",
    "photo/profile.py",
    "photo/regions.py",
}
"""Files whose numbers are those of a file format, a published network, or the limits of files that are read."""
PLAIN = {0.0, 0.5, 1.0, 2.0, 4.0}
"""Floats of formulas: halves, doubles, and the sphere's 4 pi over pi."""
ARITHMETIC = {100, 127, 128, 255, 65535}
"""Per cent, and the middle and the end of 8 and 16 bits."""
LARGEST_COUNT = 16
"""Integers up to that count axes, unknowns, corners of a stencil, or 1/16 pixels."""
WEIGHTS = [
    import_module(f"engine.{name}").WEIGHTS
    for name in (
        "texture.weights",
        "photo.weights",
        "fit.weights",
        "fit.features.weights",
        "fit.coarse.weights",
        "fit.mid.weights",
        "fit.relief.weights",
        "fit.views.weights",
    )
]


def sources(weights: bool) -> list[Path]:
    """The modules of weights, or all other modules with numbers of their own."""
    found = [path for room in ROOMS for path in sorted((ENGINE / room).rglob("*.py"))]
    return [
        path
        for path in found
        if weights == ("weights" in path.relative_to(ENGINE).with_suffix("").parts)
        and path.relative_to(ENGINE).as_posix() not in FORMATS
    ]


def is_guard(number: float) -> bool:
    """Whether it only keeps a division, a root or a logarithm finite: a power of ten far from 1, with a sign or without."""
    exponent = f"{abs(number):e}".partition("e")
    return float(exponent[0]) == 1 and (int(exponent[2]) <= -3 or int(exponent[2]) >= 4)


def is_progress(call: ast.AST) -> bool:
    """Whether it says how far the work is: ``progress(0.3)``, ``stage.part(0.0, 0.5)``."""
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in {"part", "progress"}


def walk(node: ast.AST) -> Iterator[tuple[ast.AST, ast.AST]]:
    """Every node below with its parent, but for what says how far the work is."""
    for child in ast.iter_child_nodes(node):
        yield child, node
        if not is_progress(child):
            yield from walk(child)


def is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in {int, float}


def bare_numbers(source: str) -> list[str]:
    """Lines and numbers of a module that look chosen: floats, and integers that something is compared or reckoned with."""
    found = []
    for node, parent in walk(ast.parse(source)):
        if not is_number(node):
            continue
        value = node.value
        if isinstance(value, float):
            bare = value not in PLAIN and not is_guard(value)
        else:
            bits = isinstance(parent, ast.BinOp) and isinstance(parent.op, (ast.BitAnd, ast.BitOr, ast.LShift, ast.RShift))
            used = isinstance(parent, (ast.Compare, ast.BinOp, ast.Call, ast.keyword, ast.arguments)) and not bits
            bare = used and value > LARGEST_COUNT and value not in ARITHMETIC and value & (value - 1) != 0
        if bare:
            found.append(f"{node.lineno}: {value}")
    return found


def documented(source: str) -> Iterator[tuple[str, str]]:
    """Name of each field of each dataclass, and its docstring or ""."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ClassDef):
            continue
        for at, one in enumerate(node.body):
            if isinstance(one, ast.AnnAssign):
                after = node.body[at + 1] if at + 1 < len(node.body) else None
                text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and after.value.value
                yield f"{node.name}.{one.target.id}", text or ""


def nested(weights: object) -> Iterator[object]:
    yield weights
    for field in fields(weights):
        value = getattr(weights, field.name)
        if is_dataclass(value):
            yield from nested(value)


def test_every_weight_says_what_it_is():
    groups = {type(one).__name__ for root in WEIGHTS for one in nested(root)}
    named = [
        (path, name, text) for path in sources(weights=True) for name, text in documented(path.read_text(encoding="utf-8"))
    ]
    assert len(named) > 500 and {name.partition(".")[0] for _, name, _ in named} >= groups
    silent = [name for _, name, text in named if not text and not is_group(name)]
    assert not silent, "\n".join(silent)


def is_group(name: str) -> bool:
    """Whether a field is a group of weights, which has a docstring of its own."""
    holder, _, field = name.partition(".")
    holders = [one for root in WEIGHTS for one in nested(root) if type(one).__name__ == holder]
    return any(is_dataclass(getattr(one, field, None)) and type(getattr(one, field)).__doc__ for one in holders)


def test_weights_are_frozen_and_comparable():
    for root in WEIGHTS:
        for one in nested(root):
            assert type(one).__dataclass_params__.frozen and one == type(one)(), type(one).__name__


def test_no_number_that_was_chosen_stands_elsewhere():
    found = [
        f"{path.relative_to(ROOT)}:{one}"
        for path in sources(weights=False)
        for one in bare_numbers(path.read_text(encoding="utf-8"))
    ]
    assert len(sources(weights=False)) > 60
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source, said",
    [
        ("x = 0.3 * y", ["1: 0.3"]),
        ("def f(reach=8.5): ...", ["1: 8.5"]),
        ("if count < 400: ...", ["1: 400"]),
        ("x = y / max(z, 1e-9) + 0.5", []),
        ("x = -1e-3", []),
        ("x = y > 1e-2", ["1: 0.01"]),
        ("progress(0.3)\nprogress.part(0.1, 0.9)", []),
        ("x = np.uint8(255 * y) // 32", []),
        ("x = points[152] - points[10]", []),
        ("TEXT = (33, 263)", []),
    ],
)
def test_what_counts(source, said):
    assert bare_numbers(source) == said
