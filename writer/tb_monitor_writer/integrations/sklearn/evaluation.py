"""Fits in steps: what belongs into a loop of partial_fit or warm_start, and behind boosting."""

import itertools
import logging
import weakref
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.base import is_classifier, is_regressor

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.integrations.sklearn.boundary import check_monitor
from tb_monitor_writer.integrations.sklearn.classes import (
    Classes,
    as_array,
    classes_of,
    is_countable,
)
from tb_monitor_writer.metrics import ConfusionMatrix, MultilabelCounts
from tb_monitor_writer.monitor_writer import MonitorWriter
from tb_monitor_writer.schema.names import check_name

logger = logging.getLogger("tb_monitor_writer")

_unseen_said: weakref.WeakKeyDictionary[MonitorWriter, set[str]] = weakref.WeakKeyDictionary()


class Outputs(NamedTuple):
    """What an estimator says of a split.

    Attributes:
      predicted: Labels `[n]` (or `[n, L]`), or values of a regressor.
      probabilities: Float `[n, n_classes]` in the order of `classes_`, None if it has none.
    """

    predicted: npt.NDArray[Any]
    probabilities: npt.NDArray[Any] | None = None


class _Split(NamedTuple):
    name: str
    examples: Any
    truth: npt.NDArray[Any]
    weights: npt.NDArray[Any] | None


def log_evaluation(
    monitor: MonitorWriter,
    estimator: Any,  # noqa: ANN401
    *,
    train: tuple[Any, ...] | None = None,
    validation: tuple[Any, ...] | None = None,
    step: int,
    head: str = "",
) -> None:
    """Predicts train and validation, and logs matrices and losses of one step.

        for epoch in range(60):
            model.partial_fit(X, y, classes=classes)
            log_evaluation(monitor, model, train=(X, y), validation=(X_val, y_val), step=epoch)

    * `train`, `validation`: confusion matrices (of classifiers).
    * `loss`: minus the log of the probability of the true class, if the estimator has
      `predict_proba`; of a regressor the squared error.
    * `accuracy`: of classifiers.

    Losses and hits are logged per example, with their standard errors and paired with the best
    step so far; of weighted examples their weighted mean alone.

    Args:
      monitor: Where to log.
      estimator: A fitted classifier or regressor.
      train: `(X, y)` or `(X, y, sample_weight)`; the same examples at each step.
      validation: The same.
      step: An integer in [0, 2^63): epoch, number of trees, ...
      head: Put behind the names: `validation/<head>`, `loss/<head>`.

    Raises:
      InvalidInput: an argument makes no sense; nothing was logged. What the estimator itself
        raises is not held back.
    """
    splits = _check(monitor, estimator, train, validation, head)
    outputs = [_outputs(estimator, split) for split in splits]
    _log(monitor, estimator, splits, outputs, step, head)


def log_stages(
    monitor: MonitorWriter,
    estimator: Any,  # noqa: ANN401
    *,
    train: tuple[Any, ...] | None = None,
    validation: tuple[Any, ...] | None = None,
    every: int = 1,
    head: str = "",
) -> None:
    """Logs every stage of a boosted ensemble that has been fitted: step = number of stages.

    Of all estimators with `staged_predict`: GradientBoosting, HistGradientBoosting, AdaBoost.
    What is logged, and the arguments, are those of `log_evaluation`.

    Args:
      monitor: Where to log.
      estimator: A fitted ensemble.
      train: `(X, y)` or `(X, y, sample_weight)`.
      validation: The same.
      every: Log each n-th stage, and the last.
      head: Put behind the names.

    Raises:
      InvalidInput: an argument makes no sense, or the estimator has no stages; nothing was
        logged.
    """
    if not hasattr(estimator, "staged_predict"):
        raise InvalidInput(
            f"estimator must have staged_predict, got {type(estimator).__name__}; "
            f"log_evaluation() in a loop of warm_start or partial_fit"
        )
    if not isinstance(every, int) or every < 1:
        raise InvalidInput(f"every must be an integer >= 1, got {every!r:.40}")
    splits = _check(monitor, estimator, train, validation, head)
    stages = zip(*(_staged_outputs(estimator, split) for split in splits), strict=True)
    for step, (outputs, is_last) in enumerate(_with_last(stages), start=1):
        if step % every == 0 or is_last:
            _log(monitor, estimator, splits, outputs, step, head)


def _check(
    monitor: MonitorWriter,
    estimator: object,
    train: tuple[Any, ...] | None,
    validation: tuple[Any, ...] | None,
    head: str,
) -> list[_Split]:
    check_monitor(monitor)
    if head:
        check_name("head", head)
    if not (is_classifier(estimator) or is_regressor(estimator)):
        raise InvalidInput(
            f"estimator must be a classifier or a regressor, got {type(estimator).__name__}"
        )
    found = []
    for name, split in (("train", train), ("validation", validation)):
        if split is None:
            continue
        if not isinstance(split, (tuple, list)) or len(split) not in (2, 3):
            raise InvalidInput(f"{name} must be (X, y) or (X, y, sample_weight)")
        truth = as_array(split[1])
        weights = None if len(split) == 2 or split[2] is None else np.asarray(split[2], float)
        if weights is not None and weights.shape != truth.shape[:1]:
            raise InvalidInput(
                f"{name} must have one weight per example [{len(truth)}], got shape {weights.shape}"
            )
        if is_classifier(estimator) and not is_countable(truth):
            raise InvalidInput(f"{name} must have labels [n], or 0 or 1 [n, L]")
        found.append(_Split(name, split[0], truth, weights))
    if not found:
        raise InvalidInput("train or validation must be given, got neither")
    return found


def _outputs(estimator: Any, split: _Split) -> Outputs:  # noqa: ANN401
    predicted = as_array(estimator.predict(split.examples))
    if not is_classifier(estimator) or split.truth.ndim == 2:
        return Outputs(predicted)
    # Behind a property that raises without probability=True (SVC) or with a hinge loss (SGD).
    if not hasattr(estimator, "predict_proba"):
        return Outputs(predicted)
    return Outputs(predicted, np.asarray(estimator.predict_proba(split.examples)))


def _staged_outputs(estimator: Any, split: _Split) -> Iterator[Outputs]:  # noqa: ANN401
    predicted = estimator.staged_predict(split.examples)
    if is_classifier(estimator) and hasattr(estimator, "staged_predict_proba"):
        probabilities = estimator.staged_predict_proba(split.examples)
        return map(Outputs, predicted, probabilities)
    return map(Outputs, predicted)


def _log(
    monitor: MonitorWriter,
    estimator: Any,  # noqa: ANN401
    splits: list[_Split],
    outputs: Iterable[Outputs],
    step: int,
    head: str,
) -> None:
    suffix = f"/{head}" if head else ""
    quantities: dict[str, dict[str, npt.NDArray[np.float64]]] = {"loss": {}, "accuracy": {}}
    counted: list[tuple[str, ConfusionMatrix | MultilabelCounts]] = []
    classes = None
    if is_classifier(estimator):
        truths = [split.truth for split in splits]
        classes = classes_of(monitor, *truths, of_estimator=estimator.classes_)
        if not classes.is_multilabel:
            _say_unseen(monitor, splits, estimator.classes_)
    for split, output in zip(splits, outputs, strict=True):
        if classes is None:
            error = np.asarray(split.truth, float) - np.asarray(output.predicted, float)
            squared = (error * error).reshape(len(error), -1)
            quantities["loss"][split.name] = squared.mean(axis=1)
            continue
        counted.append((split.name, classes.counts(split.truth, output.predicted, split.weights)))
        hits = np.asarray(split.truth == output.predicted).reshape(len(split.truth), -1)
        quantities["accuracy"][split.name] = hits.all(axis=1).astype(float)
        if output.probabilities is not None:
            quantities["loss"][split.name] = _log_losses(
                classes, estimator.classes_, split.truth, output.probabilities
            )
    for name, counts in counted:
        monitor.confusion_matrix(name + suffix, counts, step=step)
    weights = {split.name: split.weights for split in splits}
    for quantity, found in quantities.items():
        if found:
            _log_values(
                monitor, quantity + suffix, found, weights, step,
                higher_is_better=quantity == "accuracy",
            )  # fmt: skip


def _say_unseen(monitor: MonitorWriter, splits: list[_Split], fitted: object) -> None:
    """Names, once, the labels that the estimator does not know: they are new rows of a matrix."""
    said = _unseen_said.setdefault(monitor, set())
    for split in splits:
        unseen = np.setdiff1d(split.truth, as_array(fitted)).tolist()
        new = [label for label in map(repr, unseen) if label not in said]
        if new:
            said.update(new)
            logger.warning(
                "%s: y has labels that the estimator was not fitted with: %.200s; they are "
                "counted as classes of their own",
                split.name, ", ".join(new),
            )  # fmt: skip


def _log_values(
    monitor: MonitorWriter,
    quantity: str,
    values: dict[str, npt.NDArray[np.float64]],
    weights: dict[str, npt.NDArray[Any] | None],
    step: int,
    *,
    higher_is_better: bool,
) -> None:
    measured: dict[str, object] = {}
    n: dict[str, int] = {}
    for name, each in values.items():
        if weights[name] is None:
            measured[name] = each
        else:
            measured[name], n[name] = float(np.average(each, weights=weights[name])), len(each)
    monitor.fit(
        quantity,
        train=measured.get("train"),
        validation=measured.get("validation"),
        n=(n.get("train"), n.get("validation")),
        step=step,
        higher_is_better=higher_is_better,
    )


def _log_losses(
    classes: Classes,
    estimator_classes: object,
    truth: npt.NDArray[Any],
    probabilities: npt.NDArray[Any],
) -> npt.NDArray[np.float64]:
    """Per example, clipped as `sklearn.metrics.log_loss` does; of a class never seen too."""
    column = np.full(classes.num_classes, -1)
    column[classes.indices("classes_", estimator_classes)] = np.arange(probabilities.shape[1])
    place = column[classes.indices("y", truth)]
    likelihood = probabilities[np.arange(len(place)), place].astype(float)
    likelihood[place < 0] = 0
    smallest = float(np.finfo(probabilities.dtype).eps)
    return np.asarray(-np.log(np.clip(likelihood, smallest, 1 - smallest)))


def _with_last(stages: Iterable[Any]) -> Iterator[tuple[Any, bool]]:
    """Each stage, and whether it is the last one."""
    end = object()
    for stage, following in itertools.pairwise(itertools.chain(stages, [end])):
        yield stage, following is end
