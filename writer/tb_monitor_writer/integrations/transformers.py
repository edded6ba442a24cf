"""Transformers 5: confusion matrices and learning curves of a Trainer's evaluations.

    trainer = Trainer(model, args, train_dataset=train, eval_dataset=validation)
    MonitorCallback().attach(trainer)
    trainer.train()

or, without `attach`, where something else builds the Trainer:

    monitor = MonitorCallback()
    trainer = Trainer(
        ..., callbacks=[monitor], compute_metrics=monitor.compute_metrics,
        preprocess_logits_for_metrics=predicted_classes,
    )
"""

import inspect
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import torch
import transformers
from transformers.integrations import TensorBoardCallback

from tb_monitor_writer import metrics
from tb_monitor_writer.class_names import check_class_names
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.integrations.boundary import Boundary
from tb_monitor_writer.integrations.torch import Evaluation
from tb_monitor_writer.monitor_writer import MonitorWriter
from tb_monitor_writer.schema.names import split_and_head

__all__ = ["MonitorCallback", "predicted_classes"]

Arguments: TypeAlias = Any
State: TypeAlias = Any
Control: TypeAlias = Any
Model: TypeAlias = Any
"""Of Transformers, which mypy does not follow here."""

logger = logging.getLogger("tb_monitor_writer")

_RESULTS = ("accuracy", "precision_macro", "recall_macro", "f1_macro")
_LANGUAGE_MODELS = ("ForCausalLM", "LMHeadModel", "ForMaskedLM", "ForConditionalGeneration")


def predicted_classes(logits: Any, labels: Any) -> Any:  # noqa: ANN401
    """For `Trainer(preprocess_logits_for_metrics=)`: keeps what counting needs, and no more.

    The Trainer holds the logits of the whole evaluation until it is done: 1,000 texts of 512
    tokens and a vocabulary of 50,000 are 95 GiB. Their argmax, taken on the device, is 4 MiB.

    Args:
      logits: A tensor, or a tuple of which the first is (hidden states and the like follow).
      labels: Unused.

    Returns:
      Logits `[n, C]` as they are; of more dimensions, the classes along the last one.
    """
    first = logits[0] if isinstance(logits, (tuple, list)) else logits
    return first.argmax(-1) if first.ndim > 2 else first


class MonitorCallback(transformers.TrainerCallback):  # type: ignore[misc]
    """Logs what the Monitor tab shows, once per evaluation.

    * The confusion matrix of `evaluate` as `validation` (prefix "eval"; of several data sets
      `validation/<name>`), of `predict` as `test`. Tokens whose label is -100 are left out.
    * The validation loss, with the mean train loss that was logged since the last evaluation:
      let `logging_steps` be no more than `eval_steps`, or take `logging_strategy="epoch"`.

    The step of a record is `state.global_step`. A second evaluation at the same step, as after
    training, is not logged again. Records go through the writer of the Trainer's
    TensorBoardCallback (`report_to="tensorboard"`) if `attach` was called, so that they are in
    the same run as its scalars; else to TENSORBOARD_LOGGING_DIR, else to `<output_dir>/runs`.
    The Trainer gathers predictions from all processes; the first one writes.

    Nothing raises into training (unless `on_error="raise"`): what goes wrong is said once through
    the logger "tb_monitor_writer".

    Args:
      where: A run's directory or an open SummaryWriter, instead of all that.
      compute_metrics: Your own, called with the same arguments; its results are the Trainer's.
      num_classes: C; None: as the model's config says, if it is a classifier or language model.
      class_names: One distinct name per class; None: `config.id2label`, if it has names.
      multilabel: Whether an example has any number of the labels; None: as `config.problem_type`
        says.
      ignore_index: Labels that are left out; not used in a multi-label task.
      shift_labels: Whether a token's label is that of the next position, as causal language
        models have it; None: as the model's class name says.
      model: Name of the model, shown beside the run.
      model_version: Its version.
      scalars: As in `MonitorWriter`.
      on_error: "warn" or "raise".

    Attributes:
      writer: The MonitorWriter once something was logged, in the first process; else None.

    Raises:
      InvalidInput: an argument is none of the above.
    """

    writer: MonitorWriter | None

    def __init__(
        self,
        where: object = None,
        *,
        compute_metrics: Callable[..., Mapping[str, Any]] | None = None,
        num_classes: int | None = None,
        class_names: object = None,
        multilabel: bool | None = None,
        ignore_index: int | None = -100,
        shift_labels: bool | None = None,
        model: str = "",
        model_version: str = "",
        scalars: bool = True,
        on_error: Literal["warn", "raise"] = "warn",
    ) -> None:
        super().__init__()
        if compute_metrics is not None and not callable(compute_metrics):
            raise InvalidInput(f"compute_metrics must be callable, got {compute_metrics!r:.40}")
        if on_error not in ("warn", "raise"):
            raise InvalidInput(f"on_error must be 'warn' or 'raise', got {on_error!r}")
        Evaluation(num_classes, class_names=class_names)  # raises now rather than in an hour
        self._where = where
        self._compute_metrics = compute_metrics
        self._num_classes = num_classes
        self._class_names = check_class_names(class_names, num_classes)
        self._multilabel = multilabel
        self._ignore_index = ignore_index
        self._shift_labels = shift_labels
        self._boundary = Boundary("MonitorCallback", on_error)
        self._writer_arguments: dict[str, Any] = {
            "model": model,
            "model_version": model_version,
            "framework": "transformers",
            "scalars": scalars,
            "on_error": on_error,
        }
        self.writer = None
        self._written_to: object = None
        self._tensorboard: Any = None
        self._logged_at: dict[str, int] = {}
        self._counting: Evaluation | None = None  # of an evaluation that goes on
        self._counted: Evaluation | None = None  # of one that has just ended
        self._is_broken = False
        self._train_sum = 0.0  # of losses times steps
        self._train_from = self._train_until = 0
        self._train: tuple[float | None, int, int] = None, 0, -1  # mean, its step, evaluated at

    def attach(self, trainer: transformers.Trainer) -> "MonitorCallback":
        """Adds itself to a Trainer, and its counting to the Trainer's `compute_metrics`.

        A Trainer that has no `compute_metrics` gets `predicted_classes` too, unless it has a
        `preprocess_logits_for_metrics`.

        Args:
          trainer: A Trainer that has not begun.

        Returns:
          The callback itself.

        Raises:
          InvalidInput: `batch_eval_metrics` with a `compute_metrics` that cannot do it.
        """
        if trainer.compute_metrics is not None:
            self._compute_metrics = trainer.compute_metrics
        elif self._compute_metrics is None and trainer.preprocess_logits_for_metrics is None:
            trainer.preprocess_logits_for_metrics = predicted_classes
        trainer.compute_metrics = self.compute_metrics
        trainer.add_callback(self)
        self.on_init_end(trainer.args, trainer.state, trainer.control, model=trainer.model)
        for callback in trainer.callback_handler.callbacks:
            if isinstance(callback, TensorBoardCallback):
                self._tensorboard = callback
        return self

    def compute_metrics(
        self, prediction: transformers.EvalPrediction, compute_result: bool = True
    ) -> dict[str, Any]:
        """Counts predictions, for `Trainer(compute_metrics=)`; with `batch_eval_metrics` too.

        Args:
          prediction: Logits or predicted classes, and labels.
          compute_result: Whether these are the last ones of the evaluation.

        Returns:
          What your own function returns; without one `accuracy`, `precision_macro`,
          `recall_macro` and `f1_macro`, to be used as `metric_for_best_model`.
        """
        with self._boundary.harmless("a batch"):
            self._is_broken = True  # until it is counted
            self._count(prediction)
            self._is_broken = False
        counts = None
        if compute_result:
            if not self._is_broken:
                self._counted = self._counting
                counts = None if self._counting is None else self._counting.counts
            self._counting = None
        if self._compute_metrics is not None:
            more = {"compute_result": compute_result} if _in_parts(self._compute_metrics) else {}
            return dict(self._compute_metrics(prediction, **more))
        if counts is None:
            return {}
        averages = metrics.averages(counts)
        return {name: averages[name] for name in _RESULTS}

    def on_init_end(
        self, args: Arguments, state: State, control: Control, model: Model = None, **_: object
    ) -> None:
        """Reads what the model's config says of its classes."""
        own = self._compute_metrics
        if getattr(args, "batch_eval_metrics", False) and own is not None and not _in_parts(own):
            raise InvalidInput(
                "compute_metrics must take compute_result where batch_eval_metrics=True"
            )
        with self._boundary.harmless("the model's classes"):
            self._read_config(model)

    def on_log(
        self,
        args: Arguments,
        state: State,
        control: Control,
        logs: Mapping[str, Any] | None = None,
        **_: object,
    ) -> None:
        """Takes note of the train loss, a mean over the steps since the last log."""
        loss = (logs or {}).get("loss")
        if loss is None:
            return
        if state.global_step <= self._train_until:  # another training, or one resumed
            self._forget_train(state.global_step - 1)
        self._train_sum += float(loss) * (state.global_step - self._train_until)
        self._train_until = state.global_step
        if str(getattr(args.eval_strategy, "value", args.eval_strategy)) == "no":
            with self._boundary.harmless("a train loss"):
                self._log_fit(args, state, "loss", self._train_loss(state), None)

    def on_evaluate(
        self,
        args: Arguments,
        state: State,
        control: Control,
        metrics: Mapping[str, Any] | None = None,
        **_: object,
    ) -> None:
        """Logs an evaluation."""
        with self._boundary.harmless("an evaluation"):
            self._log(args, state, metrics or {})

    def on_predict(
        self,
        args: Arguments,
        state: State,
        control: Control,
        metrics: Mapping[str, Any] | None = None,
        **_: object,
    ) -> None:
        """Logs a prediction on data that have labels."""
        with self._boundary.harmless("a prediction"):
            self._log(args, state, metrics or {})

    def _read_config(self, model: Model) -> None:
        config = getattr(model, "config", None)
        kind = type(model).__name__
        if self._shift_labels is None:
            self._shift_labels = kind.endswith(("ForCausalLM", "LMHeadModel"))
        if self._multilabel is None:
            problem_type = getattr(config, "problem_type", None)
            self._multilabel = problem_type == "multi_label_classification"
        if self._num_classes is not None or self._class_names or config is None:
            return
        # Every config has num_labels, 2 if nobody says more: it means something to classifiers.
        if kind.endswith("Classification"):
            names = [str(config.id2label[index]) for index in sorted(config.id2label)]
            if self._multilabel or len(names) > 1:
                self._num_classes = len(names)
                unnamed = all(name == f"LABEL_{index}" for index, name in enumerate(names))
                if not unnamed and len({*names}) == len(names):
                    self._class_names = check_class_names(names, len(names))
        elif kind.endswith(_LANGUAGE_MODELS):
            self._num_classes = config.get_text_config().vocab_size

    def _count(self, prediction: transformers.EvalPrediction) -> None:
        found, labels = prediction.predictions, prediction.label_ids
        found = found[0] if isinstance(found, (tuple, list)) else found
        labels = labels[0] if isinstance(labels, (tuple, list)) else labels
        found, labels = torch.as_tensor(found), torch.as_tensor(labels)
        if self._shift_labels and labels.ndim > 1:
            found, labels = found[:, :-1], labels[:, 1:]
        if found.shape[:-1] == labels.shape:  # classes come last, whatever else matches
            found, labels = found.reshape(-1, found.shape[-1]), labels.reshape(-1)
        if self._counting is None:
            num_classes = self._num_classes or len(self._class_names) or None
            if num_classes is None:
                self._boundary.say(
                    "classes", "neither the model's config nor num_classes= or class_names= says "
                    "what its classes are: curves only are logged"
                )  # fmt: skip
            multilabel = bool(self._multilabel)
            self._counting = Evaluation(
                num_classes,
                class_names=self._class_names or None,
                multilabel=multilabel,
                ignore_index=None if multilabel else self._ignore_index,
            )
        if self._counting.counts is not None:
            self._counting.update(labels, found)

    def _log(self, args: Arguments, state: State, found: Mapping[str, Any]) -> None:
        evaluation, self._counted = self._counted, None
        prefix = _prefix_of(found)
        name = _name_of(prefix)
        if self._logged_at.get(name) == state.global_step:
            logger.info("%s: step %d is logged already", name, state.global_step)
            return
        self._logged_at[name] = state.global_step
        split, head = split_and_head(name)
        writer = self._writer(args, state)
        if writer is not None and evaluation is not None and evaluation.counts is not None:
            writer.confusion_matrix(name, evaluation.counts, step=state.global_step)
            if evaluation.histogram is not None and evaluation.histogram.total:
                writer.scores(name, evaluation.histogram, step=state.global_step)
        if split == "validation":
            train = self._train_loss(state)
            quantity = f"loss/{head}" if head else "loss"
            self._log_fit(args, state, quantity, train, found.get(f"{prefix}_loss"))

    def _log_fit(
        self,
        args: Arguments,
        state: State,
        quantity: str,
        train: tuple[float | None, int],
        validation: float | None,
    ) -> None:
        loss, train_step = train
        if loss is None and state.global_step:
            self._boundary.say(
                "no train loss", "no train loss was logged since the last evaluation: the curve of "
                "train has a hole; set logging_steps <= eval_steps or logging_strategy='epoch'"
            )  # fmt: skip
        writer = self._writer(args, state)
        if writer is not None and not (loss is None and validation is None):
            writer.fit(
                quantity,
                train=loss,
                validation=validation,
                step=state.global_step,
                train_step=None if loss is None else train_step,
            )

    def _train_loss(self, state: State) -> tuple[float | None, int]:
        """Mean since the last evaluation and the step in its middle; begins the next one."""
        mean, middle, evaluated_at = self._train
        if evaluated_at != state.global_step:  # else: another data set of the same evaluation
            steps = self._train_until - self._train_from
            mean = self._train_sum / steps if steps > 0 else None
            middle = (self._train_from + self._train_until) // 2
            self._train = mean, middle, state.global_step
            self._forget_train(self._train_until)
        return mean, middle

    def _forget_train(self, step: int) -> None:
        self._train_sum = 0.0
        self._train_from = self._train_until = max(0, step)

    def _writer(self, args: Arguments, state: State) -> MonitorWriter | None:
        if not state.is_world_process_zero:
            return None
        target = self._where
        if target is None and self._tensorboard is not None:
            # It closes its writer when training ends, and opens another one for what follows.
            target = self._tensorboard.tb_writer or self._tensorboard.logging_dir
        if target is None:
            directory = os.environ.get("TENSORBOARD_LOGGING_DIR") or getattr(
                args, "logging_dir", None
            )
            target = os.path.expanduser(directory or os.path.join(args.output_dir, "runs"))
        if self.writer is None or target != self._written_to:
            self.writer = MonitorWriter(target, **self._writer_arguments)
            self._written_to = target
        return self.writer


def _in_parts(compute_metrics: Callable[..., Any]) -> bool:
    """Whether a function can be called batch by batch."""
    return "compute_result" in inspect.signature(compute_metrics).parameters


def _prefix_of(found: Mapping[str, Any]) -> str:
    """The `metric_key_prefix`, which every evaluation reports its duration under."""
    prefixes = [key.removesuffix("_runtime") for key in found if key.endswith("_runtime")]
    return min(prefixes, key=len, default="eval")


def _name_of(prefix: str) -> str:
    """A series name: `eval` is validation, and `eval_a` is data set a of it."""
    split, _, head = prefix.partition("_")
    canonical, _ = split_and_head(split or "eval")
    return f"{canonical}/{head}" if head else canonical
