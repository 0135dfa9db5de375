"""The training loop: schedule, mixed precision, several processes, states, and what is recorded."""

from __future__ import annotations

import io
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader

from ..published.basel.alignment import CROP_SIZE
from ..published.basel.files import FaceModelData
from ..published.basel.objectives import DEEP3D_WEIGHTS, total
from ..published.basel.rendering import overlay
from ..published.nets.arcface import ArcFaceNet
from ..published.nets.checkpoint import fill, read_checkpoint
from ..published.nets.coarse import CoarseNet
from ..wire.errors import ErrorCode, HrnError
from ..wire.messages import say
from .checkpoint import LATEST, copy_state, epoch_path, newest, read_state, write_state
from .choices import SCHEDULES
from .dataset import CropBatch, FaceCrops, collate, epoch_batches
from .layout import Sample
from .processes import Processes
from .record import EventFile, Table
from .schedule import make_schedule

__all__ = ["PRECISIONS", "TrainingOptions", "build_network", "Pictures", "train"]

_log = logging.getLogger(__name__)
PRECISIONS = {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}
"""Types in which the network reckons, by name; None for float32 throughout."""
_TERMS = tuple(DEEP3D_WEIGHTS)
"""The loss's terms, in the order of the table's columns."""
_ERRORS = ("landmarks_px", "vertices_mm", "shape_mm")
"""Errors that are measured on the held-out pictures."""


@dataclass(frozen=True)
class TrainingOptions:
    """The published values by default."""

    epochs: int = 20
    batch: int = 32
    """Pictures of a step over all processes."""
    learning_rate: float = 1e-4
    schedule: str = "step"
    """One of :data:`.choices.SCHEDULES`; ``plateau`` needs held-out pictures."""
    decay_epochs: int = 10
    """Number of epochs after which the learning rate is multiplied by `decay`; see :func:`.schedule.make_schedule`."""
    decay: float = 0.2
    backbone: str = "resnet50"
    last_fc: bool = False
    size: int = CROP_SIZE
    front_mask: str = "released"
    augment: bool = True
    precision: str = "fp32"
    workers: int = 4
    save_every: int = 5000
    """Iterations between states within an epoch."""
    log_every: int = 50
    seed: int = 0
    init: Path | None = None
    """Weights to start from: a state of the published container, or torchvision's ResNet trained on ImageNet."""


def build_network(options: TrainingOptions) -> CoarseNet:
    """The network before training: random trunk by the seed, or the weights of ``options.init``; heads at zero.

    Raises:
        HrnError: MODEL_MISSING, CHECKPOINT_INVALID.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        net = CoarseNet(options.backbone, last_fc=options.last_fc)
    if options.init is not None:
        checkpoint = read_checkpoint(options.init)
        if "net_recon" in checkpoint.content:
            fill(net, checkpoint.weights("net_recon"), options.init)
        elif options.last_fc:
            trunk = {**checkpoint.weights(), **{f"fc.{name}": value for name, value in net.backbone.fc.state_dict().items()}}
            fill(net.backbone, trunk, options.init)
        else:
            fill(net.backbone, checkpoint.weights(), options.init, ignore=("fc.",))
    return net.requires_grad_(True)


class Pictures(NamedTuple):
    """What is learnt from."""

    samples: list[Sample]
    """To learn from."""
    held_out: list[Sample]
    """To measure on; may be empty."""
    template: np.ndarray
    """(5, 3) of the landmark template."""


def train(
    pictures: Pictures,
    model: FaceModelData,
    out: Path,
    options: TrainingOptions,
    *,
    recognition: ArcFaceNet | None = None,
    processes: Processes | None = None,
    tell: Callable[[str], None] = lambda line: None,
    stop: Callable[[], bool] = lambda: False,
) -> dict[str, float]:
    """Trains, or goes on from the newest state in `out`; with the same options, data and device it then continues
    exactly as if it had not been interrupted.

    Args:
        pictures: to learn from, and to measure on.
        model: the face model.
        out: folder for states, tables (``training.csv``, ``validation.csv``) and TensorBoard's files (``events``).
        recognition: ArcFace; None leaves its term out.
        processes: this process among others; alone by default.
        tell: takes one line of text at a time.
        stop: asked after every step; True keeps the state and ends with CANCELLED.

    Returns:
        the last errors on the pictures held out.

    Raises:
        HrnError: SETTINGS_INVALID, CHECKPOINT_INVALID, DISK_FULL, OUTPUT_NOT_WRITABLE, CANCELLED, OUT_OF_MEMORY.
    """
    return _Training(pictures, model, out, options, recognition, processes or Processes(), tell, stop).run()


class _Training:
    def __init__(
        self,
        pictures: Pictures,
        model: FaceModelData,
        out: Path,
        options: TrainingOptions,
        recognition: ArcFaceNet | None,
        processes: Processes,
        tell: Callable[[str], None],
        stop: Callable[[], bool],
    ):
        from .objective import Objective

        samples, held_out, template = pictures
        _check(options, len(samples), len(held_out), processes)
        self.options, self.processes, self.tell, self.stop, self.out = options, processes, tell, stop, out
        self.device = processes.device
        self.crops = FaceCrops(samples, template, size=options.size, augment=options.augment, seed=options.seed)
        self.held_out = FaceCrops(held_out, template, size=options.size, augment=False)
        if recognition is not None:
            recognition = recognition.to(self.device)
        self.objective = Objective(
            model, size=options.size, front_mask=options.front_mask, recognition=recognition, device=self.device
        )
        self.net = build_network(options).to(self.device)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=options.learning_rate)
        self.schedule = self._schedule()
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=options.precision == "fp16")
        self.epoch = self.step = self.iteration = 0
        torch.manual_seed(options.seed)
        self._go_on()
        self.parallel = processes.wrap(self.net)

    def _schedule(self):
        options = self.options
        return make_schedule(
            self.optimizer, options.schedule, epochs=options.epochs, decay_epochs=options.decay_epochs, decay=options.decay
        )

    def _go_on(self) -> None:
        try:
            self.out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise HrnError(ErrorCode.OUTPUT_NOT_WRITABLE, say("The folder {path} cannot be created.", path=self.out)) from error
        path = newest(self.out)
        if path is None:
            return
        state = read_state(path)
        fill(self.net, state["net_recon"], path)
        self.net.to(self.device).requires_grad_(True)
        # `fill` puts new tensors in place; the optimizer must hold these.
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=self.options.learning_rate)
        self.schedule = self._schedule()
        try:
            self.optimizer.load_state_dict(state["opt_00"])
            self.schedule.load_state_dict(state["sched_00"])
            self.scaler.load_state_dict(state.get("scaler") or {}) if self.scaler.is_enabled() else None
            torch.set_rng_state(state["random"])
        except Exception as error:  # torch raises many kinds for states of other networks
            raise HrnError(
                ErrorCode.CHECKPOINT_INVALID,
                say("{path} is the state of another training.", path=path),
                hint="Use its options again, or start in a new folder.",
            ) from error
        position = state["position"]
        if (
            position.get("pictures", len(self.crops)) != len(self.crops)
            or position.get("batch", self.options.batch) != self.options.batch
        ):
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("{path} was trained with another number of pictures or another batch size.", path=path),
                hint="Use the same data and batch, or start in a new folder with this file as --init.",
            )
        if position.get("schedule", "step") != self.options.schedule:
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("{path} was trained with --schedule {schedule}.", path=path, schedule=position.get("schedule", "step")),
                hint="Use the same, or start in a new folder with this file as --init.",
            )
        self.epoch, self.step, self.iteration = (position[key] for key in ("epoch", "step", "iteration"))
        self.tell(
            say(
                "going on from {file}: epoch {epoch}, iteration {iteration}",
                file=path.name,
                epoch=self.epoch + 1,
                iteration=self.iteration,
            )
        )

    def run(self) -> dict[str, float]:
        table = events = validation = None
        steps = len(self.crops) // self.options.batch
        try:
            if self.processes.first:
                table = Table(self.out / "training.csv", ("iteration", "epoch", "rate", "loss", *_TERMS), self.iteration)
                validation = Table(self.out / "validation.csv", ("iteration", "epoch", *_ERRORS, "loss"), self.iteration)
                events = EventFile(self.out / "events")
            if self.iteration == 0 or self.epoch >= self.options.epochs:
                errors = self._measure(*((validation, events) if self.iteration == 0 else (None, None)))
            while self.epoch < self.options.epochs:
                self._epoch(steps, table, events)
                self.epoch, self.step = self.epoch + 1, 0
                errors = self._measure(validation, events)
                if self.options.schedule == "plateau":
                    self.schedule.step(self.processes.of_first(errors.get("loss", math.inf)))
                else:
                    self.schedule.step()
                self._save(epoch_path(self.out, self.epoch), self.out / LATEST)
            return errors
        finally:
            for record in (table, validation, events):
                if record is not None:
                    record.close()

    def _epoch(self, steps: int, table: Table | None, events: EventFile | None) -> None:
        batches = epoch_batches(
            len(self.crops),
            self.options.batch,
            self.epoch,
            self.options.seed,
            first=self.step,
            rank=self.processes.rank,
            world=self.processes.world,
        )
        for batch in self._load(self.crops, batches):
            terms = self._learn(batch)
            self.step, self.iteration = self.step + 1, self.iteration + 1
            if self.iteration % self.options.log_every == 0 or self.step == steps:
                self._note(self.processes.mean(terms), table, events, steps)
            stopped = self.processes.any(self.stop())
            if (stopped or self.iteration % self.options.save_every == 0) and self.step < steps:
                self._save(self.out / LATEST)
            if stopped and self.step < steps:
                raise HrnError(
                    ErrorCode.CANCELLED,
                    say("The training was interrupted after {count} iterations.", count=self.iteration),
                    hint="The same command continues from here.",
                )

    def _learn(self, batch: CropBatch) -> dict[str, torch.Tensor]:
        self.parallel.train()
        vector = self._predict(self.parallel, batch.picture)
        terms = self.objective(vector, batch).terms
        loss = total(terms)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return {name: value.detach() for name, value in terms.items()}

    def _predict(self, net: nn.Module, picture: torch.Tensor) -> torch.Tensor:
        kind = PRECISIONS[self.options.precision]
        with torch.autocast(self.device.type, dtype=kind, enabled=kind is not None):
            return net(picture)

    def _load(self, crops: FaceCrops, batches):
        loader = DataLoader(
            crops,
            batch_sampler=batches,
            num_workers=self.options.workers,
            collate_fn=collate,
            pin_memory=self.device.type == "cuda",
            generator=torch.Generator().manual_seed(0),
            multiprocessing_context="spawn" if self.options.workers else None,
        )
        for batch in loader:
            if isinstance(batch, dict):
                raise HrnError.from_json(batch)
            yield CropBatch(*batch).to(self.device)

    def _note(self, terms: dict[str, float], table: Table | None, events: EventFile | None, steps: int) -> None:
        loss, rate = sum(terms.values()), self.optimizer.param_groups[0]["lr"]
        if not math.isfinite(loss) and not self.scaler.is_enabled():
            raise HrnError(
                ErrorCode.SETTINGS_INVALID,
                say("The loss is no longer a number after {count} iterations.", count=self.iteration),
                hint="Lower --learning-rate, or use --precision fp32, and continue in a new folder.",
            )
        if table is None:
            return
        table.add({"iteration": self.iteration, "epoch": self.epoch + 1, "rate": rate, "loss": loss, **terms})
        for name, value in {"loss/total": loss, "rate": rate, **{f"loss/{name}": v for name, v in terms.items()}}.items():
            events.scalar(name, value, self.iteration)
        self.tell(
            say(
                "epoch {epoch}, step {step} of {steps}: loss {loss:.4f}  {terms}",
                epoch=self.epoch + 1,
                step=self.step,
                steps=steps,
                loss=loss,
                terms="  ".join(f"{name} {value:.4f}" for name, value in terms.items()),
            )
        )

    @torch.no_grad()
    def _measure(self, table: Table | None, events: EventFile | None) -> dict[str, float]:
        """Errors on the held-out pictures; the first process measures, the others wait."""
        result: dict[str, float] = {}
        if len(self.held_out) and self.processes.first:
            self.net.eval()
            found: dict[str, list[torch.Tensor]] = {name: [] for name in (*_ERRORS, "loss")}
            size = max(1, self.options.batch // self.processes.world)
            keys = [(0, number) for number in range(len(self.held_out))]
            strip = None
            for batch in self._load(self.held_out, [keys[i : i + size] for i in range(0, len(keys), size)]):
                outcome = self.objective(self._predict(self.net, batch.picture), batch)
                for name, values in self.objective.errors(outcome, batch).items():
                    found[name].append(values)
                found["loss"].append(total(outcome.terms).detach().float().expand(len(batch.picture)))
                if strip is None:
                    drawn = overlay(outcome.rendered, batch.picture, outcome.coverage)
                    strip = torch.cat([torch.cat(list(part[:6]), 2) for part in (batch.picture, drawn)], 1)
            result = {name: float(torch.cat(values).nanmean()) for name, values in found.items()}
            result = {name: value for name, value in result.items() if not math.isnan(value)}
            self.tell(
                say(
                    "after epoch {epoch}, on {count} held-out pictures: {terms}",
                    epoch=self.epoch,
                    count=len(self.held_out),
                    terms="  ".join(f"{name} {value:.3f}" for name, value in result.items()),
                )
            )
            if table is not None:
                table.add({"iteration": self.iteration, "epoch": self.epoch, **result})
                for name, value in result.items():
                    events.scalar(f"held_out/{name}", value, self.iteration)
                pixels = (255 * strip.clamp(0, 1)).round().byte().permute(1, 2, 0).cpu().numpy()
                encoded = io.BytesIO()
                Image.fromarray(pixels).save(encoded, "PNG")
                events.picture("held_out", encoded.getvalue(), pixels.shape[1], pixels.shape[0], self.iteration)
        self.processes.wait()
        return result

    def _save(self, *paths: Path) -> None:
        if self.processes.first:
            state: dict[str, Any] = {
                "net_recon": self.net.state_dict(),
                "opt_00": self.optimizer.state_dict(),
                "sched_00": self.schedule.state_dict(),
                "random": torch.get_rng_state(),
                "scaler": self.scaler.state_dict(),
                "position": {
                    "epoch": self.epoch,
                    "step": self.step,
                    "iteration": self.iteration,
                    "pictures": len(self.crops),
                    "batch": self.options.batch,
                    "schedule": self.options.schedule,
                },
            }
            write_state(paths[0], state)
            for path in paths[1:]:
                copy_state(paths[0], path)
        self.processes.wait()


def _check(options: TrainingOptions, pictures: int, held_out: int, processes: Processes) -> None:
    def invalid(what: str, hint: str) -> HrnError:
        return HrnError(ErrorCode.SETTINGS_INVALID, what, hint=hint)

    if options.batch % processes.world:
        raise invalid(
            say("A batch of {batch} cannot be shared by {count} processes.", batch=options.batch, count=processes.world),
            say("Choose a multiple with --batch."),
        )
    if options.batch // processes.world < 2:
        raise invalid(say("Batch normalisation needs at least two pictures in each process."), say("Choose a larger --batch."))
    if pictures < options.batch:
        raise invalid(
            say("{count} pictures are fewer than one batch of {batch}.", count=pictures, batch=options.batch),
            say("Prepare more photos or choose a smaller --batch."),
        )
    if options.schedule not in SCHEDULES:
        raise invalid(say("The schedule must be one of {known}.", known=list(SCHEDULES)), say("Correct --schedule."))
    if options.schedule == "plateau" and not held_out:
        raise invalid(
            say("The schedule “plateau” looks at held-out pictures, and there are none."),
            say("Prepare some with --mode val, or choose another --schedule."),
        )
    if options.precision not in PRECISIONS:
        raise invalid(say("The precision must be one of {known}.", known=list(PRECISIONS)), say("Correct --precision."))
    if options.precision == "fp16" and processes.device.type != "cuda":
        raise invalid(say("fp16 needs an NVIDIA GPU."), say("Use bf16 or fp32."))
