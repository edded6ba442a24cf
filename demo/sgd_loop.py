"""Any Python loop: labels in, counts out. Here scikit-learn's SGDClassifier.

    python demo/sgd_loop.py

logs the run digits/sgd.
"""

import pathlib

import numpy as np
from sklearn.linear_model import SGDClassifier

from command_line import LOGS, ProgressBar, fresh_run, options
from data import DIGITS, Examples, digits, last_fifth_apart
from tb_monitor_writer import MonitorWriter

EPOCHS = 60


def main(epochs: int = EPOCHS, logs: pathlib.Path = LOGS) -> None:
    train, validation = last_fifth_apart(digits()[0])
    model = SGDClassifier(
        loss="log_loss", learning_rate="constant", eta0=0.01, alpha=1e-4, random_state=0
    )
    order = np.random.default_rng(0)
    run = fresh_run(logs, "digits/sgd")
    with (
        ProgressBar("digits/sgd", epochs) as bar,
        MonitorWriter(run, class_names=DIGITS, model="linear", framework="sklearn") as monitor,
    ):
        for epoch in range(epochs):
            shuffled = order.permutation(len(train.y))
            model.partial_fit(train.x[shuffled], train.y[shuffled], classes=np.arange(10))

            monitor.predictions("train", train.y, model.predict(train.x), step=epoch)
            monitor.predictions("validation", validation.y, model.predict(validation.x), step=epoch)
            # One loss per example rather than their mean: from these come standard errors,
            # and whether a rise is more than noise.
            losses = log_losses(model, validation)
            monitor.fit("loss", train=log_losses(model, train), validation=losses, step=epoch)
            bar.update(epoch + 1, f"val_loss {losses.mean():.3f}")


def log_losses(model: SGDClassifier, examples: Examples) -> np.ndarray:
    """-log of the probability of the true class, per example."""
    probabilities = model.predict_proba(examples.x)
    return -np.log(np.clip(probabilities[np.arange(len(examples.y)), examples.y], 1e-12, 1))


if __name__ == "__main__":
    main(**vars(options(__doc__, EPOCHS)))
