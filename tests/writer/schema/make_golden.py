"""Makes tests/data/v1/, once per kind: what is stored is supported for ever.

Run by hand when a kind gets its first reader: `python -m tests.writer.schema.make_golden`.
A file that exists is never written again.
"""

import pathlib
import tempfile

import numpy as np

from tb_monitor_writer import ConfusionMatrix, MonitorWriter

FOLDER = pathlib.Path(__file__).parents[2] / "data" / "v1"
NAMES = ["ant", "bee", "<b>cat</b>", "dög"]
MATRIX = np.array([[9, 1, 0, 0], [2, 7, 1, 0], [0, 0, 5, 0], [0, 3, 0, 400]])
LARGE_CLASSES = 300


def large_matrix(step):
    matrix = ConfusionMatrix(LARGE_CLASSES)
    truth = np.arange(3_000) % LARGE_CLASSES
    matrix.update(truth, np.where(np.arange(3_000) % 7 == step, 5, truth))
    return matrix


def weighted_matrix():
    matrix = ConfusionMatrix(4, class_names=NAMES)
    matrix.update([0, 1, 2, 3], [0, 2, 2, 3], sample_weight=[0.5, 1.25, 3.0, 1e-3])
    return matrix


def log_confusion(monitor):
    for step in (1, 2):
        monitor.confusion_matrix("val/top", MATRIX * step, step=step)
        monitor.confusion_matrix("test", weighted_matrix(), step=step)


def log_large_confusion(monitor):
    for step in (1, 2):
        monitor.confusion_matrix("validation", large_matrix(step), step=step)


def log_scores(monitor):
    for step in (1, 2):
        scores = (np.arange(40) * 37 * step % 101) / 100
        monitor.scores("validation", scores > 0.6, scores, step=step)
        spread = np.abs(np.sin(np.arange(160).reshape(40, 4) * step))
        spread[3, 1] = np.nan
        monitor.scores("test", np.arange(40) % 4, spread, step=step)


def log_fit(monitor):
    for step in range(1, 11):
        losses = np.abs(np.cos(np.arange(25) * step)) / step + 0.01 * step**2
        monitor.fit("loss", train=1 / step, validation=losses, step=step, target=0.2)
        monitor.fit(
            "accuracy/top", validation=1 - 0.5 / step, n=25, step=step, higher_is_better=True
        )


FILES = {
    "confusion": log_confusion,
    "large_confusion": log_large_confusion,
    "scores": log_scores,
    "fit": log_fit,
}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, log in FILES.items():
        path = FOLDER / f"{name}.tfevents"
        if path.exists():
            print(f"{path} stays as it is")
            continue
        with tempfile.TemporaryDirectory() as folder:
            names = NAMES if name in ("confusion", "scores") else None
            with MonitorWriter(
                folder, class_names=None if name == "scores" else names, model="golden",
                model_version="1", framework="none",
            ) as monitor:  # fmt: skip
                log(monitor)
            [made] = pathlib.Path(folder).iterdir()
            path.write_bytes(made.read_bytes())
            print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
