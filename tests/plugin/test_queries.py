"""Queries that make no sense are refused with a sentence."""

import pytest
from records import listing_of

from tb_monitor_plugin import queries
from tb_monitor_plugin.queries import Refusal
from tb_monitor_plugin.sources.listing import Listing
from tb_monitor_writer.schema import Kind, Series

LOSS = Series(kind=Kind.FIT, name="loss")
LISTING = Listing(
    tuple(listing_of(LOSS, run=name) for name in ("a", "b", "c", "d")), "names-news", "names"
)


def selected(**args):
    return [run.run for run in queries.select_runs(args, LISTING)]


@pytest.mark.parametrize(
    ("ranges", "runs"),
    [("0", "a"), ("0-3", "abcd"), ("3,1", "bd"), ("1-2,2-3", "bcd"), ("", "")],
)
def test_runs_are_selected_by_ranges(ranges, runs):
    assert selected(runs=ranges, token="names-older") == list(runs)


def test_without_ranges_all_runs_are_meant_whatever_the_token():
    assert selected() == selected(token="stale") == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("args", "code", "sentence"),
    [
        ({"runs": "0"}, 400, "token= of the list of runs must be given with runs="),
        ({"runs": "0", "token": "other-news"}, 409, "the list of runs has changed"),
        ({"runs": "4", "token": "names"}, 400, "runs must be ranges within 0-3, got '4'"),
        ({"runs": "2-1", "token": "names"}, 400, "runs must be ranges within 0-3, got '2-1'"),
        ({"runs": "0-999999999", "token": "names"}, 400, "runs must be ranges within 0-3"),
        ({"runs": "a", "token": "names"}, 400, "runs must be index ranges like 0-3,7, got 'a'"),
        ({"runs": "-1", "token": "names"}, 400, "runs must be index ranges"),
        ({"runs": "0,", "token": "names"}, 400, "runs must be index ranges"),
        ({"runs": "١", "token": "names"}, 400, "runs must be index ranges"),
    ],
)
def test_a_senseless_selection_is_refused(args, code, sentence):
    with pytest.raises(Refusal) as refused:
        queries.select_runs(args, LISTING)
    assert refused.value.code == code
    assert sentence in refused.value.sentence


@pytest.mark.parametrize("text", ["abc", "1.5", "", "1e3", "١", "9" * 20, " 1"])
def test_a_step_that_is_no_whole_number_is_refused(text):
    with pytest.raises(Refusal, match="step must be a whole number, got"):
        queries.step({"step": text})


@pytest.mark.parametrize(("text", "step"), [("0", 0), ("-5", -5), (str(2**62), 2**62)])
def test_a_step_is_read(text, step):
    assert queries.step({"step": text}) == step


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        ({}, "name= must be given"),
        ({"name": "x", "metric": "auc"}, "metric must be one of precision, recall, f1, accuracy"),
        ({"name": "x", "average": "macro,mean"}, "average must be of macro, micro, weighted"),
        ({"name": "x", "class": "cat"}, "class must be class indices, got 'cat'"),
        ({"name": "x", "class": "-1"}, "class must be class indices, got '-1'"),
        ({"name": "x", "class": "²"}, "class must be class indices"),
        ({"name": "x", "class": ",".join("1" * 21)}, "class must be at most 20 indices, got 21"),
        ({"name": "x", "metric": "accuracy", "class": "1"}, "it has no classes"),
    ],
)
def test_a_senseless_question_for_curves_is_refused(args, sentence):
    with pytest.raises(Refusal) as refused:
        queries.series_query(args)
    assert refused.value.code == 400
    assert sentence in refused.value.sentence


def test_curves_are_asked_for_once_each():
    query = queries.series_query(
        {"name": "val", "metric": "recall", "average": "macro,macro", "class": "3,3,1"}
    )
    assert query == ("val", "recall", ("macro",), (3, 1))
