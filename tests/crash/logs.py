"""Reading back what a run holds, as TensorBoard's readers do: whole records, then a stop."""

import pathlib

import numpy as np
from tensorboard.compat.proto import event_pb2

from tb_monitor_writer import schema
from tb_monitor_writer.events import framing

ROOT = pathlib.Path(__file__).parents[2]
NO_FORK_WARNING = ("-W", "ignore:This process:DeprecationWarning")
"""Python 3.12 and later warn of a fork beside any thread, ours or TensorBoard's or TensorFlow's."""


def files(logdir):
    """The event files below a directory, in the order in which they are read."""
    return sorted(pathlib.Path(logdir).rglob("*tfevents*"))


def events(path):
    """The events of one file, up to the first torn or damaged record."""
    with open(path, "rb") as file:
        return [event_pb2.Event.FromString(r.data) for r in framing.read_records(file)]


def torn_bytes(path):
    """Bytes behind the last whole record."""
    with open(path, "rb") as file:
        ends = [record.end for record in framing.read_records(file)]
    return path.stat().st_size - (ends[-1] if ends else 0)


def fit_rows(logdir, name="loss"):
    """(step, row) of every record of a fit series below a directory, in order."""
    found = []
    for path in files(logdir):
        for event in events(path):
            for value in event.summary.value:
                if value.tag == f"{name}/fit":
                    row = np.frombuffer(value.tensor.tensor_content, "<f8")
                    found.append((event.step, dict(zip(schema.FIT_COLUMNS, row, strict=True))))
    return found


def fit_steps(logdir, name="loss"):
    """Steps of every record of a fit series below a directory, in order."""
    return [step for step, _ in fit_rows(logdir, name)]
