"""What ranks do together, as threads of one process; tests/integrations has real processes."""

import threading

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from tb_monitor_writer import distributed
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ConfusionMatrix

TIMEOUT_S = 30


class Ranks:
    """Sums arrays over threads as a collective does, and notices what would hang one."""

    def __init__(self, size):
        self._barrier = threading.Barrier(size)
        self._place = threading.local()
        self._given = [None] * size
        self.sums = 0

    def run(self, function, arguments):
        """Returns what each rank returned or raised."""
        found = [None] * len(arguments)

        def rank(index):
            self._place.index = index
            try:
                found[index] = function(arguments[index])
            except Exception as error:
                found[index] = error

        threads = [threading.Thread(target=rank, args=(index,)) for index in range(len(arguments))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT_S)
        return found

    def all_reduce(self, array, group=None):
        every = self._exchanged(array)
        shapes = {(array.shape, array.dtype) for array in every}
        assert len(shapes) == 1, f"a real collective would hang or corrupt: {shapes}"
        self.sums += self._place.index == 0
        return np.sum(every, axis=0, dtype=every[0].dtype)

    def all_gather(self, array, group=None):
        return [array.copy() for array in self._exchanged(array)]

    def _exchanged(self, array):
        self._given[self._place.index] = np.asarray(array)
        self._barrier.wait(TIMEOUT_S)
        every = list(self._given)
        self._barrier.wait(TIMEOUT_S)
        return every


def all_reduced(matrices):
    """Calls all_reduce on every matrix; returns what each raised, and how many sums it took."""
    ranks = Ranks(len(matrices))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(distributed, "all_reduce", ranks.all_reduce)
        patch.setattr(distributed, "all_gather", ranks.all_gather)
        return ranks.run(lambda matrix: matrix.all_reduce(), matrices), ranks.sums


def counted(rng, *, n=60, classes=6, weighted=False, scores=False, **keywords):
    matrix = ConfusionMatrix(classes, **keywords)
    y_true = rng.integers(-1, classes, n)
    weights = rng.integers(1, 8, n) / 8 if weighted else None
    if scores:
        logits = rng.normal(size=(n, classes))
        logits[::7, 0] = np.nan
        matrix.update_from_scores(y_true, logits, weights, ignore_index=-1)
    else:
        matrix.update(y_true, rng.integers(0, classes, n), weights, ignore_index=-1)
    return matrix


def check_same(matrix, expected):
    for mine, theirs in zip(matrix.cells(), expected.cells(), strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
    for mine, theirs in zip(matrix.margins, expected.margins, strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
    for name in ("total", "ignored", "nan", "sum_squared_weights", "weighted", "top_k",
                 "top_k_hits", "top_k_total", "error_bound"):  # fmt: skip
        mine, theirs = getattr(matrix, name), getattr(expected, name)
        assert mine == theirs, name
        if not expected.weighted:
            assert type(mine) is type(theirs), name


@pytest.mark.parametrize("scores", [False, True])
@pytest.mark.parametrize("weighted", [set(), {1}, {0, 1, 2}])
@pytest.mark.parametrize("sparse", [False, True])
def test_every_rank_holds_what_a_merge_gives(sparse, weighted, scores):
    rng = np.random.default_rng(0)
    matrices = [
        counted(rng, n=30 * rank, sparse=sparse, weighted=rank in weighted, scores=scores, top_k=2)
        for rank in range(3)
    ]
    expected = ConfusionMatrix(6, sparse=sparse, top_k=2)
    for matrix in matrices:
        expected.merge(matrix)
    raised, sums = all_reduced(matrices)
    assert raised == [None] * 3
    assert sums == 2
    for matrix in matrices:
        check_same(matrix, expected)
        matrix.update([5], [0])  # and it goes on
        assert matrix.total == expected.total + 1


def test_counts_beyond_the_floats_are_summed_exactly():
    matrices = [ConfusionMatrix.from_array([[2**53, 1], [0, rank]]) for rank in range(2)]
    raised, _ = all_reduced(matrices)
    assert raised == [None, None]
    for matrix in matrices:
        assert matrix.to_array().tolist() == [[2**54, 2], [0, 1]]
        assert matrix.total == 2**54 + 3


@hypothesis.given(st.integers(1, 4), st.integers(1, 30), st.integers(0, 2**32 - 1))
@hypothesis.settings(max_examples=40)
def test_summaries_of_ranks_stay_within_their_bound(size, max_cells, seed):
    rng = np.random.default_rng(seed)
    matrices, whole = [], ConfusionMatrix(6)
    for _ in range(size):
        matrix = counted(rng, n=rng.integers(0, 80), sparse=True, max_cells=max_cells)
        plain = counted(np.random.default_rng(1), n=0)
        matrices.append(matrix)
        if not matrix.error_bound:
            plain.merge(matrix)
        whole.merge(plain)
    raised, _ = all_reduced(matrices)
    assert raised == [None] * size
    first = matrices[0]
    for other in matrices[1:]:
        check_same(other, first)
    margins = first.margins
    wrong = first.total - margins.true_positives.sum()
    assert first.error_bound <= wrong / (max_cells + 1)
    found = np.zeros(36, np.int64)
    keys, counts = first.cells()
    found[keys] = counts
    lacking = margins.support - found.reshape(6, 6).sum(axis=1)
    assert (lacking >= 0).all()
    assert (found.reshape(6, 6).diagonal() == margins.true_positives).all()
    assert (found.reshape(6, 6) + first.error_bound >= whole.to_array()).all()


NAMES = tuple("abcdef")


@pytest.mark.parametrize(
    ("others", "message"),
    [
        ({"num_classes": 7}, "num_classes must be the same on every rank, got {} on this one"),
        ({"sparse": True}, "sparse must be the same on every rank, got {} on this one"),
        ({"top_k": 3}, "top_k must be the same on every rank, got {} on this one"),
        ({"class_names": NAMES[::-1]}, "class_names must be the same on every rank"),
    ],
)
def test_ranks_that_differ_are_told_so_on_every_rank_before_anything_is_summed(others, message):
    common = {"num_classes": 6, "sparse": False, "top_k": 2, "class_names": NAMES}
    changed = {**common, **others}
    if "num_classes" in others:
        common["class_names"] = changed["class_names"] = None
    # Of 6, 6 and 7 no rank has the mean; of 5, 6 and 7 one has.
    matrices = [ConfusionMatrix(**keywords) for keywords in (common, common, changed)]
    if "num_classes" in others:
        matrices[0] = ConfusionMatrix(5, sparse=False, top_k=2)
    for matrix in matrices:
        matrix.update([1, 2], [1, 1])
    raised, sums = all_reduced(matrices)
    (name,) = others
    for matrix, error in zip(matrices, raised, strict=True):
        assert isinstance(error, InvalidInput)
        shown = matrix is matrices[2] if name == "sparse" else getattr(matrix, name)
        assert str(error) == message.format(shown)
        assert matrix.total == 2
    assert sums == 1


def test_a_rank_that_holds_ratios_is_told_to_all():
    matrices = [ConfusionMatrix(2), ConfusionMatrix.from_array([[0.5, 0.5], [0.25, 0.75]])]
    raised, _ = all_reduced(matrices)
    assert [str(error) for error in raised] == [
        "a matrix of ratios, on some rank, cannot be summed; count with update()"
    ] * 2


def test_ranks_without_names_or_top_k_take_part():
    first = ConfusionMatrix(6, class_names=NAMES, top_k=2)
    first.update_from_scores([1], [[0, 1, 0, 0, 0, 0]])
    second = ConfusionMatrix(6)
    second.update([0], [1])
    raised, _ = all_reduced([first, second])
    assert raised == [None, None]
    assert (first.class_names, second.class_names) == (NAMES, ())
    for matrix in (first, second):
        assert (matrix.top_k, matrix.top_k_hits, matrix.top_k_total, matrix.total) == (2, 1, 1, 2)


def test_a_process_that_stands_alone_keeps_its_counts():
    matrix = ConfusionMatrix(3, top_k=1)
    matrix.update_from_scores([1, 2], [[0, 1, 0], [np.nan, 0, 0]])
    before = matrix.copy()
    matrix.all_reduce()
    check_same(matrix, before)
