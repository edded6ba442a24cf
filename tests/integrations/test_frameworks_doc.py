"""The snippets of docs/frameworks.md, run as they stand there."""

import json
import os
import pathlib
import re
import subprocess
import sys
import textwrap

import pytest

from tests.integrations.runs import series

ROOT = pathlib.Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "frameworks.md").read_text()
SECTIONS = {
    title: re.findall(r"```python\n(.*?)```", body, re.DOTALL)
    for title, body in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.DOTALL)
}

# What a snippet takes as given.
NUMPY = """
    import numpy as np
    random = np.random.default_rng(0)
    NAMES, epochs = ["cat", "dog", "eel"], 3
    x, y = random.normal(size=(240, 4)).astype("float32"), random.integers(0, 3, 240)
"""
KERAS = f"""
    {NUMPY}
    import keras
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
"""
GIVEN = {
    "Plain Python": f"""
        {NUMPY}
        model = None
        train_one_epoch = lambda model: random.random(160)
        evaluate = lambda model: (y, random.random((240, 3)), random.random(240))
    """,
    "Keras": f"{KERAS}\n    model.add(keras.layers.Softmax())",
    "TensorFlow, a loop of your own": f"""
        import tensorflow as tf
        {KERAS}
        y = tf.constant(y)
        validation_batches = tf.data.Dataset.from_tensor_slices((x, y)).batch(60)
        train_one_epoch = lambda model: random.random()
    """,
    "scikit-learn": f"""
        {NUMPY}
        from sklearn.linear_model import SGDClassifier
        from sklearn.svm import SVC
        X, y = x[:160], np.array(NAMES)[y]
        X_val, y_val, y = x[160:], y[160:], y[:160]
        model, sgd, classes = SVC(), SGDClassifier(loss="log_loss"), np.unique(y)
    """,
}
MATRIX = ("averages", "class_counts", "confusion")
VALIDATION = {f"validation/{kind}" for kind in MATRIX}
TRAIN = {f"train/{kind}" for kind in MATRIX}
LOGGED = {
    "Plain Python": [{*VALIDATION, "loss/fit"}],
    "Keras": [{*TRAIN, *VALIDATION, "loss/fit", "accuracy/fit", "f1_macro/fit"}],
    "TensorFlow, a loop of your own": [{*VALIDATION, "loss/fit"}, VALIDATION, VALIDATION],
    "PyTorch": [{*VALIDATION, "loss/fit"}],
    "Lightning": [{*VALIDATION, "loss/fit"}],
    "Transformers": [{*VALIDATION, "loss/fit"}],
    "scikit-learn": [
        {
            *VALIDATION, *(f"validation/folds/{kind}" for kind in MATRIX),
            "accuracy/cross-validation/fit", "f1_macro/cross-validation/fit",
            "accuracy/training size/fit", "accuracy/C by index/fit",
        },
        {*TRAIN, *VALIDATION, "loss/fit", "accuracy/fit"},
    ],
    "Distributed": [VALIDATION],
    "Others": [],
    "Recipes": [{*VALIDATION, "loss/fit"}, {"validation/averages", "validation/class_counts"}],
}  # fmt: skip
SLOW = {"Keras", "TensorFlow, a loop of your own", "Lightning", "Transformers"}


def unindented(code):
    return "\n".join(line.strip() for line in code.splitlines())


@pytest.mark.parametrize(
    "title",
    [pytest.param(title, marks=[pytest.mark.slow] * (title in SLOW)) for title in LOGGED],
)
def test_each_snippet_runs_and_logs_what_the_section_says(tmp_path, title):
    snippets = SECTIONS[title]
    assert len(snippets) == len(LOGGED[title])
    places = []
    for number, snippet in enumerate(snippets):
        place = tmp_path / str(number)
        place.mkdir()
        (place / "snippet.py").write_text(f"{unindented(GIVEN.get(title, ''))}\n{snippet}")
        places.append(str(place))
    code = """
        import json, os, runpy, sys
        for place in json.loads(sys.argv[1]):
            os.chdir(place)
            runpy.run_path("snippet.py")
    """
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), json.dumps(places)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "writer")]),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "-1",
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    found = [set(series(place)) for place in places]
    assert found == LOGGED[title]


def test_every_section_is_run():
    assert list(SECTIONS) == list(LOGGED)
    assert len(re.findall("```", TEXT)) == 2 * sum(len(found) for found in SECTIONS.values())
