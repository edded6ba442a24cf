"""The demo as its reader meets it: real models, real TensorBoard, real Chromium."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.slow

VERDICTS = {
    "digits/too-large": "validation loss rose",
    "digits/right": "no rise",
    "digits/too-small": "no rise",
    "digits/sgd": None,
    "breast-cancer": None,
}


def test_overview_shows_every_run_and_the_overfitting_one_first(open_monitor, demo_server):
    frame = open_monitor(demo_server)
    rows = frame.get_by_role("region", name="Runs").get_by_role("row")
    for run, verdict in VERDICTS.items():
        row = rows.filter(has_text=run).first
        expect(row).to_be_visible()
        if verdict:
            expect(row).to_contain_text(verdict)
    expect(rows.nth(1)).to_contain_text("digits/too-large")


def test_the_overfitting_run_is_explained_on_the_fit_page(open_monitor, demo_server):
    frame = open_monitor(demo_server)
    frame.get_by_role("button", name="Fit of digits/too-large").click()
    verdict = frame.get_by_role("complementary", name="Verdict")
    expect(verdict).to_contain_text("Validation loss rose after step")
    expect(verdict).to_contain_text(re.compile(r"Keep step \d+"))
    curve = demo_server_fit(demo_server, "digits/too-large")
    expect(verdict).to_contain_text(f"Keep step {curve['best']['step']}")


def demo_server_fit(server, run):
    rows = server.plugin("overview")["rows"]
    return next(row for row in rows if row["run"] == run and row["first_of_run"])


def test_the_digits_matrix_holds_what_the_model_predicted(open_monitor, demo_server):
    frame = open_monitor(demo_server, "classes")
    frame.get_by_role("combobox", name="Run and series").select_option(
        label="digits/right · validation"
    )
    expect(frame.get_by_text(re.compile(r"10 classes · 288 examples"))).to_be_visible()
    supports = frame.get_by_role("region", name="Scores per class").locator(
        "tbody:last-of-type tr td:nth-of-type(1)[data-value]"
    )
    expect(supports).to_have_count(10)
    total = sum(float(cell.get_attribute("data-value")) for cell in supports.all())
    assert total == 288  # the last 20 % of 1,437


def test_each_page_is_reached_by_its_tab_and_shows_its_subject(page, open_monitor, demo_server):
    frame = open_monitor(demo_server)
    frame.get_by_role("tab", name="Classes").click()
    expect(frame.get_by_role("heading", name="Confusion matrix")).to_be_visible()
    expect(frame.get_by_role("heading", name="Per class")).to_be_visible()
    expect(frame.get_by_role("heading", name="Over time")).to_be_visible()
    frame.get_by_role("tab", name="Fit").click()
    expect(frame.get_by_role("complementary", name="Verdict")).to_be_visible()
    frame.get_by_role("tab", name="Overview").click()
    expect(frame.get_by_role("region", name="Runs")).to_be_visible()
    page.go_back()
    expect(frame.get_by_role("tab", name="Fit")).to_have_attribute("aria-selected", "true")


def test_the_binary_model_is_shown_with_both_of_its_classes(open_monitor, demo_server):
    frame = open_monitor(demo_server, "classes")
    frame.get_by_role("combobox", name="Run and series").select_option(
        label="breast-cancer · validation"
    )
    for name in ("benign", "malignant"):
        expect(frame.get_by_role("rowheader", name=name)).to_be_visible()
