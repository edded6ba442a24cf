"""Two real processes over gloo: what each holds after the sum, and who writes."""

import os
import pickle
import subprocess
import sys
import types

import numpy as np
import pytest

from tb_monitor_writer import InvalidInput, MonitorError, distributed
from tests.crash.logs import ROOT, files, fit_steps
from tests.integrations import torch_ranks as ranks
from tests.integrations.runs import matrices

WHOLE = slice(0, ranks.EXAMPLES)
BOTH = pytest.mark.parametrize("rank", [0, 1])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where both ranks, each a process of its own, have left what they found."""
    folder = tmp_path_factory.mktemp("ranks")
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.integrations.torch_ranks",
             str(rank), str(folder)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'writer'}",
                 "RANK": str(rank), "WORLD_SIZE": "2"},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in range(ranks.RANKS)
    ]  # fmt: skip
    try:
        errors = [process.communicate(timeout=120)[1] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], "\n".join(errors)
    return folder


@pytest.fixture(scope="module")
def found(folder):
    return [pickle.loads((folder / f"{rank}.pickle").read_bytes()) for rank in range(ranks.RANKS)]


@BOTH
def test_a_rank_knows_its_place_before_and_after_the_process_group_is_there(found, rank):
    assert found[rank]["before"] == (rank, 2)
    assert found[rank]["place"] == (rank, 2)


@BOTH
def test_arrays_are_summed_in_64_bits_and_keep_their_shape(found, rank):
    np.testing.assert_array_equal(found[rank]["sum"], [[3, 20]])
    assert found[rank]["sum"].dtype == np.int64
    assert found[rank]["float"] == 2.0
    assert found[rank]["float"].shape == ()


@BOTH
def test_rows_of_unlike_number_are_gathered_in_the_order_of_ranks(found, rank):
    empty, three = found[rank]["rows"]
    assert (empty.tolist(), three.tolist()) == ([], [0, 1, 2])
    assert [rows.shape for rows in found[rank]["no rows"]] == [(0, 2), (0, 2)]
    keys = np.concatenate(found[rank]["keys"]).view(np.uint64)
    assert keys.tolist() == [2**64 - 1, 2**64 - 2]


def test_a_rank_outside_a_group_is_refused_and_one_inside_sums_in_it(found):
    assert found[0]["group"].startswith("group must have this rank as a member")
    assert found[1]["group"].tolist() == [5]


@BOTH
@pytest.mark.parametrize("case", ranks.CASES)
def test_every_rank_holds_what_one_process_would_have_counted(found, rank, case):
    whole = ranks.sparse if case == "sparse_without_data" else ranks.CASES[case]
    if case == "without_data":
        whole = ranks.dense
    expected = ranks.described(whole(WHOLE))
    summed = found[rank][case]
    assert expected["total"] > 0
    for name, value in expected.items():
        if isinstance(value, (np.ndarray, float)):
            np.testing.assert_allclose(summed[name], value, rtol=1e-12, err_msg=name)
        else:
            assert summed[name] == value, name


def test_counts_without_weights_stay_whole_numbers(found):
    assert found[0]["dense"]["dtype"] == found[0]["sparse"]["dtype"] == "<i8"
    assert found[0]["weighted"]["dtype"] == found[0]["sparse_weighted"]["dtype"] == "<f8"


@BOTH
def test_a_dense_matrix_costs_one_sum_of_its_cells_after_one_of_a_few_numbers(found, rank):
    (first, agreement), (second, cells) = found[rank]["collectives"]
    assert first == second == "all_reduce"
    assert agreement < 50
    assert ranks.CLASSES**2 <= cells < ranks.CLASSES**2 + 20


@BOTH
@pytest.mark.parametrize("case", ["histogram", "class histogram"])
def test_score_histograms_are_summed(found, rank, case):
    make, part = ranks.histogram, WHOLE
    if case == "class histogram":
        make, part = ranks.class_histogram, ranks.share(1)
    expected = ranks.histogram_state(make(part))
    assert expected["nan"] > 0 or expected["multiclass"]
    for name, value in expected.items():
        np.testing.assert_allclose(found[rank][case][name], value, rtol=1e-9, err_msg=name)


@BOTH
def test_multilabel_counts_are_summed_with_weights_of_one_rank_and_without(found, rank):
    expected = ranks.label_counts(WHOLE)
    array, exact, total = found[rank]["labels", False]
    np.testing.assert_array_equal(array, expected.to_array())
    assert array.dtype == np.int64
    assert (exact, total) == (expected.exact_matches, expected.total)

    mixed = ranks.label_counts(ranks.share(0))
    mixed.merge(ranks.label_counts(ranks.share(1), weights=True))
    array, exact, total = found[rank]["labels", True]
    np.testing.assert_allclose(array, mixed.to_array())
    assert (exact, total) == (pytest.approx(mixed.exact_matches), pytest.approx(mixed.total))


@BOTH
def test_evaluate_gives_every_rank_the_whole_with_unlike_numbers_of_batches(found, rank):
    whole = ranks.evaluated(WHOLE)
    counts, losses = found[rank]["evaluation"]
    np.testing.assert_array_equal(counts, whole.counts.to_array())
    np.testing.assert_allclose(losses, whole.losses, rtol=1e-5)
    part = ranks.share(rank)
    assert found[rank]["alone"] == part.stop - part.start


def test_only_rank_0_writes(folder, found):
    run = folder / "all-False" / "run"
    assert len(files(run)) == 1
    assert list(matrices(run)) == [("validation", 0)]
    assert fit_steps(run) == [0]
    assert found[0]["status", False][0] > 0
    assert found[1]["status", False][:2] == (0, 0)


def test_each_rank_writes_if_all_may(folder, found):
    for rank in range(ranks.RANKS):
        run = folder / "all-True" / f"rank-{rank}"
        assert list(matrices(run)) == [("validation", rank)]
        assert fit_steps(run) == [rank]
        assert found[rank]["status", True][1] == 0


@BOTH
@pytest.mark.parametrize("all_ranks", [False, True])
def test_arguments_are_checked_on_every_rank(found, rank, all_ranks):
    assert found[rank]["refused", all_ranks].startswith("train must")


def test_one_of_several_ranks_without_a_process_group_is_told_instead_of_summing_alone(
    monkeypatch,
):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert (distributed.rank(), distributed.world_size()) == (1, 4)
    with pytest.raises(MonitorError, match="this is one of 4 ranks, and a sum needs them all"):
        distributed.all_reduce([1])


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"RANK": "1"},
        {"RANK": "one", "WORLD_SIZE": "2"},
        {"RANK": "2", "WORLD_SIZE": "2"},
        {"LOCAL_RANK": "1", "SLURM_PROCID": "1", "SLURM_NTASKS": "2"},
        {"TF_CONFIG": "{"},
        {"TF_CONFIG": '{"cluster": {}, "task": {"type": "worker"}}'},
    ],
)
def test_an_environment_that_names_no_job_is_a_process_that_stands_alone(monkeypatch, environment):
    for name in ("RANK", "WORLD_SIZE", "TF_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert (distributed.rank(), distributed.world_size()) == (0, 1)
    assert distributed.all_reduce([1, 2]).tolist() == [1, 2]
    assert [rows.tolist() for rows in distributed.all_gather([1.5])] == [[1.5]]


@pytest.mark.parametrize(
    ("task", "place"),
    [
        (("chief", 0), (0, 4)),
        (("worker", 0), (1, 4)),
        (("worker", 2), (3, 4)),
        (("ps", 0), (0, 1)),
        (("evaluator", 0), (0, 1)),
    ],
)
def test_tf_config_counts_the_chief_first_and_lets_an_evaluator_log(monkeypatch, task, place):
    kind, index = task
    monkeypatch.setenv(
        "TF_CONFIG",
        '{"cluster": {"chief": ["a:1"], "worker": ["b:1", "c:1", "d:1"], "ps": ["e:1"]}, '
        f'"task": {{"type": "{kind}", "index": {index}}}}}',
    )
    assert (distributed.rank(), distributed.world_size()) == place


@pytest.mark.parametrize(
    ("function", "argument", "message"),
    [
        ("all_reduce", ["a"], "array must hold integers or floats, got dtype <U1"),
        ("all_reduce", [True], "array must hold integers or floats, got dtype bool"),
        ("all_gather", 3, "array must have at least one dimension"),
    ],
)
def test_what_cannot_be_summed_is_refused(function, argument, message):
    with pytest.raises(InvalidInput, match=message):
        getattr(distributed, function)(argument)


def test_a_group_without_torch_distributed_is_refused():
    with pytest.raises(InvalidInput, match="group must be None where"):
        distributed.all_reduce([1], group=object())


@pytest.mark.parametrize(
    ("backends", "bound", "device"),
    [
        ("cpu:gloo,cuda:gloo", None, "cpu"),
        ("cpu:gloo,cuda:nccl", "cuda:1", "cpu"),
        ("cuda:nccl", None, "cuda"),  # the current one
        ("cuda:nccl", "cuda:1", "cuda:1"),  # init_process_group(device_id=)
    ],
)
def test_arrays_travel_on_the_cpu_where_the_backend_can(backends, bound, device):
    # NCCL itself needs a GPU for each rank; this is what torch.distributed says of it.
    world = types.SimpleNamespace(bound_device_id=bound)
    torch = types.SimpleNamespace(
        distributed=types.SimpleNamespace(
            get_backend_config=lambda group: backends, group=types.SimpleNamespace(WORLD=world)
        )
    )
    assert distributed._device(torch, None) == device


def test_nothing_is_imported_to_find_out_the_rank():
    code = (
        "import sys; from tb_monitor_writer import distributed as d; d.rank(); d.all_reduce([1]);"
        "assert not {'torch', 'tensorflow', 'jax'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT / "writer")
