"""Sums of the proper scores of probabilities, which bins alone would not give exactly."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.metrics.arrays import AnyArray

Scores: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.signedinteger | np.unsignedinteger]

_GROUP = 16
"""Probabilities multiplied before one logarithm is taken: none is below 2.2e-16 (`smallest_score`),
so that the product of 16 is above 1e-251."""


class ScoreLosses:
    """Squared errors and log losses of each label, added up in float64.

    Attributes:
      squared_errors: Sum of (score - truth)^2, `[L]`, truth 0 or 1.
      log_losses: Sum of -log of the probability that the truth was given, `[L]`; of class
        indices those of the true class alone, under that class.
    """

    squared_errors: Scores
    log_losses: Scores

    def __init__(self, num_labels: int) -> None:
        self.squared_errors = np.zeros(num_labels)
        self.log_losses = np.zeros(num_labels)

    def add_labels(self, truth: Integers, scores: Scores, smallest: float) -> None:
        """Adds examples `[n, L]` of which each label is true or not.

        Args:
          truth: 0 or 1.
          scores: In [0, 1].
          smallest: Probabilities are taken to be in [smallest, 1 - smallest] by the log loss.
        """
        given = np.subtract(1.0, truth)  # becomes what the truth was given; exact near 0
        np.abs(np.subtract(scores, given, out=given), out=given)
        self.squared_errors += _sums_of_squares(1 - given)
        _clip(given, smallest)
        self.log_losses -= _sums_of_logs(given)

    def add_classes(self, truth: Integers, scores: Scores, smallest: float) -> None:
        """Adds examples of one class each: indices `[n]`, scores `[n, L]`."""
        rows = np.arange(len(truth))
        given = scores[rows, truth]
        wrong = scores.copy()
        wrong[rows, truth] = given - 1
        self.squared_errors += _sums_of_squares(wrong)
        _clip(given, smallest)
        self.log_losses -= np.bincount(truth, np.log(given), minlength=len(self.log_losses))

    def merge(self, other: "ScoreLosses") -> None:
        """Adds those of other examples."""
        self.squared_errors += other.squared_errors
        self.log_losses += other.log_losses

    def copy(self) -> "ScoreLosses":
        """Returns an independent copy."""
        other = ScoreLosses(len(self.log_losses))
        other.merge(self)
        return other


def smallest_score(scores: AnyArray) -> float:
    """What a score of 0 counts as in a log loss: the epsilon of its dtype, as in scikit-learn."""
    finest = float(np.finfo(np.float64).eps)
    if not np.issubdtype(scores.dtype, np.floating):
        return finest
    return max(finest, float(np.finfo(scores.dtype.type(0)).eps))


def _clip(probabilities: Scores, smallest: float) -> None:
    np.maximum(probabilities, smallest, out=probabilities)
    np.minimum(probabilities, 1 - smallest, out=probabilities)


def _sums_of_squares(wrong: Scores) -> Scores | float:
    if wrong.shape[1] == 1:
        return float(np.vdot(wrong, wrong))
    sums: Scores = np.einsum("ij,ij->j", wrong, wrong)
    return sums


def _sums_of_logs(probabilities: Scores) -> Scores:
    """Of each column: logarithms of products are a tenth of the work."""
    rows, columns = probabilities.shape
    groups = rows // _GROUP
    grouped = probabilities[: groups * _GROUP].reshape(_GROUP, groups * columns)
    products = np.multiply.reduce(grouped, axis=0).reshape(groups, columns)
    rest = np.multiply.reduce(probabilities[groups * _GROUP :], axis=0)
    sums: Scores = np.log(products).sum(axis=0) + np.log(rest)
    return sums
