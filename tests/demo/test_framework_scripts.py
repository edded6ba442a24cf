"""The demo's scripts that need PyTorch and what stands on it; each in a process of its own."""

import subprocess
import sys

import pytest

from tests.crash.logs import files, fit_rows
from tests.demo.test_demo import DEMO, ENVIRONMENT, counted, kinds, ran
from tests.integrations.runs import matrices

RUNS = {
    "lightning_digits.py": ("digits/lightning", {*counted("validation"), *counted("test")}),
    "transformers_digits.py": ("digits/transformers", {*counted("validation"), *counted("test")}),
    "distributed_torch.py": ("digits/distributed", counted("validation")),
}


@pytest.mark.slow
@pytest.mark.parametrize("script", RUNS)
def test_each_script_runs_alone_and_logs_its_run(script, tmp_path):
    run, expected = RUNS[script]
    output = ran(script, "--epochs", 2, "--logs", tmp_path)
    assert f"Monitor tab of {tmp_path / run}" in output
    assert kinds(tmp_path / run) == {*expected, "loss/fit"}
    assert len(fit_rows(tmp_path / run)) == 2
    assert {path.parent for path in files(tmp_path)} == {tmp_path / run}


@pytest.mark.slow
def test_two_processes_under_torchrun_log_one_run_of_all_examples(tmp_path):
    launched = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2",
         "--standalone", "--", str(DEMO / "distributed_torch.py"),
         "--epochs", "2", "--logs", str(tmp_path)],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert launched.returncode == 0, launched.stderr
    assert "digits/distributed 2 processes, 288 examples" in launched.stdout
    run = tmp_path / "digits/distributed"
    assert len(files(run)) == 1
    assert [step for _, step in matrices(run)] == [0, 1]
    assert all(matrix.sum() == 288 for matrix in matrices(run).values())
    assert all(row["validation_n"] == 288 for _, row in fit_rows(run))
