"""A Lightning 2 callback that logs confusion matrices and learning curves of every validation.

    class Classifier(L.LightningModule):
        def validation_step(self, batch, batch_idx):
            x, y = batch
            logits = self(x)
            losses = F.cross_entropy(logits, y, reduction="none")
            self.log("val_loss", losses.mean())
            return {"y_true": y, "scores": logits, "loss": losses}

    trainer = L.Trainer(callbacks=[MonitorCallback(class_names=CLASSES)])

Works with `lightning.pytorch` and with `pytorch_lightning`, whichever is imported.
"""

import contextlib
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
import torch

from tb_monitor_writer import distributed
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.integrations.boundary import Boundary
from tb_monitor_writer.integrations.torch import Evaluation
from tb_monitor_writer.metrics import MultilabelCounts
from tb_monitor_writer.monitor_writer import MonitorWriter
from tb_monitor_writer.schema.names import check_name

__all__ = ["MonitorCallback"]

Trainer: TypeAlias = Any
Module: TypeAlias = Any
Logger: TypeAlias = Any
"""Of either package, of whose classes only one need be installed."""
Tensors: TypeAlias = Any
"""Whatever a user's module takes and returns."""


def _callback_classes() -> tuple[type, ...]:
    """Lightning's Callback, of each of its two packages that the user has imported."""
    packages = ("lightning.pytorch", "pytorch_lightning")
    imported = [name for name in packages if name in sys.modules]
    if not imported:
        for name in packages:
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
                imported = [name]
                break
    if not imported:
        raise ImportError(
            "tb_monitor_writer.integrations.lightning needs Lightning 2; pip install lightning"
        )
    return tuple(sys.modules[name].Callback for name in imported)


class MonitorCallback(*_callback_classes()):  # type: ignore[misc]
    """Logs what the Monitor tab shows, once per validation.

    * From what `validation_step` returns: the confusion matrix as `validation` (of a binary or
      multi-label task the scores too), and the validation loss.
    * The train loss: the mean of what `training_step` returned since the last validation, or
      since the epoch began.
    * `trainer.test`: the confusion matrix as `test`.

    A `validation_step` returns a dict with the true classes, the scores (logits), and the loss,
    best one per example, `reduction="none"`, for then the curve has its standard error. If it
    returns the loss alone, or nothing and the loss is in `trainer.callback_metrics`, curves only
    are logged; `predict` helps without a change of the module, but runs the model twice.

    The step of a record is `trainer.global_step`, the number of optimizer steps done. (Lightning's
    own scalars of the same validation bear the step of the last batch, one less.) A run resumed
    from a checkpoint goes on at its step: whatever its directory has beyond is stale from there.

    Records go through the first TensorBoardLogger of the trainer, so that they are in the same
    run as its scalars, else to `trainer.log_dir`. In a distributed job counts are summed over
    all ranks and rank 0 writes. DistributedSampler, which Lightning puts in, repeats examples to
    make shards equal; those count twice. Sanity checks and `fast_dev_run` are not logged.

    Lightning's sanity check, before anything is trained, raises InvalidInput where `predict`
    returns no pair, or where scores are of another number of classes. After it
    nothing raises into training (unless `on_error="raise"`): what goes wrong is said once through
    the logger "tb_monitor_writer".

    Args:
      where: A run's directory or an open SummaryWriter, instead of the trainer's logger.
      num_classes: As in `Evaluation`; with neither this nor names, curves only are logged.
      class_names: As in `Evaluation`.
      multilabel: As in `Evaluation`.
      from_logits: As in `Evaluation`.
      ignore_index: As in `Evaluation`.
      y_true: Key of the true classes in what `validation_step` and `test_step` return.
      scores: Key of the scores, or of the predicted classes.
      loss: Key of the loss: one per example, or the mean of the batch.
      validation_loss: Name in `trainer.callback_metrics`, for steps that return no loss; of
        several ranks it is that of rank 0, unless logged with `sync_dist=True`.
      predict: `predict(module, batch)` returns a pair, scores first: `(scores, y_true)`, where
        the step returns none. It costs a second forward.
      heads: Names of the validation dataloaders if there are several; None: "0", "1", ...
      model: Name of the model, shown beside the run.
      model_version: Its version.
      scalars: As in `MonitorWriter`.
      on_error: "warn" or "raise".

    Attributes:
      writer: The MonitorWriter once something was logged, on rank 0; else None.

    Raises:
      InvalidInput: an argument is none of the above.
    """

    writer: MonitorWriter | None

    def __init__(
        self,
        where: object = None,
        *,
        num_classes: int | None = None,
        class_names: object = None,
        multilabel: bool = False,
        from_logits: bool = True,
        ignore_index: int | None = None,
        y_true: str = "y_true",
        scores: str = "scores",
        loss: str = "loss",
        validation_loss: str = "val_loss",
        predict: Callable[[Any, Any], tuple[Any, Any]] | None = None,
        heads: Sequence[str] | None = None,
        model: str = "",
        model_version: str = "",
        scalars: bool = True,
        on_error: Literal["warn", "raise"] = "warn",
    ) -> None:
        super().__init__()
        self._keys = (y_true, scores, loss)
        self._validation_loss = validation_loss
        self._predict = predict
        self._heads = None if heads is None else tuple(check_name("heads", head) for head in heads)
        self._where = where
        self._evaluation_arguments: dict[str, Any] = {
            "num_classes": num_classes,
            "class_names": class_names,
            "multilabel": multilabel,
            "from_logits": from_logits,
            "ignore_index": ignore_index,
        }
        Evaluation(**self._evaluation_arguments)  # raises now rather than in an hour
        if on_error not in ("warn", "raise"):
            raise InvalidInput(f"on_error must be 'warn' or 'raise', got {on_error!r}")
        self._boundary = Boundary("MonitorCallback", on_error)
        self._writer_arguments: dict[str, Any] = {
            "model": model,
            "model_version": model_version,
            "framework": "lightning",
            "scalars": scalars,
            "on_error": on_error,
        }
        self.writer = None
        self._written_to: object = None
        self._target: object = None
        self._keys_returned: tuple[str, ...] = ()
        self._tallies: dict[int, _Tally] = {}
        self._train_sum: torch.Tensor | None = None
        self._train_batches = 0
        self._train_from = 0

    def setup(self, trainer: Trainer, pl_module: Module, stage: str) -> None:
        """Finds out where to write: on every rank, for ranks agree on a log_dir."""
        with self._boundary.harmless("the run's directory"):
            self._target = None
            if trainer.fast_dev_run:
                return
            self._target = self._where if self._where is not None else _logger_of(trainer)
            if self._target is None:
                self._target = trainer.log_dir

    def on_train_epoch_start(self, trainer: Trainer, pl_module: Module) -> None:
        """Begins a mean of train losses."""
        self._forget_train(trainer.global_step)

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: Module, outputs: Tensors, batch: Tensors, batch_idx: int
    ) -> None:
        """Adds the loss of a batch, where it lies: nothing waits for the device."""
        loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
        if isinstance(loss, torch.Tensor) and loss.numel() == 1:
            # Lightning has divided it by the number of batches that a step accumulates.
            value = loss.detach().reshape(()).float() * trainer.accumulate_grad_batches
            self._train_sum = value if self._train_sum is None else self._train_sum + value
            self._train_batches += 1

    def on_validation_start(self, trainer: Trainer, pl_module: Module) -> None:
        """Begins an evaluation."""
        self._tallies = {}

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: Module,
        outputs: Tensors,
        batch: Tensors,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Counts a batch; of the sanity check it looks at the form only."""
        if trainer.sanity_checking:
            self._check_form(trainer, pl_module, outputs, batch)
        else:
            self._count(trainer, pl_module, outputs, batch, dataloader_idx)

    def on_validation_end(self, trainer: Trainer, pl_module: Module) -> None:
        """Sums over the ranks, and logs."""
        if not trainer.sanity_checking:
            self._log_evaluations(trainer, "validation")

    def on_train_epoch_end(self, trainer: Trainer, pl_module: Module) -> None:
        """Logs the train loss if there is no validation."""
        if not trainer.enable_validation:
            with self._boundary.harmless("a train loss"):
                self._log_fit(trainer, "loss", self._reduced_train(trainer), None)

    def on_test_start(self, trainer: Trainer, pl_module: Module) -> None:
        """Begins an evaluation."""
        self._tallies = {}

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: Module,
        outputs: Tensors,
        batch: Tensors,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Counts a batch."""
        self._count(trainer, pl_module, outputs, batch, dataloader_idx)

    def on_test_end(self, trainer: Trainer, pl_module: Module) -> None:
        """Sums over the ranks, and logs."""
        self._log_evaluations(trainer, "test")

    def _count(
        self, trainer: Trainer, module: Module, outputs: Tensors, batch: Tensors, loader: int
    ) -> None:
        tally = self._tallies.setdefault(loader, _Tally(self._evaluation_arguments))
        try:
            found = outputs if isinstance(outputs, Mapping) else {}
            truth, scores, losses = (found.get(key) for key in self._keys)
            if isinstance(outputs, torch.Tensor):
                losses = outputs
            self._keys_returned = tuple(str(key) for key in found)
            if self._predict is not None and truth is None and tally.evaluation.counts is not None:
                with trainer.precision_plugin.val_step_context():
                    scores, truth = _pair(self._predict(module, batch))
            tally.add(truth, scores, losses)
        except Exception as error:
            if self._boundary.raises:
                raise
            tally.is_broken = True
            self._boundary.say(
                "count", f"a batch could not be counted, its matrix is left out: {error}"
            )

    def _check_form(
        self, trainer: Trainer, module: Module, outputs: Tensors, batch: Tensors
    ) -> None:
        """Raises what is wrong with arguments; what data may do is left to the counting."""
        counts = Evaluation(**self._evaluation_arguments).counts
        if counts is None:
            return
        found = outputs if isinstance(outputs, Mapping) else {}
        truth, scores = (found.get(key) for key in self._keys[:2])
        if self._predict is not None and truth is None:
            try:
                with trainer.precision_plugin.val_step_context():
                    returned = self._predict(module, batch)
            except Exception:  # of the user's function: said when it fails in a validation
                return
            scores, truth = _pair(returned)
        if not isinstance(scores, torch.Tensor) or not scores.is_floating_point():
            return
        if scores.ndim != 2 or getattr(truth, "ndim", 0) > 2:
            return
        size = counts.num_labels if isinstance(counts, MultilabelCounts) else counts.num_classes
        width = scores.shape[1]
        if width != size and scores.numel() != getattr(truth, "numel", int)():
            raise InvalidInput(
                f"num_classes (or class_names) must be as many as scores have columns, {width}, "
                f"got {size}"
            )

    def _log_evaluations(self, trainer: Trainer, split: str) -> None:
        train: tuple[float | None, int] = None, 0
        tallies: list[_Tally] = []
        with self._boundary.harmless(f"the sum of {split} over ranks"):
            # Every rank goes through the same sums, whatever went wrong on it.
            if split == "validation":
                train = self._reduced_train(trainer)
            seen = distributed.all_gather(np.array([max(self._tallies, default=-1) + 1]))
            for loader in range(max(1, int(np.concatenate(seen).max()))):
                tally = self._tallies.get(loader) or _Tally(self._evaluation_arguments)
                tally.all_reduce()
                tallies.append(tally)
        self._tallies = {}
        for loader, tally in enumerate(tallies):
            with self._boundary.harmless(split):
                head = self._head(loader) if len(tallies) > 1 else ""
                self._log_tally(trainer, split, head, tally, train)

    def _log_tally(
        self,
        trainer: Trainer,
        split: str,
        head: str,
        tally: "_Tally",
        train: tuple[float | None, int],
    ) -> None:
        writer = self._writer(trainer)
        if writer is None:
            return
        name = f"{split}/{head}" if head else split
        counts, histogram = tally.evaluation.counts, tally.evaluation.histogram
        if counts is not None and not tally.batches_counted and not tally.is_broken:
            keys = ", ".join(repr(key) for key in self._keys_returned)
            has = f" (its keys: {keys})" if keys else ""
            rename = "say with MonitorCallback y_true= and scores= which keys hold them, "
            self._boundary.say(
                f"keys {split}",
                f"{split}_step returned no dict with {self._keys[0]!r} and {self._keys[1]!r}{has}: "
                f"no confusion matrix is logged; {rename if keys else ''}return them, or give "
                f"MonitorCallback predict=",
            )
        elif counts is not None and not tally.is_broken:
            writer.confusion_matrix(name, counts, step=trainer.global_step)
            if histogram is not None and histogram.total:
                writer.scores(name, histogram, step=trainer.global_step)
        if split == "validation":
            losses = None if tally.is_broken else tally.validation()
            if losses is None and not head:
                losses = trainer.callback_metrics.get(self._validation_loss)
            self._log_fit(trainer, f"loss/{head}" if head else "loss", train, losses)

    def _log_fit(
        self,
        trainer: Trainer,
        quantity: str,
        train: tuple[float | None, int],
        validation: Tensors,
    ) -> None:
        writer = self._writer(trainer)
        loss, train_step = train
        if writer is not None and not (loss is None and validation is None):
            writer.fit(
                quantity,
                train=loss,
                validation=validation,
                step=trainer.global_step,
                train_step=None if loss is None else train_step,
            )

    def _reduced_train(self, trainer: Trainer) -> tuple[float | None, int]:
        """Mean train loss of all ranks, and the step in the middle of it; begins the next one."""
        mine = 0.0 if self._train_sum is None else float(self._train_sum)
        total, batches = distributed.all_reduce(np.array([mine, self._train_batches]))
        middle = (self._train_from + trainer.global_step) // 2
        self._forget_train(trainer.global_step)
        return (float(total / batches) if batches else None), middle

    def _forget_train(self, step: int) -> None:
        self._train_sum, self._train_batches, self._train_from = None, 0, step

    def _head(self, loader: int) -> str:
        if self._heads is None:
            return str(loader)
        if loader >= len(self._heads):
            self._boundary.say(
                "heads", f"heads must name every dataloader, got {len(self._heads)} names"
            )
            return str(loader)
        return self._heads[loader]

    def _writer(self, trainer: Trainer) -> MonitorWriter | None:
        if not trainer.is_global_zero or self._target is None:
            return None
        target = self._target
        if hasattr(target, "experiment"):  # only now: asking for it makes an event file
            target = target.experiment
        if self.writer is None or target is not self._written_to:
            self.writer = MonitorWriter(target, **self._writer_arguments)
            self._written_to = target
        return self.writer


class _Tally:
    """What one dataloader gave: an Evaluation, or means of batches where losses are such."""

    def __init__(self, arguments: Mapping[str, Any]) -> None:
        self.evaluation = Evaluation(**arguments)
        self.is_broken = False  # a batch of it is missing
        self.batches_counted = 0
        self._mean_losses = torch.zeros(())
        self._examples = 0

    def add(self, truth: Tensors, scores: Tensors, losses: Tensors) -> None:
        """Counts a batch, of which anything may be None."""
        examples = 1 if truth is None else len(truth)
        per_example = losses
        if losses is not None:
            losses = torch.as_tensor(losses).detach()
            if not losses.ndim or (losses.numel() == 1 and examples != 1):
                self._mean_losses = self._mean_losses.to(losses.device) + losses.sum() * examples
                self._examples += examples
                per_example = None
        if self.evaluation.counts is None:
            self.evaluation.update(None, None, per_example)
        elif truth is not None and scores is not None:
            self.evaluation.update(truth, scores, per_example)
            self.batches_counted += 1

    def all_reduce(self) -> None:
        """Sums over the ranks."""
        self.evaluation.all_reduce()
        mine = [float(self._mean_losses), self._examples, self.is_broken, self.batches_counted]
        mean_losses, examples, broken, batches = distributed.all_reduce(np.array(mine, float))
        self._mean_losses = torch.tensor(float(mean_losses))
        self._examples, self.batches_counted = int(examples), int(batches)
        self.is_broken = bool(broken)

    def validation(self) -> Tensors:
        """Losses `[n]`, or their mean, or None."""
        if self._examples:
            return float(self._mean_losses) / self._examples
        return self.evaluation.losses


def _pair(returned: Tensors) -> tuple[Tensors, Tensors]:
    """Scores and true classes, as `predict` returned them."""
    if not isinstance(returned, (tuple, list)) or len(returned) != 2:
        kind = type(returned).__name__
        size = f" of {len(returned)}" if isinstance(returned, (tuple, list)) else ""
        raise InvalidInput(f"predict must return a pair (scores, y_true), got {kind}{size}")
    return returned[0], returned[1]


def _logger_of(trainer: Trainer) -> Logger:
    """The first TensorBoardLogger of a trainer, of either package, or None."""
    for found in trainer.loggers:
        if any(base.__name__ == "TensorBoardLogger" for base in type(found).__mro__):
            return found
    return None
