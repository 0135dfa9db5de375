"""Arrays out of pickles that nobody has to trust.

A pickle is a small program: it names functions and has them called. Here each of the few names that NumPy's own
pickles use stands for a plain function of this module, every other name ends the reading. Nothing of NumPy is called
with the file's arguments except ``frombuffer`` on checked sizes; in particular no ``dtype`` state and no array of raw
object pointers can be made.
"""

from __future__ import annotations

import math
import pickle
import re
from typing import Any, BinaryIO

import numpy as np

__all__ = ["STAND_INS", "ForbiddenGlobal", "PickledArray", "PickledDtype", "load_arrays", "resolve"]

_DTYPE = re.compile(r"[|<>=]?(b1|[iu][1248]|f[248]|O8?|c8|c16|U\d{1,6}|S\d{1,6})|\?")
"""Types of elements that an array of numbers or texts can have."""


class ForbiddenGlobal(pickle.UnpicklingError):
    """A pickle asks for something other than arrays; `name` says for what."""

    def __init__(self, name: str):
        super().__init__(f"the pickle asks for {name}")
        self.name = name


class PickledDtype:
    """Stands for ``numpy.dtype``: one of the plain kinds, with a byte order."""

    def __init__(self, code: str, *_flags: Any):
        if not isinstance(code, str) or not _DTYPE.fullmatch(code):
            raise pickle.UnpicklingError("an array of this kind is not read")
        self.value = np.dtype(code)

    def __setstate__(self, state: tuple) -> None:
        """State of NumPy: version, byte order, sub-array, names, fields, ..."""
        _version, order, subarray, names, fields = state[:5]
        if subarray or names or fields or order not in "<>|=":
            raise pickle.UnpicklingError("a structured array is not read")
        if order != "|":
            self.value = self.value.newbyteorder(order)

    def array(self, content: Any, shape: Any, order: str) -> np.ndarray:
        """`content` (bytes, or a list for objects) as an array of `shape`."""
        shape = tuple(int(size) for size in ((shape,) if isinstance(shape, int) else shape))
        if any(size < 0 for size in shape):
            raise pickle.UnpicklingError("an array has a negative size")
        count = math.prod(shape)
        if self.value.hasobject:
            if not isinstance(content, list) or len(content) != count:
                raise pickle.UnpicklingError("an array of objects does not fit its size")
            array = np.empty(count, object)
            for place, item in enumerate(content):
                array[place] = item
        else:
            if isinstance(content, str):  # protocol 0 to 2 of Python 2
                content = content.encode("latin1")
            if len(content) != count * self.value.itemsize:
                raise pickle.UnpicklingError("an array does not fit its size")
            array = np.frombuffer(content, self.value) if count else np.empty(0, self.value)
        return array.reshape(shape, order=order).copy(order)


class PickledArray:
    """Stands for ``numpy.ndarray``: empty until its state arrives; :func:`resolve` takes the array out."""

    value: np.ndarray | None = None

    def __setstate__(self, state: tuple) -> None:
        """State of NumPy: version (absent in very old files), shape, dtype, Fortran order, content."""
        shape, dtype, fortran, content = state[-4:]
        if not isinstance(dtype, PickledDtype):
            raise pickle.UnpicklingError("an array has no dtype")
        self.value = dtype.array(content, shape, "F" if fortran else "C")


class _Function:
    """A function that the state of a pickle cannot alter."""

    __slots__ = ("call",)

    def __init__(self, call):
        object.__setattr__(self, "call", call)

    def __setattr__(self, name: str, value: Any) -> None:
        raise pickle.UnpicklingError("a function is not altered")

    def __call__(self, *arguments: Any) -> Any:
        return self.call(*arguments)


def _reconstruct(_type: Any, _shape: Any, _code: Any) -> PickledArray:
    return PickledArray()


def _from_buffer(content: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    if not isinstance(dtype, PickledDtype) or order not in ("C", "F") or not isinstance(content, (bytes, bytearray)):
        raise pickle.UnpicklingError("an array is not read from this")
    return dtype.array(content, shape, order)


def _scalar(dtype: Any, content: Any) -> Any:
    if not isinstance(dtype, PickledDtype) or dtype.value.hasobject:
        raise pickle.UnpicklingError("a number is not read from this")
    return dtype.array(content, (), "C")[()]


def _empty_bytes() -> bytes:
    """Old protocols have no bytes; empty ones are made by a call of their type."""
    return b""


def _encode(text: Any, _encoding: Any) -> bytes:
    """Old protocols write bytes as text."""
    return str(text).encode("latin1")


STAND_INS: dict[str, Any] = {"numpy.ndarray": PickledArray, "numpy.dtype": PickledDtype}
"""What the names in a pickle mean; all that may be named."""
for _core in ("numpy.core", "numpy._core"):  # before and since NumPy 2
    STAND_INS[f"{_core}.multiarray._reconstruct"] = _Function(_reconstruct)
    STAND_INS[f"{_core}.multiarray.scalar"] = _Function(_scalar)
    STAND_INS[f"{_core}.numeric._frombuffer"] = _Function(_from_buffer)


_OLD_BYTES = {"_codecs.encode": _Function(_encode), "__builtin__.bytes": _Function(_empty_bytes)}
"""How old protocols make bytes."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        full = f"{module}.{name}"
        if full in STAND_INS:
            return STAND_INS[full]
        if full in _OLD_BYTES:
            return _OLD_BYTES[full]
        raise ForbiddenGlobal(full)

    def persistent_load(self, _identity: Any) -> Any:
        raise pickle.UnpicklingError("the pickle refers to another file")


def resolve(value: Any) -> Any:
    """Replaces :class:`PickledArray` by its array in dictionaries, lists, tuples and arrays of objects."""
    if isinstance(value, PickledArray):
        if value.value is None:
            raise pickle.UnpicklingError("an array has no content")
        value = value.value
    if isinstance(value, dict):
        return {resolve(key): resolve(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(resolve(item) for item in value)
    if isinstance(value, np.ndarray) and value.dtype.hasobject:
        flat = np.empty(value.size, object)
        for place, item in enumerate(value.reshape(-1)):
            flat[place] = resolve(item)
        return flat.reshape(value.shape)
    if isinstance(value, (PickledDtype, _Function, type)):
        raise pickle.UnpicklingError("the pickle holds something other than arrays")
    return value


def load_arrays(file: BinaryIO) -> Any:
    """One pickle of arrays, numbers, texts and plain containers.

    Raises:
        ForbiddenGlobal: the pickle names anything else; nothing of it was executed.
        pickle.UnpicklingError, EOFError, ValueError, ...: the pickle is damaged.
    """
    return resolve(_Unpickler(file, encoding="latin1").load())
