"""Train and validation values: means, errors, the best step, pairs."""

import math

import numpy as np
import pytest

from tb_monitor_writer import MonitorWriter, limits, schema
from tests.crash.logs import events, files, fit_rows


def rows(tmp_path, *calls, name="loss"):
    with MonitorWriter(tmp_path) as monitor:
        for call in calls:
            monitor.fit(name, **call)
    return [row for _, row in fit_rows(tmp_path, name)]


def test_numbers_stand_in_the_row_and_what_was_not_given_is_nan(tmp_path):
    [row] = rows(tmp_path, {"validation": 0.5, "n": 20, "se": 0.1, "step": 3})
    assert (row["validation"], row["validation_n"], row["validation_se"]) == (0.5, 20, 0.1)
    for column in ("train", "train_n", "train_se", "paired_mean", "target", "train_step"):
        assert math.isnan(row[column])


def test_n_and_se_belong_to_train_if_it_stands_alone_and_a_pair_says_both(tmp_path):
    alone, both = rows(
        tmp_path,
        {"train": 1, "n": 20, "se": 0.1, "step": 1},
        {"train": 1, "validation": 2, "n": (10, 20), "se": (0.1, None), "step": 2},
    )
    assert (alone["train_n"], alone["train_se"]) == (20, 0.1)
    assert (both["train_n"], both["validation_n"], both["train_se"]) == (10, 20, 0.1)
    assert math.isnan(both["validation_se"])


def test_losses_per_example_give_mean_number_and_standard_error(tmp_path):
    losses = np.random.default_rng(0).gamma(2, size=400)
    [row] = rows(tmp_path, {"train": losses[:, None], "validation": list(losses), "step": 1})
    for part in ("train", "validation"):
        assert row[part] == pytest.approx(losses.mean(), rel=1e-12)
        assert row[f"{part}_n"] == 400
        assert row[f"{part}_se"] == pytest.approx(losses.std(ddof=1) / 20, rel=1e-12)


def test_one_loss_has_no_standard_error(tmp_path):
    [row] = rows(tmp_path, {"validation": [0.5], "step": 1})
    assert (row["validation"], row["validation_n"]) == (0.5, 1)
    assert math.isnan(row["validation_se"])


def test_the_pair_is_against_the_best_step_so_far(tmp_path):
    random = np.random.default_rng(1)
    hard = random.gamma(2, size=200)  # what examples have in common cancels out in the pair
    evaluations = [hard + level + random.normal(0, 0.01, 200) for level in (0.5, 0.1, 0.3)]
    found = rows(
        tmp_path,
        *({"validation": losses, "step": step} for step, losses in enumerate(evaluations)),
    )
    difference = evaluations[2] - evaluations[1]
    assert found[2]["paired_mean"] == pytest.approx(difference.mean(), abs=1e-6)
    assert found[2]["paired_se"] == pytest.approx(difference.std(ddof=1) / 200**0.5, rel=1e-4)
    assert found[2]["paired_se"] < found[2]["validation_se"] / 20
    assert (found[1]["paired_mean"], found[1]["paired_se"]) == (0, 0)
    assert [row["best_step"] for row in found] == [0, 1, 1]


def test_a_pair_that_was_computed_elsewhere_counts_more(tmp_path):
    [_, row] = rows(
        tmp_path,
        {"validation": [1.0, 2.0], "step": 1},
        {"validation": [2.0, 4.0], "paired": (7, 0.5), "step": 2},
    )
    assert (row["paired_mean"], row["paired_se"]) == (7, 0.5)


def test_losses_of_other_examples_are_not_paired_and_it_is_said_once(tmp_path, caplog):
    found = rows(
        tmp_path,
        *(
            {"validation": np.ones(count) * count, "step": step}
            for step, count in enumerate([2, 3, 4])
        ),
    )
    assert [math.isnan(row["paired_mean"]) for row in found] == [False, True, True]
    assert sum("cannot be compared example by example" in r.message for r in caplog.records) == 1


def test_of_very_many_losses_a_part_is_kept_for_pairing(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "PAIRED_LOSSES", 100)
    first = np.arange(1_000, dtype=float)
    found = rows(tmp_path, {"validation": first, "step": 1}, {"validation": first + 0.5, "step": 2})
    assert found[1]["validation_n"] == 1_000
    assert (found[1]["paired_mean"], found[1]["paired_se"]) == (0.5, 0)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_stored_and_never_the_best(tmp_path, value):
    found = rows(
        tmp_path,
        {"train": value, "validation": value, "step": 1},
        {"validation": 2.0, "step": 2},
        {"validation": [value, 1.0], "step": 3},
    )
    np.testing.assert_equal([found[0]["train"], found[0]["validation"]], [value, value])
    np.testing.assert_equal([row["best_step"] for row in found], [math.nan, 2, 2])


def test_the_best_is_the_greatest_where_higher_is_better(tmp_path):
    found = rows(
        tmp_path,
        *(
            {"validation": value, "step": step, "higher_is_better": True}
            for step, value in enumerate([0.5, 0.7, 0.6, 0.7])
        ),
        name="accuracy",
    )
    assert [(row["best_step"], row["best_value"]) for row in found] == [
        (0, 0.5), (1, 0.7), (1, 0.7), (1, 0.7),
    ]  # fmt: skip
    [path] = files(tmp_path)
    content = events(path)[1].summary.value[0].metadata.plugin_data.content
    assert schema.decode_series(content).higher_is_better


def test_train_and_validation_of_one_step_may_come_by_two_calls(tmp_path):
    half, whole = rows(
        tmp_path, {"train": 1.0, "step": 5, "train_step": 4}, {"validation": 2.0, "step": 5}
    )
    assert (half["train"], half["ordinal"]) == (1, 1)
    assert math.isnan(half["validation"])
    assert (whole["train"], whole["validation"], whole["ordinal"]) == (1, 2, 1)
    assert (whole["train_step"], whole["best_step"]) == (4, 5)


def test_a_value_given_twice_for_one_step_is_refused(tmp_path):
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("loss", train=1.0, step=5)
        monitor.fit("loss", validation=2.0, step=5)
        monitor.fit("loss", train=math.nan, step=5)
        monitor.fit("loss", validation=9.0, step=5)
    assert monitor.status()[:2] == (2, 2)
    assert monitor.status().last_error.startswith("loss: a second record of step 5 is refused")


def test_a_number_may_correct_a_nan_of_the_same_step_and_nothing_else_may(tmp_path):
    first, corrected = rows(
        tmp_path,
        {"train": math.nan, "validation": 2.0, "step": 5},
        {"train": math.nan, "step": 5},
        {"train": 1.0, "step": 5, "n": 10},
        {"train": 3.0, "step": 5},
    )
    assert math.isnan(first["train"])
    assert (corrected["train"], corrected["train_n"], corrected["ordinal"]) == (1, 10, 1)
    assert (corrected["validation"], corrected["best_value"]) == (2, 2)


def test_a_quantity_whose_direction_changes_begins_a_new_generation(tmp_path, caplog):
    with MonitorWriter(tmp_path) as monitor:
        monitor.fit("score", validation=1, step=1)
        monitor.fit("score", validation=2, step=2, higher_is_better=True)
    tags = [value.tag for event in events(files(tmp_path)[0]) for value in event.summary.value]
    assert tags == ["score/fit", "score@2/fit"]
    assert "score: higher_is_better changed: it goes on as score@2" in caplog.text
