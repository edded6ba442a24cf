"""Logs confusion matrices and fit diagnostics for TensorBoard's Monitor tab.

with MonitorWriter("logs/run-1", class_names=["cat", "dog"]) as monitor:
    for step in range(1, 11):
        monitor.predictions("validation", y_true, y_pred, step=step)
        monitor.fit("loss", train=train_loss, validation=validation_loss, step=step)
"""

from tb_monitor_writer import metrics, summary
from tb_monitor_writer.errors import InvalidInput, MonitorError, SchemaMismatch
from tb_monitor_writer.events import WriterStatus
from tb_monitor_writer.metrics import (
    ConfusionMatrix,
    MultilabelCounts,
    PrecisionRecallFScore,
    ScoreHistogram,
    precision_recall_fscore,
)
from tb_monitor_writer.monitor_writer import MonitorWriter

__all__ = [
    "ConfusionMatrix",
    "InvalidInput",
    "MonitorError",
    "MonitorWriter",
    "MultilabelCounts",
    "PrecisionRecallFScore",
    "SchemaMismatch",
    "ScoreHistogram",
    "WriterStatus",
    "metrics",
    "precision_recall_fscore",
    "summary",
]
__version__ = "0.1.0"
