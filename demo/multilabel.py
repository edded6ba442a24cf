"""Any number of labels per example: moods of (made-up) pieces of music.

    python demo/multilabel.py

logs the run moods. There is no confusion matrix: a mood that was missed was not taken for another.
"""

import pathlib

import numpy as np
from sklearn.neural_network import MLPClassifier

from command_line import LOGS, ProgressBar, fresh_run, options
from data import MOODS, moods
from tb_monitor_writer import MonitorWriter

EPOCHS = 60


def main(epochs: int = EPOCHS, logs: pathlib.Path = LOGS) -> None:
    train, validation = moods()
    model = MLPClassifier((32,), batch_size=64, learning_rate_init=3e-3, random_state=0)
    order = np.random.default_rng(0)
    run = fresh_run(logs, "moods")
    with (
        ProgressBar("moods", epochs) as bar,
        MonitorWriter(run, class_names=MOODS, model="dense 32", framework="sklearn") as monitor,
    ):
        for epoch in range(epochs):
            shuffled = order.permutation(len(train.y))
            model.partial_fit(train.x[shuffled], train.y[shuffled], classes=np.arange(len(MOODS)))

            scores = model.predict_proba(validation.x)  # one per example and label
            monitor.predictions("validation", validation.y, scores >= 0.5, step=epoch)
            monitor.scores("validation", validation.y, scores, step=epoch)
            losses = log_losses(validation.y, scores)
            train_losses = log_losses(train.y, model.predict_proba(train.x))
            monitor.fit("loss", train=train_losses, validation=losses, step=epoch)
            bar.update(epoch + 1, f"val_loss {losses.mean():.3f}")


def log_losses(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Binary cross-entropy, per example: the mean over its labels."""
    likelihood = np.where(labels == 1, scores, 1 - scores)
    return -np.log(np.clip(likelihood, 1e-12, 1)).mean(axis=1)


if __name__ == "__main__":
    main(**vars(options(__doc__, EPOCHS)))
