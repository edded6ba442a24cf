"""Writes the answers that the tests of both sides read, from logs made by formula.

    python tests/contract/make_fixtures.py

`fixtures/index.json` lists each file with the route and query it answers. Wall times are set
to fixed ones, so that a change in a fixture is a change of the contract.
"""

import contextlib
import json
import math
import pathlib
import sys
import tempfile

import numpy as np
from event_files import events_of, framed
from in_process import InProcess

from tb_monitor_writer import ConfusionMatrix, MonitorWriter
from tb_monitor_writer.metrics import MultilabelCounts

FIXTURES = pathlib.Path(__file__).parent / "fixtures"
FIRST_WALL_TIME = 1_764_000_000.0

HOSTILE = ("<img src=x onerror=alert(1)>", "__proto__", "two\nlines", "\u202ebidi", "🦊")

QUESTIONS = {
    "runs": ("runs", {}),
    "overview": ("overview", {}),
    "steps": ("steps", {"run": "digits/right", "name": "validation"}),
    "matrix": ("matrix", {"run": "digits/right", "name": "validation"}),
    "matrix_first_step": ("matrix", {"run": "digits/right", "name": "validation", "step": "1"}),
    "matrix_undefined": ("matrix", {"run": "<b>hostile", "name": "test/<i>"}),
    "matrix_many": ("matrix", {"run": "words", "name": "validation"}),
    "matrix_normalised": ("matrix", {"run": "rates", "name": "validation"}),
    "matrix_weighted": ("matrix", {"run": "rates", "name": "weighted"}),
    "matrix_multilabel": ("matrix", {"run": "tags", "name": "validation"}),
    "series_averages": (
        "series",
        {"name": "validation", "metric": "f1", "average": "macro,weighted"},
    ),
    "series_classes": (
        "series",
        {"name": "validation", "metric": "recall", "average": "macro", "class": "3,5"},
    ),
    "series_accuracy": ("series", {"name": "validation", "metric": "accuracy"}),
    "fit": ("fit", {}),
    "fit_accuracy": ("fit", {"quantity": "accuracy"}),
    "error": ("steps", {"run": "digits/right", "name": "no such"}),
}


def formula_matrix(classes: int, per_class: int, step: int, steps: int) -> np.ndarray:
    """A matrix whose diagonal grows with the step; misses go to the next three classes."""
    matrix = np.zeros((classes, classes), np.int64)
    for truth in range(classes):
        hits = min(per_class, per_class * (4 * step + truth % 5) // (4 * steps + 6))
        missed = per_class - hits
        matrix[truth, truth] = hits
        for near, share in ((1, 6), (2, 3), (3, 1)):
            matrix[truth, (truth + near) % classes] += missed * share // 10
    return matrix


def write_logs(root: pathlib.Path) -> None:
    """Logs six runs."""
    digits = [str(digit) for digit in range(10)]
    for run, end in (("digits/right", 0.0), ("digits/too-large", 0.03)):
        with MonitorWriter(root / run, class_names=digits, framework="keras") as monitor:
            for step in range(1, 21):
                loss = 0.3 + 2 * math.exp(-step / 3)
                matrix = formula_matrix(10, 36, step, 20)
                accuracy = float(np.trace(matrix) / matrix.sum())
                monitor.confusion_matrix("train", formula_matrix(10, 100, step + 2, 20), step=step)
                monitor.confusion_matrix("validation", matrix, step=step)
                monitor.fit(
                    "loss", train=loss, validation=loss + 0.02 + end * max(0, step - 8), step=step
                )
                monitor.fit(
                    "accuracy",
                    train=accuracy + 0.01,
                    validation=accuracy,
                    step=step,
                    higher_is_better=True,
                )
    with MonitorWriter(root / "<b>hostile", class_names=HOSTILE, model="m&m") as monitor:
        for step in range(5):
            matrix = np.diag([20, 0, 0, 0, 3])
            matrix[0, 1], matrix[2, 0] = 5 - step, 4
            monitor.confusion_matrix("test/<i>", matrix, step=step)
            monitor.fit("loss", train=0.5, validation=math.nan if step > 2 else 0.6, step=step)
    with MonitorWriter(root / "words") as monitor:
        for step in (100, 200, 300):
            monitor.confusion_matrix(
                "validation", formula_matrix(200, 20, step // 100, 3), step=step
            )
    with MonitorWriter(root / "rates") as monitor:
        rates = np.array([[0.9, 0.1], [0.25, 0.75]])
        with contextlib.redirect_stderr(None):  # it warns, as it should
            monitor.confusion_matrix("validation", rates, step=0)
        weighted = ConfusionMatrix(2)
        weighted.update([0, 0, 0, 1, 1], [0, 0, 1, 1, 0], [1.5, 0.5, 1.0, 2.0, 0.25])
        monitor.confusion_matrix("weighted", weighted, step=0)
    with MonitorWriter(root / "tags") as monitor:
        for step in (1, 2):
            monitor.confusion_matrix("validation", formula_labels(step), step=step)


def formula_labels(step: int) -> MultilabelCounts:
    """Three labels of 60 examples; the last one never occurs, the second is unknown of ten."""
    counts = MultilabelCounts(3, class_names=("person", "car", "tram"))
    example = np.arange(60)
    truth = np.stack([example % 2, example % 3 == 0, 0 * example], axis=1)
    found = np.stack([example % (2 + step) > 0, example % 6 < step, 0 * example], axis=1)
    truth[:10, 1] = -1
    counts.update(truth, found, ignore_index=-1)
    return counts


def set_wall_times(root: pathlib.Path) -> None:
    """Gives the events of every file the wall times of one a second."""
    for path in sorted(root.rglob("*tfevents*")):
        events = list(events_of(path))
        with path.open("wb") as file:
            for number, event in enumerate(events):
                event.wall_time = FIRST_WALL_TIME + number
                file.write(framed(event.SerializeToString()))


def answers() -> dict[str, bytes]:
    """Asks every question; returns bodies by file name."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder, "logs")
        write_logs(root)
        set_wall_times(root)
        server = InProcess(root)
        for name, (route, query) in QUESTIONS.items():
            response = server.get(route, query)
            is_json = response.content_type.startswith("application/json")
            body = response.data
            if is_json:
                answer = json.loads(body)
                if name == "runs":
                    answer["logdir"] = "demo/logs"
                body = json.dumps(answer, indent=1, ensure_ascii=True).encode() + b"\n"
            found[f"{name}.json" if is_json else f"{name}.bin"] = body
    index = [
        {"file": file, "route": QUESTIONS[stem][0], "query": QUESTIONS[stem][1]}
        for file in sorted(found)
        for stem in [file.rpartition(".")[0]]
    ]
    found["index.json"] = json.dumps(index, indent=1).encode() + b"\n"
    return found


if __name__ == "__main__":
    FIXTURES.mkdir(exist_ok=True)
    for old in FIXTURES.iterdir():
        old.unlink()
    for file, body in answers().items():
        (FIXTURES / file).write_bytes(body)
        sys.stdout.write(f"{file} {len(body)}\n")
