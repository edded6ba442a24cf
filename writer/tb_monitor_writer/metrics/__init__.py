"""Pure numpy: arrays in, values out.

Rows are the truth, columns the prediction; docs/metrics.md has every formula, its source and
where other libraries would say another number.
"""

from tb_monitor_writer.metrics.arrays import as_numpy
from tb_monitor_writer.metrics.averaging import averages
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix
from tb_monitor_writer.metrics.counts import Margins
from tb_monitor_writer.metrics.intervals import f1_interval, mean_interval, wilson_interval
from tb_monitor_writer.metrics.precision_recall import (
    PrecisionRecallFScore,
    accuracy,
    balanced_accuracy,
    precision_recall_fscore,
)
from tb_monitor_writer.metrics.score_histogram import ScoreHistogram

__all__ = [
    "ConfusionMatrix",
    "Margins",
    "PrecisionRecallFScore",
    "ScoreHistogram",
    "accuracy",
    "as_numpy",
    "averages",
    "balanced_accuracy",
    "f1_interval",
    "mean_interval",
    "precision_recall_fscore",
    "wilson_interval",
]
