"""Whether scores are probabilities: calibration error, Brier score, log loss."""

import math

import numpy as np

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.precision_recall import divide
from tb_monitor_writer.metrics.ranking import (
    LabelAverage,
    averaged,
    bins_of,
    check_histogram,
)
from tb_monitor_writer.metrics.score_histogram import ScoreHistogram
from tb_monitor_writer.metrics.score_losses import Scores


def expected_calibration_error(
    histogram: ScoreHistogram, n_bins: int = 10, average: LabelAverage = "macro"
) -> Scores | float:
    """Expected calibration error: how far the scores of a label are from its frequency.

    Sum over bins of equal width of (n_b / n) |positives_b / n_b - mean score_b|. It is the error
    of the probability of the positive class (or of each class against the rest: "classwise"). The
    other one in use, of the largest probability alone ("top-label", "confidence"), is this one of
    another histogram, in which an example is positive if it was classified rightly:

        confidence = ScoreHistogram()
        confidence.update(probabilities.argmax(1) == y_true, probabilities.max(1))

    The mean score of a bin is taken from the middles of the histogram's finer bins, so that the
    result is within 1 / (2 B) of the exact one: 0.0005 of a binary histogram, 0.005 of one with
    100 bins.

    Args:
      histogram: Scores of a binary task, of labels, or of classes.
      n_bins: A divisor of `histogram.bins`.
      average: None: per label. "macro": mean over labels, "weighted": by their positives.
        "micro": of all labels' scores together.

    Returns:
      In [0, 1]: an array `[L]` if `average` is None, else a float. NaN without examples.

    Raises:
      InvalidInput: an argument out of its range.

    Source: Naeini, Cooper, Hauskrecht, AAAI 2015; Guo et al., ICML 2017; Kull et al., NeurIPS
    2019 (classwise).
    """
    negatives, positives = bins_of(histogram, average)
    bins = histogram.bins
    if isinstance(n_bins, bool) or not isinstance(n_bins, int) or n_bins < 1 or bins % n_bins:
        raise InvalidInput(
            f"n_bins must be a divisor of the histogram's {bins} bins, got {n_bins!r:.40}"
        )
    middles = (np.arange(bins) + 0.5) / bins
    coarse = (len(positives), n_bins, bins // n_bins)
    gaps = (positives - (negatives + positives) * middles).reshape(coarse).sum(axis=2)
    examples = (negatives + positives).sum(axis=1)
    errors = divide(np.abs(gaps).sum(axis=1), examples, np.nan)
    return averaged(errors, positives.sum(axis=1), average)


def brier_score_loss(histogram: ScoreHistogram) -> float:
    """Brier score: mean squared error of the probabilities; exact, not from the bins.

    Args:
      histogram: Scores of a binary task, of classes, or of labels.

    Returns:
      Binary: mean of (score - truth)^2, in [0, 1]. Classes: that of all classes added up, in
      [0, 2] (as scikit-learn's `scale_by_half="auto"`). Labels: its mean over labels. NaN without
      examples.

    Raises:
      InvalidInput: an argument of another kind.

    Source: Brier, Monthly Weather Review 78 (1950) 1-3.
    """
    check_histogram(histogram)
    return _mean(histogram, float(histogram.squared_errors.sum()))


def log_loss(histogram: ScoreHistogram) -> float:
    """Log loss, cross-entropy in nats: exact, not from the bins.

    Args:
      histogram: Scores of a binary task, of classes, or of labels.

    Returns:
      Mean of -log of the probability that the truth was given, >= 0; of labels, its mean over
      them. Probabilities are clipped to [eps, 1 - eps], eps of the dtype of the scores, as in
      scikit-learn (at most 36.04 for float64, 15.94 for float32). NaN without examples.

    Raises:
      InvalidInput: an argument of another kind.

    Source: Good, Journal of the Royal Statistical Society B 14 (1952) 107-114.
    """
    check_histogram(histogram)
    return _mean(histogram, float(histogram.log_losses.sum()))


def _mean(histogram: ScoreHistogram, summed: float) -> float:
    values = histogram.total * (1 if histogram.multiclass else histogram.num_labels)
    return summed / values if values else math.nan
