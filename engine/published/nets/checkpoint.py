"""Reads the official files of the published methods: network weights and pickled dictionaries of arrays.

A file from the internet is data, never code: ``torch.load`` runs with ``weights_only`` only, a pickled ``.npy`` goes
through :mod:`.numpy_pickle`. What is missing, unknown or of another size in a file is named; nothing is skipped
silently, since a network that is filled by half gives a face that looks almost right.
"""

from __future__ import annotations

import logging
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn

from ...wire.errors import ErrorCode, HrnError
from ...wire.messages import Message, reason, say
from .numpy_pickle import STAND_INS, ForbiddenGlobal, load_arrays

__all__ = ["Checkpoint", "fill", "load_network", "read_checkpoint", "read_npy_dictionary"]

_log = logging.getLogger(__name__)
_Net = TypeVar("_Net", bound=nn.Module)
_NAMED = 4
"""How many entries of each kind of difference a message names."""
_CONTAINERS = ("state_dict", "net_recon", "generator")
"""Names under which a file may keep its only network."""
_FETCH = say("Download the official file again.")
"""Advice for a file that is damaged."""
_OTHER = say("Choose the official file of this method.")
"""Advice for a file that holds something else."""


def _invalid(path: Path, fault: Message, hint: str = _FETCH, **details: Any) -> HrnError:
    text = say("The file {file} cannot be used: {fault}.", file=path.name, fault=fault)
    return HrnError(ErrorCode.CHECKPOINT_INVALID, text, hint=hint, details={"path": str(path), **details})


def _beginning(path: Path) -> bytes:
    """The first bytes, after refusing a file that is not binary at all.

    Raises:
        HrnError: MODEL_MISSING; CHECKPOINT_INVALID for an empty file, a web page, a Git LFS pointer or other text.
    """
    if not path.is_file():
        raise HrnError(
            ErrorCode.MODEL_MISSING,
            say("There is no file {path}.", path=path),
            hint="Choose the folder that holds the official files of this method.",
            details={"path": str(path)},
        )
    try:
        with path.open("rb") as file:
            start = file.read(512)
    except OSError as error:
        raise _invalid(
            path, say("it cannot be read ({reason})", reason=reason(error)), say("Check that you may read the file.")
        ) from error
    if not start:
        raise _invalid(path, say("it is empty"))
    text = start.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise _invalid(path, say("it is a web page that was saved under this name"))
    if start.startswith(b"version https://git-lfs"):
        raise _invalid(path, say("it is only a Git LFS pointer to the file"))
    if len(start) > 16 and all(32 <= byte < 127 or byte in b"\r\n\t" for byte in start):
        raise _invalid(path, say("it is text, not a file of this kind"))
    return start


def _code_inside(path: Path, name: str) -> HrnError:
    return _invalid(
        path,
        say("it contains program code ({name}) instead of only numbers; none of it was run", name=name),
        say("Delete this file and download the official one from its authors."),
        forbidden=name,
    )


def _refuse_program(path: Path) -> None:
    """A zip with ``constants.pkl`` is a TorchScript program, not weights."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except Exception as error:  # damaged directory of the archive
        raise _invalid(path, say("it is cut off or damaged")) from error
    if any(name.rsplit("/", 1)[-1] == "constants.pkl" for name in names):
        raise _code_inside(path, "TorchScript")


@dataclass(frozen=True)
class Checkpoint:
    """The content of a network file."""

    path: Path
    content: Mapping[str, Any]
    """Top level of the file: weights by name, or containers of them and what training keeps beside them."""

    def weights(self, *containers: str) -> dict[str, torch.Tensor]:
        """Weights by name, without the ``module.`` that training on several GPUs adds.

        Args:
            containers: names under which the file keeps the network, in order of preference; without any, the usual
                ones. A file that has none of them must be the weights themselves.

        Raises:
            HrnError: CHECKPOINT_INVALID when the file holds no such weights.
        """
        found: Any = self.content
        for name in containers or _CONTAINERS:
            if isinstance(self.content.get(name), Mapping):
                found = self.content[name]
                break
        weights: dict[str, torch.Tensor] = {}
        for key, value in found.items():
            if not isinstance(value, torch.Tensor):
                inside = [str(name) for name in list(self.content)[:_NAMED]]
                raise _invalid(
                    self.path,
                    say("it contains {inside} instead of the network “{names}”", inside=inside, names=list(containers))
                    if containers
                    else say("it contains {inside} instead of a network", inside=inside),
                    _OTHER,
                )
            weights[re.sub(r"(^|\.)(module\.)+", r"\1", str(key))] = value.detach()
        return weights

    def number(self, name: str) -> float:
        """A single learnt number beside the networks (HRN's ``alpha`` and ``beta``).

        Raises:
            HrnError: CHECKPOINT_INVALID when it is missing or not one number.
        """
        value = self.content.get(name)
        if isinstance(value, torch.Tensor) and value.numel() == 1:
            value = value.detach().item()
        if not isinstance(value, (int, float)):
            raise _invalid(self.path, say("it has no number “{name}”", name=name), _OTHER)
        return float(value)


def read_checkpoint(path: Path | str) -> Checkpoint:
    """Reads a ``.pth``/``.pt`` file (zip or older format) to the CPU without running anything in it.

    State of optimizers and schedulers is read along; NumPy numbers among it are admitted.

    Raises:
        HrnError: MODEL_MISSING; CHECKPOINT_INVALID for whatever is not such a file, is cut off, or holds code.
    """
    path = Path(path)
    start = _beginning(path)
    if start.startswith(b"PK"):
        _refuse_program(path)
    admitted = [(stand_in, name) for name, stand_in in STAND_INS.items()]
    try:
        with torch.serialization.safe_globals(admitted):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # whatever a parser of foreign bytes may raise
        _log.info("cannot read %s", path, exc_info=True)
        name = re.search(r"GLOBAL ([\w.]+)", str(error))
        if name:
            raise _code_inside(path, name[1]) from error
        if isinstance(error, MemoryError):
            raise HrnError(
                ErrorCode.OUT_OF_MEMORY, say("There is not enough memory to read {file}.", file=path.name)
            ) from error
        raise _invalid(path, say("it is cut off, damaged, or not a file of network weights")) from error
    if not isinstance(content, Mapping):
        raise _invalid(path, say("it contains no network"), _OTHER)
    return Checkpoint(path, content)


def _list(kind: Message, names: list[str]) -> Message:
    count, first, more = len(names), names[:_NAMED], len(names) - _NAMED
    if more > 0:
        return say("{count} {kind} ({names} and {more} more)", count=count, kind=kind, names=first, more=more)
    return say("{count} {kind} ({names})", count=count, kind=kind, names=first)


def fill(network: nn.Module, weights: Mapping[str, torch.Tensor], path: Path | str, *, ignore: Iterable[str] = ()) -> None:
    """Fills a network, which may have been built on the ``meta`` device, with weights of a file.

    Everything in the file must have a place in the network and the other way round; only the counters
    ``num_batches_tracked``, which files from before PyTorch 0.4.1 lack, may be absent.

    Args:
        network: the module; its parameters take the tensors over without a copy where the type agrees.
        weights: by name.
        path: where they come from, for messages.
        ignore: beginnings of names that may be in the file and are not used.

    Raises:
        HrnError: CHECKPOINT_INVALID naming what is missing, unknown or of another size (all of it in `details`), or
            weights that are not numbers.
    """
    path = Path(path)
    ignore = tuple(ignore)
    wanted = network.state_dict()
    taken: dict[str, torch.Tensor] = {}
    missing, misshapen, broken = [], [], []
    for key, place in wanted.items():
        value = weights.get(key)
        if value is None:
            if not key.endswith("num_batches_tracked"):
                missing.append(key)
                continue
            value = torch.zeros(place.shape, dtype=place.dtype)
        if value.shape != place.shape:
            misshapen.append(
                say("{name} is {size} instead of {expected}", name=key, size=_shape(value), expected=_shape(place))
            )
        elif value.layout != torch.strided or value.is_quantized or not torch.isfinite(value).all():
            broken.append(key)
        else:
            taken[key] = value.to(place.dtype)
    unknown = [key for key in weights if key not in wanted and not key.startswith(ignore)]
    differences = [
        _list(kind, names)
        for kind, names in (
            (say("weights are missing"), missing),
            (say("are unknown"), unknown),
            (say("have another size"), misshapen),
            (say("are not numbers"), broken),
        )
        if names
    ]
    if differences:
        raise _invalid(
            path,
            say("it does not fit {network}: {differences}", network=type(network).__name__, differences=differences),
            _OTHER,
            missing=missing,
            unexpected=unknown,
            misshapen=misshapen,
            not_finite=broken,
        )
    network.load_state_dict(taken, assign=True)


def _shape(tensor: torch.Tensor) -> str:
    return "×".join(str(size) for size in tensor.shape) or say("one number")


def load_network(
    build: Callable[[], _Net], source: Checkpoint | Path | str, *containers: str, ignore: Iterable[str] = ()
) -> _Net:
    """A network with the weights of its official file, in evaluation mode and without gradients.

    Args:
        build: makes the network, usually its class.
        source: the file, or what :func:`read_checkpoint` made of it.
        containers: as in :meth:`Checkpoint.weights`.
        ignore: as in :func:`fill`.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    checkpoint = source if isinstance(source, Checkpoint) else read_checkpoint(source)
    with torch.device("meta"):  # no time for random weights that are replaced at once
        network = build()
    fill(network, checkpoint.weights(*containers), checkpoint.path, ignore=ignore)
    return network.eval().requires_grad_(False)


def read_npy_dictionary(path: Path | str) -> dict[str, Any]:
    """The dictionary that ``numpy.save(path, {...})`` wrote, such as 3DDFA-V3's ``face_model.npy``.

    Returns:
        name -> array (or number, text, list or dictionary of these).

    Raises:
        HrnError: MODEL_MISSING; CHECKPOINT_INVALID for anything else, above all for a file that holds code.
    """
    path = Path(path)
    start = _beginning(path)
    if not start.startswith(b"\x93NUMPY"):
        raise _invalid(path, say("it is not a NumPy file"))
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _fortran, dtype = header(file)
            if shape != () or not dtype.hasobject:
                raise _invalid(
                    path, say("it contains an array of size {shape} instead of a dictionary", shape=str(shape)), _OTHER
                )
            content = load_arrays(file)
    except HrnError:
        raise
    except ForbiddenGlobal as error:
        raise _code_inside(path, error.name) from error
    except Exception as error:  # whatever a parser of foreign bytes may raise
        _log.info("cannot read %s", path, exc_info=True)
        if isinstance(error, MemoryError):
            raise HrnError(
                ErrorCode.OUT_OF_MEMORY, say("There is not enough memory to read {file}.", file=path.name)
            ) from error
        raise _invalid(path, say("it is cut off or damaged")) from error
    if isinstance(content, np.ndarray) and content.shape == ():
        content = content.item()
    if not isinstance(content, dict):
        raise _invalid(path, say("it contains no dictionary"), _OTHER)
    return content
