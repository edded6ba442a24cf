"""Which sink a caller means by what is handed to `MonitorWriter`."""

import os
import re

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.events.event_log import EventLog, OnError
from tb_monitor_writer.events.sinks import Sink, SummaryWriterSink, TensorFlowSink


def sink_for(where: object, on_error: OnError, *, fsync: bool) -> Sink:
    """Makes a sink of a directory, of an open SummaryWriter, or of None for TensorFlow's writer.

    Raises:
      InvalidInput: it is none of these.
    """
    if where is None:
        return TensorFlowSink(on_error=on_error)
    if SummaryWriterSink.accepts(where):
        return SummaryWriterSink(where, on_error=on_error)
    if isinstance(where, (str, os.PathLike)):
        path = os.fspath(where)
        if not isinstance(path, str) or re.match(r"$|.*\0|[A-Za-z][A-Za-z0-9+.-]+://", path):
            raise InvalidInput(
                f"where must be a local directory, got {path!r:.80}; to log elsewhere, hand in a "
                f"SummaryWriter, or None for TensorFlow's default writer"
            )
        return EventLog(path, on_error=on_error, fsync=fsync)
    raise InvalidInput(
        f"where must be a directory, a SummaryWriter, or None for TensorFlow's default writer, "
        f"got {type(where).__name__}"
    )
