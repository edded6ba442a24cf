"""MonitorWriter: the friendly front. Checks, reduces, numbers and hands over; no more."""

import bisect
import contextlib
import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Literal, NoReturn

from tb_monitor_writer import arguments, distributed, limits, metrics, values
from tb_monitor_writer.channel import Channel, Order, shape_of
from tb_monitor_writer.class_names import check_class_names, check_text_size
from tb_monitor_writer.errors import InvalidInput, SchemaMismatch
from tb_monitor_writer.events import Value, WriterStatus
from tb_monitor_writer.events.earlier import EarlierTag
from tb_monitor_writer.events.nothing import Nothing
from tb_monitor_writer.events.sinks import Sink
from tb_monitor_writer.events.where import sink_for
from tb_monitor_writer.fit_history import says_again
from tb_monitor_writer.metrics.labels import check_num_classes
from tb_monitor_writer.schema import Kind, Provenance, Series, decode_series
from tb_monitor_writer.schema.names import check_name, sounds_higher_is_better

logger = logging.getLogger("tb_monitor_writer")


class MonitorWriter:
    """Logs what the Monitor tab shows: confusion matrices, scores, train and validation losses.

    A log call checks its arguments and raises InvalidInput before anything is written. After
    that it never raises (unless `on_error="raise"`), never waits for a disk longer than a
    second, and what it could not write is counted: docs/guarantees.md. What the user should
    know is said once per cause through the logger "tb_monitor_writer", not through `warnings`,
    which `python -W error` turns into exceptions.

    Args:
      where: A directory, which becomes the run; or an open SummaryWriter of
        torch.utils.tensorboard or tensorboardX; or None for TensorFlow's default writer.
      class_names: One distinct name per class, for all matrices that bear no names themselves.
      num_classes: C, if the classes have no names. With neither, `predictions` counts as many
        classes as it has seen.
      model: Name of the model, shown beside the run.
      model_version: Its version.
      framework: What trains it: "keras", "torch", ...
      on_error: "warn", or "raise" to raise the OSError of a record that is not on disk.
      scalars: Whether averages are also written as scalar summaries
        (`<name>/precision_macro`, `recall_macro`, `f1_macro`, `accuracy`) for TensorBoard's
        own tabs.
      fsync: Whether each call waits until the disk itself has the record (power loss).
      all_ranks: Whether every process of a distributed job writes. If not, rank 0 alone does;
        the others check their arguments and write nothing. Which rank this is
        (`distributed.rank()`) is asked at the first record, because a process group is often
        made after the writer.

    Raises:
      InvalidInput: an argument is none of the above.
    """

    def __init__(
        self,
        where: object,
        *,
        class_names: object = None,
        num_classes: int | None = None,
        model: str = "",
        model_version: str = "",
        framework: str = "",
        on_error: Literal["warn", "raise"] = "warn",
        scalars: bool = True,
        fsync: bool = False,
        all_ranks: bool = False,
    ) -> None:
        if num_classes is not None:
            num_classes = check_num_classes("num_classes", num_classes)
        self._class_names = check_class_names(class_names, num_classes)
        self._num_classes = num_classes or len(self._class_names) or None
        for argument, text in (
            ("model", model),
            ("model_version", model_version),
            ("framework", framework),
        ):
            if not isinstance(text, str):
                raise InvalidInput(f"{argument} must be a string, got {type(text).__name__}")
            check_text_size(argument, text)
        self._origin = values.Origin(model, model_version, framework)
        self._scalars = scalars
        self._channels: dict[tuple[Kind, str], Channel] = {}
        self._earlier: Mapping[str, EarlierTag] | None = None
        self._stale_from = limits.MAX_STEP  # of what earlier processes logged
        self._classes_seen: dict[str, int] = {}
        self._said: set[str] = set()
        self._is_closed = False
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._where = str(where)
        self._raises = on_error == "raise"
        self._sink: Sink = sink_for(where, on_error, fsync=fsync)
        self._all_ranks = bool(all_ranks)
        self._refusal: str | None = None  # the last one
        self._error_before: str | None = None  # of the sink, when it was refused

    def predictions(
        self,
        name: str,
        y_true: object,
        y_pred: object,
        *,
        step: int,
        sample_weight: object = None,
        ignore_index: int | None = None,
        pos_label: int = 1,
    ) -> None:
        """Counts labels into one confusion matrix, or multi-label counts, and logs it.

        Args:
          name: `<split>` or `<split>/<head>`: "validation", "test/depth".
          y_true: True classes, integers `[n]` in [0, C), of any framework. If the task is
            multi-label: which labels an example has, 0 or 1, `[n, L]`.
          y_pred: Predicted classes (or labels), the same.
          step: Of the training, an integer in [0, 2^63).
          sample_weight: Weights >= 0, `[n]`.
          ignore_index: Examples with this true class (multi-label: such entries) are left out
            and counted as ignored.
          pos_label: The positive class, 0 or 1, if there are two.

        Raises:
          InvalidInput: shapes, dtypes or values that do not fit; nothing was written.
        """
        check_name("name", name)
        step = arguments.check_step("step", step)
        pos_label = arguments.check_pos_label(pos_label)
        truth = metrics.as_numpy("y_true", y_true)
        prediction = metrics.as_numpy("y_pred", y_pred)
        class_names = self._class_names or None
        if arguments.are_multilabel(truth, prediction, ignore_index):
            num_labels = self._num_classes or truth.shape[1]
            counts = metrics.MultilabelCounts(num_labels, class_names=class_names)
            counts.update(truth, prediction, sample_weight, ignore_index=ignore_index)
            if arguments.are_one_hot(truth) and arguments.are_one_hot(prediction):
                self._say(
                    f"one-hot {name}", f"{name}: every example has exactly one label of "
                    f"{num_labels}, logged as a multi-label task; if these are classes, pass "
                    f"y_true.argmax(axis=1) and y_pred.argmax(axis=1)"
                )  # fmt: skip
            self._log_matrix(name, counts, step)
            return
        arguments.refuse_scores("y_pred", prediction)
        num_classes = self._num_classes
        if num_classes is None:
            seen = arguments.classes_seen(truth, prediction, ignore_index)
            num_classes = max(seen, self._classes_seen.get(name, 1))
        matrix = metrics.ConfusionMatrix(num_classes, class_names=class_names)
        matrix.update(truth, prediction, sample_weight, ignore_index=ignore_index)
        self._classes_seen[name] = num_classes
        self._log_matrix(name, matrix, step, pos_label)

    def confusion_matrix(self, name: str, matrix: object, *, step: int, pos_label: int = 1) -> None:
        """Logs a confusion matrix: its cells, the counts of every class, and its averages.

        Args:
          name: `<split>` or `<split>/<head>`.
          matrix: A `ConfusionMatrix`, or counts `[C, C]`: row = true class, column = predicted;
            or `MultilabelCounts`, which have no cells.
          step: Of the training, an integer in [0, 2^63).
          pos_label: The positive class, 0 or 1, if there are two.

        Raises:
          InvalidInput: not square, not finite, negative somewhere, or class names that are not
            as many; nothing was written.
        """
        check_name("name", name)
        step = arguments.check_step("step", step)
        pos_label = arguments.check_pos_label(pos_label)
        self._log_matrix(name, arguments.as_counts(matrix, self._class_names), step, pos_label)

    def scores(
        self,
        name: str,
        y_true: object,
        scores: object = None,
        *,
        step: int,
        from_logits: bool = False,
    ) -> None:
        """Logs a histogram of scores, from which every threshold can be looked at.

        Args:
          name: `<split>` or `<split>/<head>`.
          y_true: 0 or 1 `[n]` with scores `[n]` (binary); class indices `[n]` with scores
            `[n, C]` (one against the rest); 0 or 1 `[n, L]` with scores `[n, L]` (multi-label);
            or a `ScoreHistogram`, without scores.
          scores: Probabilities in [0, 1].
          step: Of the training, an integer in [0, 2^63).
          from_logits: Whether scores are logits; never guessed.

        Raises:
          InvalidInput: shapes, dtypes or values that do not fit; nothing was written.
        """
        check_name("name", name)
        step = arguments.check_step("step", step)
        histogram, names, task = arguments.as_histogram(
            y_true, scores, from_logits=from_logits, class_names=self._class_names
        )
        series = values.scores_series(name, histogram, names, task, self._origin)
        with self._alone():
            channel = self._channel(series, step)
            order = self._admit(channel, series, step)
            series = values.of_generation(series, channel.generation)
            where = self._provenance(channel, nan=histogram.nan)
            value = values.scores_value(series, histogram, where)
            self._hand_over(channel, step, order, [value])

    def fit(
        self,
        quantity: str,
        *,
        train: object = None,
        validation: object = None,
        step: int,
        train_step: int | None = None,
        n: object = None,
        se: object = None,
        paired: object = None,
        higher_is_better: bool = False,
        target: float | None = None,
    ) -> None:
        """Logs train and validation values of a quantity, for learning curves and the verdict.

        Give per-example losses where you have them: their standard error, and the paired
        difference from the best step so far, are what tells a rise from noise. They are paired
        by position, so the examples must come in the same order at every evaluation.

        Args:
          quantity: `<quantity>` or `<quantity>/<head>`: "loss", "accuracy".
          train: A number, or one value per example `[n]`; NaN and infinities are legal.
          validation: The same. Of the two one may be left out, or be logged by a second call
            at the same step; so may a number be that was NaN.
          step: Of the training, an integer in [0, 2^63).
          train_step: Where train was measured, if not at `step`.
          n: Examples behind a number: behind validation, or train if that stands alone; a pair
            `(train, validation)` says both.
          se: Standard error of a number, in the same way.
          paired: `(mean, standard error)` of validation now minus at the best step so far, if
            you compute it yourself.
          higher_is_better: Whether a greater value is a better one; fixed for a quantity.
          target: What a good fit would reach.

        Raises:
          InvalidInput: an argument is none of the above; nothing was written.
        """
        check_name("quantity", quantity)
        step = arguments.check_step("step", step)
        row, measured = arguments.as_fit_row(
            train=train,
            validation=validation,
            n=n,
            se=se,
            paired=paired,
            target=target,
            train_step=train_step,
        )
        if not higher_is_better and sounds_higher_is_better(quantity):
            self._say(
                f"direction {quantity}", f"{quantity}: logged as a loss, of which smaller is "
                f"better; pass higher_is_better=True if greater is better"
            )  # fmt: skip
        with self._alone():
            self._log_fit(quantity, step, row, measured, higher_is_better=bool(higher_is_better))

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes of matrices that bear none themselves; () = none."""
        return self._class_names

    @property
    def num_classes(self) -> int | None:
        """How many classes `predictions` counts; None = as many as it has seen."""
        return self._num_classes

    def last_step(self, name: str | None = None) -> int | None:
        """Returns the last step that has a record in this run, earlier processes included.

        It opens the run's file, if none is open yet.

        Args:
          name: Of a split or of a quantity, as it was logged; None = of any.

        Returns:
          A step, or None without any record.
        """
        with self._alone():
            earlier = self._opened()
            found = [
                channel.last_step
                for channel in self._channels.values()
                if name in (None, channel.name) and channel.ordinal
            ]
            for tag in earlier.values():
                before = bisect.bisect_left(tag.steps, self._stale_from)
                if before and (name is None or _name_of(tag) == name):
                    found.append(tag.steps[before - 1])
        return max(found, default=None)

    def status(self) -> WriterStatus:
        """Returns how many records are written, how many were not, and why the last one was not.

        A record is not written if the disk refuses it, or if it is itself refused, as a second
        one of the same step is.
        """
        status = self._sink.status()
        if self._refusal is not None and status.last_error == self._error_before:
            return status._replace(last_error=self._refusal)
        return status

    def flush(self) -> None:
        """Does nothing: a log call that returned has nothing left to flush."""

    def close(self) -> None:
        """Closes the file; a second call does nothing. A writer handed in stays open."""
        if self._is_closed:
            return
        self._is_closed = True
        self._sink.close()
        written, dropped, last_error = self.status()
        records = f"{written} record{'' if written == 1 else 's'} written"
        if dropped:
            logger.warning(
                "%s: %s, %d not; last error: %s", self._where, records, dropped, last_error
            )
        else:
            logger.info("%s: %s, none lost", self._where, records)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a MonitorWriter cannot be pickled or copied: make one in each process")

    def __enter__(self) -> "MonitorWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _log_matrix(
        self,
        name: str,
        matrix: metrics.ConfusionMatrix | metrics.MultilabelCounts,
        step: int,
        pos_label: int = 1,
    ) -> None:
        if isinstance(matrix, metrics.ConfusionMatrix) and matrix.normalised:
            self._say(
                "normalised", f"{name}: the matrix looks normalised (rows or columns sum to 1): "
                f"log counts, from which supports and intervals can be told"
            )  # fmt: skip
        series = values.matrix_series(
            name, matrix, self._class_names, self._origin, pos_label=pos_label
        )
        with self._alone():
            cells = values.cells_of(matrix)
            averages = metrics.averages(matrix, cells)
            channel = self._channel(series.averages, step)
            if not series.averages.class_names:  # a resumed run keeps the names that it has
                known = channel.known_names(series.averages.num_classes)
                series = values.matrix_series(
                    name, matrix, known, self._origin, pos_label=pos_label
                )
            order = self._admit(channel, series.averages, step)
            series = series.of_generation(channel.generation, channel.columns)
            where = self._provenance(channel, nan=matrix.nan, ignored=matrix.ignored)
            found = [
                values.averages_value(series.averages, averages, where),
                values.class_counts_value(series.class_counts, matrix, where),
            ]
            if series.confusion is not None and isinstance(matrix, metrics.ConfusionMatrix):
                value = values.confusion_value(series.confusion, matrix, where, cells)
                if value is None:
                    self._say(
                        "cells", f"{name}: the matrix has too many cells to store: its classes and "
                        f"averages are logged, its cells are not"
                    )  # fmt: skip
                else:
                    found.append(value)
            if self._scalars:
                found += values.scalar_values(name, averages)
            self._hand_over(channel, step, order, found)

    def _log_fit(
        self,
        quantity: str,
        step: int,
        row: dict[str, float],
        validation: arguments.Measurement | None,
        *,
        higher_is_better: bool,
    ) -> None:
        series = values.fit_series(quantity, higher_is_better=higher_is_better, origin=self._origin)
        channel = self._channel(series, step)
        if step == channel.last_step and not says_again(row, channel.last_row):
            # Train and validation of one step by two calls, or a number after a NaN: the whole
            # row takes the place of the half one, in readers too.
            row = {**channel.last_row, **row}
            order = Order.NEXT
        else:
            order = self._admit(channel, series, step)
        given = row
        if validation is not None and order is not Order.SAME:
            if not channel.history.is_comparable(validation):
                self._say(
                    f"unpaired {quantity}", f"{quantity}: the number of validation losses changes "
                    f"between steps: they cannot be compared example by example"
                )  # fmt: skip
            channel.history.observe(step, validation, higher_is_better=higher_is_better)
            row = {**channel.history.paired(validation), **row}
        row = {**row, **channel.history.best()}
        series = values.of_generation(series, channel.generation, channel.columns)
        value = values.fit_value(series, row, self._provenance(channel))
        if self._hand_over(channel, step, order, [value]):
            channel.last_row = given

    def _channel(self, series: Series, step: int) -> Channel:
        key = (series.kind, series.name)
        if key not in self._channels:
            channel = Channel(series.kind, series.name)
            channel.resume(self._opened(), step, self._stale_from)
            self._channels[key] = channel
        return self._channels[key]

    def _opened(self) -> Mapping[str, EarlierTag]:
        """Opens the run, if it is not open; returns what earlier processes logged to it."""
        if self._earlier is None:
            if not self._all_ranks and (rank := distributed.rank()):
                self._sink.close()
                self._sink = Nothing()
                logger.info(
                    "%s: rank %d writes nothing, rank 0 does; all_ranks=True lets each write",
                    self._where, rank,
                )  # fmt: skip
            self._earlier = self._sink.earlier()
        return self._earlier

    def _admit(self, channel: Channel, series: Series, step: int) -> Order:
        """Counts a record, unless its step is there already."""
        name = channel.name
        if changed := channel.changes(shape_of(series)):
            self._say(
                f"generation {series.tag}",
                f"{name}: {changed}: it goes on as {name}@{channel.generation}",
            )
        order = channel.order_of(step)
        if order is Order.EARLIER:
            self._say(
                "restart",
                f"{name}: step {step} comes after step {channel.last_step}: taken as a restart, "
                f"after which readers drop what {self._where} has from step {step} on",
            )
            self._stale_from = min(self._stale_from, step)
            for other in self._channels.values():
                other.forget_from(step)
        if order is not Order.SAME:
            channel.count(step)
        return order

    def _provenance(self, channel: Channel, *, nan: int = 0, ignored: int = 0) -> Provenance:
        dropped = self._sink.status().dropped
        return Provenance(channel.ordinal, dropped, nan, ignored)

    def _hand_over(self, channel: Channel, step: int, order: Order, found: Sequence[Value]) -> bool:
        """Returns whether the record was taken, on disk or not; else it is refused."""
        key = (channel.kind, channel.name, channel.generation, step)
        if order is not Order.SAME:
            self._sink.append(step, found, key=key, starts_session=order is Order.EARLIER)
        elif not self._sink.replace(key, found):
            self._refuse(
                "same step",
                f"{channel.name}: a second record of step {step} is refused: readers keep one each",
            )
            return False
        return True

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One thread at a time, so that steps reach the file in their order.

        The arguments are checked: whatever goes wrong inside costs a record, not the training.
        """
        if self._pid != os.getpid():  # a forked child: whoever held the lock is not here
            self._pid = os.getpid()
            self._lock = threading.RLock()
        with self._lock:
            try:
                yield
            except InvalidInput:
                raise
            except Exception as error:  # no memory, or a defect of ours
                if self._raises:
                    raise
                self._refuse(
                    f"defect {type(error).__name__}",
                    f"a record is lost: {type(error).__name__}: {error}",
                )

    def _refuse(self, cause: str, sentence: str) -> None:
        self._error_before = self._sink.status().last_error
        self._refusal = sentence
        self._sink.drop()
        self._say(cause, sentence)

    def _say(self, cause: str, sentence: str) -> None:
        if cause not in self._said and not isinstance(self._sink, Nothing):  # rank 0 says it
            self._said.add(cause)
            logger.warning("%s", sentence)


def _name_of(earlier: EarlierTag) -> str | None:
    try:
        return decode_series(earlier.content).name
    except SchemaMismatch:
        return None
