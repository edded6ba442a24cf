"""Keras, the everyday use: one metric compiled in, one callback more.

    python demo/keras_digits.py

trains a digits classifier with early stopping on F1, keeps its best weights, and logs the
run digits/right.
"""

import pathlib

import keras

from command_line import LOGS, ProgressBar, fresh_run, options
from data import DIGITS, digits
from tb_monitor_writer.integrations.keras import MonitorCallback, PrecisionRecallFScore

EPOCHS = 60


def main(epochs: int = EPOCHS, logs: pathlib.Path = LOGS) -> None:
    (x, y), (x_test, y_test) = digits()
    run = fresh_run(logs, "digits/right")
    keras.utils.set_random_seed(0)

    model = keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(256, activation="relu"),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    metric = PrecisionRecallFScore(num_classes=10, average="weighted")
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy", metric],
    )
    monitor = MonitorCallback(run, class_names=DIGITS, model="dense 256")
    best = run / "best.keras"
    with ProgressBar("digits/right", epochs) as bar:
        model.fit(
            x,
            y,
            validation_split=0.2,
            batch_size=64,
            epochs=epochs,
            verbose=0,
            callbacks=[
                # The metric puts precision, recall and f1 into the logs of both splits.
                keras.callbacks.EarlyStopping(monitor="val_f1", mode="max", patience=15),
                keras.callbacks.ModelCheckpoint(
                    best, monitor="val_f1", mode="max", save_best_only=True
                ),
                monitor,
                keras.callbacks.LambdaCallback(
                    on_epoch_end=lambda epoch, logs: bar.update(
                        epoch + 1,
                        f"val_loss {logs['val_loss']:.3f}, val_f1 {logs['val_f1']:.3f}",
                    )
                ),
            ],
        )

    # Another split: `evaluate` logs it as "test" where it is given the callback.
    model = keras.saving.load_model(best)
    scores = model.evaluate(x_test, y_test, callbacks=[monitor], verbose=0, return_dict=True)
    print(f"{'':<16} best epoch on the test set: f1 {scores['f1']:.3f}")

    # The metric stands on its own too, batch by batch.
    metric.reset_state()
    for start in range(0, len(x_test), 64):
        batch = slice(start, start + 64)
        metric.update_state(y_test[batch], model.predict_on_batch(x_test[batch]))
    assert abs(metric.result()["f1"] - scores["f1"]) < 1e-9
    assert metric.confusion_matrix.total == len(y_test)


if __name__ == "__main__":
    main(**vars(options(__doc__, EPOCHS)))
