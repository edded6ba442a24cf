"""What the Keras tests share: a problem that a model solves half, and reading back a run."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before Keras imports TensorFlow

import keras
import numpy as np

from tb_monitor_writer.integrations.keras import PrecisionRecallFScore
from tests.integrations.runs import averages, matrices, series

__all__ = [
    "CLASSES",
    "NUMPY_COPIES",
    "averages",
    "classifier",
    "keras",
    "matrices",
    "problem",
    "series",
]

# Keras 3.15 reads TensorFlow variables in a way that numpy 2 is about to change.
NUMPY_COPIES = "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"
CLASSES = ["low", "middle", "high"]


def problem(examples=240, seed=0):
    """x `[n, 4]` and three classes that overlap, of unlike frequency."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(examples, 4)).astype("float32")
    score = x[:, 0] + 0.7 * random.normal(size=examples)
    return x, np.digitize(score, [-0.3, 0.9])


def classifier(*metrics, loss="sparse_categorical_crossentropy", **compiled):
    """A small compiled model with the given metrics, ours with three classes if none."""
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3, activation="softmax")])
    model.compile(
        keras.optimizers.SGD(0.2),
        loss,
        metrics=list(metrics) or [PrecisionRecallFScore(3)],
        **compiled,
    )
    return model
