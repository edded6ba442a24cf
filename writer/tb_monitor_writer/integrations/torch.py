"""A plain PyTorch loop: evaluates a model on a data set, over all ranks, and logs it.

    evaluation = evaluate(
        model, validation_batches, class_names=CLASSES,
        loss=torch.nn.CrossEntropyLoss(reduction="none"),
    )
    log_evaluation(monitor, "validation", evaluation, step=step, train_loss=train_loss)

Whoever has an evaluation loop already fills an `Evaluation` in it, or needs no more than
`ConfusionMatrix` and `MonitorWriter`.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch

from tb_monitor_writer import distributed, limits
from tb_monitor_writer.class_names import check_class_names
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ConfusionMatrix, MultilabelCounts, ScoreHistogram
from tb_monitor_writer.metrics.labels import check_num_classes
from tb_monitor_writer.monitor_writer import MonitorWriter
from tb_monitor_writer.schema.names import split_and_head

__all__ = ["Evaluation", "evaluate", "log_evaluation"]

Losses: TypeAlias = npt.NDArray[np.float64]


class Evaluation:
    """What a model says about one set of examples, gathered batch by batch.

    Tensors stay on their device: what is read from it are labels, and at the end the losses.

    Attributes:
      counts: A ConfusionMatrix, or MultilabelCounts of a multi-label task; None if there are
        no classes (regression): then there are losses only.
      histogram: Scores of the positive class of a binary task, or of each label of a
        multi-label one of at most `limits.MAX_SCORE_LABELS` labels; else None.
    """

    counts: ConfusionMatrix | MultilabelCounts | None
    histogram: ScoreHistogram | None

    def __init__(
        self,
        num_classes: int | None = None,
        *,
        class_names: object = None,
        multilabel: bool = False,
        from_logits: bool = True,
        ignore_index: int | None = None,
    ) -> None:
        """Makes an empty one.

        Args:
          num_classes: C, at least 2; None: as many as there are names, and without names no
            classes. Of a multi-label task the number of labels.
          class_names: One distinct name per class, or None.
          multilabel: Whether an example has any number of the labels.
          from_logits: Whether scores are logits, not probabilities; never guessed. It decides
            the threshold of binary and multi-label scores, 0 or 0.5, and what the histogram
            holds. The class of highest score is the same either way.
          ignore_index: Examples (pixels, tokens; entries of a multi-label task) with this truth
            are left out.

        Raises:
          InvalidInput: an argument out of its range.
        """
        names = check_class_names(class_names, num_classes)
        self._from_logits = bool(from_logits)
        self._ignore_index = ignore_index
        self._losses: list[torch.Tensor] = []
        self._reduced_losses: Losses | None = None
        self.counts = self.histogram = None
        if num_classes is None and not names:
            self._size = 0
            return
        self._size = check_num_classes("num_classes", num_classes or len(names))
        if multilabel:
            self.counts = MultilabelCounts(self._size, class_names=names or None)
            # A histogram has no way to leave out single labels of an example.
            if ignore_index is None and self._size <= limits.MAX_SCORE_LABELS:
                self.histogram = ScoreHistogram(self._size, class_names=names or None)
            return
        if self._size < 2:
            raise InvalidInput(
                "num_classes must be at least 2, got 1: a single score of a binary task has two"
            )
        self.counts = ConfusionMatrix(self._size, class_names=names or None)
        if self._size == 2:
            self.histogram = ScoreHistogram(class_names=names[1:] or None)

    def update(self, y_true: Any, scores: Any, losses: Any = None) -> None:  # noqa: ANN401
        """Counts a batch.

        Args:
          y_true: True classes, integers `[n]`, or `[n, d1, ...]` of pixels or tokens; of a
            multi-label task 0 or 1, `[n, L]`.
          scores: Scores `[n, C]`, or `[n, C, d1, ...]` as `cross_entropy` takes them, or
            `[n, d1, ..., C]` as language models give them. Of a binary task also `[n]` or
            `[n, 1]`, of the positive class; of a multi-label one `[n, L]`. Examples with a NaN
            are counted apart. Integers or bools of the shape of `y_true` are taken for what was
            predicted.
          losses: One per example, `[n]`, or `[n, ...]` of which the mean is taken over what is
            not ignored; None: none. Without classes they are all that is kept.

        Raises:
          InvalidInput: shapes, dtypes or values that do not fit; nothing was counted.
        """
        truth = None if y_true is None else torch.as_tensor(y_true).detach()
        checked = None if losses is None else self._per_example(truth, torch.as_tensor(losses))
        if self.counts is not None:
            if truth is None or scores is None:
                raise InvalidInput("y_true and scores must be given, got None")
            found = torch.as_tensor(scores).detach()
            if not found.is_floating_point():
                self._count_predictions(self.counts, truth, found)
            elif isinstance(self.counts, MultilabelCounts):
                self._count_labels(self.counts, truth, found)
            else:
                self._count_classes(self.counts, truth, found)
        if checked is not None:
            self._losses.append(checked)

    def all_reduce(self, group: object = None) -> None:
        """Sums counts over the ranks and joins their losses; every rank must call it, once.

        Ranks without data contribute nothing. Mind that DistributedSampler repeats examples to
        make shards equal, and that those are counted twice; `Subset(dataset, range(rank,
        len(dataset), world_size))` does not.
        """
        if self.counts is not None:
            self.counts.all_reduce(group)
        if self.histogram is not None:
            self.histogram.all_reduce(group)
        mine = self.losses
        gathered = distributed.all_gather(np.empty(0) if mine is None else mine, group)
        self._reduced_losses = np.concatenate(gathered)
        self._losses = []

    @property
    def losses(self) -> Losses | None:
        """Loss of each example `[n]`, in the order of updates, of ranks after `all_reduce`.

        None if there are none. Examples of which everything is ignored have no loss.
        """
        if self._losses:
            fresh = torch.cat(self._losses).cpu().double().numpy()
            before = self._reduced_losses
            self._reduced_losses = fresh if before is None else np.concatenate([before, fresh])
            self._losses = []
        found = self._reduced_losses
        return None if found is None or not len(found) else found

    @property
    def loss(self) -> float | None:
        """Mean of the losses, or None if there are none."""
        losses = self.losses
        return None if losses is None else float(losses.mean())

    def __repr__(self) -> str:
        return f"Evaluation({self.counts!r}, loss={self.loss})"

    def _count_predictions(
        self,
        counts: ConfusionMatrix | MultilabelCounts,
        truth: torch.Tensor,
        predicted: torch.Tensor,
    ) -> None:
        if truth.shape != predicted.shape:
            raise InvalidInput(
                f"scores that are integers must be predictions of the shape of y_true, "
                f"{tuple(truth.shape)}, got {tuple(predicted.shape)}"
            )
        if isinstance(counts, ConfusionMatrix):
            truth, predicted = truth.reshape(-1), predicted.reshape(-1)
        counts.update(truth, predicted, ignore_index=self._ignore_index)

    def _count_labels(
        self, counts: MultilabelCounts, truth: torch.Tensor, scores: torch.Tensor
    ) -> None:
        counts.update_from_scores(
            truth, scores, from_logits=self._from_logits, ignore_index=self._ignore_index
        )
        if self.histogram is not None:
            self.histogram.update(truth, scores, from_logits=self._from_logits)

    def _count_classes(
        self, counts: ConfusionMatrix, truth: torch.Tensor, scores: torch.Tensor
    ) -> None:
        if self._size == 2 and scores.numel() == truth.numel():
            truth, scores = truth.reshape(-1), scores.reshape(-1)
            threshold = 0.0 if self._from_logits else 0.5
            # As two columns, so that a NaN is seen as one of scores.
            columns = torch.stack([torch.full_like(scores, threshold), scores], dim=1)
            positive = scores
        else:
            truth, columns = _flattened(truth, scores, self._size)
            positive = columns[:, -1]
            if self._size == 2 and self._from_logits:
                positive = columns[:, 1] - columns[:, 0]
        counts.update_from_scores(truth, columns, ignore_index=self._ignore_index)
        if self.histogram is not None:
            if self._ignore_index is not None:
                known = truth != self._ignore_index
                truth, positive = truth[known], positive[known]
            self.histogram.update(truth, positive, from_logits=self._from_logits)

    def _add_losses(self, y_true: Any, losses: Any) -> None:  # noqa: ANN401
        truth = None if y_true is None else torch.as_tensor(y_true).detach()
        self._losses.append(self._per_example(truth, torch.as_tensor(losses)))

    def _per_example(self, truth: torch.Tensor | None, losses: torch.Tensor) -> torch.Tensor:
        losses = losses.detach()
        losses = losses.to(torch.promote_types(losses.dtype, torch.float32))
        if not losses.ndim or (truth is not None and len(losses) != len(truth)):
            size = "n" if truth is None else len(truth)
            raise InvalidInput(
                f"losses must be one per example, [{size}, ...], got shape "
                f"{tuple(losses.shape)}; use reduction='none'"
            )
        if truth is None or self._ignore_index is None or truth.numel() != losses.numel():
            return losses.flatten(1).mean(dim=1) if losses.ndim > 1 else losses
        known = (truth != self._ignore_index).reshape(len(losses), -1)
        counted = known.sum(dim=1)
        sums = losses.reshape(known.shape).where(known, 0).sum(dim=1)
        return (sums / counted)[counted > 0]


def evaluate(
    model: torch.nn.Module,
    batches: Iterable[Any],
    *,
    num_classes: int | None = None,
    class_names: object = None,
    multilabel: bool = False,
    from_logits: bool = True,
    ignore_index: int | None = None,
    loss: Callable[[Any, Any], Any] | None = None,
    forward: Callable[[torch.nn.Module, Any], tuple[Any, Any]] | None = None,
    device: torch.device | str | None = None,
    all_reduce: bool = True,
) -> Evaluation:
    """Runs a model over a data set, in eval mode and without gradients.

    The mode of every module is put back afterwards. For mixed precision, call it inside
    `torch.autocast`. A DistributedDataParallel wrapper is left out of the way, since its
    forward synchronises buffers, and ranks may have unlike numbers of batches.

    Args:
      model: The model.
      batches: Pairs `(inputs, y_true)`, of a DataLoader or otherwise; anything else needs
        `forward`. Inputs may be a tensor, or tuples, lists and dicts of tensors.
      num_classes: As in `Evaluation`.
      class_names: As in `Evaluation`.
      multilabel: As in `Evaluation`.
      from_logits: As in `Evaluation`.
      ignore_index: As in `Evaluation`.
      loss: `loss(scores, y_true)` with one value per example: the loss of training with
        `reduction="none"`.
      forward: `forward(model, batch)` gives `(scores, y_true)`, for batches of other shape:
        `lambda model, batch: (model(**batch).logits, batch["labels"])`.
      device: Where batches are put; None: where the model's first parameter is.
      all_reduce: Whether to sum over the ranks of a distributed job. Every rank must then call
        this; pass False where only one does.

    Returns:
      The evaluation, of all ranks if there are several.

    Raises:
      InvalidInput: an argument out of its range, or batches that do not fit.
    """
    evaluation = Evaluation(
        num_classes,
        class_names=class_names,
        multilabel=multilabel,
        from_logits=from_logits,
        ignore_index=ignore_index,
    )
    if isinstance(model, torch.nn.parallel.DistributedDataParallel):
        model = model.module
    if device is None:
        device = next((parameter.device for parameter in model.parameters()), "cpu")
    with _evaluating(model), torch.inference_mode():
        for batch in batches:
            scores, y_true = (forward or _forward_pair)(model, _moved(batch, device))
            if evaluation.counts is not None:
                evaluation.update(y_true, scores)  # first, for its message on bad labels
            if loss is not None:
                evaluation._add_losses(y_true, loss(scores, y_true))
    if all_reduce:
        evaluation.all_reduce()
    return evaluation


def log_evaluation(
    monitor: MonitorWriter,
    name: str,
    evaluation: Evaluation,
    *,
    step: int,
    train_loss: object = None,
    quantity: str = "loss",
) -> None:
    """Logs an evaluation: its counts, its scores if it has them, and of validation the loss.

    Args:
      monitor: Where to; on ranks other than 0 it writes nothing.
      name: `<split>` or `<split>/<head>`.
      evaluation: What `evaluate` gave.
      step: Of the training, an integer in [0, 2^63).
      train_loss: The loss of training by now, a number or one per example, for the learning
        curve; None: unknown.
      quantity: Name of the learning curve; the head of `name` is added. Only a split
        "validation" (or "val", "eval", "dev") has one.

    Raises:
      InvalidInput: an argument is none of the above; nothing was written.
    """
    if evaluation.counts is not None:
        monitor.confusion_matrix(name, evaluation.counts, step=step)
    if evaluation.histogram is not None and evaluation.histogram.total:
        monitor.scores(name, evaluation.histogram, step=step)
    split, head = split_and_head(name)
    losses = evaluation.losses
    if split == "validation" and not (losses is None and train_loss is None):
        curve = f"{quantity}/{head}" if head else quantity
        monitor.fit(curve, train=train_loss, validation=losses, step=step)


def _flattened(
    truth: torch.Tensor, scores: torch.Tensor, num_classes: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Truth `[m]` and scores `[m, C]` of examples, pixels or tokens."""
    if truth.ndim == 2 and truth.shape[1] == 1 and scores.ndim == 2:
        truth = truth[:, 0]
    shape = tuple(truth.shape)
    last = tuple(scores.shape) == (*shape, num_classes)
    second = scores.ndim > 1 and tuple(scores.shape) == (*shape[:1], num_classes, *shape[1:])
    if last and second and truth.ndim > 1:
        raise InvalidInput(
            f"scores of shape {tuple(scores.shape)} may have their classes second or last; "
            f"reshape them to [n, {num_classes}]"
        )
    if last:
        return truth.reshape(-1), scores.reshape(-1, num_classes)
    if second:
        return truth.reshape(-1), scores.movedim(1, -1).reshape(-1, num_classes)
    raise InvalidInput(
        f"scores must have shape [n, {num_classes}] (or [n, {num_classes}, ...]) for y_true [n] "
        f"(or [n, ...]), got {tuple(scores.shape)} for {shape}"
    )


def _forward_pair(model: torch.nn.Module, batch: Any) -> tuple[Any, Any]:  # noqa: ANN401
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        kind = type(batch).__name__
        size = f" of {len(batch)}" if isinstance(batch, (tuple, list)) else ""
        raise InvalidInput(
            f"batches must give pairs (inputs, y_true), got {kind}{size}; say with forward= how "
            f"the model takes them"
        )
    inputs, y_true = batch
    return model(inputs), y_true


def _moved(value: Any, device: Any) -> Any:  # noqa: ANN401
    to = getattr(value, "to", None)  # tensors, packed sequences, transformers' batches
    if callable(to):
        return to(device)
    if isinstance(value, Mapping):
        return {key: _moved(part, device) for key, part in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_moved(part, device) for part in value))
    if isinstance(value, (tuple, list)):
        return type(value)(_moved(part, device) for part in value)
    return value


@contextlib.contextmanager
def _evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Eval mode; afterwards each module has the mode it had, frozen ones too."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
