"""A binary classifier with its scores: gradient boosting on breast-cancer cases.

    python demo/breast_cancer.py

logs the run breast-cancer; its step is the number of trees.
"""

import pathlib

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

from command_line import LOGS, ProgressBar, fresh_run, options
from data import TUMOURS, breast_cancer
from tb_monitor_writer import MonitorWriter

TREES = 100


def main(epochs: int = TREES, logs: pathlib.Path = LOGS) -> None:
    train, validation = breast_cancer()
    model = GradientBoostingClassifier(
        n_estimators=epochs, learning_rate=0.05, max_depth=2, subsample=0.5, random_state=0
    ).fit(train.x, train.y)

    run = fresh_run(logs, "breast-cancer")
    stages = zip(
        model.staged_predict_proba(train.x), model.staged_predict_proba(validation.x), strict=True
    )
    with (
        ProgressBar("breast-cancer", epochs) as bar,
        MonitorWriter(run, class_names=TUMOURS, model="boosting", framework="sklearn") as monitor,
    ):
        for trees, (train_probabilities, probabilities) in enumerate(stages, start=1):
            malignant = probabilities[:, 1]
            monitor.predictions("validation", validation.y, malignant >= 0.5, step=trees)
            # Scores beside predictions: any threshold can be looked at later.
            monitor.scores("validation", validation.y, malignant, step=trees)
            losses = log_losses(validation.y, probabilities)
            monitor.fit(
                "loss", train=log_losses(train.y, train_probabilities), validation=losses,
                step=trees,
            )  # fmt: skip
            bar.update(trees, f"val_loss {losses.mean():.3f}")


def log_losses(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """-log of the probability of the true class, per example."""
    return -np.log(np.clip(probabilities[np.arange(len(labels)), labels], 1e-12, 1))


if __name__ == "__main__":
    main(**vars(options(__doc__, TREES)))
