"""What a score is called, which way it points, and how sure its mean over folds is."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline

from tb_monitor_writer.errors import InvalidInput

Splits = Sequence[tuple[Any, Any]]
"""Indices of train and of validation, for each fold."""


class Score(NamedTuple):
    """How the scores of a scorer are logged.

    Attributes:
      quantity: "accuracy", "log_loss", ...
      higher_is_better: False for what scikit-learn negates; it is logged as it was before.
    """

    quantity: str
    higher_is_better: bool = True

    def values(self, scores: object) -> npt.NDArray[np.float64]:
        """Scores in the quantity's own sign."""
        found = np.asarray(scores, np.float64)
        return found if self.higher_is_better else -found


class MeanOverFolds(NamedTuple):
    """Of the folds that have a score.

    Attributes:
      value: Their mean, NaN without any.
      se: Its standard error after Nadeau and Bengio, None below two folds.
    """

    value: float
    se: float | None


def score_of(scoring: object, estimator: object, key: str = "score") -> Score:
    """Names what a `scoring` argument measures.

    Args:
      scoring: As scikit-learn takes it: None, a name, a scorer, or several by key.
      estimator: Whose own `score` is meant by None.
      key: Which of several.
    """
    if isinstance(scoring, dict):
        return Score(key, score_of(scoring.get(key), estimator).higher_is_better)
    if scoring is None:
        return _default_score(estimator)
    if isinstance(scoring, (list, tuple, set)):
        scoring = key
    if isinstance(scoring, str):
        is_loss = scoring.startswith("neg_")
        return Score(scoring.removeprefix("neg_"), higher_is_better=not is_loss)
    measure = getattr(scoring, "_score_func", None)  # of make_scorer()
    if measure is None:  # a plain callable(estimator, X, y): greater is better, by contract
        return Score(getattr(scoring, "__name__", key) if key == "score" else key)
    quantity = getattr(measure, "__name__", "score").removesuffix("_score")
    return Score(quantity, higher_is_better=getattr(scoring, "_sign", 1) > 0)


def mean_over_folds(scores: object, validation_to_train: float) -> MeanOverFolds:
    """Mean of the scores of k folds, and its standard error.

    Folds share most of their training examples, so that their scores lean the same way and
    s / sqrt(k) is too small. With n_v / n_t, validation to training examples of a fold,

        se = s * sqrt(1 / k + n_v / n_t)

    which for five folds is 1.5 times as much. It is a rule of thumb: no unbiased estimate
    exists (Bengio & Grandvalet 2004).

    Args:
      scores: `[k]`; a NaN is a fold whose fit failed.
      validation_to_train: n_v / n_t.

    Source: Nadeau & Bengio, Inference for the Generalization Error, Machine Learning 52 (2003).
    """
    found = np.asarray(scores, np.float64)
    found = found[np.isfinite(found)]
    if not len(found):
        return MeanOverFolds(math.nan, None)
    if len(found) == 1:
        return MeanOverFolds(float(found[0]), None)
    spread = float(found.std(ddof=1))
    return MeanOverFolds(
        float(found.mean()), spread * math.sqrt(1 / len(found) + validation_to_train)
    )


def validation_to_train(folds: int, splits: Splits | None) -> float:
    """Validation to training examples of a fold; without splits, as k folds have it."""
    if splits is None:
        return 1 / (folds - 1) if folds > 1 else math.nan
    return float(
        np.mean(
            [len(positions(validation)) / len(positions(train)) for train, validation in splits]
        )
    )


def examples_in_training(splits: Splits) -> int:
    """Training examples of a fold; of folds of unlike size, their mean."""
    return round(np.mean([len(positions(train)) for train, _ in splits]))


def distinct_examples(parts: Sequence[Any]) -> int:
    """How many examples there are in parts that may overlap."""
    return len(np.unique(np.concatenate([positions(part) for part in parts])))


def positions(part: object) -> npt.NDArray[Any]:
    """Indices of examples, which a splitter may give as a mask."""
    found = np.asarray(part)
    return np.flatnonzero(found) if found.dtype == bool else found


def check_folds(argument: str, scores: object, ndim: int) -> npt.NDArray[np.float64]:
    """Checks an array of scores whose last axis are the folds."""
    try:
        found = np.asarray(scores, np.float64)
    except (TypeError, ValueError):
        found = np.empty(0)
    if found.ndim != ndim or not found.size:
        shape = "[n_points, n_folds]" if ndim == 2 else "[n_folds]"
        raise InvalidInput(f"{argument} must be scores {shape}, got shape {found.shape}")
    return found


def _default_score(estimator: object) -> Score:
    while isinstance(estimator, Pipeline):
        estimator = estimator.steps[-1][1]
    if isinstance(estimator, (GridSearchCV, RandomizedSearchCV)):
        if isinstance(estimator.scoring, str):
            return score_of(estimator.scoring, estimator)
        return _default_score(estimator.estimator) if estimator.scoring is None else Score("score")
    score = getattr(type(estimator), "score", None)
    if score is ClassifierMixin.score:
        return Score("accuracy")
    return Score("r2" if score is RegressorMixin.score else "score")
