"""The best class of each row of scores `[n, C]`, found on the device where the scores are.

Only n labels are copied to the host, never the scores, and never a one-hot array is made. What is
on the host already is read in place by numpy. A library is used only if the scores are its own,
so that it is imported already.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from tb_monitor_writer.errors import InvalidInput
from tb_monitor_writer.metrics.arrays import AnyArray, as_numpy, library_of, refusal

Labels: TypeAlias = npt.NDArray[np.int64]
Numbers: TypeAlias = npt.NDArray[np.float32 | np.float64]  # or integers, which compare alike

_HOST_SCORES = 1 << 20
"""Scores looked at together by numpy: 1 MiB of bools and, of float16, 4 MiB of float32."""

_DEVICE_SCORES = 1 << 26
"""Scores compared together on a device: three arrays of bools of 64 MiB."""


class ScoreRows:
    """Scores `[n, C]`, logits or probabilities alike, wherever they are."""

    def __init__(self, scores: object, num_classes: int) -> None:
        """Checks the form of scores; reads none of them on a device.

        Raises:
          InvalidInput: not an array of numbers `[n, num_classes]`.
        """
        self._device = _device_library(scores)
        self._scores: Any = scores
        if self._device is None:
            self._scores = as_numpy("scores", scores)
        shape = tuple(int(size) for size in self._scores.shape)
        if len(shape) != 2 or shape[1] != num_classes:
            labels = len(shape) == 1 or shape[1:] == (1,)
            way_out = "; count labels with update()" if labels else ""
            raise InvalidInput(
                f"scores must be [n, {num_classes}], one column per class, got shape {shape}"
                + way_out
            )
        self._shape = shape

    def __len__(self) -> int:
        return self._shape[0]

    def best(self) -> Labels:
        """Returns the class of the highest score of each row, the first of equals; -1 if a score
        of the row is NaN.
        """  # noqa: D205
        device = self._device
        if device is None:
            return _best_on_host(self._scores)
        return self._on_host(functools.partial(device.best, self._scores))

    def in_top(self, truth: AnyArray, k: int) -> npt.NDArray[np.bool_]:
        """Returns whether each true class is among the k best of its row.

        Of equal scores the first class counts as the better one, as for `argmax`.

        Args:
          truth: True classes, integers `[n]`, each in [0, C).
          k: At least 1.
        """
        device, labels = self._device, truth.astype(np.int64, copy=False)
        if device is None:
            return _in_top_on_host(self._scores, labels, k)
        rows = max(1, _DEVICE_SCORES // self._shape[1])
        found = np.zeros(len(self), np.bool_)
        for start in range(0, len(self), rows):
            part = slice(start, start + rows)
            count = functools.partial(device.better, self._scores[part], labels[part])
            found[part] = self._on_host(count) < k
        return found

    def _on_host(self, compute: Callable[[], object]) -> Labels:
        try:
            found: Labels = as_numpy("scores", compute()).astype(np.int64, copy=False)
        except InvalidInput:
            raise
        except Exception as error:  # what a foreign array raises is not ours to know
            raise InvalidInput(refusal("scores", self._scores, error)) from error
        return found


def _best_on_host(scores: Numbers) -> Labels:
    if scores.dtype == np.float16:  # numpy compares these one by one, 20 times as slowly
        parts = [part.astype(np.float32) for part in _parts(scores)]
        return np.concatenate([_best_on_host(part) for part in parts] or [np.empty(0, np.int64)])
    best = scores.argmax(axis=1)
    if scores.dtype.kind == "f":  # argmax stops at the first NaN of a row
        places = np.arange(0, scores.size, scores.shape[1])
        places += best
        # Of an array that is not C-contiguous this is a copy, which costs as much as argmax.
        is_nan = np.isnan(scores.reshape(-1).take(places))
        if is_nan.any():
            best[is_nan] = -1
    found: Labels = best.astype(np.int64, copy=False)
    return found


def _in_top_on_host(scores: Numbers, truth: Labels, k: int) -> npt.NDArray[np.bool_]:
    columns = np.arange(scores.shape[1])
    found = np.zeros(len(scores), np.bool_)
    start = 0
    for part in _parts(scores):
        labels = truth[start : start + len(part)]
        own = part[np.arange(len(part)), labels][:, None]
        hits = np.count_nonzero(part >= own, axis=1) <= k
        # Some of the misses were hits if equal scores came in another order.
        misses = np.flatnonzero(~hits)
        rows, own, labels = part[misses], own[misses], labels[misses]
        close = np.flatnonzero(np.count_nonzero(rows > own, axis=1) < k)
        rows, own, labels = rows[close], own[close], labels[close, None]
        better = (rows > own) | ((rows == own) & (columns < labels))
        hits[misses[close]] = np.count_nonzero(better, axis=1) < k
        found[start : start + len(part)] = hits
        start += len(part)
    return found


def _parts(scores: Numbers) -> Iterator[Numbers]:
    rows = max(1, _HOST_SCORES // scores.shape[1])
    return (scores[start : start + rows] for start in range(0, len(scores), rows))


def _device_library(scores: object) -> "_DeviceLibrary | None":
    """What computes on the device that the scores are on; None if that is the host."""
    library = library_of(scores)
    if hasattr(scores, "detach"):
        device = getattr(getattr(scores, "device", None), "type", "cpu")
        return None if device == "cpu" else _Torch(sys.modules["torch"])
    if library == "tensorflow":
        place = getattr(scores, "device", "")
        on_host = not isinstance(place, str) or not place or "CPU" in place
        return None if on_host else _TensorFlow(sys.modules["tensorflow"])
    if library in ("jax", "jaxlib"):
        return None if _jax_on_host(scores) else _ArrayLibrary(sys.modules["jax.numpy"])
    if hasattr(scores, "__cuda_array_interface__") and library in sys.modules:
        return _ArrayLibrary(sys.modules[library])
    return None


def _jax_on_host(scores: Any) -> bool:  # noqa: ANN401
    try:
        return all(device.platform == "cpu" for device in scores.devices())
    except Exception:  # a tracer has no device; as_numpy refuses it
        return True


class _DeviceLibrary(Protocol):
    def best(self, scores: Any) -> object:  # noqa: ANN401
        """Returns the first best class of each row, -1 where one is NaN, on the device."""

    def better(self, scores: Any, truth: Labels) -> object:  # noqa: ANN401
        """Counts the classes that come before the true one, for each row, on the device."""


class _Torch:
    def __init__(self, torch: Any) -> None:  # noqa: ANN401
        self._torch = torch

    def best(self, scores: Any) -> object:  # noqa: ANN401
        values, classes = scores.detach().max(dim=1)  # the first of equals, NaN above all
        return classes.masked_fill(values.isnan(), -1)

    def better(self, scores: Any, truth: Labels) -> object:  # noqa: ANN401
        scores = scores.detach()
        labels = self._torch.from_numpy(truth).to(scores.device)[:, None]
        own = scores.gather(1, labels)
        columns = self._torch.arange(scores.shape[1], device=scores.device)
        return ((scores > own) | ((scores == own) & (columns < labels))).sum(dim=1)


class _TensorFlow:
    def __init__(self, tensorflow: Any) -> None:  # noqa: ANN401
        self._tf = tensorflow

    def best(self, scores: Any) -> object:  # noqa: ANN401
        # tf.argmax passes over NaN, and which of equals it names is not said.
        tf = self._tf
        highest = tf.reduce_max(scores, axis=1, keepdims=True)
        columns = tf.range(scores.shape[1])
        best = tf.reduce_min(tf.where(scores == highest, columns, scores.shape[1]), axis=1)
        if not scores.dtype.is_floating:
            return best
        return tf.where(tf.reduce_any(tf.math.is_nan(scores), axis=1), -1, best)

    def better(self, scores: Any, truth: Labels) -> object:  # noqa: ANN401
        tf = self._tf
        labels = tf.constant(truth[:, None], tf.int32)
        own = tf.gather(scores, labels, batch_dims=1)
        equals = (scores == own) & (tf.range(scores.shape[1]) < labels)
        return tf.math.count_nonzero((scores > own) | equals, axis=1)


class _ArrayLibrary:
    """`jax.numpy` or `cupy`."""

    def __init__(self, library: Any) -> None:  # noqa: ANN401
        self._library = library

    def best(self, scores: Any) -> object:  # noqa: ANN401
        # NaN is the maximum of a row that holds one.
        is_nan = self._library.isnan(scores.max(axis=1))
        return self._library.where(is_nan, -1, scores.argmax(axis=1))

    def better(self, scores: Any, truth: Labels) -> object:  # noqa: ANN401
        labels = self._library.asarray(truth.astype(np.int32))[:, None]
        own = self._library.take_along_axis(scores, labels, axis=1)
        columns = self._library.arange(scores.shape[1])
        return ((scores > own) | ((scores == own) & (columns < labels))).sum(axis=1)
