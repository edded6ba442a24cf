"""A distributed job writes once: rank 0 does."""

import logging

import numpy as np
import pytest

from tb_monitor_writer import InvalidInput, MonitorWriter
from tests.crash.logs import files, fit_steps


@pytest.fixture
def rank_1_of_2(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")


def log_everything(monitor):
    monitor.predictions("val", [0, 1, 1], [0, 1, 0], step=1)
    monitor.confusion_matrix("test", np.eye(3, dtype=int), step=1)
    monitor.scores("val", [0, 1], [0.2, 0.7], step=1)
    for step in (2, 2, 1):  # a second record and a restart: rank 0 says it
        monitor.fit("loss", train=0.5, step=step)


def test_other_ranks_write_nothing_and_say_so_once(tmp_path, caplog, rank_1_of_2):
    caplog.set_level(logging.INFO, "tb_monitor_writer")
    with MonitorWriter(tmp_path / "run") as monitor:
        assert monitor.last_step() is None
        log_everything(monitor)
        assert monitor.status() == (0, 0, None)
    assert not (tmp_path / "run").exists()
    said = [(record.levelname, record.message) for record in caplog.records]
    assert said == [
        (
            "INFO",
            f"{tmp_path / 'run'}: rank 1 writes nothing, rank 0 does; all_ranks=True lets each "
            f"write",
        ),
        ("INFO", f"{tmp_path / 'run'}: 0 records written, none lost"),
    ]


def test_other_ranks_check_their_arguments(tmp_path, rank_1_of_2):
    with MonitorWriter(tmp_path) as monitor, pytest.raises(InvalidInput, match="step must be"):
        monitor.fit("loss", train=0.5, step=-1)


def test_rank_0_writes(tmp_path, monkeypatch, rank_1_of_2):
    monkeypatch.setenv("RANK", "0")
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", train=0.5, step=1)
    assert fit_steps(tmp_path) == [1]


def test_every_rank_writes_if_asked_to(tmp_path, rank_1_of_2):
    with MonitorWriter(tmp_path, all_ranks=True) as monitor:
        monitor.fit("loss", train=0.5, step=1)
    assert monitor.status().written == len(files(tmp_path)) == 1


def test_the_rank_is_asked_at_the_first_record(tmp_path, monkeypatch):
    with MonitorWriter(tmp_path) as monitor:
        monkeypatch.setenv("RANK", "1")
        monkeypatch.setenv("WORLD_SIZE", "2")
        monitor.fit("loss", train=0.5, step=1)
    assert monitor.status().written == 0
    assert not files(tmp_path)


def test_a_summary_writer_of_another_rank_gets_nothing(tmp_path, rank_1_of_2):
    tensorboardx = pytest.importorskip("tensorboardX")
    with tensorboardx.SummaryWriter(tmp_path) as writer, MonitorWriter(writer) as monitor:
        log_everything(monitor)
    assert monitor.status() == (0, 0, None)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 200
