"""Data that scikit-learn ships, real but for the moods: nothing is downloaded."""

from typing import NamedTuple

import numpy as np
from sklearn.datasets import (
    load_breast_cancer,
    load_digits,
    make_multilabel_classification,
)
from sklearn.model_selection import train_test_split

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TUMOURS = ("benign", "malignant")
MOODS = ("amazed", "happy", "relaxed", "quiet", "sad", "angry")


class Examples(NamedTuple):
    """Inputs and labels of one split; y is `[n]`, or `[n, L]` where there are several labels."""

    x: np.ndarray
    y: np.ndarray


def digits() -> tuple[Examples, Examples]:
    """1,797 handwritten digits of 8 x 8 pixels.

    Returns:
      1,437 examples to learn from (validation included) and 360 to test on; x float32
      `[n, 64]` in [0, 1], y int64 `[n]` in [0, 10).
    """
    images, labels = load_digits(return_X_y=True)
    return _split((images / 16).astype("float32"), labels, test_size=0.2)


def breast_cancer() -> tuple[Examples, Examples]:
    """569 breast tumours, 30 measures each of the cell nuclei in a sample.

    Returns:
      398 to learn from and 171 to validate on; x float64 `[n, 30]`, y `[n]`: 1 = malignant,
      which is what one looks for (scikit-learn has it the other way round).
    """
    measures, is_benign = load_breast_cancer(return_X_y=True)
    return _split(measures, 1 - is_benign, test_size=0.3)


def moods() -> tuple[Examples, Examples]:
    """2,000 made-up pieces of music with 0 to 6 moods each, two on average.

    Returns:
      1,400 to learn from and 600 to validate on; x float64 `[n, 20]`, y 0 or 1 `[n, 6]`.
    """
    x, y = make_multilabel_classification(
        2000, n_features=20, n_classes=len(MOODS), n_labels=2, length=30, random_state=3
    )
    return Examples(x[:1400] / 10, y[:1400]), Examples(x[1400:] / 10, y[1400:])


def last_fifth_apart(examples: Examples) -> tuple[Examples, Examples]:
    """Splits train from validation as `fit(validation_split=0.2)` does: the last 20 %."""
    first = int(len(examples.y) * 0.8)
    return (
        Examples(examples.x[:first], examples.y[:first]),
        Examples(examples.x[first:], examples.y[first:]),
    )


def _split(x: np.ndarray, y: np.ndarray, test_size: float) -> tuple[Examples, Examples]:
    x, x_test, y, y_test = train_test_split(x, y, test_size=test_size, stratify=y, random_state=0)
    return Examples(x, y), Examples(x_test, y_test)
