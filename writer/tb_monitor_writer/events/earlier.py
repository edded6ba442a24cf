"""What was logged to the same run before: read once, when the run is taken up again."""

import contextlib
import os
import time
from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO

from google.protobuf import message

from tb_monitor_writer import limits, schema
from tb_monitor_writer.events import framing

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

_OWN_PLUGINS = (schema.PLUGIN_NAME, schema.CELLS_PLUGIN_NAME)
_PLUGIN_OF_VALUE = {
    "simple_value": "scalars",
    "image": "images",
    "histo": "histograms",
    "audio": "audio",
}
"""Which of TensorBoard's plugins shows a value that bears no metadata."""


class EarlierTag:
    """One tag of ours, as its loaders have it.

    Attributes:
      content: The metadata that TensorBoard keeps for it, for ever.
      steps: Of its records, ascending.
      rows: Their payload as float64 bytes, by step, if it is a series of fit values.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.steps = array("q")
        self.rows: dict[int, bytes] = {}

    def forget_from(self, step: int) -> None:
        """Forgets what a restart at this step made stale."""
        while self.steps and self.steps[-1] >= step:
            self.rows.pop(self.steps.pop(), None)


class Earlier(dict[str, EarlierTag]):
    """The series of ours in a run, by tag.

    Attributes:
      others: Of every tag that is not ours, the plugin that shows it.
      unread_bytes: What there was no time for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.others: dict[str, str] = {}
        self.unread_bytes = 0


def read_earlier(paths: Iterable[str]) -> Earlier:
    """Reads what event files hold.

    For at most `limits.EARLIER_S` in all, shared evenly: the metadata stands at the beginning
    of each file, the rest makes the numbering go on and shows a restart.

    Args:
      paths: Of the files, oldest first. One that cannot be read is left out.

    Returns:
      The tags of our kinds, and who owns the others.
    """
    found = Earlier()
    ordered = list(paths)
    if not ordered:
        return found
    from tensorboard.compat.proto import event_pb2  # 50 ms, needed by a restart only

    started_s = time.monotonic()
    for number, path in enumerate(ordered, 1):
        until_s = started_s + limits.EARLIER_S * number / len(ordered)
        with contextlib.suppress(OSError, message.DecodeError), open(path, "rb") as file:
            for record in framing.read_records(file):
                _take(found, event_pb2.Event.FromString(record.data))
                if time.monotonic() > until_s:
                    found.unread_bytes += _bytes_behind(file)
                    break
    return found


def unread_sentence(where: str, found: Earlier) -> str:
    """What it means that there was no time for some of it."""
    return (
        f"{where}: {found.unread_bytes:,} bytes of what was logged here before were not read "
        f"within {limits.EARLIER_S:g} s: numbering and the best value go on from what was read, "
        f"and a restart before an unread step is not noticed; give a new run its own directory"
    )


def _bytes_behind(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size - file.tell()


def _take(found: Earlier, event: "Event") -> None:
    if event.HasField("session_log"):
        for tag in found.values():
            tag.forget_from(event.step)
    others = []
    for value in event.summary.value:
        plugin = value.metadata.plugin_data
        if value.tag not in found:
            if plugin.plugin_name not in _OWN_PLUGINS:
                others.append(value)
                continue
            found[value.tag] = EarlierTag(plugin.content)
        tag = found[value.tag]
        tag.forget_from(event.step)
        tag.steps.append(event.step)
        if value.tag.endswith("/fit"):
            tag.rows[event.step] = value.tensor.tensor_content
    # Scalars in an event beside records of ours are ours too.
    if len(others) == len(event.summary.value):
        for value in others:
            found.others.setdefault(value.tag, _plugin_of(value))


def _plugin_of(value: "Summary.Value") -> str:
    shown_by: str = value.metadata.plugin_data.plugin_name
    return shown_by or _PLUGIN_OF_VALUE.get(value.WhichOneof("value") or "", "")
