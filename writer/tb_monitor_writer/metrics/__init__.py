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
from tb_monitor_writer.metrics.biased_choice import BiasOrAmbiguity, bias_or_ambiguity
from tb_monitor_writer.metrics.calibration import (
    brier_score_loss,
    expected_calibration_error,
    log_loss,
)
from tb_monitor_writer.metrics.changes import (
    ChangedCells,
    ChangedClasses,
    changed_cells,
    changed_classes,
)
from tb_monitor_writer.metrics.confusion_matrix import ConfusionMatrix
from tb_monitor_writer.metrics.costs import CostCurve, ExpectedCost, cost_curve, expected_cost
from tb_monitor_writer.metrics.counts import Margins
from tb_monitor_writer.metrics.fix_first import FixFirst, fix_first
from tb_monitor_writer.metrics.intervals import (
    f1_interval,
    macro_f1_interval,
    mean_interval,
    wilson_interval,
)
from tb_monitor_writer.metrics.label_map_lint import LabelMapFinding, lint_label_map
from tb_monitor_writer.metrics.multilabel_counts import MultilabelCounts, multilabel_averages
from tb_monitor_writer.metrics.precision_recall import (
    PrecisionRecallFScore,
    precision_recall_fscore,
)
from tb_monitor_writer.metrics.prior_shift import with_prevalence
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
from tb_monitor_writer.metrics.total_lint import TotalFinding, lint_total

__all__ = [
    "BiasOrAmbiguity",
    "ChangedCells",
    "ChangedClasses",
    "ConfusionMatrix",
    "CostCurve",
    "ExpectedCost",
    "FixFirst",
    "LabelMapFinding",
    "Margins",
    "MultilabelCounts",
    "PrecisionRecallFScore",
    "ScoreHistogram",
    "TotalFinding",
    "accuracy_score",
    "as_numpy",
    "average_precision_score",
    "averages",
    "balanced_accuracy_score",
    "bias_or_ambiguity",
    "brier_score_loss",
    "changed_cells",
    "changed_classes",
    "cohen_kappa_score",
    "cost_curve",
    "expected_calibration_error",
    "expected_cost",
    "f1_interval",
    "f1_score",
    "fbeta_score",
    "fix_first",
    "jaccard_score",
    "lint_label_map",
    "lint_total",
    "log_loss",
    "macro_f1_interval",
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
    "with_prevalence",
]
