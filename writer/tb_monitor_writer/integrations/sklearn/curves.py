"""Learning curves (over the training size) and validation curves (over a parameter)."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn import model_selection
from sklearn.base import is_classifier

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.integrations.sklearn.boundary import check_is_new, check_monitor, harmless
from tb_monitor_writer.integrations.sklearn.scoring import (
    Score,
    Splits,
    check_folds,
    distinct_examples,
    examples_in_training,
    mean_over_folds,
    score_of,
    validation_to_train,
)
from tb_monitor_writer.monitor_writer import MonitorWriter
from tb_monitor_writer.schema.names import check_name


def learning_curve(
    monitor: MonitorWriter,
    estimator: Any,  # noqa: ANN401
    X: Any,  # noqa: ANN401, N803
    y: Any,  # noqa: ANN401
    *,
    scoring: Any = None,  # noqa: ANN401
    cv: Any = None,  # noqa: ANN401
    **arguments: Any,  # noqa: ANN401
) -> tuple[Any, ...]:
    """Runs `sklearn.model_selection.learning_curve` and logs it; see `log_learning_curve`.

    Args:
      monitor: Where to log.
      estimator: Any that can be scored.
      X: Examples `[n, ...]`.
      y: Labels or targets.
      scoring: As in scikit-learn: None, a name, or a scorer.
      cv: As in scikit-learn.
      arguments: All others of scikit-learn: `train_sizes=`, `groups=`, `shuffle=`, ...

    Returns:
      What scikit-learn returns. Once it has run nothing raises: what cannot be logged is said
      through the logger "tb_monitor_writer".

    Raises:
      InvalidInput: an argument of ours makes no sense; nothing was run.
    """
    check_monitor(monitor)
    score = score_of(scoring, estimator)
    check_is_new(monitor, _name_of(score, _SIZE))
    splits = _splits(cv, estimator, X, y, arguments)
    result: tuple[Any, ...] = model_selection.learning_curve(
        estimator, X, y, scoring=scoring, cv=splits, **arguments
    )
    with harmless("learning_curve"):
        _log_learning_curve(monitor, score, result[0], result[1], result[2], splits)
    return result


def validation_curve(
    monitor: MonitorWriter,
    estimator: Any,  # noqa: ANN401
    X: Any,  # noqa: ANN401, N803
    y: Any,  # noqa: ANN401
    *,
    param_name: str,
    param_range: Sequence[Any],
    scoring: Any = None,  # noqa: ANN401
    cv: Any = None,  # noqa: ANN401
    **arguments: Any,  # noqa: ANN401
) -> tuple[Any, Any]:
    """Runs `sklearn.model_selection.validation_curve` and logs it; see `log_validation_curve`.

    Arguments, result and errors as in `learning_curve`, but for:

    Args:
      monitor: Where to log.
      estimator: Any that can be scored.
      X: Examples `[n, ...]`.
      y: Labels or targets.
      param_name: As in scikit-learn: "C", or "svc__C" within a pipeline.
      param_range: Its values, from the simplest model to the most flexible.
      scoring: As in scikit-learn: None, a name, or a scorer.
      cv: As in scikit-learn.
      arguments: All others of scikit-learn.
    """
    check_monitor(monitor)
    score = score_of(scoring, estimator)
    head, _ = _axis_of(param_name, param_range)
    check_is_new(monitor, _name_of(score, head))
    splits = _splits(cv, estimator, X, y, arguments)
    train, validation = model_selection.validation_curve(
        estimator, X, y, param_name=param_name, param_range=param_range, scoring=scoring,
        cv=splits, **arguments,
    )  # fmt: skip
    with harmless("validation_curve"):
        _log_validation_curve(monitor, score, param_name, param_range, train, validation, splits)
    return train, validation


def log_learning_curve(
    monitor: MonitorWriter,
    train_sizes: object,
    train_scores: object,
    validation_scores: object,
    *,
    scoring: object = None,
    estimator: object = None,
    splits: Splits | None = None,
) -> None:
    """Logs what `sklearn.model_selection.learning_curve` has returned.

    A fit series `<quantity>/training size`: step = number of training examples, train and
    validation score as means over the folds, with their standard error (of validation; see
    `scoring.mean_over_folds`). Scorers that scikit-learn negates are logged in their own sign.

    How to read it: where validation still gains at the right end, more examples help; where
    both have met, a more flexible model may.

    Args:
      monitor: Where to log.
      train_sizes: Ascending, `[n_points]`.
      train_scores: `[n_points, n_folds]`.
      validation_scores: `[n_points, n_folds]`.
      scoring: As it was given to scikit-learn: names the quantity, and says which way is up.
      estimator: Whose own score it was, if `scoring` is None.
      splits: Indices of train and validation of each fold, as `cv.split` gives them; None:
        taken for k folds.

    Raises:
      InvalidInput: an argument makes no sense; nothing was logged.
    """
    check_monitor(monitor)
    score = score_of(scoring, estimator)
    _log_learning_curve(monitor, score, train_sizes, train_scores, validation_scores, splits)


def log_validation_curve(
    monitor: MonitorWriter,
    param_name: str,
    param_range: Sequence[Any],
    train_scores: object,
    validation_scores: object,
    *,
    scoring: object = None,
    estimator: object = None,
    splits: Splits | None = None,
) -> None:
    """Logs what `sklearn.model_selection.validation_curve` has returned.

    A fit series `<quantity>/<param_name> by value` if the values are ascending whole numbers >= 0
    (max_depth, n_neighbors): step = value. Else `<quantity>/<param_name> by index`: step =
    position in `param_range`, from 0. Otherwise as in `log_learning_curve`.

    How to read it: from the simplest model to the most flexible, what is said of training steps
    holds for the values: the best one, and that validation falls behind beyond it.

    Args:
      monitor: Where to log.
      param_name: Of the parameter.
      param_range: Its values, `[n_points]`.
      train_scores: `[n_points, n_folds]`.
      validation_scores: `[n_points, n_folds]`.
      scoring: As it was given to scikit-learn: names the quantity, and says which way is up.
      estimator: Whose own score it was, if `scoring` is None.
      splits: As in `log_learning_curve`.

    Raises:
      InvalidInput: an argument makes no sense; nothing was logged.
    """
    check_monitor(monitor)
    score = score_of(scoring, estimator)
    _log_validation_curve(
        monitor, score, param_name, param_range, train_scores, validation_scores, splits
    )


_SIZE = "training size"


def _name_of(score: Score, head: str) -> str:
    return check_name("quantity", f"{score.quantity}/{head}")


def _axis_of(param_name: str, param_range: Sequence[Any]) -> tuple[str, list[int]]:
    """Head and steps of a validation curve."""
    if not isinstance(param_name, str):
        raise InvalidInput(f"param_name must be a string, got {param_name!r:.40}")
    values = list(param_range)
    if not values:
        raise InvalidInput("param_range must hold at least one value, got none")
    numbers = np.asarray(values)
    if numbers.dtype.kind in "iu" and numbers[0] >= 0 and (np.diff(numbers) > 0).all():
        return f"{param_name} by value", [int(number) for number in numbers]
    return f"{param_name} by index", list(range(len(values)))


def _log_learning_curve(
    monitor: MonitorWriter,
    score: Score,
    train_sizes: object,
    train_scores: object,
    validation_scores: object,
    splits: Splits | None,
) -> None:
    sizes = np.asarray(train_sizes)
    if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or (np.diff(sizes) <= 0).any():
        raise InvalidInput(
            f"train_sizes must be ascending whole numbers [n_points], got {train_sizes!r:.60}"
        )
    _log_points(
        monitor, score, _SIZE, [int(size) for size in sizes], train_scores, validation_scores,
        splits, train_n=sizes,
    )  # fmt: skip


def _log_validation_curve(
    monitor: MonitorWriter,
    score: Score,
    param_name: str,
    param_range: Sequence[Any],
    train_scores: object,
    validation_scores: object,
    splits: Splits | None,
) -> None:
    head, steps = _axis_of(param_name, param_range)
    train_n = None
    if splits is not None:
        train_n = np.full(len(steps), examples_in_training(splits))
    _log_points(
        monitor, score, head, steps, train_scores, validation_scores, splits, train_n=train_n
    )


def _log_points(
    monitor: MonitorWriter,
    score: Score,
    head: str,
    steps: Sequence[int],
    train_scores: object,
    validation_scores: object,
    splits: Splits | None,
    *,
    train_n: npt.NDArray[Any] | None,
) -> None:
    train = check_folds("train_scores", train_scores, 2)
    validation = check_folds("validation_scores", validation_scores, 2)
    if train.shape != validation.shape or len(train) != len(steps):
        raise InvalidInput(
            f"train_scores and validation_scores must have one row for each of {len(steps)} "
            f"points, got shapes {train.shape} and {validation.shape}"
        )
    name = _name_of(score, head)
    check_is_new(monitor, name)
    ratio = validation_to_train(train.shape[1], splits)
    validation_n = None if splits is None else distinct_examples([part for _, part in splits])
    for point, step in enumerate(steps):
        measured = mean_over_folds(score.values(validation[point]), ratio)
        monitor.fit(
            name,
            train=mean_over_folds(score.values(train[point]), ratio).value,
            validation=measured.value,
            n=(None if train_n is None else int(train_n[point]), validation_n),
            se=(None, measured.se),
            step=step,
            higher_is_better=score.higher_is_better,
        )


def _splits(
    cv: Any,  # noqa: ANN401
    estimator: Any,  # noqa: ANN401
    X: Any,  # noqa: ANN401, N803
    y: Any,  # noqa: ANN401
    arguments: dict[str, Any],
) -> list[tuple[Any, Any]]:
    """The folds, drawn once: a random splitter would draw others for the same call again."""
    groups = arguments.get("groups")
    params: Mapping[str, Any] | None = arguments.get("params")
    if groups is None and params and "groups" in params:
        groups = params["groups"]
        arguments["params"] = {key: value for key, value in params.items() if key != "groups"}
    splitter = model_selection.check_cv(cv, y, classifier=is_classifier(estimator))
    return list(splitter.split(X, y, groups))
