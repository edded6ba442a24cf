"""From scores to counts: which class wins, which are among the k best, and where it is found."""

import sys
import types

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
import sklearn.metrics

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ConfusionMatrix, score_rows

NAN = float("nan")


def brute_force_places(scores, y_true):
    """The place of each true class among the scores of its row, from 0; of equals the first."""
    return np.array([
        sorted(range(len(row)), key=lambda column: (-row[column], column)).index(label)
        for row, label in zip(scores, y_true, strict=True)
    ])  # fmt: skip


@st.composite
def scored(draw):
    """(y_true, scores) with many equal scores."""
    num_classes = draw(st.integers(1, 7))
    n = draw(st.integers(0, 12))
    row = st.lists(st.integers(-3, 3), min_size=num_classes, max_size=num_classes)
    scores = draw(st.lists(row, min_size=n, max_size=n))
    y_true = draw(st.lists(st.integers(0, num_classes - 1), min_size=n, max_size=n))
    return np.array(y_true, np.int64), np.array(scores, np.float32).reshape(n, num_classes)


@hypothesis.given(scored(), st.data())
def test_the_first_of_equal_scores_is_the_better_one(drawn, data):
    y_true, scores = drawn
    num_classes = scores.shape[1]
    k = data.draw(st.integers(1, num_classes))
    matrix = ConfusionMatrix(num_classes, top_k=k)
    matrix.update_from_scores(y_true, scores)
    expected = ConfusionMatrix(num_classes)
    expected.update(y_true, scores.argmax(axis=1))
    np.testing.assert_array_equal(matrix.to_array(), expected.to_array())
    places = brute_force_places(scores, y_true)
    assert (matrix.top_k_hits, matrix.top_k_total) == ((places < k).sum(), len(y_true))
    if k == 1:
        assert matrix.top_k_hits == matrix.to_array().trace()


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "u1", "i8", ">f4"])
@pytest.mark.parametrize("k", [1, 2, 5, 11])
def test_the_k_best_are_those_of_scikit_learn_where_scores_differ(k, dtype):
    rng = np.random.default_rng(0)
    scores = np.stack([rng.permutation(11) for _ in range(400)]).astype(dtype)
    y_true = rng.integers(0, 11, 400)
    matrix = ConfusionMatrix(11, top_k=k)
    matrix.update_from_scores(y_true, scores)
    hits = (brute_force_places(scores.tolist(), y_true) < k).sum()
    assert matrix.top_k_hits == hits
    if k < 11:  # scikit-learn warns of k = 11
        expected = sklearn.metrics.top_k_accuracy_score(y_true, scores, k=k, labels=range(11))
        assert matrix.top_k_accuracy == pytest.approx(expected, rel=1e-12)
    else:
        assert matrix.top_k_accuracy == 1


def test_equal_scores_of_scikit_learn_are_the_last_classes():
    # The difference that the docstring tells.
    y_true, scores = [0, 1, 2], np.zeros((3, 3))
    matrix = ConfusionMatrix(3, top_k=1)
    matrix.update_from_scores(y_true, scores)
    assert matrix.to_array()[:, 0].tolist() == [1, 1, 1]
    assert matrix.top_k_accuracy == 1 / 3
    assert sklearn.metrics.top_k_accuracy_score(y_true, scores, k=1) == 1 / 3
    matrix.update_from_scores([0], scores[:1])
    assert matrix.top_k_accuracy == 2 / 4
    assert sklearn.metrics.top_k_accuracy_score([*y_true, 2], np.zeros((4, 3)), k=1) == 2 / 4


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_an_example_with_a_nan_score_has_no_prediction(dtype):
    scores = np.array(
        [[0, 1, 2], [NAN, 1, 2], [0, 1, NAN], [NAN] * 3, [-np.inf, -np.inf, np.inf], [0, 9, 1]],
        dtype,
    )
    matrix = ConfusionMatrix(3, top_k=2)
    matrix.update_from_scores([2, 0, 1, 2, 0, -1], scores, [1, 2, 4, 8, 16, 32], ignore_index=-1)
    assert matrix.to_array().tolist() == [[0, 0, 16], [0, 0, 0], [0, 0, 1]]
    assert (matrix.nan, matrix.ignored, matrix.total) == (3, 1, 17)
    assert matrix.sum_squared_weights == 1 + 256
    assert (matrix.top_k_hits, matrix.top_k_total) == (17, 17)
    matrix.update_from_scores([0, -1], [[NAN, 0, 0], [NAN, 0, 0]], ignore_index=-1)
    assert (matrix.nan, matrix.ignored, matrix.total) == (4, 2, 17)


def test_hits_are_sums_of_weights_once_there_are_weights():
    matrix = ConfusionMatrix(3, top_k=2)
    matrix.update_from_scores([0, 2], [[3, 2, 1], [3, 2, 1]])
    assert (matrix.top_k_hits, matrix.top_k_total) == (1, 2)
    assert isinstance(matrix.top_k_hits, int)
    matrix.update_from_scores([1, 2], [[3, 2, 1], [3, 2, 1]], [0.5, 0.25])
    assert (matrix.top_k_hits, matrix.top_k_total) == (1.5, 2.75)
    assert matrix.top_k_accuracy == 1.5 / 2.75


def test_labels_are_no_scores_and_count_for_no_hit():
    matrix = ConfusionMatrix(3, top_k=2)
    matrix.update([0, 1], [0, 2])
    assert (matrix.top_k, matrix.top_k_hits, matrix.top_k_total) == (2, 0, 0)
    assert np.isnan(matrix.top_k_accuracy)
    plain = ConfusionMatrix(3)
    plain.update_from_scores([0], [[1, 0, 0]])
    assert (plain.top_k, plain.top_k_hits, plain.top_k_total) == (None, 0, 0)
    assert np.isnan(plain.top_k_accuracy)


def test_hits_are_merged_copied_and_forgotten_with_the_counts():
    first, second = ConfusionMatrix(3, top_k=2), ConfusionMatrix(3, top_k=2)
    first.update_from_scores([0, 2], [[3, 2, 1], [3, 2, 1]])
    second.update_from_scores([1, 1], [[3, 2, 1], [NAN, 2, 1]])
    copy = first.copy()
    first.merge(second)
    assert (first.top_k_hits, first.top_k_total, first.nan) == (2, 3, 1)
    assert (copy.top_k_hits, copy.top_k_total, copy.nan) == (1, 2, 0)
    without = ConfusionMatrix(3)
    without.merge(first)
    assert (without.top_k, without.top_k_hits, without.top_k_total) == (2, 2, 3)
    first.reset()
    assert (first.top_k, first.top_k_hits, first.top_k_total, first.nan) == (2, 0, 0, 0)


@pytest.mark.parametrize("rows_at_once", [1, 7, 1 << 20])
def test_scores_that_are_looked_at_in_parts_count_alike(monkeypatch, rows_at_once):
    rng = np.random.default_rng(1)
    scores = rng.integers(0, 4, (100, 9)).astype(np.float16)
    y_true = rng.integers(0, 9, 100)
    whole, parts = ConfusionMatrix(9, top_k=3), ConfusionMatrix(9, top_k=3)
    whole.update_from_scores(y_true, scores)
    monkeypatch.setattr(score_rows, "_HOST_SCORES", 9 * rows_at_once)
    parts.update_from_scores(y_true, scores)
    np.testing.assert_array_equal(parts.to_array(), whole.to_array())
    assert parts.top_k_hits == whole.top_k_hits == (brute_force_places(scores, y_true) < 3).sum()


@pytest.mark.parametrize("order", ["C", "F"])
def test_scores_of_any_layout_count_and_stay_as_they_are(order):
    rng = np.random.default_rng(2)
    scores = np.array(rng.normal(size=(60, 10)), order=order)[::2, ::-1]
    scores.flags.writeable = False
    y_true = rng.integers(0, 10, 30)
    matrix, expected = ConfusionMatrix(10), ConfusionMatrix(10)
    matrix.update_from_scores(y_true, scores)
    expected.update(y_true, np.argmax(scores, axis=1))
    np.testing.assert_array_equal(matrix.to_array(), expected.to_array())


def test_scores_in_columns_of_labels_and_of_sparse_matrices_count():
    matrix = ConfusionMatrix(4, sparse=True, top_k=1)
    matrix.update_from_scores(np.array([[1], [2]]), [[0, 1, 0, 0], [0, 0, 0, 1]])
    assert matrix.cells()[0].tolist() == [1 * 4 + 1, 2 * 4 + 3]
    assert matrix.top_k_hits == 1


def test_an_empty_batch_of_scores_counts_nothing():
    matrix = ConfusionMatrix(4, top_k=2)
    for dtype in ("f2", "f4", "i8"):
        matrix.update_from_scores([], np.zeros((0, 4), dtype))
    assert (matrix.total, matrix.nan, matrix.top_k_total) == (0, 0, 0)


# --- On a device --------------------------------------------------------------------------------


def check_counts(convert):
    """Counts scores as converted: ties, NaN, -inf, weights, ignored examples, k best."""
    rng = np.random.default_rng(3)
    scores = rng.integers(-3, 3, (200, 6)).astype(np.float32)
    scores[::17, 2], scores[5, :], scores[::13, 0] = NAN, NAN, -np.inf
    y_true = rng.integers(-1, 6, 200)
    weights = rng.integers(0, 8, 200) / 8
    expected, matrix = ConfusionMatrix(6, top_k=3), ConfusionMatrix(6, top_k=3)
    expected.update_from_scores(y_true, scores, weights, ignore_index=-1)
    matrix.update_from_scores(convert(y_true), convert(scores), convert(weights), ignore_index=-1)
    np.testing.assert_array_equal(matrix.to_array(), expected.to_array())
    assert matrix.nan == expected.nan > 5
    assert matrix.ignored == expected.ignored > 5
    assert matrix.top_k_hits == expected.top_k_hits > 0
    assert matrix.top_k_total == expected.top_k_total
    labels = ConfusionMatrix(6)
    labels.update(convert(np.maximum(y_true, 0)), convert(np.maximum(y_true, 0)[::-1].copy()))
    assert labels.total == 200


def as_if_on_a_device(monkeypatch, library):
    monkeypatch.setattr(
        score_rows, "_device_library",
        lambda scores: None if isinstance(scores, (np.ndarray, list)) else library,
    )  # fmt: skip


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16", "float64"])
@pytest.mark.parametrize("on_device", [False, True])
def test_torch_scores_count_as_numpys(monkeypatch, on_device, dtype):
    torch = pytest.importorskip("torch")
    if on_device:
        as_if_on_a_device(monkeypatch, score_rows._Torch(torch))

    def convert(array):
        tensor = torch.from_numpy(array)
        if array.ndim == 2:  # as a model's output
            tensor = tensor.to(getattr(torch, dtype)).requires_grad_()
        return tensor

    check_counts(convert)
    matrix = ConfusionMatrix(3, top_k=2)
    matrix.update_from_scores(torch.zeros(0, dtype=torch.int32), torch.zeros((0, 3)))
    matrix.update_from_scores(torch.tensor([2]), torch.tensor([[1, 7, 3]], dtype=torch.int32))
    assert (matrix.to_array()[2].tolist(), matrix.top_k_hits) == ([0, 1, 0], 1)


@pytest.mark.parametrize("on_device", [False, True])
def test_jax_scores_count_as_numpys(monkeypatch, on_device):
    jax = pytest.importorskip("jax")
    monkeypatch.setattr(score_rows, "_jax_on_host", lambda scores: not on_device)
    check_counts(jax.numpy.asarray)

    def convert_half(array):
        found = jax.numpy.asarray(array)
        return found.astype(jax.numpy.bfloat16) if array.ndim == 2 else found

    check_counts(convert_half)

    @jax.jit
    def step(scores):
        ConfusionMatrix(3).update_from_scores([0, 1], scores)
        return scores

    with pytest.raises(InvalidInput, match=r"symbolic; log outside jax\.jit"):
        step(np.zeros((2, 3), np.float32))


def test_a_torch_tensor_of_a_device_without_values_is_refused():
    torch = pytest.importorskip("torch")
    matrix = ConfusionMatrix(3)
    with pytest.raises(InvalidInput, match=r"^scores must be an array of numbers, got torch's T"):
        matrix.update_from_scores([0, 1], torch.empty((2, 3), device="meta"))
    assert matrix.total == 0


class OnDevice:
    """An array of a library as CuPy is: it comes to the host only if it is asked to."""

    __cuda_array_interface__ = {}  # noqa: RUF012
    copied = 0

    def __init__(self, array):
        self._array = np.asarray(array)
        self.shape, self.dtype = self._array.shape, self._array.dtype

    def get(self):
        OnDevice.copied += self._array.size
        return self._array

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def __getitem__(self, key):
        return OnDevice(self._array[key])


def _operator(name):
    def call(self, *others, **keywords):
        others = [other._array if isinstance(other, OnDevice) else other for other in others]
        return OnDevice(getattr(self._array, name)(*others, **keywords))

    return call


for _name in ("__gt__", "__lt__", "__eq__", "__or__", "__and__", "max", "argmax", "sum"):
    setattr(OnDevice, _name, _operator(_name))


def _function(name):
    def call(*arrays, **keywords):
        arrays = [array._array if isinstance(array, OnDevice) else array for array in arrays]
        return OnDevice(getattr(np, name)(*arrays, **keywords))

    return call


def test_of_scores_on_a_device_only_labels_are_copied(monkeypatch):
    library = types.ModuleType("gpu_arrays")
    for name in ("isnan", "where", "asarray", "take_along_axis", "arange"):
        setattr(library, name, _function(name))
    monkeypatch.setitem(sys.modules, "gpu_arrays", library)
    monkeypatch.setattr(OnDevice, "__module__", "gpu_arrays.core")
    check_counts(OnDevice)

    scores = np.random.default_rng(4).normal(size=(50, 1_000))
    y_true = np.arange(50)
    monkeypatch.setattr(score_rows, "_DEVICE_SCORES", 20_000)  # three parts
    for top_k, copied in ((None, 50), (5, 100)):
        matrix = ConfusionMatrix(1_000, top_k=top_k)
        OnDevice.copied = 0
        matrix.update_from_scores(y_true, OnDevice(scores))
        assert OnDevice.copied == copied
        expected = ConfusionMatrix(1_000, top_k=top_k)
        expected.update_from_scores(y_true, scores)
        np.testing.assert_array_equal(matrix.to_array(), expected.to_array())
        assert matrix.top_k_hits == expected.top_k_hits
