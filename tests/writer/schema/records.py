"""Hypothesis strategies for series and records of every kind."""

import numpy as np
from hypothesis import strategies as st

from tb_monitor_writer.schema import (
    ClassCounts,
    Confusion,
    Kind,
    Provenance,
    Scores,
    Series,
    Task,
)

words = st.text(st.characters(exclude_characters="@/", exclude_categories=["Cs"]), min_size=1)
words = words.map(str.strip).filter(bool)
names = st.lists(words, min_size=1, max_size=3).map("/".join)
provenances = st.builds(
    Provenance,
    ordinal=st.integers(0, 2**53),
    dropped=st.integers(0, 2**53),
    nan=st.integers(0, 2**40),
    ignored=st.integers(0, 2**40),
    error_bound=st.floats(0, 1e9),
)
whole_counts = st.one_of(st.integers(1, 300), st.integers(1, 2**62))
weights = st.floats(1e-9, 1e12)


def class_names(num_classes):
    exactly = st.lists(
        st.text(max_size=20), min_size=num_classes, max_size=num_classes, unique=True
    )
    return st.one_of(st.just(()), exactly.map(tuple))


@st.composite
def serieses(draw, kind=None):
    kind = kind or draw(st.sampled_from(Kind))
    num_classes = 0 if kind is Kind.FIT else draw(st.integers(1, 80))
    return Series(
        kind=kind,
        name=draw(names),
        task=draw(st.sampled_from(Task)),
        num_classes=num_classes,
        class_names=draw(class_names(num_classes)),
        pos_label=draw(st.one_of(st.none(), st.integers(0, 100))),
        bins=draw(st.integers(1, 50)) if kind is Kind.SCORES else 0,
        higher_is_better=draw(st.booleans()),
        model=draw(st.text(max_size=20)),
        model_version=draw(st.text(max_size=20)),
        framework=draw(st.text(max_size=20)),
        generation=draw(st.integers(1, 9)),
    )


@st.composite
def confusions(draw):
    series = draw(serieses(Kind.CONFUSION))
    size = series.num_classes**2
    keys = sorted(draw(st.sets(st.integers(0, size - 1), max_size=60)))
    weighted = draw(st.booleans())
    counts = [draw(weights if weighted else whole_counts) for _ in keys]
    return series, Confusion(
        series.num_classes,
        np.array(keys, np.uint64),
        np.array(counts, np.float64 if weighted else np.int64),
        draw(provenances),
    )


@st.composite
def class_counts(draw):
    series = draw(serieses(Kind.CLASS_COUNTS))
    weighted = draw(st.booleans())
    amounts = st.one_of(st.just(0), weights if weighted else whole_counts)
    columns = [
        np.array(
            draw(st.lists(amounts, min_size=series.num_classes, max_size=series.num_classes)),
            np.float64 if weighted else np.int64,
        )
        for _ in range(series.count_rows)
    ]
    return series, ClassCounts(*columns[:3], draw(provenances), *columns[3:])


@st.composite
def scores(draw):
    series = draw(serieses(Kind.SCORES))
    shape = (series.num_classes, 2, series.bins)
    seed = draw(st.integers(0, 2**32 - 1))
    largest = draw(st.sampled_from([1, 200, 2**15, 2**31, 2**62]))
    counts = np.random.default_rng(seed).integers(0, largest, shape)
    return series, Scores(counts, draw(provenances))


blobs = st.one_of(confusions(), class_counts(), scores())


def same(one, other):
    """Whether two records are equal in every field, dtypes included."""
    if type(one) is not type(other) or one.provenance != other.provenance:
        return False
    for field in (
        "num_classes", "keys", "counts", "true_positives", "support", "predicted", "examples",
    ):  # fmt: skip
        a, b = np.asarray(getattr(one, field, 0)), np.asarray(getattr(other, field, 0))
        if a.dtype != b.dtype or not np.array_equal(a, b):
            return False
    return True
