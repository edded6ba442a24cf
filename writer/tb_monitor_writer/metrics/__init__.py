"""Pure numpy: arrays in, values out.

Rows are the truth, columns the prediction; docs/metrics.md has every formula, its source and
where other libraries would say another number.
"""

from tb_monitor_writer.metrics.accuracy import (
    accuracy_score,
    balanced_accuracy_score,
    top_k_accuracy_score,
)
from tb_monitor_writer.metrics.agreement import cohen_kappa_score, matthews_corrcoef
from tb_monitor_writer.metrics.arrays import as_numpy
from tb_monitor_writer.metrics.averaging import averages
from tb_monitor_writer.metrics.calibration import (
    brier_score_loss,
    expected_calibration_error,
    log_loss,
)
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix
from tb_monitor_writer.metrics.counts import Margins
from tb_monitor_writer.metrics.intervals import f1_interval, mean_interval, wilson_interval
from tb_monitor_writer.metrics.multilabel_counts import MultilabelCounts, multilabel_averages
from tb_monitor_writer.metrics.precision_recall import (
    PrecisionRecallFScore,
    precision_recall_fscore,
)
from tb_monitor_writer.metrics.ranking import average_precision_score, roc_auc_score
from tb_monitor_writer.metrics.ratios import (
    f1_score,
    fbeta_score,
    jaccard_score,
    negative_predictive_value,
    precision_score,
    recall_score,
    specificity,
)
from tb_monitor_writer.metrics.score_histogram import ScoreHistogram

__all__ = [
    "ConfusionMatrix",
    "Margins",
    "MultilabelCounts",
    "PrecisionRecallFScore",
    "ScoreHistogram",
    "accuracy_score",
    "as_numpy",
    "average_precision_score",
    "averages",
    "balanced_accuracy_score",
    "brier_score_loss",
    "cohen_kappa_score",
    "expected_calibration_error",
    "f1_interval",
    "f1_score",
    "fbeta_score",
    "jaccard_score",
    "log_loss",
    "matthews_corrcoef",
    "mean_interval",
    "multilabel_averages",
    "negative_predictive_value",
    "precision_recall_fscore",
    "precision_score",
    "recall_score",
    "roc_auc_score",
    "specificity",
    "top_k_accuracy_score",
    "wilson_interval",
]
