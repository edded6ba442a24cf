"""Curves over steps: of averages, of classes, of fit values."""

import math

import numpy as np
import pytest
from records import averages_rows, fit_rows, rows_of, series_of, track_of
from sklearn.metrics import recall_score

from tb_monitor_plugin import limits
from tb_monitor_plugin.frame import decode_frame, encode_frame
from tb_monitor_plugin.sources.records import CountRows
from tb_monitor_plugin.views import curves
from tb_monitor_plugin.views import fit as fit_view
from tb_monitor_plugin.views import series as series_view
from tb_monitor_writer.schema import Kind, Series

NAN = math.nan
MATRICES = [[[5, 5], [5, 5]], [[8, 2], [1, 9]], [[10, 0], [0, 10]]]


def decoded(frame):
    return decode_frame(encode_frame(frame))


def of_curve(arrays, curve, column):
    return arrays[column][curve["start"] : curve["start"] + curve["length"]]


# --- /series --------------------------------------------------------------------------


def series_of_run(run="a", **fields):
    known = series_view.SeriesOfRun(run, averages_rows(*MATRICES), None)
    return known._replace(**fields)


def counts_of(matrices, classes, series) -> series_view.ClassCurves:
    table = np.array([[np.diagonal(m), np.sum(m, 1), np.sum(m, 0)] for m in matrices])
    steps = np.arange(len(matrices))
    rows = CountRows(steps, 1e9 + steps, np.array(classes), table[:, :, classes])
    return series_view.ClassCurves(series, rows, 0)


def test_curves_of_several_runs_lie_one_after_the_other():
    runs = [series_of_run("a"), series_of_run("b", averages=averages_rows(*MATRICES[:2]))]
    header, arrays = decoded(series_view.series("validation", "f1", ["macro", "micro"], runs))
    assert [(c["run"], c["label"], c["start"], c["length"]) for c in header["curves"]] == [
        ("a", "macro", 0, 3),
        ("a", "micro", 3, 3),
        ("b", "macro", 6, 2),
        ("b", "micro", 8, 2),
    ]
    assert {name: array.dtype.str[1:] for name, array in arrays.items()} == {
        **dict.fromkeys(("step", "wall_time"), "f8"),
        **dict.fromkeys(("value", "low", "high"), "f4"),
    }
    assert of_curve(arrays, header["curves"][1], "value").tolist() == pytest.approx([0.5, 0.85, 1])
    assert (arrays["low"] <= arrays["value"]).all()
    assert (arrays["value"] <= arrays["high"]).all()


def test_accuracy_is_one_curve_without_an_average():
    header, arrays = decoded(series_view.series("validation", "accuracy", [], [series_of_run()]))
    (curve,) = header["curves"]
    assert (curve["average"], curve["class"], curve["label"]) == (None, None, "accuracy")
    assert arrays["value"].tolist() == pytest.approx([0.5, 0.85, 1])


@pytest.mark.parametrize("metric", ["precision", "recall", "f1"])
def test_curves_of_classes_have_the_value_of_their_class_at_each_step(metric):
    series = series_of(Kind.CLASS_COUNTS, classes=2, class_names=("no", "yes"))
    run = series_of_run(averages=None, counts=counts_of(MATRICES, [1, 0], series))
    header, arrays = decoded(series_view.series("validation", metric, [], [run]))
    assert [(c["class"], c["label"]) for c in header["curves"]] == [(1, "yes"), (0, "no")]
    expected = {
        "precision": [0.5, 9 / 11, 1],
        "recall": [0.5, 0.9, 1],
        "f1": [0.5, 18 / 21, 1],
    }[metric]
    yes = header["curves"][0]
    assert of_curve(arrays, yes, "value").tolist() == pytest.approx(expected, rel=1e-6)
    assert (of_curve(arrays, yes, "low") < of_curve(arrays, yes, "high")).all()


def test_recall_of_a_class_is_scikit_learns():
    rng = np.random.default_rng(1)
    truth, prediction = rng.integers(0, 4, (2, 500))
    matrix = np.zeros((4, 4), np.int64)
    np.add.at(matrix, (truth, prediction), 1)
    series = series_of(Kind.CLASS_COUNTS, classes=4)
    run = series_of_run(averages=None, counts=counts_of([matrix], [2], series))
    _, arrays = decoded(series_view.series("validation", "recall", [], [run]))
    expected = recall_score(truth, prediction, labels=[2], average=None)[0]
    assert arrays["value"][0] == pytest.approx(expected, rel=1e-6)


def test_how_many_steps_were_logged_is_said_of_each_curve():
    rows = averages_rows(*MATRICES, logged=1_200)
    header, _ = decoded(
        series_view.series("validation", "f1", ["macro"], [series_of_run(averages=rows)])
    )
    assert (header["curves"][0]["kept"], header["curves"][0]["logged"]) == (3, 1_200)


def test_runs_that_do_not_fit_into_one_answer_are_said():
    header, _ = decoded(series_view.series("validation", "f1", ["macro"], [series_of_run()], 4))
    assert len(header["curves"]) == 1
    assert header["cut"] == (
        "The first 1 of 5 runs are shown (at most 500 curves): select fewer runs or classes."
    )


def test_no_runs_are_no_curves():
    header, arrays = decoded(series_view.series("validation", "f1", ["macro"], []))
    assert header["curves"] == []
    assert all(len(array) == 0 for array in arrays.values())


# --- separating the curves of a fit series ----------------------------------------------


@pytest.mark.parametrize(
    ("train", "validation", "train_steps", "validation_steps"),
    [
        pytest.param([3, 2, 1], [4, 3, 2], [0, 1, 2], [0, 1, 2], id="both at every step"),
        pytest.param([3, NAN, 1], [NAN, 3, NAN], [0, 2], [1], id="in turn"),
        pytest.param([3, 2, 1, 1], [NAN, 3, NAN, 2], [0, 1, 2, 3], [1, 3], id="validation less"),
        pytest.param([3, 2, 1, 1], [4, NAN, NAN, 2], [0, 1, 2, 3], [0, 3], id="from the first on"),
        pytest.param([3, 2, 1], [NAN] * 3, [0, 1, 2], [], id="train only"),
        pytest.param([3, NAN, NAN], [NAN] * 3, [0, 1, 2], [], id="train only, then NaN"),
        pytest.param([3, 2, NAN], [4, 3, NAN], [0, 1, 2], [0, 1, 2], id="both become NaN"),
        pytest.param([NAN] * 2, [NAN] * 2, [0, 1], [0, 1], id="nothing but NaN"),
        pytest.param(
            [3, 2, 1, 1], [4, 3, 2, NAN], [0, 1, 2, 3], [0, 1, 2, 3], id="validation becomes NaN"
        ),
        pytest.param([3, math.inf], [4, 5], [0, 1], [0, 1], id="infinite"),
    ],
)
def test_what_was_not_logged_is_told_from_what_was_not_a_number(
    train, validation, train_steps, validation_steps
):
    found = curves.fit_curves(fit_rows(train, validation))
    assert found.train.step.tolist() == train_steps
    assert found.validation.step.tolist() == validation_steps


def test_a_best_value_that_sampling_has_lost_is_put_back():
    rows = rows_of(
        {
            "train": [2, 1, 1, 1],
            "validation": [2, 1.5, 1.6, 1.7],
            "best_step": [0, 25, 25, 25],
            "best_value": [2, 0.9, 0.9, 0.9],
        },
        steps=[0, 30, 40, 50],
    )
    found = curves.fit_curves(rows).validation
    assert found.step.tolist() == [0, 25, 30, 40, 50]
    assert found.value.tolist() == [2, 0.9, 1.5, 1.6, 1.7]
    assert (np.diff(found.wall_time) > 0).all()


def test_train_values_stand_where_they_were_measured():
    rows = rows_of({"train": [3, 2], "validation": [4, 3], "train_step": [0.5, NAN]}, steps=[1, 2])
    assert curves.fit_curves(rows).train.step.tolist() == [0.5, 2]


def test_a_row_that_says_what_was_logged_is_believed():
    """Both columns look as if validation were NaN from the third row on, or never logged."""
    train, validation = [3, 2, NAN, 1.5, 1], [4, 3, 2, NAN, NAN]
    told = {"train_logged": [1, 1, 1, 1, 1], "validation_logged": [1, 1, 1, 1, 0]}
    found = curves.fit_curves(rows_of({"train": train, "validation": validation, **told}))
    assert found.train.step.tolist() == [0, 1, 2, 3, 4]
    assert found.validation.step.tolist() == [0, 1, 2, 3]
    assert np.isnan(found.validation.value[-1])


def test_rows_that_do_not_say_what_was_logged_are_judged_as_before():
    told = {"train_logged": [NAN, NAN, 0], "validation_logged": [NAN, NAN, 1]}
    found = curves.fit_curves(rows_of({"train": [3, NAN, NAN], "validation": [4, 3, 2], **told}))
    assert found.train.step.tolist() == [0]
    assert found.validation.step.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2, 3], None),
        ([1, NAN, 3, np.inf, 2], (2, None)),
        ([1, 2, NAN, NAN], (2, 2)),
        ([NAN, 2, NAN], (2, 2)),
        ([NAN, NAN], (2, 0)),
        ([], None),
    ],
)
def test_values_that_are_not_numbers_are_counted(values, expected):
    steps = np.arange(len(values)) * 1.0
    found = curves.not_numbers(curves.Curve(steps, steps, np.array(values, np.float64)))
    assert found == expected


@pytest.mark.parametrize("length", [1, 59, 60, 61, 1_000])
def test_a_thinned_curve_keeps_its_ends_and_its_best(length):
    curve = curves.Curve(np.arange(length) * 1.0, np.arange(length) * 1.0, np.arange(length) * 2.0)
    best = length // 3
    found = curves.thinned(curve, 60, [best])
    assert len(found["step"]) <= 60
    assert {0, best, length - 1} <= set(found["step"].tolist())
    assert (found["value"] == 2 * found["step"]).all()
    assert (np.diff(found["step"]) > 0).all()


# --- /fit -------------------------------------------------------------------------------


def fit_track(rows, run="a", name="loss", **fields):
    return fit_view.FitTrack(track_of(Series(kind=Kind.FIT, name=name, **fields), run), rows)


def test_a_fit_curve_is_summed_up():
    train = [2.0, 1.5, 1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]
    validation = [2.1, 1.6, 1.2, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6]
    header, arrays = decoded(
        fit_view.fit("loss", ["loss"], [fit_track(fit_rows(train, validation, logged=12))], 0)
    )
    (curve,) = header["curves"]
    assert curve["best"] == {"step": 3, "value": 1.0}
    assert curve["gap_at_best"] == pytest.approx(0.2)
    assert curve["end"] == {
        "train": pytest.approx(0.1),
        "validation": pytest.approx(1.6),
        "gap": pytest.approx(1.5),
    }
    verdict = curve["verdict"]
    assert (verdict["state"], verdict["tier"], verdict["since_step"]) == ("rose", "act", 3)
    assert verdict["label"] == "validation loss rose"
    assert verdict["recent_mean"] == pytest.approx(1.4)
    assert verdict["threshold"] == pytest.approx(1.05)
    assert (curve["logged"], curve["train"]["length"]) == (12, 10)
    assert arrays["validation_value"].tolist() == validation


def test_scores_are_judged_the_other_way_round():
    accuracy = [0.5, 0.7, 0.8, 0.9, 0.8, 0.7, 0.7, 0.7, 0.7, 0.7]
    track = fit_track(fit_rows([NAN] * 10, accuracy), name="accuracy", higher_is_better=True)
    header, _ = decoded(fit_view.fit("accuracy", ["accuracy"], [track], 0))
    (curve,) = header["curves"]
    assert curve["best"] == {"step": 3, "value": 0.9}
    assert curve["verdict"]["label"] == "validation accuracy fell"
    assert "< 0.95 x the largest" in curve["verdict"]["rule"]
    assert curve["end"]["train"] is None
    assert curve["end"]["gap"] is None
    assert curve["gap_at_best"] is None


def test_a_curve_over_the_training_size_is_not_judged():
    falls = [0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.5, 0.5, 0.5]
    track = fit_track(fit_rows(falls, falls), name="accuracy/training size", higher_is_better=True)
    header, _ = decoded(fit_view.fit("accuracy", ["accuracy"], [track], 0))
    (curve,) = header["curves"]
    assert curve["over"] == "training size"
    verdict = curve["verdict"]
    assert (verdict["state"], verdict["tier"], verdict["since_step"]) == (
        "not_judged",
        "unknown",
        None,
    )
    assert curve["best"] == {"step": 0, "value": 0.9}


@pytest.mark.parametrize(
    ("head", "label"),
    [
        ("svc__gamma by index", "not judged: over a parameter"),
        ("max_depth by value", "not judged: over a parameter"),
        ("cross-validation", "not judged: mean of folds"),
    ],
)
def test_points_that_are_models_of_their_own_are_not_judged_but_the_best_is_told(head, label):
    falls = [0.8, 0.9, 0.7, 0.6, 0.5, 0.5, 0.5, 0.5, 0.5]
    track = fit_track(fit_rows(falls, falls), name=f"accuracy/{head}", higher_is_better=True)
    header, _ = decoded(fit_view.fit("accuracy", ["accuracy"], [track], 0))
    (curve,) = header["curves"]
    assert (curve["verdict"]["state"], curve["verdict"]["label"]) == ("not_judged", label)
    assert curve["best"] == {"step": 1, "value": 0.9}


@pytest.mark.parametrize("quantity", ["accuracy", "val_f1_macro", "ROC AUC", "top5-acc", "R2"])
def test_a_score_logged_as_a_loss_is_not_judged_and_has_no_best_step(quantity):
    track = fit_track(fit_rows([NAN] * 9, list(range(1, 10))), name=quantity)
    header, _ = decoded(fit_view.fit(quantity, [quantity], [track], 0))
    (curve,) = header["curves"]
    verdict = curve["verdict"]
    assert (verdict["state"], verdict["tier"], verdict["since_step"]) == (
        "not_judged",
        "unknown",
        None,
    )
    assert verdict["rule"] == f"{quantity} was logged without higher_is_better=True: not judged"
    assert curve["best"] is None
    assert curve["gap_at_best"] is None


@pytest.mark.parametrize(
    "quantity", ["loss", "dice_loss", "1 - accuracy", "accuracy error", "perplexity", "macro"]
)
def test_what_is_a_loss_by_its_name_is_judged(quantity):
    track = fit_track(fit_rows([NAN] * 9, list(range(1, 10))), name=quantity)
    header, _ = decoded(fit_view.fit(quantity, [quantity], [track], 0))
    assert header["curves"][0]["verdict"]["state"] == "rose"


@pytest.mark.parametrize(
    ("name", "over"),
    [
        ("loss", "step"),
        ("loss/animal", "step"),
        ("accuracy/gamma by index", "gamma by index"),
        ("accuracy/max_depth by value", "max_depth"),
    ],
)
def test_what_the_steps_of_a_curve_stand_for_is_told_by_its_head(name, over):
    track = fit_track(fit_rows([2, 1], [2, 1]), name=name)
    header, _ = decoded(fit_view.fit("x", ["x"], [track], 0))
    assert header["curves"][0]["over"] == over


def test_curves_of_several_runs_are_found_by_their_spans():
    tracks = [
        fit_track(fit_rows([3, 2, 1], [NAN, NAN, 2]), "a"),
        fit_track(fit_rows([9, 8], [7, 6]), "b"),
    ]
    header, arrays = decoded(fit_view.fit("loss", ["loss"], tracks, 0))
    b = header["curves"][1]
    assert b["train"] == {"start": 3, "length": 2}
    assert b["validation"] == {"start": 1, "length": 2}
    assert arrays["train_value"][3:].tolist() == [9, 8]
    assert arrays["validation_value"][1:].tolist() == [7, 6]


def test_a_curve_that_ends_in_nan_says_so_and_stays_json():
    rows = fit_rows([2, 1, *[NAN] * 8], [2, 1, *[NAN] * 8])
    header, arrays = decoded(fit_view.fit("loss", ["loss"], [fit_track(rows)], 0))
    (curve,) = header["curves"]
    assert curve["verdict"]["label"] == "validation loss is not a number"
    assert curve["verdict"]["recent_mean"] is None
    assert curve["best"] == {"step": 1, "value": 1}
    assert np.isnan(arrays["validation_value"][-1])
    assert curve["not_numbers"]["validation"] == {"times": 8, "since_step": 2}


def test_gaps_in_the_middle_are_told_from_what_was_not_logged():
    told = {"train_logged": [1] * 4, "validation_logged": [1, 0, 1, 0]}
    rows = rows_of({"train": [3, NAN, 2, 1], "validation": [4, NAN, 3, NAN], **told})
    header, _ = decoded(fit_view.fit("loss", ["loss"], [fit_track(rows)], 0))
    (curve,) = header["curves"]
    assert curve["not_numbers"] == {"train": {"times": 1, "since_step": None}, "validation": None}
    assert (curve["train"]["length"], curve["validation"]["length"], curve["kept"]) == (4, 2, 4)


def test_no_quantity_at_all_is_an_empty_answer():
    header, _ = decoded(fit_view.fit("", [], [], 0))
    assert (header["quantity"], header["quantities"], header["curves"]) == ("", [], [])


@pytest.mark.parametrize(
    ("wanted", "quantities", "chosen"),
    [
        (None, ["accuracy", "loss"], "loss"),
        (None, ["accuracy", "mae"], "accuracy"),
        ("mae", ["loss", "mae"], "mae"),
        (None, [], None),
    ],
)
def test_the_loss_is_shown_unless_another_quantity_is_asked_for(wanted, quantities, chosen):
    assert fit_view.choose_quantity(wanted, quantities) == chosen


# --- bounds -----------------------------------------------------------------------------


def test_curves_longer_than_one_answer_holds_are_thinned_and_said(monkeypatch):
    monkeypatch.setattr(limits, "MAX_STEPS", 10)
    rows = averages_rows(*MATRICES * 5)
    header, arrays = decoded(
        series_view.series("validation", "f1", ["macro"], [series_of_run(averages=rows)])
    )
    (curve,) = header["curves"]
    assert (curve["kept"], curve["length"]) == (15, 10)
    assert arrays["step"][[0, -1]].tolist() == [0, 14]
    assert header["cut"] == "Curves of more than 10 steps are thinned evenly to that many."


def test_a_thinned_fit_curve_keeps_its_best_step_and_is_judged_whole(monkeypatch):
    monkeypatch.setattr(limits, "MAX_STEPS", 10)
    loss = [1 + abs(step - 123) / 100 for step in range(500)]
    header, arrays = decoded(fit_view.fit("loss", ["loss"], [fit_track(fit_rows(loss, loss))], 0))
    (curve,) = header["curves"]
    assert curve["validation"]["length"] == 10
    assert {0, 123, 499} <= set(arrays["validation_step"].tolist())
    assert curve["verdict"]["evaluations"] == 500
    assert header["cut"]


def test_many_curves_share_the_points_of_one_answer():
    assert curves.points_each(1) == limits.MAX_STEPS
    assert 500 * curves.points_each(500) <= limits.MAX_POINTS
