"""Every framework's arrays become numpy; nothing symbolic, ragged or textual does."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import as_numpy


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        ([1, 2], np.int64, [1, 2]),
        ((1, 2.5), np.float64, [1, 2.5]),
        (range(3), np.int64, [0, 1, 2]),
        ([True, False], np.bool_, [True, False]),
        ([[1, 2], [3, 4]], np.int64, [[1, 2], [3, 4]]),
        ([np.int8(1), np.int8(2)], np.int8, [1, 2]),
        (np.array([1, 2], ">i4"), np.dtype(">i4"), [1, 2]),
        (np.float16([0.5]), np.float16, [0.5]),
        (np.ma.array([1, 2]), np.int64, [1, 2]),
        (7, np.int64, 7),
        ([], np.float64, []),
    ],
)
def test_sequences_and_numpy_arrays_keep_their_values_and_dtype(value, dtype, expected):
    array = as_numpy("y_true", value)
    assert type(array) is np.ndarray
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, expected)


def test_a_numpy_array_is_not_copied():
    labels = np.arange(5)
    assert as_numpy("y_true", labels) is labels


def test_torch_tensors_of_every_kind_convert():
    torch = pytest.importorskip("torch")
    for tensor, expected in [
        (torch.tensor([1, 2]), [1, 2]),
        (torch.tensor([1.5, 2.0], requires_grad=True), [1.5, 2.0]),
        (torch.tensor([1.5], dtype=torch.bfloat16, requires_grad=True), [1.5]),
        (torch.tensor([1.5], dtype=torch.float16), [1.5]),
        (torch.tensor([1.5]).to(torch.float8_e4m3fn), [1.5]),
        (torch.tensor([0, 3]).to_sparse(), [0, 3]),
        (torch.nn.Parameter(torch.ones(2)), [1, 1]),
        (torch.tensor([[1, 2], [3, 4]]).T, [[1, 3], [2, 4]]),
        ([torch.tensor(1), torch.tensor(2)], [1, 2]),
        ([torch.ones(2, requires_grad=True)] * 2, [[1, 1], [1, 1]]),
    ]:
        np.testing.assert_array_equal(as_numpy("y_true", tensor), expected)


def test_a_torch_tensor_without_values_is_refused():
    torch = pytest.importorskip("torch")
    with pytest.raises(InvalidInput, match=r"y_true must be an array of numbers, got torch's Ten"):
        as_numpy("y_true", torch.empty(3, device="meta"))


@pytest.mark.slow
def test_tensors_of_tensorflow_and_keras_convert_or_say_log_outside_the_function():
    # In a process of its own: importing TensorFlow warns and takes seconds.
    script = """
import tensorflow as tf, keras, numpy as np
from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics import ConfusionMatrix, as_numpy

for tensor in (tf.constant([1, 2]), tf.Variable([1, 2]), tf.constant([1, 2], tf.bfloat16),
               keras.Variable([1.0, 2.0]), [tf.constant(1), tf.constant(2)]):
    np.testing.assert_array_equal(as_numpy("y_true", tensor), [1, 2])

def refused(value):
    try:
        as_numpy("y_true", value)
    except InvalidInput as error:
        assert str(error).endswith("that is symbolic; log outside tf.function"), str(error)
    else:
        raise AssertionError(value)

variable = tf.Variable([1, 2])

@tf.function
def step(tensor):
    refused(tensor)
    refused([tensor, tensor])
    refused(variable)
    return tensor

step(tf.constant([1, 2]))

@tf.function
def count(scores):
    try:
        ConfusionMatrix(2).update_from_scores([0], scores)
    except InvalidInput as error:
        assert str(error).endswith("that is symbolic; log outside tf.function"), str(error)
    else:
        raise AssertionError(scores)
    return scores

count(tf.constant([[0.5, 0.5]]))
refused(keras.Input((2,)))
print("fine")
"""
    if importlib.util.find_spec("tensorflow") is None:
        pytest.skip("TensorFlow is not installed")
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        timeout=120,
    )
    assert done.stdout.strip() == "fine", done.stderr[-2000:]


def test_converting_imports_no_framework():
    script = (
        "import sys; from tb_monitor_writer.metrics import as_numpy; as_numpy('y', [1]);"
        "print(sorted({'torch', 'tensorflow', 'jax', 'scipy', 'sklearn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


ALL_LIBRARIES = """
import importlib, sys
import numpy as np
from tb_monitor_writer import ConfusionMatrix
from tb_monitor_writer.metrics import score_rows

library = sys.argv[1]
if library != "numpy":
    importlib.import_module(library)

FOREIGN = {"torch", "tensorflow", "jax", "jaxlib", "keras", "cupy", "scipy", "sklearn"}

def loaded():
    return FOREIGN & {name.partition(".")[0] for name in sys.modules}

before = loaded()
assert library != "numpy" or not before, before
SCORES = np.array([[0, 3, 1], [2, 0, 0], [np.nan, 1, 0], [0, 1, 1]], np.float32)
Y_TRUE = np.array([1, 0, 2, 2])

def batches():
    if library == "numpy":
        yield Y_TRUE, SCORES
        yield Y_TRUE.astype(np.uint8), SCORES.astype(np.float16)
        yield Y_TRUE.tolist(), SCORES.tolist()
    elif library == "torch":
        import torch
        yield torch.from_numpy(Y_TRUE), torch.from_numpy(SCORES)
        for dtype in (torch.bfloat16, torch.float16, torch.float64):
            half = torch.tensor(SCORES, dtype=dtype, requires_grad=True) * 2
            assert half.grad_fn is not None
            yield torch.tensor(Y_TRUE, dtype=torch.int32), half
    elif library == "tensorflow":
        import tensorflow as tf
        yield tf.constant(Y_TRUE), tf.constant(SCORES)
        yield tf.constant(Y_TRUE, tf.int32), tf.constant(SCORES, tf.bfloat16)
        yield tf.Variable(Y_TRUE), tf.Variable(SCORES)
    elif library == "jax":
        import jax.numpy as jnp
        yield jnp.asarray(Y_TRUE), jnp.asarray(SCORES)
        yield jnp.asarray(Y_TRUE, jnp.int8), jnp.asarray(SCORES, jnp.bfloat16)

def check():
    for y_true, scores in batches():
        matrix = ConfusionMatrix(3, top_k=2)
        matrix.update_from_scores(y_true, scores)
        assert matrix.to_array().tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0]], matrix.to_array()
        assert (matrix.nan, matrix.top_k_hits, matrix.top_k_total) == (1, 3, 3)
        matrix.update(y_true, y_true)
        assert matrix.margins.true_positives.tolist() == [2, 2, 2]
        assert matrix.total == 7

check()
if library == "tensorflow":  # as on a device
    import tensorflow as tf
    score_rows._device_library = lambda scores: score_rows._TensorFlow(tf)
    check()
    matrix = ConfusionMatrix(3, top_k=1)
    matrix.update_from_scores([2, 1], tf.constant([[0, 7, 7], [5, 5, 5]]))
    assert (matrix.to_array()[2].tolist(), matrix.top_k_hits) == ([0, 1, 0], 0)
assert loaded() == before, loaded() - before
print("fine")
"""


@pytest.mark.parametrize(
    "library",
    ["numpy", "torch", "jax", pytest.param("tensorflow", marks=pytest.mark.slow)],
)
def test_arrays_of_every_library_count_and_no_library_is_imported_for_it(library):
    if importlib.util.find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    done = subprocess.run(
        [sys.executable, "-c", ALL_LIBRARIES, library],
        capture_output=True,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        timeout=120,
    )
    assert done.stdout.strip() == "fine", done.stderr[-2000:]


def test_bfloat16_and_small_integers_of_ml_dtypes_widen():
    ml_dtypes = pytest.importorskip("ml_dtypes")
    for name, expected in [
        ("bfloat16", np.float32),
        ("float8_e5m2", np.float32),
        ("float8_e4m3fn", np.float32),
        ("int4", np.int64),
        ("uint4", np.int64),
    ]:
        array = as_numpy("y_true", np.array([1, 2], getattr(ml_dtypes, name)))
        assert array.dtype == expected, name
        assert array.tolist() == [1, 2]


class OnDevice:
    """As CuPy's: refuses to convert without being asked to."""

    __cuda_array_interface__ = {}  # noqa: RUF012

    def __array__(self, dtype=None, copy=None):
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def get(self):
        return np.array([1, 2])


class Exchanged:
    """As a JAX array's: `__array__` and nothing else."""

    def __array__(self, dtype=None, copy=None):
        return np.array([1, 2])


class Tracer:
    """As JAX's inside jit."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("The numpy.ndarray conversion method __array__() was called on a tracer")


Tracer.__module__ = "jax._src.interpreters"


@pytest.mark.parametrize("value", [OnDevice(), Exchanged(), [Exchanged(), Exchanged()]])
def test_device_and_foreign_arrays_convert(value):
    array = as_numpy("y_true", value)
    assert array.reshape(-1, 2)[0].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "y_true must be an array of numbers, got None"),
        ("abc", "y_true must be an array of numbers, got str 'abc'"),
        ({"a": 1}, "y_true must be an array of numbers, got dict {'a': 1}"),
        (iter([1]), "y_true must be an array of numbers, got list_iterator <list_iterator object "),
        (
            ["cat", "dog"],
            "y_true must hold numbers, got dtype <U3, first value 'cat'; "
            "map class names to their indices",
        ),
        (
            np.array(["cat"], object),
            "y_true must hold numbers, got dtype object, first value 'cat'; "
            "map class names to their indices",
        ),
        ([None, 1], "y_true must hold numbers, got dtype object, first value None"),
        ([1j], "y_true must hold numbers, got dtype complex128, first value 1j"),
        ([2**70], "y_true must hold numbers, got dtype object, first value 1180591620717411303424"),
        ([[1, 2], [3]], "y_true must not be ragged, got a list of sequences of unlike length"),
        (
            [np.zeros(2), np.zeros(3)],
            "y_true must not be ragged, got arrays of shapes (2,) and (3,); "
            "join batches with np.concatenate(y_true)",
        ),
        (
            np.ma.array([1, 2, 3], mask=[0, 1, 0]),
            "y_true must not be masked, got 1 masked values of 3; "
            "leave them out with y_true.compressed()",
        ),
        (Tracer(), "y_true must hold values, got jax's Tracer that is symbolic; "
                   "log outside jax.jit"),
        (np.array("2020", "M8[Y]"), "y_true must hold numbers, got dtype datetime64[Y]"),
    ],
)  # fmt: skip
def test_what_is_no_array_of_numbers_is_named(value, message):
    with pytest.raises(InvalidInput) as caught:
        as_numpy("y_true", value)
    assert str(caught.value).startswith(message)
