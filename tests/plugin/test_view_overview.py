"""Which of my runs needs me."""

import dataclasses
import json
import math

import numpy as np
import pytest
from records import averages_rows, fit_rows, listing_of, rows_of, series_of

from tb_monitor_plugin import limits
from tb_monitor_plugin.frame import encode_json
from tb_monitor_plugin.sources.listing import group
from tb_monitor_plugin.views import overview as view
from tb_monitor_plugin.views import runs as runs_view
from tb_monitor_plugin.views import steps as steps_view
from tb_monitor_writer.schema import Kind, Series

NAN = math.nan
CATS = ("cat", "dog", "eel")
MATRIX = [[50, 30, 0], [4, 70, 6], [0, 0, 70]]
FALLS = [2.0, 1.5, 1.1, 0.8, 0.6, 0.5, 0.45, 0.42, 0.41, 0.4]
RISES = [2.0, 1.2, 0.8, 0.6, 0.5, 0.55, 0.6, 0.7, 0.8, 0.9]
LOSS = Series(kind=Kind.FIT, name="loss")


def records(*series, run="run", matrices=(MATRIX,), fits=(), kept=None, unreadable=None, **rows):
    """A run with averages of each given series, and fit values of each of `fits`."""
    averages = [one for one in series if one.kind is Kind.AVERAGES]
    listing = listing_of(*series, *(one for one, _ in fits), run=run)
    found = {}
    for one in averages:
        track = next(t for t in listing.tracks if t.series is one)
        found[track] = averages_rows(*matrices, **rows)
    for one, values in fits:
        track = next(t for t in listing.tracks if t.series is one)
        found[track] = values
    return view.RunRecords(listing, found, kept or {}, unreadable or {})


def both_kinds(name="validation", **fields):
    return (
        series_of(Kind.AVERAGES, name, class_names=CATS, **fields),
        series_of(Kind.CONFUSION, name, class_names=CATS, **fields),
    )


def answer(*runs):
    """The answer as a browser gets it."""
    parts = [view.overview_of_run(run) for run in runs]
    return json.loads(encode_json(view.overview("token", parts)))


def test_a_row_shows_the_last_step():
    run = records(*both_kinds(), matrices=[np.eye(3, dtype=int), MATRIX])
    (row,) = answer(run)["rows"]
    assert row["examples"] == 230
    assert not row["weighted"]
    assert row["accuracy"]["value"] == pytest.approx(190 / 230)
    assert row["f1_macro"]["low"] < row["f1_macro"]["value"] < row["f1_macro"]["high"]
    assert row["worst_class"] == {
        "index": 0,
        "name": "cat",
        "f1": pytest.approx(2 * 50 / (54 + 80)),
        "read_as": "dog",
        "read_as_share": pytest.approx(30 / 80),
    }
    assert row["curves"]["f1_macro"]["step"] == [0, 1]
    assert row["verdict"] is row["loss"] is row["gap"] is None
    assert row["alerts"] == []


def test_a_loss_stands_on_the_validation_row_of_its_head_only():
    run = records(
        *both_kinds("val/a"),
        *both_kinds("test/a"),
        *both_kinds("val/b"),
        fits=[(Series(kind=Kind.FIT, name="loss/a"), fit_rows(FALLS, FALLS))],
    )
    rows = answer(run)["rows"]
    assert [(row["name"], row["first_of_run"], bool(row["verdict"])) for row in rows] == [
        ("val/a", True, True),
        ("val/b", False, False),
        ("test/a", False, False),
    ]
    assert rows[0]["loss"] == {"train": 0.4, "validation": 0.4}
    assert rows[0]["gap"] == 0
    assert rows[0]["best"] == {"step": 9, "value": 0.4}


def test_fit_values_without_counts_have_a_row_of_their_own():
    run = records(series_of(Kind.AVERAGES, "test"), fits=[(LOSS, fit_rows(FALLS, RISES))])
    rows = answer(run)["rows"]
    assert [(row["name"], row["split"]) for row in rows] == [("", "validation"), ("test", "test")]
    assert rows[0]["f1_macro"] is None
    assert rows[0]["verdict"]["state"] == "rose"


def test_scores_alone_have_no_row():
    run = records(*both_kinds(), series_of(Kind.SCORES, "validation/positive", bins=10))
    assert [row["name"] for row in answer(run)["rows"]] == ["validation"]


def test_the_loss_is_judged_before_other_quantities():
    accuracy = Series(kind=Kind.FIT, name="accuracy", higher_is_better=True)
    run = records(fits=[(accuracy, fit_rows(FALLS, FALLS)), (LOSS, fit_rows(FALLS, RISES))])
    (row,) = answer(run)["rows"]
    assert row["verdict"]["quantity"] == "loss"


def test_only_the_latest_generation_has_a_row_and_says_that_classes_changed():
    run = records(*both_kinds(), *both_kinds(generation=2))
    (row,) = answer(run)["rows"]
    assert (row["name"], row["generation"]) == ("validation@2", 2)
    assert row["alerts"] == [{"kind": "classes_changed", "text": "classes changed 1 x"}]


def test_runs_are_counted_by_the_tier_of_their_verdict():
    found = answer(
        records(run="rises", fits=[(LOSS, fit_rows(FALLS, RISES))]),
        records(run="falls", fits=[(LOSS, fit_rows(FALLS, FALLS))]),
        records(run="short", fits=[(LOSS, fit_rows(FALLS[:3], FALLS[:3]))]),
        records(*both_kinds(), run="none"),
    )
    assert found["counts"] == {"act": 1, "fine": 1, "unknown": 2}


def test_the_worst_needs_attention_first_and_there_are_at_most_three_sentences():
    higher = [value if place < 5 else 2 * value for place, value in enumerate(RISES)]
    found = answer(
        records(run="falls", fits=[(LOSS, fit_rows(FALLS, FALLS))]),
        records(run="rises", fits=[(LOSS, fit_rows(FALLS, RISES))]),
        records(run="rises more", fits=[(LOSS, fit_rows(FALLS, higher))]),
        records(run="nan", fits=[(LOSS, fit_rows([*FALLS, NAN], [*FALLS, NAN]))]),
        records(run="damaged", unreadable={"a/fit": "it is damaged"}),
    )
    assert [item["run"] for item in found["attention"]] == ["nan", "rises more", "rises"]
    nan, _, rises = found["attention"]
    assert rises == {
        "run": "rises",
        "name": "loss",
        "page": "fit",
        "state": "rose",
        "text": "validation loss rose: its last 5 values are 42 % above its best.",
        "advice": "Keep step 4.",
    }
    assert nan["text"] == "loss is not a number since step 10."
    assert nan["advice"] == "Keep step 9. Restart there with a smaller learning rate."


@pytest.mark.parametrize(
    "fit",
    [
        Series(kind=Kind.FIT, name="accuracy/svc__C by index", higher_is_better=True),
        Series(kind=Kind.FIT, name="accuracy/depth by value", higher_is_better=True),
        Series(kind=Kind.FIT, name="accuracy/cross-validation", higher_is_better=True),
        Series(kind=Kind.FIT, name="accuracy", higher_is_better=False),
    ],
)
@pytest.mark.parametrize("values", [FALLS, RISES])
def test_what_is_not_judged_raises_no_alarm(fit, values):
    found = answer(records(fits=[(fit, fit_rows(values, values))]))
    assert found["attention"] == []
    assert found["counts"] == {"act": 0, "fine": 0, "unknown": 1}
    assert found["rows"][0]["verdict"]["state"] == "not_judged"


def test_a_score_logged_as_a_loss_gives_way_to_a_quantity_that_can_be_judged():
    accuracy = Series(kind=Kind.FIT, name="accuracy")
    perplexity = Series(kind=Kind.FIT, name="perplexity")
    run = records(fits=[(accuracy, fit_rows(FALLS, FALLS)), (perplexity, fit_rows(FALLS, RISES))])
    (row,) = answer(run)["rows"]
    assert (row["verdict"]["quantity"], row["verdict"]["state"]) == ("perplexity", "rose")


@pytest.mark.parametrize(
    ("validation", "text"),
    [
        ([*FALLS, NAN, NAN], "NaN loss since step 10"),
        ([*FALLS[:5], NAN, *FALLS[5:]], "NaN loss at 1 step"),
        ([*FALLS[:5], NAN, math.inf, *FALLS[5:]], "NaN loss at 2 steps"),
        ([NAN] * 10, "NaN loss since step 0"),
    ],
)
def test_a_loss_that_is_not_a_number_is_an_alert(validation, text):
    run = records(fits=[(LOSS, fit_rows([NAN] * len(validation), validation))])
    (row,) = answer(run)["rows"]
    assert row["alerts"] == [{"kind": "nan_loss", "text": text}]


def test_records_that_were_not_written_are_an_alert_and_need_attention():
    found = answer(records(*both_kinds(), dropped=3))
    assert found["rows"][0]["alerts"] == [{"kind": "dropped", "text": "3 records not written"}]
    assert found["attention"][0]["state"] == "dropped"
    assert found["attention"][0]["page"] == "classes"


def test_records_that_one_writer_could_not_write_are_counted_once_for_all_its_series():
    lost = fit_rows(FALLS, FALLS, dropped=3)
    run = records(*both_kinds(), fits=[(LOSS, lost)], dropped=2)
    (row,) = answer(run)["rows"]
    assert row["alerts"][0]["text"] == "3 records not written"


def test_records_that_were_not_written_are_said_once_for_all_rows_of_a_run():
    rows = answer(records(*both_kinds(), *both_kinds("test"), dropped=3))["rows"]
    assert [[alert["kind"] for alert in row["alerts"]] for row in rows] == [["dropped"], []]


def test_one_record_is_not_several():
    (row,) = answer(records(*both_kinds(), dropped=1))["rows"]
    assert row["alerts"][0]["text"] == "1 record not written"


def test_matrices_that_sampling_left_out_are_an_alert():
    small = records(*both_kinds(), logged=1_200)
    assert answer(small)["rows"][0]["alerts"] == [
        {"kind": "sampled", "text": "1 of 1,200 matrices kept"}
    ]
    large = records(*both_kinds(), kept={"validation": 1}, logged=2)
    assert answer(large)["rows"][0]["alerts"][0]["text"] == "1 of 2 matrices kept"


def test_a_run_of_which_nothing_can_be_read_has_a_row_that_says_so():
    found = answer(records(unreadable={"b/fit": "worse", "a/fit": "it is damaged"}))
    (row,) = found["rows"]
    assert row["alerts"] == [
        {"kind": "unreadable", "text": "a/fit cannot be read: it is damaged (and 1 more)"}
    ]
    assert row["last_step"] is None
    assert found["attention"][0]["state"] == "unreadable"


def test_examples_with_nan_scores_are_an_alert_and_need_attention():
    run = records(*both_kinds())
    ((track, rows),) = run.rows.items()
    told = {**rows.columns, "nan": np.array([1_234.0])}
    rows = dataclasses.replace(rows, columns=told)
    found = answer(run._replace(rows={track: rows}))
    assert found["rows"][0]["alerts"] == [
        {"kind": "nan_scores", "text": "1,234 examples with NaN scores"}
    ]
    assert found["attention"][0]["state"] == "nan_scores"


def test_steps_at_which_either_loss_is_nan_are_counted_once():
    values = {"train": [3, NAN, 2, NAN, *FALLS], "validation": [4, NAN, 3, 2, *FALLS]}
    told = dict.fromkeys(("train_logged", "validation_logged"), [1] * 14)
    fit = rows_of({**values, **told})
    (row,) = answer(records(fits=[(LOSS, fit)]))["rows"]
    assert row["alerts"] == [{"kind": "nan_loss", "text": "NaN loss at 2 steps"}]


def test_an_empty_evaluation_has_no_examples_rather_than_no_number_of_them():
    (row,) = answer(records(*both_kinds(), matrices=[np.zeros((3, 3), int)]))["rows"]
    assert row["examples"] == 0
    assert row["f1_macro"]["value"] is None


def test_rates_have_no_number_of_examples():
    run = records(*both_kinds(), matrices=[np.full((3, 3), 1 / 3)])
    (row,) = answer(run)["rows"]
    assert row["examples"] is None
    assert not row["weighted"]


def test_curves_are_thinned_and_keep_the_best_step():
    loss = [1 + abs(step - 123) / 100 for step in range(500)]
    run = records(fits=[(LOSS, fit_rows(loss, loss))])
    curve = answer(run)["rows"][0]["curves"]["validation"]
    assert len(curve["step"]) <= limits.SPARKLINE_POINTS
    assert {0, 123, 499} <= set(curve["step"])


def test_more_rows_than_one_answer_holds_are_cut_and_said():
    run = records(*both_kinds())
    found = answer(*[run] * (limits.MAX_OVERVIEW_ROWS + 1))
    assert len(found["rows"]) == limits.MAX_OVERVIEW_ROWS
    assert found["cut"] == "The first 1,000 of 1,001 rows are shown: filter the runs."


def test_every_column_that_can_be_null_has_a_reason():
    run = records(unreadable={"a": "b"})
    found = answer(run)
    empty = {key for key, value in found["rows"][0].items() if value is None}
    assert empty - {"last_step", "last_wall_time"} <= set(found["reasons"])


# --- /runs and /steps -------------------------------------------------------------------


def test_runs_lists_what_each_run_has_and_what_cannot_be_read():
    listing = group([])
    assert runs_view.runs(listing, "logs", {})["runs"] == []
    run = listing_of(*both_kinds(), LOSS)
    listing = listing.__class__((run,), "a-b", "a", problem="The runs could not be listed.")
    found = runs_view.runs(listing, "logs", {"run": {"x/fit": "damaged"}})
    assert found["cut"] == "The runs could not be listed."
    (wire,) = found["runs"]
    assert wire["series"][0]["kinds"] == ["averages", "confusion"]
    assert wire["fit"][0]["name"] == "loss"
    assert wire["unreadable"] == [{"tag": "x/fit", "reason": "damaged"}]


def test_more_runs_than_one_list_holds_are_cut_and_said():
    run = listing_of(LOSS)
    listing = group([]).__class__((run,) * (limits.MAX_RUNS + 1), "a-b", "a")
    found = runs_view.runs(listing, "logs", {})
    assert len(found["runs"]) == limits.MAX_RUNS
    assert found["cut"].startswith("The first 2000 of 2001 runs are listed")


def kept(steps, logged=None):
    steps = np.array(steps)
    return steps_view.Kept(steps, 1e9 + steps, logged or len(steps))


def test_steps_are_those_of_every_kind_and_say_where_a_matrix_is():
    kinds = {Kind.AVERAGES: kept([1, 2, 3, 5]), Kind.CONFUSION: kept([2, 4, 5])}
    found = steps_view.steps("run", "validation", kinds, 0, {})
    assert found["step"] == [1, 2, 3, 4, 5]
    assert found["has_matrix"] == [0, 1, 0, 1, 1]
    assert found["wall_time"] == [1e9 + step for step in found["step"]]
    assert found["kept"] == {"averages": 4, "confusion": 3}
    assert found["cut"] is None


def test_what_sampling_left_out_is_said_with_how_to_keep_it():
    kinds = {Kind.CONFUSION: kept([1, 2], 1_200)}
    assert steps_view.steps("run", "validation", kinds, 0, {})["cut"] == (
        "2 of 1,200 matrices kept: start TensorBoard with --tb_monitor_steps=1200 to keep all."
    )


def test_more_steps_than_one_answer_holds_are_listed_evenly_and_said(monkeypatch):
    monkeypatch.setattr(limits, "MAX_STEPS", 10)
    found = steps_view.steps("run", "validation", {Kind.AVERAGES: kept(range(100))}, 0, {})
    assert (found["step"][0], found["step"][-1], len(found["step"])) == (0, 99, 10)
    assert found["cut"] == "10 of 100 steps are listed, evenly."


def test_a_kind_that_cannot_be_read_is_said():
    kinds = {Kind.AVERAGES: kept([1])}
    found = steps_view.steps("run", "validation", kinds, 0, {Kind.CLASS_COUNTS: "it is damaged"})
    assert found["cut"] == "The class counts of this series cannot be read: it is damaged"
