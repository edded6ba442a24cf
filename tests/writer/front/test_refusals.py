"""What is not written, and how that is said."""

import errno
import logging
import os

import numpy as np
import pytest

from tb_monitor_writer import ConfusionMatrix, InvalidInput, MonitorWriter


def test_the_last_error_is_whatever_went_wrong_last(tmp_path, monkeypatch):
    real = os.writev

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", train=1, step=1)
        monitor.fit("loss", train=2, step=1)
        refusal = "loss: a second record of step 1 is refused: readers keep one each"
        assert monitor.status() == (1, 1, refusal)
        monkeypatch.setattr(os, "writev", full)
        monitor.fit("loss", train=3, step=2)
        assert "No space left" in monitor.status().last_error
        monkeypatch.setattr(os, "writev", real)
        monitor.fit("loss", train=3, step=3)
        assert "No space left" in monitor.status().last_error
        monitor.fit("loss", train=3, step=3)
        assert monitor.status() == (3, 2, refusal.replace("step 1", "step 3"))


@pytest.mark.parametrize(
    ("refused", "sentence"),
    [
        (0, "1 record written, none lost"),
        (2, "1 record written, 2 not; last error: loss: a second record of step 1 is refused"),
    ],
)
def test_the_closing_line_says_what_is_written_and_what_is_not(tmp_path, caplog, refused, sentence):
    caplog.set_level(logging.INFO, "tb_monitor_writer")
    with MonitorWriter(tmp_path) as monitor:
        for _ in range(1 + refused):
            monitor.fit("loss", train=1, step=1)
    assert caplog.records[-1].message.startswith(f"{tmp_path}: {sentence}")


def test_scores_where_classes_belong_are_refused_with_the_ways_out(tmp_path):
    scores = np.full((4, 10), 0.1)
    with MonitorWriter(tmp_path, num_classes=10) as monitor:
        with pytest.raises(InvalidInput, match="y_pred has shape") as refusal:
            monitor.predictions("test", np.zeros(4, int), scores, step=1)
        for way_out in (
            "y_pred.argmax(axis=1)",
            "ConfusionMatrix.update_from_scores()",
            "scores()",
        ):
            assert way_out in str(refusal.value)
        matrix = ConfusionMatrix(10)
        matrix.update_from_scores(np.zeros(4, int), scores)
        monitor.confusion_matrix("test", matrix, step=1)
    assert monitor.status().written == 1
