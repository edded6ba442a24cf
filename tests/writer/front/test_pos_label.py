"""Which of two classes is the positive one is part of a series' description."""

import pytest

from tb_monitor_writer import InvalidInput, MonitorWriter
from tests.integrations.runs import series


def test_the_second_of_two_classes_is_positive_unless_told(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        monitor.predictions("validation", [0, 1], [0, 1], step=0)
        monitor.predictions("test", [0, 1], [0, 1], step=0, pos_label=0)
        monitor.confusion_matrix("production", [[3, 1], [0, 2]], step=0, pos_label=0)
        monitor.predictions("train", [0, 1, 2], [0, 1, 2], step=0)
    found = {tag: described.pos_label for tag, described in series(tmp_path).items()}
    assert {found[f"validation/{kind}"] for kind in ("averages", "class_counts", "confusion")} == {
        1
    }
    assert (found["test/confusion"], found["production/confusion"]) == (0, 0)
    assert found["train/confusion"] is None


def test_another_positive_class_begins_a_new_generation(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        monitor.predictions("validation", [0, 1], [0, 1], step=0)
        monitor.predictions("validation", [0, 1], [0, 1], step=1, pos_label=0)
    assert series(tmp_path)["validation@2/confusion"].pos_label == 0


@pytest.mark.parametrize("pos_label", [2, -1, None, True, "yes"])
def test_anything_but_0_and_1_is_refused(tmp_path, pos_label):
    with MonitorWriter(tmp_path) as monitor:
        with pytest.raises(InvalidInput, match="pos_label must be 0 or 1, got"):
            monitor.predictions("validation", [0, 1], [0, 1], step=0, pos_label=pos_label)
        with pytest.raises(InvalidInput, match="pos_label must be 0 or 1, got"):
            monitor.confusion_matrix("validation", [[1, 0], [0, 1]], step=0, pos_label=pos_label)
    assert monitor.status().written == 0
