"""The running matrix against scikit-learn, and its algebra."""

import pickle

import hypothesis
import hypothesis.extra.numpy as arrays
import hypothesis.strategies as st
import numpy as np
import pytest
import sklearn.metrics

from tb_monitor_writer import limits
from tb_monitor_writer.metrics import ConfusionMatrix

INTEGERS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", ">i4", ">u2"]


def counted(y_true, y_pred, num_classes, weights=None, **keywords):
    matrix = ConfusionMatrix(num_classes, **keywords)
    matrix.update(y_true, y_pred, weights)
    return matrix


def check_consistent(matrix: ConfusionMatrix) -> None:
    """Everything kept beside the cells agrees with them."""
    dense = matrix.to_array()
    close = np.testing.assert_allclose if matrix.weighted else np.testing.assert_array_equal
    close(matrix.margins.true_positives, dense.diagonal())
    close(matrix.margins.support, dense.sum(axis=1))
    close(matrix.margins.predicted, dense.sum(axis=0))
    close(matrix.total, dense.sum())
    keys, counts = matrix.cells()
    assert keys.dtype == np.uint64
    assert counts.dtype == dense.dtype == (np.float64 if matrix.weighted else np.int64)
    assert (np.diff(keys.astype(np.int64)) > 0).all()
    assert (counts > 0).all()
    rebuilt = np.zeros(dense.size, dense.dtype)
    rebuilt[keys] = counts
    np.testing.assert_array_equal(rebuilt.reshape(dense.shape), dense)


@st.composite
def batches(draw, max_classes=6, weighted=None):
    """(C, list of (y_true, y_pred, weights or None))."""
    num_classes = draw(st.integers(1, max_classes))
    labels = st.integers(0, num_classes - 1)
    if weighted is None:
        weighted = draw(st.booleans())
    # Multiples of 1/8: their sums are exact, so that order cannot matter.
    weights = st.integers(0, 80).map(lambda eighths: eighths / 8)
    rows = st.lists(st.tuples(labels, labels, weights), max_size=20)
    found = []
    for batch in draw(st.lists(rows, max_size=4)):
        table = np.array(batch, np.float64).reshape(-1, 3)
        y_true, y_pred = table[:, :2].astype(np.int64).T
        found.append((y_true, y_pred, table[:, 2] if weighted else None))
    return num_classes, found


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("num_classes", [2, 17, 300])
def test_random_labels_give_the_matrix_of_scikit_learn(num_classes, sparse):
    rng = np.random.default_rng(0)
    y_true, y_pred = rng.integers(0, num_classes, (2, 5_000))
    weights = rng.exponential(size=5_000)
    names = range(num_classes)
    matrix = counted(y_true, y_pred, num_classes, sparse=sparse)
    np.testing.assert_array_equal(
        matrix.to_array(), sklearn.metrics.confusion_matrix(y_true, y_pred, labels=names)
    )
    check_consistent(matrix)
    matrix = counted(y_true, y_pred, num_classes, weights, sparse=sparse)
    np.testing.assert_allclose(
        matrix.to_array(),
        sklearn.metrics.confusion_matrix(y_true, y_pred, labels=names, sample_weight=weights),
        rtol=1e-12,
    )
    check_consistent(matrix)
    assert matrix.sum_squared_weights == pytest.approx((weights**2).sum())


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize("dtype", INTEGERS)
def test_every_integer_dtype_counts_alike(dtype, sparse):
    num_classes = 120  # 119 * 120 + 119 overflows one byte, and two signed ones do not
    rng = np.random.default_rng(1)
    y_true, y_pred = rng.integers(0, num_classes, (2, 1_000))
    matrix = ConfusionMatrix(num_classes, sparse=sparse)
    matrix.update(y_true.astype(dtype), y_pred.astype("u1"))
    matrix.update(y_true.astype("i8")[::2], y_pred.astype(dtype)[::2])
    expected = counted(y_true, y_pred, num_classes).to_array()
    expected += counted(y_true[::2], y_pred[::2], num_classes).to_array()
    np.testing.assert_array_equal(matrix.to_array(), expected)


def test_small_integers_do_not_overflow_in_the_product():
    # uint8: 16 * 17 + 16 = 288.
    matrix = counted(np.array([16], np.uint8), np.array([16], np.uint8), 17)
    assert matrix.to_array()[16, 16] == 1


def test_bool_labels_are_classes_0_and_1():
    matrix = counted(np.array([True, False, True]), [True, True, False], 2)
    assert matrix.to_array().tolist() == [[0, 1], [1, 1]]


def test_columns_of_labels_count_as_labels():
    matrix = counted(np.array([[0], [1]]), np.array([[1], [1]]), 2, np.array([[2.0], [3.0]]))
    assert matrix.to_array().tolist() == [[0, 2], [0, 3]]


def test_strided_and_read_only_labels_count_and_stay_as_they_are():
    table = np.arange(12).reshape(6, 2) % 3
    table.flags.writeable = False
    matrix = counted(table[:, 0], table[::-1, 1], 3)
    np.testing.assert_array_equal(
        matrix.to_array(), sklearn.metrics.confusion_matrix(table[:, 0], table[::-1, 1])
    )


@pytest.mark.parametrize("y_true", [[], np.zeros(0, int), np.zeros((0, 1), int), ()])
def test_an_empty_batch_counts_nothing(y_true):
    matrix = counted(y_true, [], 3)
    assert matrix.total == 0
    assert not matrix.to_array().any()
    matrix.update([], [], [])
    assert matrix.total == 0
    check_consistent(matrix)


def test_ignored_examples_are_left_out_whatever_was_predicted():
    matrix = ConfusionMatrix(3)
    matrix.update([0, 255, 1, 255], [0, 99, 2, -1], ignore_index=255)
    assert matrix.to_array().tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert (matrix.total, matrix.ignored) == (2, 2)
    matrix.update([2, 1], [2, 1], [0.5, 4.0], ignore_index=1)
    assert (matrix.total, matrix.ignored, matrix.sum_squared_weights) == (2.5, 3, 2.25)
    matrix.update([-1, -1], [0, 0], ignore_index=-1)
    assert (matrix.total, matrix.ignored) == (2.5, 5)
    check_consistent(matrix)


def test_ignore_index_is_what_sklearn_counts_after_leaving_them_out():
    rng = np.random.default_rng(3)
    y_true, y_pred = rng.integers(0, 5, (2, 500))
    matrix = ConfusionMatrix(5)
    matrix.update(y_true, y_pred, ignore_index=2)
    kept = y_true != 2
    np.testing.assert_array_equal(
        matrix.to_array(),
        sklearn.metrics.confusion_matrix(y_true[kept], y_pred[kept], labels=range(5)),
    )


def test_weights_turn_counts_into_sums_without_losing_any():
    matrix = counted([0, 1], [0, 0], 2)
    assert not matrix.weighted
    matrix.update([1], [1], [0.25])
    assert matrix.weighted
    matrix.update([1], [1])
    assert matrix.to_array().tolist() == [[1.0, 0.0], [1.0, 1.25]]
    assert matrix.sum_squared_weights == 3 + 0.0625
    check_consistent(matrix)


@hypothesis.given(batches())
def test_total_and_margins_are_those_of_the_cells(drawn):
    num_classes, found = drawn
    for sparse in (False, True):
        matrix = ConfusionMatrix(num_classes, sparse=sparse)
        for y_true, y_pred, weights in found:
            matrix.update(y_true, y_pred, weights)
            check_consistent(matrix)
        if not matrix.weighted:
            assert matrix.total == sum(len(y_true) for y_true, _, _ in found)


@hypothesis.given(batches())
def test_reading_between_updates_changes_nothing(drawn):
    num_classes, found = drawn
    num_classes += 40  # large enough that margins are kept up to date
    read, unread = ConfusionMatrix(num_classes), ConfusionMatrix(num_classes)
    for y_true, y_pred, weights in found:
        for column in read.margins:
            column[:] = -1  # nor does writing to what was read
        read.update(y_true, y_pred, weights)
        unread.update(y_true, y_pred, weights)
    for mine, other in zip(read.margins, unread.margins, strict=True):
        np.testing.assert_array_equal(mine, other)
    check_consistent(read)


@hypothesis.given(batches())
def test_one_update_of_all_equals_updates_of_its_parts(drawn):
    num_classes, found = drawn
    hypothesis.assume(found)
    columns = list(zip(*found, strict=True))
    y_true, y_pred = (np.concatenate(column) for column in columns[:2])
    weights = None if columns[2][0] is None else np.concatenate(columns[2])
    for sparse in (False, True):
        parts = ConfusionMatrix(num_classes, sparse=sparse)
        for batch in found:
            parts.update(*batch)
        whole = counted(y_true, y_pred, num_classes, weights, sparse=sparse)
        np.testing.assert_array_equal(parts.to_array(), whole.to_array())
        assert parts.sum_squared_weights == whole.sum_squared_weights


@hypothesis.given(batches(), st.randoms(use_true_random=False))
def test_merging_is_associative_and_commutative(drawn, random):
    num_classes, found = drawn
    parts = [
        counted(y_true, y_pred, num_classes, weights, sparse=random.choice([False, True]))
        for y_true, y_pred, weights in found
    ]
    whole = ConfusionMatrix(num_classes)
    for batch in found:
        whole.update(*batch)
    random.shuffle(parts)
    while len(parts) > 1:
        other = parts.pop(random.randrange(len(parts)))
        parts[random.randrange(len(parts))].merge(other)
    merged = parts[0] if parts else ConfusionMatrix(num_classes)
    np.testing.assert_array_equal(merged.to_array(), whole.to_array())
    assert merged.total == whole.total
    assert merged.sum_squared_weights == whole.sum_squared_weights
    check_consistent(merged)


def test_merging_adds_what_was_ignored_and_takes_over_names():
    first, second = ConfusionMatrix(2), ConfusionMatrix(2, class_names=["a", "b"])
    second.update([0, 7], [1, 0], ignore_index=7)
    first.merge(second)
    first.merge(first)
    assert (first.total, first.ignored, first.class_names) == (2, 2, ("a", "b"))
    assert first.to_array().tolist() == [[0, 2], [0, 0]]


@hypothesis.given(batches(), st.randoms(use_true_random=False))
def test_permuting_the_classes_permutes_the_matrix(drawn, random):
    num_classes, found = drawn
    order = np.array(random.sample(range(num_classes), num_classes))
    plain, permuted = ConfusionMatrix(num_classes), ConfusionMatrix(num_classes)
    for y_true, y_pred, weights in found:
        plain.update(y_true, y_pred, weights)
        permuted.update(order[y_true], order[y_pred], weights)
    np.testing.assert_array_equal(permuted.to_array()[np.ix_(order, order)], plain.to_array())


def test_a_copy_and_its_origin_go_their_own_ways():
    for sparse in (False, True):
        origin = counted([0, 1], [1, 1], 3, sparse=sparse)
        copy = origin.copy()
        copy.update([2], [2], [0.5])
        origin.update([0], [0])
        assert origin.to_array().tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0]]
        assert copy.to_array().tolist() == [[0, 1, 0], [0, 1, 0], [0, 0, 0.5]]
        assert not origin.weighted
        check_consistent(origin)
        check_consistent(copy)


@pytest.mark.parametrize("sparse", [False, True])
def test_a_matrix_travels_between_processes(sparse):
    origin = counted([0, 1], [1, 1], 3, [0.5, 2], sparse=sparse, class_names=["a", "b", "c"])
    arrived = pickle.loads(pickle.dumps(origin))
    arrived.update([2], [2])
    assert arrived.to_array().tolist() == [[0, 0.5, 0], [0, 2, 0], [0, 0, 1]]
    assert (arrived.class_names, arrived.sum_squared_weights) == (origin.class_names, 5.25)
    check_consistent(arrived)


def test_reset_forgets_examples_and_keeps_names():
    matrix = counted([0, 1], [1, 1], 2, [0.5, 2], class_names=["a", "b"])
    matrix.reset()
    assert (matrix.total, matrix.weighted, matrix.class_names) == (0, False, ("a", "b"))
    assert matrix.to_array().dtype == np.int64
    assert matrix.sum_squared_weights == 0
    check_consistent(matrix)


def test_what_is_read_is_not_the_state():
    matrix = counted([0, 1], [1, 1], 2)
    matrix.to_array()[:] = 9
    matrix.cells()[1][:] = 9
    for column in matrix.margins:
        column[:] = 9
    assert matrix.to_array().tolist() == [[0, 1], [0, 1]]
    check_consistent(matrix)


class TestFromArray:
    @pytest.mark.parametrize("dtype", [*INTEGERS, "f2", "f4", "f8"])
    def test_whole_numbers_of_any_dtype_become_counts(self, dtype):
        matrix = ConfusionMatrix.from_array(np.array([[3, 1], [0, 5]], dtype))
        assert matrix.to_array().dtype == np.int64
        assert matrix.to_array().tolist() == [[3, 1], [0, 5]]
        assert (matrix.total, matrix.sum_squared_weights, matrix.weighted) == (9, 9.0, False)
        assert not matrix.normalised
        check_consistent(matrix)

    def test_other_floats_are_sums_of_weights_of_unknown_size(self):
        matrix = ConfusionMatrix.from_array([[1.5, 1], [0, 5]])
        assert matrix.weighted
        assert np.isnan(matrix.sum_squared_weights)
        assert not matrix.normalised
        check_consistent(matrix)

    @pytest.mark.parametrize("normalize", ["true", "pred"])
    def test_ratios_of_scikit_learn_are_seen(self, normalize):
        rng = np.random.default_rng(4)
        y_true, y_pred = rng.integers(0, 4, (2, 100))
        ratios = sklearn.metrics.confusion_matrix(y_true, y_pred, normalize=normalize)
        for rounded in (ratios, ratios.astype(np.float32), ratios.round(4)):
            assert ConfusionMatrix.from_array(rounded).normalised

    def test_a_row_without_examples_does_not_hide_ratios(self):
        assert ConfusionMatrix.from_array([[0.5, 0.5], [0.0, 0.0]]).normalised

    def test_counts_of_one_example_a_class_are_counts(self):
        assert not ConfusionMatrix.from_array(np.eye(3, dtype=int)).normalised

    def test_the_array_given_is_neither_kept_nor_changed(self):
        given = np.array([[3, 1], [0, 5]])
        matrix = ConfusionMatrix.from_array(given)
        matrix.update([0], [0])
        given[:] = 0
        assert matrix.to_array().tolist() == [[4, 1], [0, 5]]

    def test_a_large_array_goes_sparse(self):
        size = limits.MAX_DENSE_CLASSES + 1
        given = np.zeros((size, size), np.int32)
        given[3, 5], given[size - 1, size - 1] = 7, 2
        matrix = ConfusionMatrix.from_array(given)
        keys, counts = matrix.cells()
        assert keys.tolist() == [3 * size + 5, size * size - 1]
        assert counts.tolist() == [7, 2]

    @hypothesis.given(
        arrays.arrays(np.int64, st.integers(1, 5).map(lambda n: (n, n)),
                      elements=st.integers(0, 2**40))
    )  # fmt: skip
    def test_an_array_comes_back_as_it_was(self, given):
        matrix = ConfusionMatrix.from_array(given)
        np.testing.assert_array_equal(matrix.to_array(), given)
        check_consistent(matrix)


def test_counts_beyond_the_floats_stay_exact():
    matrix = ConfusionMatrix.from_array([[2**53, 0], [0, 0]])
    matrix.update([0], [0])
    assert matrix.to_array()[0, 0] == 2**53 + 1


def test_100_000_classes_are_counted_exactly_in_little_memory():
    num_classes = 100_000
    rng = np.random.default_rng(5)
    matrix = ConfusionMatrix(num_classes)
    seen = []
    for size in (256, 1, 100_000, 0, 30_000, 70_000):
        y_true = rng.zipf(1.5, size) % num_classes
        y_pred = np.where(rng.random(size) < 0.8, y_true, rng.integers(0, num_classes, size))
        matrix.update(y_true, y_pred)
        seen.append(y_true * num_classes + y_pred)
    keys, counts = np.unique(np.concatenate(seen), return_counts=True)
    found_keys, found_counts = matrix.cells()
    np.testing.assert_array_equal(found_keys, keys)
    np.testing.assert_array_equal(found_counts, counts)
    np.testing.assert_array_equal(
        matrix.margins.support, np.bincount(keys // num_classes, counts, num_classes)
    )
    np.testing.assert_array_equal(
        matrix.margins.predicted, np.bincount(keys % num_classes, counts, num_classes)
    )
    assert (
        matrix.margins.true_positives.sum()
        == counts[keys // num_classes == keys % num_classes].sum()
    )


@pytest.mark.parametrize("num_classes", [65_535, 65_536, 65_537, 3_000_000])
def test_the_last_cells_of_many_classes_do_not_overflow(num_classes):
    # 65,536^2 = 2^32: the last square whose cells are numbered by 32 bits.
    last = num_classes - 1
    matrix = counted([last, last, 0, last - 1], [last, 0, last, last], num_classes)
    keys, counts = matrix.cells()
    expected = [(0, last), (last - 1, last), (last, 0), (last, last)]
    assert keys.tolist() == [true * num_classes + pred for true, pred in expected]
    assert counts.tolist() == [1, 1, 1, 1]


def test_a_batch_larger_than_a_chunk_is_counted_whole():
    rng = np.random.default_rng(7)
    y_true, y_pred = rng.integers(0, 9, (2, 200_001)).astype(np.uint8)
    weights = rng.integers(0, 8, 200_001) / 8
    for sparse in (False, True):
        matrix = counted(y_true, y_pred, 9, sparse=sparse)
        np.testing.assert_array_equal(
            matrix.to_array(), sklearn.metrics.confusion_matrix(y_true, y_pred)
        )
        matrix = counted(y_true, y_pred, 9, weights, sparse=sparse)
        np.testing.assert_array_equal(
            matrix.to_array(),
            sklearn.metrics.confusion_matrix(y_true, y_pred, sample_weight=weights),
        )
        check_consistent(matrix)


def test_it_says_what_it_holds():
    assert repr(counted([0, 1], [1, 1], 2)) == "ConfusionMatrix(num_classes=2, total=2)"
