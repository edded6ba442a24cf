"""Keras, the same model twice more: too small for its data, and too large for them.

    python demo/keras_capacity.py

logs the runs digits/too-small, which underfits (train and validation loss stay high, side by
side), and digits/too-large, which learns 200 examples by heart: its validation loss rises.
"""

import pathlib

import keras

from command_line import LOGS, ProgressBar, fresh_run, options
from data import DIGITS, digits, last_fifth_apart
from tb_monitor_writer.integrations.keras import MonitorCallback, PrecisionRecallFScore

EPOCHS = 60


def train(
    name: str, hidden: list[int], examples: int | None, epochs: int, logs: pathlib.Path
) -> None:
    """Trains dense layers of the given sizes on the first examples, and logs a run."""
    (x, y), validation = last_fifth_apart(digits()[0])
    run = fresh_run(logs, f"digits/{name}")
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((64,)),
            *(keras.layers.Dense(size, activation="elu") for size in hidden),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(
        optimizer=keras.optimizers.Adam(2e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy", PrecisionRecallFScore(num_classes=10)],
    )
    with ProgressBar(f"digits/{name}", epochs) as bar:
        model.fit(
            x[:examples],
            y[:examples],
            validation_data=tuple(validation),
            batch_size=32,
            epochs=epochs,
            verbose=0,
            callbacks=[
                MonitorCallback(run, class_names=DIGITS, model=f"dense {hidden}"),
                keras.callbacks.LambdaCallback(
                    on_epoch_end=lambda epoch, logs: bar.update(
                        epoch + 1,
                        f"val_loss {logs['val_loss']:.3f}, val_f1 {logs['val_f1']:.3f}",
                    )
                ),
            ],
        )


def main(epochs: int = EPOCHS, logs: pathlib.Path = LOGS) -> None:
    train("too-small", [2], None, epochs, logs)
    train("too-large", [512, 512], 200, epochs, logs)


if __name__ == "__main__":
    main(**vars(options(__doc__, EPOCHS)))
