"""MirroredStrategy on two logical devices; MultiWorkerMirroredStrategy on two real processes."""

import json
import os
import pickle
import socket
import subprocess
import sys

import numpy as np
import pytest

from tests.crash.logs import ROOT, files
from tests.integrations.runs import matrices


def run(folder, *roles, timeout_s=240):
    """Runs processes side by side, one per (role, TF_CONFIG)."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.integrations.tensorflow_replicas", role, str(folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'writer'}",
                 "CUDA_VISIBLE_DEVICES": "-1", **config},
            stderr=subprocess.PIPE,
            text=True,
        )
        for role, config in roles
    ]  # fmt: skip
    try:
        errors = [process.communicate(timeout=timeout_s)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0] * len(roles), "\n".join(errors)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    pytest.importorskip("tensorflow")
    folder = tmp_path_factory.mktemp("mirrored")
    run(folder, ("mirrored", {}))
    return folder, pickle.loads((folder / "mirrored.pickle").read_bytes())


@pytest.fixture(scope="module")
def workers(tmp_path_factory):
    pytest.importorskip("tensorflow")
    folder = tmp_path_factory.mktemp("workers")
    addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
    configs = [
        json.dumps({"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}})
        for index in range(2)
    ]
    run(folder, *(("worker", {"TF_CONFIG": config}) for config in configs))
    return folder, [pickle.loads((folder / f"{rank}.pickle").read_bytes()) for rank in range(2)]


def replicas():
    """The module of the child process, for what it would count alone; imports TensorFlow."""
    from tests.integrations import tensorflow_replicas

    return tensorflow_replicas


def test_counts_of_strategy_run_reduced_by_the_strategy_make_a_matrix_that_is_logged(mirrored):
    folder, found = mirrored
    truth, prediction = replicas().labels()
    expected = np.zeros((5, 5), int)
    np.add.at(expected, (truth, prediction), 1)
    assert found["replicas"] == 2
    np.testing.assert_array_equal(found["reduced"], expected)
    np.testing.assert_array_equal(matrices(folder / "run")["validation", 1], expected)


@pytest.mark.parametrize("replica", [0, 1])
def test_a_matrix_of_each_replica_is_summed_over_the_replicas(mirrored, replica):
    array, squares, (keys, counts) = mirrored[1]["replica", replica]
    expected = replicas().merged(2, weighted={1})
    np.testing.assert_allclose(array, expected.to_array())
    assert squares == pytest.approx(expected.sum_squared_weights)
    sparse = replicas().merged(2, classes=100_000)
    np.testing.assert_array_equal(keys, sparse.cells()[0])
    np.testing.assert_array_equal(counts, sparse.cells()[1])


def test_a_mirrored_strategy_has_one_process_whose_counts_are_whole(mirrored):
    assert mirrored[1]["place"] == (0, 1)
    assert mirrored[1]["host"].tolist() == [1, 2]


def test_a_sum_inside_tf_function_is_refused_with_the_way_out(mirrored):
    # AutoGraph puts the place in the user's code before the sentence.
    sentence = "a sum over ranks needs values: call it outside tf.function"
    assert sentence in mirrored[1]["symbolic"]


@pytest.mark.parametrize("rank", [0, 1])
def test_a_matrix_of_each_worker_is_summed_over_the_workers(workers, rank):
    found = workers[1][rank]
    assert found["before"] == found["place"] == (rank, 2)
    assert found["replicas"] == 2  # on CPUs a worker has one, however many devices there are
    assert [rows.tolist() for rows in found["rows"]] == [[], [0, 1, 2]]
    expected = replicas().merged(2, weighted={1})
    array, squares = found["dense"]
    np.testing.assert_allclose(array, expected.to_array())
    assert squares == pytest.approx(expected.sum_squared_weights)
    sparse = replicas().merged(2, classes=100_000).cells()
    for got, wanted in zip(found["sparse"], sparse, strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_a_worker_outside_the_scope_is_told_instead_of_summing_alone(workers):
    for found in workers[1]:
        assert found["outside"].startswith("this is one of 2 ranks, and a sum needs them all")


def test_only_the_first_worker_writes(workers):
    run_directory = workers[0] / "run"
    assert len(files(run_directory)) == 1
    assert list(matrices(run_directory)) == [("validation", 0)]
