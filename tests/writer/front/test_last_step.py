"""`MonitorWriter.last_step`: what is there, by this process and by earlier ones."""

import pytest

from tb_monitor_writer import MonitorWriter


def test_it_is_none_before_anything_is_logged(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        assert monitor.last_step() is None
        assert monitor.last_step("validation") is None


def test_it_is_the_greatest_of_all_names_or_that_of_one(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        monitor.predictions("validation", [0, 1], [0, 1], step=3)
        monitor.fit("loss", train=1.0, step=7)
        assert monitor.last_step() == 7
        assert (monitor.last_step("validation"), monitor.last_step("loss")) == (3, 7)
        assert monitor.last_step("test") is None


def test_it_knows_what_an_earlier_process_has_logged(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        for step in (1, 5):
            monitor.fit("loss", train=1.0, step=step)
            monitor.predictions("validation/depth", [0, 1], [0, 1], step=step + 1)
    with MonitorWriter(tmp_path) as monitor:
        assert monitor.last_step() == 6
        assert monitor.last_step("loss") == 5
        assert monitor.last_step("validation/depth") == 6


@pytest.mark.parametrize("known_before", [False, True])
def test_what_a_restart_makes_stale_is_gone(tmp_path, known_before):
    with MonitorWriter(tmp_path) as monitor:
        for step in (1, 5):
            monitor.fit("loss", train=1.0, step=step)
            monitor.fit("accuracy", train=1.0, step=step)
    with MonitorWriter(tmp_path) as monitor:
        if known_before:
            assert monitor.last_step("loss") == 5
        monitor.fit("loss", train=1.0, step=3)
        assert (monitor.last_step("loss"), monitor.last_step()) == (3, 3)
        assert monitor.last_step("accuracy") == 1
