"""Multi-label counts that were made elsewhere, such as on a device."""

import numpy as np
import pytest

from tb_monitor_writer import InvalidInput, MultilabelCounts
from tb_monitor_writer.metrics import Margins


def counted(weights=None):
    random = np.random.default_rng(0)
    truth, predicted = random.random((2, 50, 3)) < 0.4
    counts = MultilabelCounts(3, class_names=["a", "b", "c"])
    counts.update(truth, predicted, weights)
    return counts


def taken_over(counts):
    return MultilabelCounts.from_counts(
        counts.margins,
        counts.examples,
        exact_matches=counts.exact_matches,
        total=counts.total,
        sum_squared_weights=counts.sum_squared_weights if counts.weighted else None,
        class_names=counts.class_names,
    )


@pytest.mark.parametrize("weights", [None, np.linspace(0, 3, 50)])
def test_they_are_what_was_counted_here_and_can_be_counted_on(weights):
    counts, other = counted(weights), taken_over(counted(weights))
    for found in (counts, other):
        found.update([[1, 0, 1]], [[1, 1, 1]], None if weights is None else [0.5])
    np.testing.assert_array_equal(other.to_array(), counts.to_array())
    assert (other.weighted, other.class_names) == (counts.weighted, counts.class_names)
    assert other.exact_matches == counts.exact_matches
    assert (other.total, other.sum_squared_weights) == (counts.total, counts.sum_squared_weights)


@pytest.mark.parametrize(
    ("margins", "examples", "total"),
    [
        (([3], [2], [4]), [9], 9),
        (([-1], [2], [4]), [9], 9),
        (([1], [5], [5]), [8], 9),
        (([1], [2], [2]), [10], 9),
        (([np.nan], [2.0], [2.0]), [9.0], 9),
    ],
    ids=["hits above support", "negative", "fewer examples than entries", "above total", "nan"],
)
def test_counts_that_contradict_each_other_are_refused(margins, examples, total):
    with pytest.raises(InvalidInput, match="margins must be counts of the same examples, got"):
        MultilabelCounts.from_counts(
            Margins(*map(np.array, margins)), examples, exact_matches=0, total=total
        )


def test_shapes_that_do_not_fit_are_refused():
    margins = Margins(*[np.zeros(3, int)] * 3)
    with pytest.raises(InvalidInput, match=r"margins and examples must have shape \[L\], got"):
        MultilabelCounts.from_counts(margins, [1, 2], exact_matches=0, total=2)
