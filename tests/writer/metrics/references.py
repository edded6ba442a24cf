"""What metrics are compared with, in one place: labels that hurt, and other libraries.

scikit-learn defines the names; PyCM is the second witness, torchmetrics that of calibration,
`fractions.Fraction` that of the last bit.
"""

import fractions
import math
import warnings

import numpy as np
import pycm

from tb_monitor_writer.metrics import ConfusionMatrix

RNG = np.random.default_rng(0)
NASTY = {
    "random": (RNG.integers(0, 5, 300), RNG.integers(0, 5, 300)),
    "imbalanced": (RNG.zipf(1.7, 300) % 5, RNG.zipf(1.3, 300) % 5),
    "perfect": (np.arange(20) % 5, np.arange(20) % 5),
    "all wrong": (np.arange(20) % 5, (np.arange(20) + 1) % 5),
    "one class only": (np.full(10, 3), np.full(10, 3)),
    "one true class": (np.full(10, 3), np.arange(10) % 5),
    "one predicted class": (np.arange(10) % 5, np.full(10, 3)),
    "absent class": (np.array([0, 1, 3, 4, 0]), np.array([0, 3, 3, 1, 0])),
    "never true": (np.array([0, 0, 0]), np.array([0, 1, 2])),
    "one example": (np.array([2]), np.array([4])),
    "bool": (RNG.random(50) < 0.3, RNG.random(50) < 0.4),
}


def counted(y_true, y_pred, num_classes=5, weights=None):
    matrix = ConfusionMatrix(num_classes)
    matrix.update(y_true, y_pred, weights)
    return matrix


def without_warnings(function, *arguments, **keywords):
    """What scikit-learn says, without its warning of every 0/0."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **keywords)


def pycm_matrix(matrix):
    """The same matrix in PyCM, which has rows of truth too."""
    cells = {
        truth: {prediction: int(count) for prediction, count in enumerate(row)}
        for truth, row in enumerate(matrix)
    }
    return without_warnings(pycm.ConfusionMatrix, matrix=cells, digit=15)


def by_class(statistic):
    """A statistic of PyCM as an array `[C]`, its word "None" as NaN."""
    return np.array([math.nan if value == "None" else value for value in statistic.values()])


def within_ulps(value, exact, ulps=1):
    """Whether a float is the exact `fractions.Fraction` but for so many units in the last place."""
    distance = abs(fractions.Fraction(value) - exact)
    return distance <= ulps * fractions.Fraction(math.ulp(value))
