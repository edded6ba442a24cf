"""Whatever is legal may be logged, on whatever disk: no call raises, all of it is counted.

Values at the edges of what the arguments allow, steps in any order, names in any writing, on a
disk of which some writes are refused, shortened or torn.
"""

import errno
import math
import os
import tempfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tb_monitor_writer import (
    ConfusionMatrix,
    MonitorWriter,
    MultilabelCounts,
    ScoreHistogram,
    limits,
    schema,
)
from tb_monitor_writer.events import EventLog, event_file
from tests.crash.logs import events, files, torn_bytes
from tests.writer.schema.records import names
from tests.writer.schema.test_golden import payload

real_writev = os.writev

steps = st.one_of(
    st.integers(0, 5), st.sampled_from([0, 2**53 + 1, limits.MAX_STEP]), st.integers(0, 2**40)
)
numbers = st.floats(allow_nan=True, allow_infinity=True)
losses = st.one_of(
    numbers,
    st.lists(numbers, min_size=1, max_size=6),
    st.lists(st.floats(width=32), min_size=1, max_size=6).map(lambda x: np.array(x, np.float32)),
    st.integers(-(2**62), 2**62),
)
weights = st.floats(0, 1e150)


@st.composite
def fit_calls(draw):
    parts = draw(st.sampled_from(["train", "validation", "both"]))
    given_ = {}
    if parts != "validation":
        given_["train"] = draw(losses)
    if parts != "train":
        given_["validation"] = draw(losses)
    if not any(np.ndim(value) for value in given_.values()):
        given_ |= draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "n": st.floats(1, 1e300),
                    "se": st.floats(0, 1e300),
                    "paired": st.tuples(st.floats(-1e300, 1e300), st.floats(0, 1e300)),
                },
            )
        )
    given_ |= draw(
        st.fixed_dictionaries(
            {}, optional={"target": st.floats(-1e300, 1e300), "train_step": steps}
        )
    )
    # One quantity that is always better when it is greater, one that never is.
    direction = draw(st.booleans())
    quantity = "accuracy" if direction else draw(names)
    return lambda m, step: m.fit(quantity, step=step, higher_is_better=direction, **given_)


@st.composite
def predictions_calls(draw):
    classes = draw(st.integers(1, 6))
    count = draw(st.integers(1, 12))
    labels = st.lists(st.integers(0, classes - 1), min_size=count, max_size=count)
    more = {}
    if draw(st.booleans()):
        more["sample_weight"] = draw(st.lists(weights, min_size=count, max_size=count))
    if draw(st.booleans()):
        more["ignore_index"] = draw(st.integers(1, classes))
    name, truth, prediction = draw(names), [0, *draw(labels)[1:]], draw(labels)
    return lambda m, step: m.predictions(name, truth, prediction, step=step, **more)


@st.composite
def matrix_calls(draw):
    size = draw(st.integers(1, 5))
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    form = draw(
        st.sampled_from(["counts", "weights", "ratios", "zeros", "huge", "sparse", "labels"])
    )
    if form == "counts":
        matrix = random.poisson(2, (size, size))
    elif form == "weights":
        matrix = random.gamma(0.1, 10.0 ** random.integers(-300, 15), (size, size))
    elif form == "ratios":
        matrix = random.dirichlet(np.ones(size), size)
    elif form == "zeros":
        matrix = np.zeros((size, size), draw(st.sampled_from(["i8", "f8", "u1", "?"])))
    elif form == "huge":
        matrix = np.full((size, size), (2**62 - 1) // size**2)
    elif form == "sparse":
        matrix = ConfusionMatrix(3_000 + size, max_cells=1, class_names=None)
        matrix.update(random.integers(0, size, 20), random.integers(0, size, 20))
    else:
        matrix = MultilabelCounts(size)
        matrix.update(random.random((9, size)) < 0.4, random.random((9, size)) < 0.5)
    name = draw(names)
    return lambda m, step: m.confusion_matrix(name, matrix, step=step)


@st.composite
def scores_calls(draw):
    labels = draw(st.integers(1, 4))
    histogram = ScoreHistogram(labels)
    scores = st.one_of(st.floats(0, 1), st.just(math.nan))
    truth = draw(st.lists(st.integers(0, max(1, labels - 1)), min_size=1, max_size=6))
    if labels == 1:
        values = draw(st.lists(scores, min_size=len(truth), max_size=len(truth)))
    else:
        row = st.lists(scores, min_size=labels, max_size=labels)
        values = draw(st.lists(row, min_size=len(truth), max_size=len(truth)))
    histogram.update(truth, values)
    name = draw(names)
    return lambda m, step: m.scores(name, histogram, step=step)


calls = st.lists(
    st.tuples(st.one_of(fit_calls(), predictions_calls(), matrix_calls(), scores_calls()), steps),
    min_size=1,
    max_size=8,
)


def refuse(fd, buffers):
    raise OSError(errno.ENOSPC, "on purpose")


def shorten(fd, buffers):
    return os.write(fd, b"".join(buffers)[:17])


def tear(fd, buffers):
    os.write(fd, b"".join(buffers)[:40])
    raise OSError(errno.EIO, "on purpose")


faults = st.lists(st.sampled_from([real_writev, real_writev, refuse, shorten, tear]), max_size=12)


def decode(value, found):
    if value.metadata.plugin_data.content and value.tag not in found:
        if value.metadata.plugin_data.plugin_name == "scalars":
            found[value.tag] = None
        else:
            found[value.tag] = schema.decode_series(value.metadata.plugin_data.content)
    series = found.get(value.tag)
    if series is None:
        return
    content = payload(value.tensor)
    if series.is_blob:
        schema.decode_blob(series, content)
    elif series.columns:
        schema.decode_rows(series.columns, [content])
    else:
        schema.decode_class_counts_tensor(series, content)


@settings(max_examples=150)
@given(calls, faults)
def test_any_legal_calls_on_any_disk_are_counted_and_what_is_written_is_readable(made, disk):
    writes = iter(disk)
    replaced = 0
    real_replace = EventLog.replace

    def replace(*arguments):
        nonlocal replaced
        found = real_replace(*arguments)
        replaced += found  # the record before it, of the same step, was still unwritten
        return found

    def writev(fd, buffers):
        return next(writes, real_writev)(fd, buffers)

    with (
        tempfile.TemporaryDirectory() as directory,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setattr(event_file.os, "writev", writev)
        patch.setattr(EventLog, "replace", replace)
        with MonitorWriter(directory) as monitor:
            for call, step in made:
                call(monitor, step)
        written, dropped, _ = monitor.status()
        assert written + dropped + replaced == len(made)
        assert not [cause for cause in monitor._said if cause.startswith("defect")]
        records = 0
        for path in files(directory):
            assert torn_bytes(path) == 0
            found = {}
            for event in events(path):
                records += bool(event.summary.value)
                for value in event.summary.value:
                    decode(value, found)
        assert records == written


class Unreliable:
    """A SummaryWriter that raises whatever it likes."""

    def __init__(self, errors):
        self._errors = iter(errors)

    def _get_file_writer(self):
        error = next(self._errors, None)
        if error is not None:
            raise error
        return self

    def add_event(self, event, step):
        pass

    def flush(self):
        self._get_file_writer()


Unreliable.__name__ = "SummaryWriter"
Unreliable.__module__ = "torch.utils.tensorboard.writer"
errors = st.lists(
    st.sampled_from([None, OSError(28, "full"), ValueError(), MemoryError(), AttributeError("x")]),
    max_size=12,
)


@settings(max_examples=60)
@given(calls, errors)
def test_any_legal_calls_through_any_summary_writer_are_counted(made, raised):
    with MonitorWriter(Unreliable(raised)) as monitor:
        for call, step in made:
            call(monitor, step)
    assert sum(monitor.status()[:2]) == len(made)
