"""Keras 3, on any of its backends: a metric that counts, a callback that logs.

    model.compile(
        optimizer="adam",
        loss="sparse_categorical_crossentropy",
        metrics=[PrecisionRecallFScore(num_classes=10, average="weighted")],
    )
    model.fit(x, y, validation_split=0.2, callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_f1", mode="max", patience=10),
        MonitorCallback("logs/run-1"),
    ])

The callback never sees the data of `validation_split`; what it logs are the counts that the
metric has gathered of train and validation.
"""

try:
    from keras import ops as _ops  # noqa: F401  absent before Keras 3
except ImportError as error:
    raise ImportError(
        "tb_monitor_writer.integrations.keras needs Keras 3; pip install 'keras>=3'"
    ) from error

from tb_monitor_writer.integrations.keras.averaged import LeftOut
from tb_monitor_writer.integrations.keras.callback import MonitorCallback
from tb_monitor_writer.integrations.keras.metric import PrecisionRecallFScore
from tb_monitor_writer.integrations.keras.multilabel import MultilabelPrecisionRecallFScore

__all__ = [
    "LeftOut",
    "MonitorCallback",
    "MultilabelPrecisionRecallFScore",
    "PrecisionRecallFScore",
]
