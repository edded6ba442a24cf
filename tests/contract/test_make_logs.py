"""The handmade logs hold what each of them is for."""

import make_logs
import pytest
from in_process import InProcess

# All but the two whose matrices take seconds to draw.
QUICK = [
    maker
    for maker in make_logs.EVERYTHING
    if maker not in (make_logs.thousand_classes, make_logs.many_classes)
]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> InProcess:
    root = tmp_path_factory.mktemp("logs")
    make_logs.make_logs(root, QUICK)
    return InProcess(root)


@pytest.fixture(scope="module")
def rows(server):
    found = {}
    for row in server.json("overview")["rows"]:
        found.setdefault(row["run"], row)
    return found


def test_every_run_can_be_read(server):
    runs = server.json("runs")["runs"]
    assert len(runs) == 23
    assert all(run["unreadable"] == [] for run in runs)


@pytest.mark.parametrize(
    ("run", "state"),
    [
        ("cifar/good", "no_rise"),
        ("cifar/overfitting", "rose"),
        ("cifar/nan-loss", "rose"),
        ("cifar/too-short", "too_short"),
        ("losses-only", "no_rise"),
        ("fraud", "no_rise"),
        ("two-heads", "no_rise"),
    ],
)
def test_verdicts_are_those_the_curves_were_made_for(run, state, rows):
    assert rows[run]["verdict"]["state"] == state


def test_the_confusion_that_was_planted_is_found(rows):
    worst = rows["cifar/good"]["worst_class"]
    assert (worst["name"], worst["read_as"]) == ("cat", "dog")


def test_a_loss_that_became_nan_needs_attention_first(server, rows):
    assert rows["cifar/nan-loss"]["alerts"][0]["text"] == "NaN loss since step 340"
    assert server.json("overview")["attention"][0]["run"] == "cifar/nan-loss"


def test_what_was_left_out_or_is_not_exact_is_found(server, rows):
    header, _ = server.frame("matrix", {"run": "capped", "name": "validation"})
    assert header["error_bound"] > 0
    assert sum(header["per_class"]["support"]) == 20_000
    assert rows["scores"]["alerts"][0]["kind"] == "nan_scores"
    assert rows["scores"]["top_k"]["k"] == 3
    assert rows["scores"]["top_k"]["accuracy"] > rows["scores"]["accuracy"]["value"]
    assert rows["curves"]["verdict"]["state"] == "not_judged"
    assert rows["street-tags"]["task"] == "multilabel"


def test_hostile_names_are_stored_verbatim(server):
    query = {"run": "hostile/__proto__", "name": "validation"}
    header, _ = server.frame("matrix", query)
    assert tuple(header["class_names"]) == make_logs.HOSTILE_NAMES


def test_a_thousand_names_are_distinct():
    assert len(set(make_logs.class_names_1000())) == 1_000


def test_the_same_seed_makes_the_same_counts(tmp_path, server):
    make_logs.make_logs(tmp_path, QUICK[:1])
    query = {"run": "cifar/good", "name": "validation"}
    one, other = server.frame("matrix", query), InProcess(tmp_path).frame("matrix", query)
    assert one[1]["counts"].tolist() == other[1]["counts"].tolist()
