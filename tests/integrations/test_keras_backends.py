"""What needs a process of its own: another backend, several replicas, a model loaded cold."""

import json
import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

ROOT = pathlib.Path(__file__).parents[2]
MODEL = """
    import json, sys
    import keras
    import numpy as np
    from sklearn.metrics import confusion_matrix
    from tests.integrations.keras_models import classifier, matrices, problem
    from tb_monitor_writer.integrations.keras import MonitorCallback, PrecisionRecallFScore

    x, y = problem()
"""


def printed(code, *arguments, **environment):
    """Runs code in a fresh interpreter; returns the JSON that it prints last."""
    process = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "writer")]),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            **environment,
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["torch", "jax"])
def test_another_backend_logs_the_same_and_needs_no_tensorflow(tmp_path, backend):
    code = f"""{MODEL}
    imported = "tensorflow" in sys.modules  # by Keras itself, once it fits
    model = classifier("accuracy", PrecisionRecallFScore(3))
    best = sys.argv[1] + "/best.keras"
    history = model.fit(
        x, y, validation_split=0.25, epochs=3, verbose=0, callbacks=[
            keras.callbacks.EarlyStopping(monitor="val_f1", mode="max"),
            keras.callbacks.ModelCheckpoint(best, monitor="val_f1", mode="max"),
            MonitorCallback(sys.argv[1]),
        ],
    ).history
    last = len(history["loss"]) - 1
    expected = confusion_matrix(y[180:], model.predict(x[180:], verbose=0).argmax(1))
    metric = PrecisionRecallFScore(3)
    metric._confusion.assign([[2**53 - 1, 0, 0], [0, 2**24, 0], [0, 0, 0]])
    metric.update_state([0, 1], np.eye(3)[:2])
    loaded = keras.saving.load_model(best)
    print(json.dumps({{
        "backend": keras.backend.backend(),
        "logged": matrices(sys.argv[1])["validation", last].tolist(),
        "expected": expected.tolist(),
        "large": metric.confusion_matrix.to_array().diagonal().tolist(),
        "f1": [loaded.evaluate(x[180:], y[180:], verbose=0, return_dict=True)["f1"],
               history["val_f1"][-1]],
        "tensorflow": imported,
    }}))
    """
    told = printed(code, tmp_path, KERAS_BACKEND=backend, JAX_ENABLE_X64="1")
    assert told["backend"] == backend
    assert not told["tensorflow"]
    assert told["logged"] == told["expected"]
    assert told["large"] == [2**53, 2**24 + 1, 0]
    assert told["f1"][0] == pytest.approx(told["f1"][1], abs=1e-12)


@pytest.mark.slow
def test_replicas_of_tf_distribute_are_added_up(tmp_path):
    code = f"""
    import tensorflow as tf
    device = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(
        device, [tf.config.LogicalDeviceConfiguration()] * 2
    )
    {MODEL}
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        model = classifier()
    model.fit(x, y, batch_size=24, validation_split=0.25, epochs=2, verbose=0,
              callbacks=[MonitorCallback(sys.argv[1])])
    expected = confusion_matrix(y[180:], model.predict(x[180:], verbose=0).argmax(1))
    found = matrices(sys.argv[1])
    print(json.dumps({{
        "replicas": strategy.num_replicas_in_sync,
        "train": [int(found["train", epoch].sum()) for epoch in range(2)],
        "logged": found["validation", 1].tolist(),
        "expected": expected.tolist(),
    }}))
    """
    told = printed(code, tmp_path)
    assert told["replicas"] == 2
    assert told["train"] == [180, 180]
    assert told["logged"] == told["expected"]


@pytest.mark.slow
def test_a_model_is_loaded_in_a_process_that_imports_the_metric_by_name(tmp_path):
    path = tmp_path / "model.keras"
    made = printed(
        f"""{MODEL}
    model = classifier()
    model.fit(x, y, verbose=0)
    model.save(sys.argv[1])
    print(json.dumps(model.evaluate(x, y, verbose=0, return_dict=True)))
    """,
        path,
    )
    loaded = printed(
        """
    import json, sys
    import keras
    from tb_monitor_writer.integrations.keras import PrecisionRecallFScore
    from tests.integrations.keras_models import problem
    model = keras.saving.load_model(sys.argv[1])
    print(json.dumps(model.evaluate(*problem(), verbose=0, return_dict=True)))
    """,
        path,
    )
    assert loaded == pytest.approx(made)
