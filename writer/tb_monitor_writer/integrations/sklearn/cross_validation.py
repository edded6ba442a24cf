"""Cross-validation: one confusion matrix per fold, one of all folds, the scores' mean."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn import model_selection
from sklearn.base import is_classifier
from sklearn.utils.metaestimators import _safe_split

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.integrations.sklearn.boundary import (
    check_is_new,
    check_monitor,
    harmless,
    logger,
)
from tb_monitor_writer.integrations.sklearn.classes import as_array, classes_of, is_countable
from tb_monitor_writer.integrations.sklearn.scoring import (
    Splits,
    distinct_examples,
    examples_in_training,
    mean_over_folds,
    positions,
    score_of,
    validation_to_train,
)
from tb_monitor_writer.monitor_writer import MonitorWriter
from tb_monitor_writer.schema.names import check_name


def cross_validate(
    monitor: MonitorWriter,
    estimator: Any,  # noqa: ANN401
    X: Any,  # noqa: ANN401, N803
    y: Any,  # noqa: ANN401
    *,
    name: str = "validation",
    sample_weight: object = None,
    scoring: Any = None,  # noqa: ANN401
    **arguments: Any,  # noqa: ANN401
) -> dict[str, Any]:
    """Runs `sklearn.model_selection.cross_validate` and logs it; see `log_cross_validation`.

    Args:
      monitor: Where to log.
      estimator: Classifier, or regressor (of which scores only are logged).
      X: Examples `[n, ...]`.
      y: Labels or targets `[n]`, or 0 or 1 `[n, L]`.
      name: Of the matrices.
      sample_weight: Weights >= 0 of the counts, `[n]`. Weights of the fit go into scikit-learn's
        own `params={"sample_weight": ...}`.
      scoring: As in scikit-learn.
      arguments: All others of scikit-learn: `cv=`, `groups=`, `return_train_score=`, ...

    Returns:
      What scikit-learn returns. Once it has run nothing raises: what cannot be logged is said
      through the logger "tb_monitor_writer".

    Raises:
      InvalidInput: an argument of ours makes no sense; nothing was run.
    """
    _check(monitor, name, y if is_classifier(estimator) else None, sample_weight)
    keep = {key: arguments.pop(key, False) for key in ("return_estimator", "return_indices")}
    result: dict[str, Any] = model_selection.cross_validate(
        estimator, X, y, scoring=scoring, return_estimator=True, return_indices=True, **arguments
    )
    with harmless("cross_validate"):
        log_cross_validation(
            monitor, result, X, y, name=name, sample_weight=sample_weight, scoring=scoring
        )
    for key, wanted in zip(("estimator", "indices"), keep.values(), strict=True):
        if not wanted:
            del result[key]
    return result


def log_cross_validation(
    monitor: MonitorWriter,
    result: Mapping[str, Any],
    X: Any,  # noqa: ANN401, N803
    y: Any,  # noqa: ANN401
    *,
    name: str = "validation",
    sample_weight: object = None,
    scoring: Any = None,  # noqa: ANN401
) -> None:
    """Logs what `sklearn.model_selection.cross_validate` has returned.

    * `<name>/folds`: the confusion matrix of each fold; step = fold, from 0.
    * `<name>`: the matrix of all folds together, at the step of the last. Every example was
      predicted by a model that had not seen it; but it measures the procedure, not one model.
    * `<quantity>/cross-validation`: train and validation score, means over the folds; a fit
      series of one step. Its standard error is Nadeau and Bengio's, since folds overlap (see
      `scoring.mean_over_folds`); the train score has none, since training folds overlap most.
      Scorers that scikit-learn negates are logged in their own sign: `neg_log_loss` as log_loss.

    Args:
      monitor: Where to log.
      result: With `return_estimator=True, return_indices=True`.
      X: Examples, as they were given to scikit-learn.
      y: Labels or targets, the same.
      name: Of the matrices.
      sample_weight: Weights >= 0 of the counts, `[n]`.
      scoring: As it was given to scikit-learn; tells what its scores are called.

    Raises:
      InvalidInput: an argument makes no sense; nothing was logged.
    """
    for key in ("estimator", "indices"):
        if key not in result:
            raise InvalidInput(
                f"result must have {key!r}, got {', '.join(result):.80}; call "
                f"cross_validate(..., return_estimator=True, return_indices=True)"
            )
    estimators, indices = result["estimator"], result["indices"]
    is_counted = is_classifier(estimators[0])
    _check(monitor, name, y if is_counted else None, sample_weight)
    splits: Splits = list(zip(indices["train"], indices["test"], strict=True))
    if is_counted:
        _log_matrices(monitor, name, estimators, splits, X, y, sample_weight)
    folds = len(splits)
    for key in result:
        if not key.startswith("test_"):
            continue
        score = score_of(scoring, estimators[0], key.removeprefix("test_"))
        ratio = validation_to_train(folds, splits)
        validation = mean_over_folds(score.values(result[key]), ratio)
        train = None
        if (train_key := f"train_{key.removeprefix('test_')}") in result:
            train = mean_over_folds(score.values(result[train_key]), ratio).value
        monitor.fit(
            f"{score.quantity}/cross-validation",
            train=train,
            validation=validation.value,
            n=(
                None if train is None else examples_in_training(splits),
                distinct_examples([part for _, part in splits]),
            ),
            se=(None, validation.se),
            step=folds - 1,
            higher_is_better=score.higher_is_better,
        )


def _log_matrices(
    monitor: MonitorWriter,
    name: str,
    estimators: list[Any],
    splits: Splits,
    X: Any,  # noqa: ANN401, N803
    y: Any,  # noqa: ANN401
    sample_weight: object,
) -> None:
    truth = as_array(y)
    weights = None if sample_weight is None else np.asarray(sample_weight)
    classes = classes_of(monitor, truth)
    held_out, outputs = [], []
    for fold, (estimator, (train, validation)) in enumerate(zip(estimators, splits, strict=True)):
        examples, _ = _safe_split(estimator, X, None, validation, train)
        try:
            predicted = as_array(estimator.predict(examples))
        except Exception as error:  # a fit that failed and was scored `error_score`
            logger.warning("%s: fold %d is left out: %r", name, fold, error)
            continue
        held_out.append(positions(validation))
        outputs.append(predicted)
        counts = classes.counts(
            truth[held_out[-1]], predicted, None if weights is None else weights[held_out[-1]]
        )
        monitor.confusion_matrix(f"{name}/folds", counts, step=fold)
    if not held_out:
        return
    tested, distinct = np.concatenate(held_out), distinct_examples(held_out)
    if len(tested) > distinct:
        logger.warning(
            "%s: %d examples were tested %d times in all: the intervals of the matrix of all "
            "folds are too narrow",
            name, distinct, len(tested),
        )  # fmt: skip
    counts = classes.counts(
        truth[tested], np.concatenate(outputs), None if weights is None else weights[tested]
    )
    monitor.confusion_matrix(name, counts, step=len(splits) - 1)


def _check(monitor: MonitorWriter, name: str, labels: object, sample_weight: object) -> None:
    check_monitor(monitor)
    check_name("name", name)
    if labels is not None:
        if not is_countable(labels):
            raise InvalidInput(
                "y must be labels [n] or, for several labels, 0 or 1 [n, L]; log other outputs "
                "one by one"
            )
        classes_of(monitor, labels)
        examples = len(as_array(labels))
        if sample_weight is not None and np.shape(np.asarray(sample_weight)) != (examples,):
            raise InvalidInput(
                f"sample_weight must be one weight per example [{examples}], got shape "
                f"{np.asarray(sample_weight).shape}"
            )
    check_is_new(monitor, f"{name}/folds")
