"""Sparse cells: exact below the cap, within their bound above it, in whatever order."""

import pickle

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from tb_monitor_writer import limits
from tb_monitor_writer.metrics import ConfusionMatrix, sparse_cells
from tb_monitor_writer.metrics.space_saving import (
    Pairs,
    count_pairs,
    keep_most_frequent,
    merge_pairs,
    no_pairs,
)

CLASSES = 9


@st.composite
def parts(draw):
    """Batches `[(y_true, y_pred, weights or None)]`, few of their cells frequent."""
    weighted = draw(st.sampled_from([False, True, None]))  # None: some of them
    cell = st.one_of(
        st.tuples(st.integers(0, CLASSES - 1), st.integers(0, CLASSES - 1)),
        st.sampled_from([(0, 1), (1, 0), (8, 3), (4, 4)]),
    )
    batches = []
    for rows in draw(st.lists(st.lists(cell, max_size=40), min_size=1, max_size=6)):
        y_true, y_pred = np.array(rows, np.int64).reshape(-1, 2).T
        weights = None
        if draw(st.booleans()) if weighted is None else weighted:
            # Multiples of 1/8, so that sums are exact.
            eighths = st.lists(st.integers(0, 40), min_size=len(rows), max_size=len(rows))
            weights = np.array(draw(eighths), np.float64) / 8
        batches.append((y_true, y_pred, weights))
    return batches


def exact(batches):
    matrix = ConfusionMatrix(CLASSES)
    for batch in batches:
        matrix.update(*batch)
    return matrix


def check_bound(matrix, batches, max_cells):
    """Every promise of `error_bound`, against all counts."""
    expected = exact(batches)
    true_counts = expected.to_array().astype(np.float64)
    found = np.zeros((CLASSES, CLASSES))
    keys, counts = matrix.cells()
    found.reshape(-1)[keys] = counts
    assert (np.diff(keys.astype(np.int64)) > 0).all()
    assert (counts > 0).all()
    np.testing.assert_array_equal(found.diagonal(), true_counts.diagonal())
    for mine, theirs in zip(matrix.margins, expected.margins, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert matrix.total == expected.total
    assert matrix.sum_squared_weights == expected.sum_squared_weights
    lacking = true_counts - found
    assert (lacking >= 0).all()
    assert lacking.max() <= matrix.error_bound
    wrong = true_counts.sum() - true_counts.trace()
    assert matrix.error_bound <= wrong / (max_cells + 1)
    distinct = np.count_nonzero(true_counts) - np.count_nonzero(true_counts.diagonal())
    if distinct <= max_cells:
        assert matrix.error_bound == 0
    assert len(keys) - np.count_nonzero(found.diagonal()) <= max_cells


@hypothesis.given(parts(), st.integers(1, 12), st.sampled_from([1, 5, 1 << 16]))
def test_every_count_is_within_the_bound_however_batches_are_cut(batches, max_cells, pending):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sparse_cells, "_LEAST_PENDING", pending)
        matrix = ConfusionMatrix(CLASSES, sparse=True, max_cells=max_cells)
        for batch in batches:
            matrix.update(*batch)
        check_bound(matrix, batches, max_cells)


@hypothesis.given(parts(), st.integers(1, 12), st.randoms(use_true_random=False))
def test_every_count_is_within_the_bound_in_whatever_order_parts_are_merged(
    batches, max_cells, random
):
    merged = []
    for batch in batches:
        part = ConfusionMatrix(CLASSES, sparse=True, max_cells=max_cells)
        part.update(*batch)
        merged.append(part)
    while len(merged) > 1:
        other = merged.pop(random.randrange(len(merged)))
        merged[random.randrange(len(merged))].merge(other)
    check_bound(merged[0], batches, max_cells)


@hypothesis.given(parts(), st.integers(1, 12), st.booleans())
def test_dense_and_sparse_matrices_merge_within_the_bound(batches, max_cells, dense_first):
    middle = len(batches) // 2
    dense = exact(batches[:middle])
    sparse = ConfusionMatrix(CLASSES, sparse=True, max_cells=max_cells)
    for batch in batches[middle:]:
        sparse.update(*batch)
    if not dense_first:
        sparse.merge(dense)
        check_bound(sparse, batches, max_cells)
        return
    had_error = sparse.error_bound
    dense.merge(sparse)
    if had_error:  # what is summarised cannot be all counts again
        assert dense.error_bound == had_error
    else:
        np.testing.assert_array_equal(dense.to_array(), exact(batches).to_array())


def test_a_pair_that_was_never_left_out_keeps_its_exact_count():
    rng = np.random.default_rng(0)
    frequent = rng.integers(0, 20, 40_000)  # 20 pairs of about 2,000
    rare = rng.integers(20, 100_000, 40_000)
    keys = np.stack([frequent, rare], axis=1).reshape(-1)
    matrix = ConfusionMatrix(1_000, sparse=True, max_cells=1_000)
    y_true, y_pred = np.divmod(keys, 999)
    y_pred += y_pred >= y_true  # off the diagonal
    for start in range(0, len(keys), 500):
        matrix.update(y_true[start : start + 500], y_pred[start : start + 500])
        if start % 5_000 == 0:
            matrix.cells()
    assert 0 < matrix.error_bound <= 80_000 / 1_001
    found_keys, counts = matrix.cells()
    largest = np.argsort(-counts, kind="stable")[:20]
    expected = np.bincount(frequent)
    assert sorted(found_keys[largest].tolist()) == list(range(1, 21))
    np.testing.assert_array_equal(counts[np.isin(found_keys, np.arange(1, 21))], expected)


def test_rare_pairs_that_come_in_late_do_not_push_frequent_ones_out():
    matrix = ConfusionMatrix(100, sparse=True, max_cells=10)
    matrix.update(np.repeat(np.arange(10), 50), np.repeat(np.arange(1, 11), 50))
    keys, counts = matrix.cells()
    matrix.update(np.arange(20, 90), np.arange(21, 91))
    assert matrix.error_bound == 1
    np.testing.assert_array_equal(matrix.cells()[0], keys)
    np.testing.assert_array_equal(matrix.cells()[1], counts)


def test_a_merge_adds_the_bounds_of_both():
    one = Pairs(np.array([1, 5], np.uint32), np.array([10, 4]), np.array([0, 2]), 2)
    other = Pairs(np.array([5, 7], np.uint32), np.array([3, 9]), np.array([1, 0]), 3)
    merged = merge_pairs(one, other)
    assert merged.keys.tolist() == [1, 5, 7]
    assert merged.counts.tolist() == [10, 7, 9]
    assert merged.errors.tolist() == [0 + 3, 2 + 1, 0 + 2]
    assert merged.floor == 5
    kept = keep_most_frequent(merged, 2)
    assert (kept.keys.tolist(), kept.floor) == ([1, 7], 10)
    nothing = no_pairs(np.uint32)
    assert merge_pairs(one, nothing) is one
    assert merge_pairs(nothing, one) is one


def test_of_equally_frequent_pairs_the_lower_keys_are_kept():
    pairs = count_pairs(np.array([9, 3, 7, 1, 5], np.uint64), None)
    kept = keep_most_frequent(pairs, 3)
    assert (kept.keys.tolist(), kept.counts.tolist(), kept.floor) == ([1, 3, 5], [1, 1, 1], 1)


@pytest.mark.parametrize("weighted", [False, True])
def test_a_summary_survives_copies_pickles_and_reset(weighted):
    rng = np.random.default_rng(1)
    y_true, y_pred = rng.integers(0, 50, (2, 5_000))
    weights = rng.integers(1, 8, 5_000) / 8 if weighted else None
    matrix = ConfusionMatrix(50, sparse=True, max_cells=100)
    matrix.update(y_true, y_pred, weights)
    for other in (matrix.copy(), pickle.loads(pickle.dumps(matrix))):
        assert other.error_bound == matrix.error_bound > 0
        for mine, theirs in zip(other.cells(), matrix.cells(), strict=True):
            np.testing.assert_array_equal(mine, theirs)
        before = matrix.cells()[1].sum()
        other.update(y_true, y_pred)
        assert matrix.cells()[1].sum() == before
    matrix.reset()
    assert (matrix.error_bound, matrix.total, len(matrix.cells()[0])) == (0, 0, 0)
    matrix.update(y_true, y_pred)
    assert matrix.error_bound > 0


def test_the_default_cap_is_what_a_record_holds_beside_the_diagonal():
    for num_classes, most in ((3_000, limits.MAX_CELLS - 3_000), (1 << 23, limits.MAX_CELLS // 2)):
        matrix = ConfusionMatrix(num_classes)
        assert matrix._cells._max_pairs == most


@pytest.mark.parametrize("weighted", [False, True])
def test_labels_wait_in_bounded_number_until_they_are_sorted(monkeypatch, weighted):
    monkeypatch.setattr(sparse_cells, "_LEAST_PENDING", 64)
    monkeypatch.setattr(sparse_cells, "_MOST_PENDING", 200)
    rng = np.random.default_rng(6)
    matrix, expected = ConfusionMatrix(40, sparse=True), ConfusionMatrix(40)
    for _ in range(300):
        n = rng.integers(0, 100)
        y_true, y_pred = rng.integers(0, 40, (2, n))
        weights = rng.integers(0, 8, n) / 8 if weighted else None
        matrix.update(y_true, y_pred, weights)
        expected.update(y_true, y_pred, weights)
        kept = len(matrix._cells._pairs.keys)
        assert matrix._cells._pending_labels < max(64, min(kept, 200), kept // 4)
        assert matrix._cells._pending_labels == sum(len(keys) for keys, _ in matrix._cells._pending)
    np.testing.assert_array_equal(matrix.to_array(), expected.to_array())


def test_a_hundred_thousand_classes_take_megabytes_not_gigabytes():
    rng = np.random.default_rng(2)
    matrix = ConfusionMatrix(100_000)
    for _ in range(20):
        y_true = rng.integers(0, 100_000, 100_000)
        wrong = rng.random(100_000) < 0.24
        matrix.update(y_true, np.where(wrong, (y_true + rng.integers(1, 6, 100_000)), y_true)
                      % 100_000)  # fmt: skip
    assert matrix.error_bound == 0
    assert len(pickle.dumps(matrix)) < 16_000_000
    assert matrix.cells()[1].sum() == matrix.total == 2_000_000
