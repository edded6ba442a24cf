"""What earlier processes logged to the same run: read once, when the run is taken up again."""

import contextlib
import time
from array import array
from collections.abc import Iterable
from typing import TYPE_CHECKING

from google.protobuf import message

from tb_monitor_writer import limits, schema
from tb_monitor_writer.events import framing

if TYPE_CHECKING:
    from tensorboard.compat.proto.event_pb2 import Event


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


def read_earlier(paths: Iterable[str]) -> dict[str, EarlierTag]:
    """Reads the series of finished files of ours.

    For at most `limits.EARLIER_S` in all, shared evenly: the metadata stands at the beginning
    of each file, the rest makes the numbering go on and shows a restart.

    Args:
      paths: Of the files, oldest first. One that cannot be read is left out.

    Returns:
      The tags of our kinds.
    """
    found: dict[str, EarlierTag] = {}
    ordered = list(paths)
    if not ordered:
        return found
    from tensorboard.compat.proto import event_pb2  # 50 ms, needed by a restart only

    for path in ordered:
        until_s = time.monotonic() + limits.EARLIER_S / len(ordered)
        with contextlib.suppress(OSError, message.DecodeError), open(path, "rb") as file:
            for record in framing.read_records(file):
                _take(found, event_pb2.Event.FromString(record.data))
                if time.monotonic() > until_s:
                    break
    return found


def _take(found: dict[str, EarlierTag], event: "Event") -> None:
    if event.HasField("session_log"):
        for tag in found.values():
            tag.forget_from(event.step)
    for value in event.summary.value:
        plugin = value.metadata.plugin_data
        if value.tag not in found:
            if plugin.plugin_name not in (schema.PLUGIN_NAME, schema.CELLS_PLUGIN_NAME):
                continue
            found[value.tag] = EarlierTag(plugin.content)
        tag = found[value.tag]
        tag.forget_from(event.step)
        tag.steps.append(event.step)
        if value.tag.endswith("/fit"):
            tag.rows[event.step] = value.tensor.tensor_content
