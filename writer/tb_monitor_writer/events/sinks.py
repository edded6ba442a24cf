"""Writers of others as a place for our summaries: torch's, tensorboardX's, TensorFlow's.

They promise what their backend keeps, and no more: we flush after each record. Their files
get the metadata with every event, because nobody tells us when they begin a new one.
"""

import importlib
import importlib.util
import logging
import os
import sys
from collections.abc import Callable, Hashable, Mapping, Sequence
from types import ModuleType
from typing import Any, Protocol

from tb_monitor_writer.errors import InvalidInput, MonitorError
from tb_monitor_writer.events import encoding
from tb_monitor_writer.events.earlier import (
    EarlierTag,
    read_earlier,
    unread_sentence,
)
from tb_monitor_writer.events.encoding import Value
from tb_monitor_writer.events.event_file import is_event_file
from tb_monitor_writer.events.event_log import OnError, WriterStatus

logger = logging.getLogger("tb_monitor_writer")


class Sink(Protocol):
    """Where a `MonitorWriter` writes to; `EventLog` is the one with the promise."""

    def earlier(self) -> Mapping[str, EarlierTag]:
        """Returns what earlier processes logged to the same run, by tag, as far as known."""

    def append(
        self,
        step: int,
        values: Sequence[Value],
        *,
        key: Hashable = None,
        starts_session: bool = False,
    ) -> bool:
        """Writes one event; returns whether it is known to be written."""

    def replace(self, key: Hashable, values: Sequence[Value]) -> bool:
        """Replaces an event that is still unwritten; returns whether there was one."""

    def drop(self, count: int = 1) -> None:
        """Counts records that were refused before they came here."""

    def status(self) -> WriterStatus:
        """Returns what became of the records."""

    def close(self) -> None:
        """Ends our use of it."""


class _ForeignSink:
    """What the writers of others have in common: errors are theirs, counting is ours."""

    def __init__(self, on_error: OnError) -> None:
        if on_error not in ("warn", "raise"):
            raise InvalidInput(f"on_error must be 'warn' or 'raise', got {on_error!r}")
        self._on_error = on_error
        self._written = 0
        self._dropped = 0
        self._last_error: str | None = None
        self._is_closed = False
        self._said: set[str] = set()
        self._pid = os.getpid()

    def earlier(self) -> Mapping[str, EarlierTag]:
        """Nothing: a writer that does not say where it writes to cannot be read."""
        return {}

    def append(
        self,
        step: int,
        values: Sequence[Value],
        *,
        key: Hashable = None,
        starts_session: bool = False,
    ) -> bool:
        """Writes one event and flushes; nothing is kept for another attempt."""
        if self._is_closed:
            self._dropped += 1
            self._say("logged after close: not written")
            return False
        if self._pid != os.getpid():  # its thread is not here, and a flush would wait for it
            self._dropped += 1
            self._say(
                "a forked process cannot log through its parent's writer: not written; "
                "make a writer in each process"
            )
            return False
        try:
            self._write(step, values, starts_session=starts_session)
        except Exception as error:  # whatever a foreign writer raises is not ours to know
            self._dropped += 1
            self._last_error = str(error)
            if self._on_error == "raise":
                raise
            self._say(f"a record could not be written: {error}")
            return False
        self._written += 1
        return True

    def replace(self, key: Hashable, values: Sequence[Value]) -> bool:
        """Nothing is ever still unwritten here."""
        return False

    def drop(self, count: int = 1) -> None:
        """Counts records that were refused before they came here."""
        self._dropped += count

    def status(self) -> WriterStatus:
        """Returns what became of the records."""
        return WriterStatus(self._written, self._dropped, self._last_error)

    def close(self) -> None:
        """Ends our use of it; the writer itself stays open: it is the caller's."""
        self._is_closed = True

    def _write(self, step: int, values: Sequence[Value], *, starts_session: bool) -> None:
        raise NotImplementedError

    def _say(self, sentence: str) -> None:
        if sentence not in self._said:
            self._said.add(sentence)
            logger.warning("%s", sentence)


class SummaryWriterSink(_ForeignSink):
    """An open SummaryWriter of torch.utils.tensorboard or tensorboardX.

    Args:
      writer: The SummaryWriter.
      on_error: "warn" or "raise".
    """

    def __init__(self, writer: Any, *, on_error: OnError = "warn") -> None:  # noqa: ANN401
        super().__init__(on_error)
        self._writer = writer
        self._event_class, self._restart_status = _event_class_of(writer)
        self._others: Mapping[str, str] = {}
        self._last_steps: dict[str, int] = {}

    @staticmethod
    def accepts(where: object) -> bool:
        """Whether an object is such a writer, told without importing its library."""
        return any(
            base.__name__ == "SummaryWriter"
            and base.__module__.partition(".")[0] in ("torch", "tensorboardX")
            for base in type(where).__mro__
        )

    def earlier(self) -> Mapping[str, EarlierTag]:
        """Reads what its directory holds, if that is a local one; of all writers."""
        try:
            self._writer.flush()
            directory = self._directory()
            names = sorted(filter(is_event_file, os.listdir(directory)))
        except Exception:  # no directory, not a local one: the record to come meets the same
            return {}
        found = read_earlier(os.path.join(directory, name) for name in names)
        self._others = found.others
        if found.unread_bytes:
            self._say(unread_sentence(directory, found))
        return found

    def _write(self, step: int, values: Sequence[Value], *, starts_session: bool) -> None:
        file_writer = self._file_writer()
        if starts_session and self._went_back(step, values):
            for _ in range(2):  # as in RunLog.append
                start = self._event_class(step=step)
                start.session_log.status = self._restart_status
                file_writer.add_event(start, step)
        event = self._event_class(step=step)
        # tensorboardX' own protos lack fields of TensorBoard's; parsing keeps them unread.
        event.summary.MergeFromString(encoding.encode_summary(values))
        self._note_tags(step, values)
        file_writer.add_event(event, step)
        self._writer.flush()

    def _went_back(self, step: int, values: Sequence[Value]) -> bool:
        """Whether this process logged later steps; the user's own values would go with them.

        What an earlier process logged is the SummaryWriter's to drop: `purge_step=`.
        """
        if any(self._last_steps.get(value.tag, -1) >= step for value in values):
            return True
        self._say(
            f"an earlier process logged to {self._directory()} beyond step {step}: give the "
            f"SummaryWriter purge_step={step}, or TensorBoard may show both"
        )
        return False

    def _note_tags(self, step: int, values: Sequence[Value]) -> None:
        for value in values:
            if value.tag not in self._last_steps and value.tag in self._others:
                owner = self._others[value.tag]
                self._say(
                    f"the tag {value.tag!r} is another's in this run, which TensorBoard's plugin "
                    f"{owner!r} shows: readers take both for one series; log under another name"
                    + (", or with scalars=False" if owner == "scalars" else "")
                )
            self._last_steps[value.tag] = step

    def _directory(self) -> str:
        given: str | os.PathLike[str] = (
            getattr(self._writer, "log_dir", None) or self._writer.logdir
        )
        return os.fspath(given)

    def _file_writer(self) -> Any:  # noqa: ANN401
        make: Callable[[], Any] = self._writer._get_file_writer
        return make()


class TensorFlowSink(_ForeignSink):
    """TensorFlow's default summary writer, whichever it is when a record comes."""

    def __init__(self, *, on_error: OnError = "warn") -> None:
        super().__init__(on_error)
        if importlib.util.find_spec("tensorflow") is None:
            raise InvalidInput(
                "where must be a directory or a SummaryWriter, got None: TensorFlow, whose default "
                "writer that means, is not installed"
            )

    def _write(self, step: int, values: Sequence[Value], *, starts_session: bool) -> None:
        if not write_to_tensorflow(encoding.encode_summary(values), step):
            raise MonitorError(
                "TensorFlow has no default summary writer here, or records nothing: call "
                "tf.summary.create_file_writer(directory).as_default() first"
            )


def write_to_tensorflow(summary: Any, step: Any) -> Any:  # noqa: ANN401
    """Writes a serialised Summary to TensorFlow's default writer and flushes it.

    Args:
      summary: Bytes, or a string tensor inside tf.function.
      step: An integer (tensor), or None for TensorFlow's own step.

    Returns:
      Whether there was a default writer that records.

    Raises:
      ValueError: from TensorFlow: neither `step` nor its own step is set.
    """
    tf = tensorflow()
    written = tf.summary.experimental.write_raw_pb(summary, step=step)
    tf.summary.flush()
    return written


def tensorflow() -> ModuleType:
    """Imports TensorFlow, which only those need who write through it."""
    # Looked up first: AutoGraph, inside tf.function, warns of an import that it cannot read.
    return sys.modules.get("tensorflow") or importlib.import_module("tensorflow")


def _event_class_of(writer: Any) -> tuple[Any, int]:  # noqa: ANN401
    library = next(
        base.__module__.partition(".")[0]
        for base in type(writer).__mro__
        if base.__name__ == "SummaryWriter"
    )
    package = "tensorboardX.proto" if library == "tensorboardX" else "tensorboard.compat.proto"
    event_pb2 = importlib.import_module(f"{package}.event_pb2")
    return event_pb2.Event, event_pb2.SessionLog.START
