"""Reading back what a run holds: matrices, series, classes."""

import numpy as np

from tb_monitor_writer import schema
from tests.crash.logs import events, files


def series(logdir):
    """tag -> Series, of every series of ours."""
    return {tag: found for tag, found, _, _ in _values(logdir)}


def matrices(logdir):
    """(name, step) -> matrix, of the last record of each."""
    return {
        (tag.removesuffix("/confusion"), step): schema.decode_blob(
            found, value.tensor.string_val[0]
        ).to_dense()
        for tag, found, step, value in _values(logdir)
        if tag.endswith("/confusion")
    }


def averages(logdir, name):
    """Columns of the last averages of a name."""
    *_, (_, described, _, value) = (
        found for found in _values(logdir) if found[0] == f"{name}/averages"
    )
    row = np.frombuffer(value.tensor.tensor_content, "<f8")
    return dict(zip(described.columns, row.tolist(), strict=True))


def _values(logdir):
    described = {}
    for path in files(logdir):
        for event in events(path):
            for value in event.summary.value:
                if value.metadata.plugin_data.plugin_name.startswith("tb_monitor"):
                    described[value.tag] = schema.decode_series(value.metadata.plugin_data.content)
                if value.tag in described:
                    yield value.tag, described[value.tag], event.step, value
