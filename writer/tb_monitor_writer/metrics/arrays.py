"""Any framework's array as numpy, without importing the framework.

A tensor is recognised by what it can do (`detach`, `numpy`, `__array__`), so that
logging from PyTorch does not import TensorFlow and the other way round.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.errors import InvalidInput

AnyArray: TypeAlias = npt.NDArray[np.generic]

_NUMBERS = "biuf"  # dtype kinds: bool, signed, unsigned, float
_REGISTERED = 2  # dtype.isbuiltin of a type from outside numpy: bfloat16, float8, int4
_SHOWN = 40  # characters of a refused value


def as_numpy(argument: str, value: object) -> AnyArray:
    """Converts an array-like to a numpy array of numbers.

    Args:
      argument: What the caller calls it, for the messages.
      value: A numpy array, a (nested) sequence of numbers, or a tensor of PyTorch (any device,
        bfloat16, with gradients), TensorFlow, JAX, CuPy, or anything with `__array__`.

    Returns:
      A bool, integer or float array of the same shape, on the host. It may share memory with
      `value`, so it must not be written to. bfloat16 and other narrow floats become float32.

    Raises:
      InvalidInput: not an array, symbolic, ragged, masked, or without numbers in it.
    """
    array = value if type(value) is np.ndarray else _converted(argument, value)
    if array.dtype.kind in _NUMBERS and array.dtype.isbuiltin != _REGISTERED:
        return array
    return _as_numbers(argument, array)


def _converted(argument: str, value: object) -> AnyArray:
    # Nobody can hold a masked array before numpy.ma was imported. To import it here would let a
    # process that is forked meanwhile wait for ever for the lock of that import.
    masked_array = getattr(sys.modules.get("numpy.ma"), "MaskedArray", None)
    if masked_array is not None and isinstance(value, masked_array):
        return _unmasked(argument, value)
    if value is None or isinstance(value, (str, bytes, dict, set, frozenset)):
        raise InvalidInput(f"{argument} must be an array of numbers, got {_named(value)}")
    try:
        if hasattr(value, "detach"):
            return _from_torch(value)
        to_numpy = getattr(value, "numpy", None)
        if callable(to_numpy):
            # TensorFlow's numpy() copies; its __array__ does not where the tensor is on the host.
            shares = library_of(value) == "tensorflow" and hasattr(value, "__array__")
            return np.asarray(value if shares else to_numpy())
        if hasattr(value, "__cuda_array_interface__"):
            return np.asarray(value.get())  # type: ignore[attr-defined]
        if isinstance(value, (list, tuple)) and value and hasattr(value[0], "__array__"):
            return _stacked(argument, cast("Sequence[object]", value))
        return np.asarray(value)
    except InvalidInput:
        raise
    except Exception as error:  # what a foreign array raises is not ours to know
        raise InvalidInput(refusal(argument, value, error)) from error


def _unmasked(argument: str, value: "np.ma.MaskedArray[Any, Any]") -> AnyArray:
    masked = int(np.count_nonzero(np.asarray(value.mask)))
    if masked:
        raise InvalidInput(
            f"{argument} must not be masked, got {masked} masked values of {value.size}; "
            f"leave them out with {argument}.compressed()"
        )
    return np.asarray(value.data)


def _from_torch(tensor: object) -> AnyArray:
    host = tensor.detach().cpu()  # type: ignore[attr-defined]
    if getattr(host, "is_sparse", False):
        host = host.to_dense()
    try:
        return np.asarray(host.numpy())
    except TypeError:  # numpy has no bfloat16 and no float8
        return np.asarray(host.float().numpy())


def _stacked(argument: str, values: Sequence[object]) -> AnyArray:
    """A list of tensors: of zero dimensions each, or rows of one length."""
    arrays = [as_numpy(f"{argument}[{index}]", value) for index, value in enumerate(values)]
    shapes = sorted({array.shape for array in arrays})
    if len(shapes) > 1:
        raise InvalidInput(
            f"{argument} must not be ragged, got arrays of shapes {shapes[0]} and {shapes[1]}; "
            f"join batches with np.concatenate({argument})"
        )
    return np.stack(arrays)


def _as_numbers(argument: str, array: AnyArray) -> AnyArray:
    if array.dtype.isbuiltin == _REGISTERED:
        whole = array.dtype.name.startswith(("int", "uint"))
        return array.astype(np.int64 if whole else np.float32)
    if array.ndim == 0 and array.dtype.kind == "O":
        value = array.item()
        way_out = "; use list(...)" if isinstance(value, Iterator) else ""
        raise InvalidInput(f"{argument} must be an array of numbers, got {_named(value)}{way_out}")
    first = array.flat[0] if array.size else None
    is_text = array.dtype.kind in "US" or isinstance(first, (str, bytes))
    way_out = "; map class names to their indices" if is_text else ""
    example = f", first value {_short(first)}" if array.size else ""
    raise InvalidInput(f"{argument} must hold numbers, got dtype {array.dtype}{example}{way_out}")


def refusal(argument: str, value: object, error: Exception) -> str:
    """Says why a foreign array could not be read, from what it raised."""
    kind, owner = type(value), library_of(value)
    name = f"{owner}'s {kind.__name__}"
    if owner == "keras" or (owner == "tensorflow" and "ragged" not in kind.__module__):
        return f"{argument} must hold values, got {name} that is symbolic; log outside tf.function"
    if owner in ("jax", "jaxlib"):
        return f"{argument} must hold values, got {name} that is symbolic; log outside jax.jit"
    if isinstance(value, (list, tuple)) and "inhomogeneous" in str(error):
        return f"{argument} must not be ragged, got a {kind.__name__} of sequences of unlike length"
    return f"{argument} must be an array of numbers, got {name}: {str(error)[:120]}"


def library_of(value: object) -> str:
    """Returns the top package that a value's type comes from: "torch", "jaxlib", ..."""
    return type(value).__module__.partition(".")[0]


def _named(value: object) -> str:
    return "None" if value is None else f"{type(value).__name__} {_short(value)}"


def _short(value: object) -> str:
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
