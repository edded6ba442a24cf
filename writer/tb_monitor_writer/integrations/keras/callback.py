"""A Keras callback that logs confusion matrices and learning curves of every epoch."""

import functools
import math
import os
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import keras

from tb_monitor_writer.class_names import check_class_names
from tb_monitor_writer.integrations.boundary import Boundary
from tb_monitor_writer.integrations.keras.averaged import AveragedScores
from tb_monitor_writer.integrations.keras.metric import PrecisionRecallFScore
from tb_monitor_writer.monitor_writer import MonitorWriter
from tb_monitor_writer.schema.names import check_name

_SAME_F1 = 1e-6
"""Two F1 of one state differ by less: at most by the rounding of float32 (JAX)."""


class MonitorCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Logs what the Monitor tab shows, once per epoch.

    * From each compiled `PrecisionRecallFScore` (or its multi-label sister): the confusion
      matrix of the training data as `train`, of the validation data as `validation`. No data is
      kept and nothing is predicted twice, so it works with `validation_split` and with any kind
      of dataset. The matrix of `train` is what the model said while it learnt, batch by batch.
    * Learning curves: the loss, F1 under a name that says its average (`f1_weighted`), and
      every other compiled metric that Keras knows a direction of (accuracy, AUC, mean errors).
    * `evaluate` outside `fit`: the confusion matrix, under the name `evaluate_as`.

    Without the metric, curves only; that is said once.

    The step of a record is the index of its epoch, from 0, as in Keras' own TensorBoard
    callback, so that the two line up; mind that the progress bar counts from 1. A second `fit`
    with the same callback goes on counting where the first one stopped. A new callback on a
    directory that has records is a restart: from its first epoch on it replaces them.
    `evaluate` takes the step of the last epoch, each further one the step after.

    Nothing raises into training (unless `on_error="raise"`): what goes wrong is said once
    through the logger "tb_monitor_writer". Each record is on disk when its epoch ends, so
    there is nothing to close.

    Args:
      log_dir: The run's directory. Others may write to it too.
      class_names: One distinct name per class, for metrics that bear none themselves.
      model: Name of the model, shown beside the run.
      model_version: Its version.
      evaluate_as: Name of what `evaluate` measures outside `fit`.
      scalars: As in `MonitorWriter`.
      on_error: "warn" or "raise".

    Attributes:
      writer: The MonitorWriter, to log scores or anything else to the same run.

    Raises:
      InvalidInput: an argument is none of the above.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str],
        *,
        class_names: object = None,
        model: str = "",
        model_version: str = "",
        evaluate_as: str = "test",
        scalars: bool = True,
        on_error: Literal["warn", "raise"] = "warn",
    ) -> None:
        super().__init__()
        self._arguments: dict[str, Any] = {
            name: value for name, value in locals().items() if name not in ("self", "__class__")
        }
        self._class_names = check_class_names(class_names, None)
        self._evaluate_as = check_name("evaluate_as", evaluate_as)
        self.writer = MonitorWriter(
            log_dir,
            model=model,
            model_version=model_version,
            framework="keras",
            scalars=scalars,
            on_error=on_error,
        )
        self._boundary = Boundary(f"MonitorCallback({os.fspath(log_dir)!r})", on_error)
        self._fit_begins = False
        self._step_of_epoch: int | None = None  # None outside an epoch of fit
        self._train_is_logged = False
        self._offset = 0  # step - epoch
        self._last_step: int | None = None  # None before anything was logged
        self._last_test_step = -1

    def __reduce__(self) -> tuple[object, tuple[()]]:
        """Copies, as hyperparameter tuners make them, are new callbacks of the same arguments."""
        return functools.partial(type(self), **self._arguments), ()

    def set_model(self, model: object) -> None:
        """Is called when `fit` or `evaluate` begins, but not for validation within `fit`."""
        super().set_model(model)
        self._step_of_epoch = None

    def on_train_begin(self, logs: object = None) -> None:
        """Notes that steps may have to go on from an earlier `fit`."""
        self._fit_begins = True

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        """Numbers the epoch."""
        if self._fit_begins:
            self._fit_begins = False
            last_step = -1 if self._last_step is None else self._last_step
            self._offset = max(0, last_step + 1 - epoch)
        self._step_of_epoch = self._offset + epoch
        self._train_is_logged = False

    def on_test_begin(self, logs: object = None) -> None:
        """Reads the counts of the epoch: Keras resets its metrics right after this call."""
        with self._boundary.harmless("counts of train"):
            if self._step_of_epoch is not None and not self._train_is_logged:
                self._train_is_logged = True
                self._log_matrices("train", self._step_of_epoch)

    def on_test_end(self, logs: object = None) -> None:
        """Reads the counts of validation, or of an `evaluate` of its own."""
        with self._boundary.harmless("counts of the evaluation"):
            if self._step_of_epoch is not None:
                self._log_matrices("validation", self._step_of_epoch)
            else:
                self._log_matrices(self._evaluate_as, self._next_test_step())

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Logs the curves, and the counts of an epoch that had no validation."""
        step = self._offset + epoch
        self._step_of_epoch = None
        self._last_step = step
        logs = logs or {}
        with self._boundary.harmless("counts of train"):
            if not self._train_is_logged:
                self._log_matrices("train", step, epoch_logs=logs)
        with self._boundary.harmless("curves"):
            self._log_curves(step, logs)

    def _log_matrices(
        self, split: str, step: int, *, epoch_logs: Mapping[str, float] | None = None
    ) -> None:
        heads = self._metrics_by_head()
        if not heads:
            self._boundary.say(
                "no metric",
                "no PrecisionRecallFScore is compiled into the model: losses only are logged; "
                "for confusion matrices, compile(metrics=[PrecisionRecallFScore(num_classes)])",
            )
        for head, metric in heads.items():
            if epoch_logs is not None and self._has_moved_on(metric.prefix, epoch_logs):
                self._boundary.say(
                    f"state {head}",
                    f"{metric.prefix}f1 has changed since the epoch ended: another callback has "
                    f"evaluated the model; put MonitorCallback before it to have the counts of "
                    f"train logged",
                )
                continue
            counts = metric.counts
            num_classes = len(counts.margins.support)
            if not counts.class_names and len(self._class_names) == num_classes:
                counts.class_names = self._class_names
            elif not counts.class_names and self._class_names:
                self._boundary.say(
                    f"names {head}",
                    f"class_names must name all {num_classes} classes, got "
                    f"{len(self._class_names)}: logged without names",
                )
            self.writer.confusion_matrix(
                f"{split}/{head}" if head else split,
                counts,
                step=step,
                pos_label=metric.pos_label if isinstance(metric, PrecisionRecallFScore) else 1,
            )
            self._say_what_was_left_out(split, metric)

    def _has_moved_on(self, prefix: str, epoch_logs: Mapping[str, float]) -> bool:
        """Whether no metric of this prefix holds any more what the epoch's logs say."""
        logged = epoch_logs.get(f"{prefix}f1", math.nan)
        return not any(
            metric.prefix == prefix and (abs(metric.f1 - logged) <= _SAME_F1 or math.isnan(logged))
            for metric in self._compiled_metrics()
            if isinstance(metric, AveragedScores)
        )

    def _log_curves(self, step: int, logs: Mapping[str, float]) -> None:
        for key, train in logs.items():
            if key.startswith("val_"):
                continue
            known = self._quantity_of(key)
            if known is not None:
                quantity, higher_is_better = known
                self.writer.fit(
                    quantity,
                    train=train,
                    validation=logs.get(f"val_{key}"),
                    step=step,
                    higher_is_better=higher_is_better,
                )

    def _quantity_of(self, key: str) -> tuple[str, bool] | None:
        """Name of a log as a quantity, and whether more of it is better; None: no curve."""
        outputs = getattr(self.model, "output_names", None) or ()
        for head in ("", *(outputs if len(outputs) > 1 else ())):
            name = key.removeprefix(f"{head}_") if head else key
            if head and name == key:
                continue
            quantity = f"{name}/{head}" if head else name
            if name == "loss":
                return quantity, False
            for metric in self._compiled_metrics():
                direction = getattr(metric, "_direction", None)  # "up", "down", or not known
                if metric.name == name and direction:
                    return quantity, direction == "up"
        for head, metric in self._metrics_by_head().items():
            if key == f"{metric.prefix}f1":
                return f"{metric.quantity}/{head}" if head else metric.quantity, True
        return None

    def _metrics_by_head(self) -> dict[str, AveragedScores]:
        heads: dict[str, AveragedScores] = {}
        for metric in self._compiled_metrics():
            if isinstance(metric, AveragedScores):
                head = _head_of(metric)
                if head in heads:
                    self._boundary.say(
                        f"prefix {head}",
                        f"several PrecisionRecallFScore have prefix={metric.prefix!r}: only the "
                        f"first is logged, and in Keras' logs they overwrite each other",
                    )
                else:
                    heads[head] = metric
        return heads

    def _compiled_metrics(self) -> Iterator[Any]:
        for metric in self.model.metrics:
            # Those given to compile() stand in a container, empty until the first batch.
            yield from getattr(metric, "metrics", [metric])

    def _next_test_step(self) -> int:
        if self._last_step is None:
            last_step = self.writer.last_step()
            self._last_step = -1 if last_step is None else last_step
        step = max(self._last_step, self._last_test_step + 1, 0)
        self._last_test_step = step
        return step

    def _say_what_was_left_out(self, split: str, metric: AveragedScores) -> None:
        _, out_of_range, nan = metric.left_out
        if out_of_range:
            self._boundary.say(
                f"labels {split}",
                f"{split}: {out_of_range} labels are not {metric.labels_are} and were left out; "
                f"ignore_index= leaves out in silence",
            )
        if nan:
            what = "examples" if isinstance(metric, PrecisionRecallFScore) else "entries"
            self._boundary.say(
                f"nan {split}", f"{split}: {nan} {what} with NaN scores were left out"
            )


def _head_of(metric: AveragedScores) -> str:
    return metric.prefix.rstrip("_")
