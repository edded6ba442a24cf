"""The pages on logs of every shape: what a person would click, and what must never happen."""

import gzip
import json
import re

import pytest
from playwright.sync_api import expect
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from tb_monitor_writer import MonitorWriter, summary
from tensorboard_server import tensorboard

RUN = "cifar/overfitting"


def choose(frame, run: str, split: str = "validation") -> None:
    frame.get_by_role("combobox", name="Run and series").select_option(label=f"{run} · {split}")


def parameter(page, key: str) -> str | None:
    found = re.search(rf"p\.tb_monitor\.{key}=([^&]*)", page.url)
    return found and found.group(1)


def cell_of(row, index: int) -> float:
    return float(row.locator("[data-value]").nth(index).get_attribute("data-value"))


def test_the_tab_opens_on_the_runs_that_need_someone(page, open_monitor, made_server):
    frame = open_monitor(made_server)
    expect(
        frame.get_by_role("heading", name=re.compile(r"Start with \d+ of \d+ runs"))
    ).to_be_visible()
    row = frame.get_by_role("row").filter(has_text=RUN)
    expect(row).to_contain_text("validation loss rose")
    frame.get_by_role("button", name=f"Fit of {RUN}").click()
    expect(frame.get_by_role("tab", name="Fit")).to_have_attribute("aria-selected", "true")
    expect(frame.get_by_role("complementary", name="Verdict")).to_contain_text(
        "Validation loss rose after step"
    )


def test_the_table_sorts_by_a_click_and_says_so(open_monitor, made_server):
    frame = open_monitor(made_server)
    header = frame.get_by_role("columnheader", name="Accuracy")
    header.get_by_role("button").click()
    expect(header).to_have_attribute("aria-sort", re.compile("ascending|descending"))
    before = header.get_attribute("aria-sort")
    header.get_by_role("button").click()
    expect(header).not_to_have_attribute("aria-sort", before)


def test_the_run_filter_narrows_every_page_and_stands_in_the_url(page, open_monitor, made_server):
    frame = open_monitor(made_server)
    expect(frame.get_by_role("row").filter(has_text="imagenet")).to_be_visible()
    frame.get_by_role("textbox", name="Filter runs by a regular expression").fill("^cifar/")
    expect(frame.get_by_role("row").filter(has_text="imagenet")).to_have_count(0)
    expect(frame.get_by_role("row").filter(has_text=RUN)).to_be_visible()
    page.wait_for_function("location.hash.includes('cifar')")
    url = page.url
    page.goto("about:blank")
    page.goto(url)
    expect(frame.get_by_role("row").filter(has_text=RUN)).to_be_visible()
    expect(frame.get_by_role("row").filter(has_text="imagenet")).to_have_count(0)


def test_the_numbers_in_the_table_are_those_of_the_server(open_monitor, made_server):
    frame = open_monitor(made_server, "classes")
    choose(frame, "cifar/good")
    row = frame.get_by_role("row").filter(has=frame.get_by_role("rowheader", name="cat"))
    expect(row).to_be_visible()
    status, body = made_server.get("data/plugin/tb_monitor/matrix?run=cifar/good&name=validation")
    assert status == 200
    header = read_frame_header(body)
    index = header["class_names"].index("cat")
    for place, key in enumerate(("support", "precision", "recall", "f1")):
        assert cell_of(row, place) == header["per_class"][key][index], key


def read_frame_header(body: bytes) -> dict:
    if body[:2] == b"\x1f\x8b":
        body = gzip.decompress(body)
    assert body[:4] == b"TBM1"
    size = int.from_bytes(body[4:8], "little")
    return json.loads(body[8 : 8 + size])


def test_the_scrubber_reaches_steps_by_key_and_the_url_keeps_the_step(
    page, open_monitor, made_server
):
    frame = open_monitor(made_server, "classes")
    choose(frame, "cifar/good")
    slider = frame.get_by_role("slider", name="Step shown")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^step 1,000\b"))
    slider.focus()
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^step 20\b"))
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^step 40\b"))
    page.wait_for_function("location.hash.includes('40')")
    url = page.url
    page.goto("about:blank")
    page.goto(url)
    expect(frame.get_by_role("slider", name="Step shown")).to_have_attribute(
        "aria-valuetext", re.compile(r"^step 40\b")
    )


def test_the_matrix_is_read_with_the_keyboard_alone(open_monitor, made_server):
    frame = open_monitor(made_server, "classes")
    choose(frame, "cifar/good")
    grid = frame.get_by_role("grid", name=re.compile("Confusion matrix"))
    expect(grid.get_by_role("gridcell")).to_have_attribute(
        "aria-label", re.compile("true airplane, predicted airplane: 176 of 200")
    )
    grid.focus()
    grid.press("ArrowRight")
    expect(grid.get_by_role("gridcell")).to_have_attribute(
        "aria-label", re.compile("true airplane, predicted automobile")
    )
    grid.press("ArrowDown")
    expect(grid.get_by_role("gridcell")).to_have_attribute(
        "aria-label", re.compile("true automobile, predicted automobile")
    )


def test_hovering_a_cell_tells_it_in_a_sentence(page, open_monitor, made_server):
    frame = open_monitor(made_server, "classes")
    choose(frame, "cifar/good")
    grid = frame.get_by_role("grid", name=re.compile("Confusion matrix"))
    expect(grid.get_by_role("gridcell")).to_have_attribute("aria-label", re.compile("airplane"))
    box = grid.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5)
    expect(frame.get_by_text(re.compile(r"^Of [\d,]+ true \w+, .+ taken for"))).to_be_visible()


def test_each_normalisation_can_be_chosen(page, open_monitor, made_server):
    frame = open_monitor(made_server, "classes")
    for name in ("column", "all", "counts", "row"):
        frame.get_by_role("radio", name=name, exact=True).check(force=True)
        expect(frame.get_by_role("radio", name=name, exact=True)).to_be_checked()


def test_a_thousand_classes_are_drawn_listed_and_found(page, open_monitor, made_server):
    frame = open_monitor(made_server, "classes")
    choose(frame, "imagenet")
    expect(frame.get_by_text("1,000 classes")).to_be_visible()
    expect(frame.get_by_role("grid", name=re.compile("Confusion matrix"))).to_be_visible()
    rows = frame.get_by_role("region", name="Scores per class").get_by_role("row")
    expect(rows.nth(5)).to_be_visible()
    assert rows.count() < 200  # drawn are those in sight


def test_a_multi_label_run_shows_each_label_by_itself_and_no_empty_hole(
    page, open_monitor, made_server
):
    frame = open_monitor(made_server, "classes")
    choose(frame, "street-tags")
    expect(frame.get_by_role("heading", name="Each label by itself")).to_be_visible()
    expect(frame.get_by_role("grid")).to_have_count(0)
    expect(frame.get_by_text("not there")).to_have_count(0)
    labels = frame.get_by_role("listbox", name="Labels")
    worst = re.compile(r"^bus \d+ found, \d+ missed, \d+ wrongly predicted, F1 0\.\d{3}$")
    expect(labels.get_by_role("option", name=worst, selected=True)).to_be_visible()
    labels.get_by_role("option", name=re.compile("^car ")).click()
    matrix = frame.get_by_role("region", name="Label car")
    expect(matrix).to_be_visible()
    status, body = made_server.get("data/plugin/tb_monitor/matrix?run=street-tags&name=validation")
    assert status == 200
    per_class = read_frame_header(body)["per_class"]
    hits, support, predicted, examples = (
        per_class[key][1] for key in ("true_positives", "support", "predicted", "examples")
    )
    wrong = predicted - hits
    assert [float(v) for v in matrix.locator(".cell").evaluate_all(DATA_VALUES)] == [
        hits,
        support - hits,
        wrong,
        examples - support - wrong,
    ]
    labels.press("ArrowDown")
    expect(frame.get_by_role("region", name="Label person")).to_be_visible()
    page.wait_for_function("location.hash.includes('p.tb_monitor.label=0')")
    row = frame.get_by_role("row").filter(has=frame.get_by_role("rowheader", name="dog"))
    expect(row).to_contain_text("1,600")  # of the others it is known of 2,000


DATA_VALUES = "(cells) => cells.map((cell) => cell.dataset.value)"


def test_two_hundred_labels_are_listed_and_found(open_monitor, made_server):
    frame = open_monitor(made_server, "classes")
    choose(frame, "photo-tags")
    expect(frame.get_by_text(re.compile("^200 labels"))).to_be_visible()
    options = frame.get_by_role("listbox", name="Labels").get_by_role("option")
    expect(options.first).to_be_visible()
    assert options.count() < 80
    frame.get_by_role("searchbox", name="Find a label in the table").fill("grey owl")
    rows = frame.locator("tr[data-class]")
    expect(rows).to_have_count(1)


def test_the_overview_calls_the_exact_match_by_its_name(open_monitor, made_server):
    frame = open_monitor(made_server)
    row = frame.get_by_role("row").filter(has_text="street-tags")
    expect(row).to_contain_text("exact match")
    expect(frame.get_by_role("row").filter(has_text="cifar/good").first).not_to_contain_text(
        "exact match"
    )


@pytest.mark.parametrize(
    ("run", "notice"),
    [
        ("capped", re.compile(r"each cell marked ≥ may stand for up to \d+ more")),
        ("scores", "12 examples had NaN scores and are left out of every number here."),
        ("street-tags", "400 labels were left out on purpose, by ignore_index."),
    ],
)
def test_what_is_not_exact_or_was_left_out_is_said(open_monitor, made_server, run, notice):
    frame = open_monitor(made_server, "classes", f"&p.tb_monitor.run={run}")
    expect(frame.get_by_text(notice)).to_be_visible()


def test_a_cell_that_is_a_lower_bound_is_read_as_one(open_monitor, made_server):
    frame = open_monitor(made_server, "classes", "&p.tb_monitor.run=capped")
    grid = frame.get_by_role("grid", name=re.compile("Confusion matrix"))
    grid.focus()
    grid.press("ArrowRight")
    expect(grid.get_by_role("gridcell")).to_have_attribute(
        "aria-label", re.compile("true 0, predicted 1: at least")
    )
    grid.press("ArrowDown")
    expect(grid.get_by_role("gridcell")).to_have_attribute(
        "aria-label", re.compile(r"true 1, predicted 1: \d")
    )


def test_hits_among_the_k_best_are_shown_where_they_were_counted(open_monitor, made_server):
    frame = open_monitor(made_server, "classes", "&p.tb_monitor.run=scores")
    expect(frame.get_by_text(re.compile(r"top-3 accuracy 0\.\d{3}"))).to_be_visible()
    frame.get_by_role("tab", name="Overview").click()
    expect(frame.get_by_role("row").filter(has_text="top-3 0.")).to_contain_text("scores")


def test_an_empty_evaluation_says_that_it_had_no_examples(open_monitor, made_server):
    frame = open_monitor(made_server)
    row = frame.get_by_role("row").filter(has_text="seed-17")
    expect(row.get_by_text("no examples")).to_have_count(3)
    row.get_by_role("button").first.click()
    expect(frame.get_by_text("This evaluation saw no examples")).to_be_visible()


def test_values_that_are_no_numbers_are_gaps_with_a_notice(open_monitor, made_server):
    frame = open_monitor(made_server, "fit", "&p.tb_monitor.run=gaps")
    expect(
        frame.get_by_text(
            "Train loss is not a number at 3 steps, validation loss at 1 step: "
            "those are the gaps in the curves."
        )
    ).to_be_visible()
    frame.get_by_role("combobox", name="Run", exact=True).select_option(label="losses-only")
    expect(frame.get_by_text(re.compile("the gaps? in"))).to_have_count(0)


def test_a_curve_over_the_training_size_is_not_sold_as_a_training(open_monitor, made_server):
    chosen = "&p.tb_monitor.curve=accuracy&p.tb_monitor.run=curves"
    frame = open_monitor(
        made_server, "fit", f"{chosen}&p.tb_monitor.fit=accuracy%2Ftraining%20size"
    )
    verdict = frame.get_by_role("complementary", name="Verdict")
    expect(verdict).to_contain_text("Not judged: over training size")
    expect(verdict).not_to_contain_text("Keep")
    expect(frame.get_by_text(re.compile("^best training size"))).to_be_visible()


def test_half_a_pattern_says_why_it_is_none(open_monitor, made_server):
    frame = open_monitor(made_server)
    box = frame.get_by_role("textbox", name="Filter runs by a regular expression")
    box.fill("(cifar")
    expect(frame.get_by_text(re.compile(r"^Not a regular expression \(.+\)"))).to_be_visible()
    box.fill("(cifar)")
    expect(frame.get_by_text(re.compile("^Not a regular expression"))).to_have_count(0)


def test_the_end_of_a_long_name_stays_in_sight(open_monitor, made_server):
    frame = open_monitor(made_server)
    name = "experiments-of-november/resnet50-augmented-with-mixup-seed-17"
    cell = frame.get_by_role("row").filter(has_text=name).locator(".cut-name").first
    expect(cell).to_be_visible()
    shown = cell.evaluate("(e) => [e.dataset.head + e.dataset.tail, e.dataset.tail]")
    assert shown == [name, "seed-17"]
    cut, whole = cell.evaluate("(e) => [e.clientWidth, e.scrollWidth]")
    assert 60 < cut <= whole + 1
    # Nothing of it is said twice, and nothing with a gap in it.
    expect(frame.get_by_role("button", name=name, exact=True).first).to_be_visible()


def test_names_from_logs_are_text_and_never_markup(page, open_monitor, made_server):
    for shown in ("overview", "classes", "fit"):
        frame = open_monitor(made_server, shown)
        expect(frame.get_by_role("tab", name=re.compile(shown, re.I))).to_have_attribute(
            "aria-selected", "true"
        )
        if shown == "overview":
            expect(frame.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
        if shown == "classes":
            choose(frame, "hostile/<img src=x onerror=alert(1)>")
            expect(frame.get_by_role("region", name="Scores per class")).to_be_visible()
        page.wait_for_timeout(300)
        assert frame.locator("img").count() == 0
        assert frame.locator("script:not([type=module])").count() == 0


def test_each_quantity_of_the_fit_page_can_be_shown(open_monitor, made_server):
    frame = open_monitor(made_server, "fit")
    expect(frame.get_by_role("complementary", name="Verdict")).to_be_visible()
    for name in ("Log", "Linear"):
        frame.get_by_role("radio", name=name, exact=True).check(force=True)
    frame.get_by_role("radio", name="Overlay").check(force=True)
    frame.get_by_role("radio", name="Accuracy").check(force=True)
    expect(frame.get_by_role("complementary", name="Verdict")).to_contain_text("accuracy")


def test_dark_mode_follows_tensorboards_switch_at_once(page, open_monitor, made_server):
    frame = open_monitor(made_server)
    body = frame.locator("body")
    expect(frame.get_by_role("tab", name="Overview")).to_be_visible()
    light = body.evaluate("(e) => getComputedStyle(document.documentElement).backgroundColor")
    page.evaluate("document.body.classList.add('dark-mode')")
    page.wait_for_function(
        "(light) => { const tab = document.querySelector('iframe[src*=\"name=tb_monitor\"]');"
        " return getComputedStyle(tab.contentDocument.documentElement).backgroundColor"
        " !== light; }",
        arg=light,
    )


@pytest.mark.slow
@pytest.mark.parametrize("width", [400, 900, 2560])
@pytest.mark.parametrize("shown", ["overview", "classes", "fit"])
def test_no_page_scrolls_sideways(page, open_monitor, made_server, width, shown):
    page.set_viewport_size({"width": width, "height": 900})
    frame = open_monitor(made_server, shown)
    expect(frame.locator("main section, main [role=region]").first).to_be_visible()
    page.wait_for_timeout(500)
    over = frame.locator("html").evaluate("(e) => e.scrollWidth - e.clientWidth")
    assert over <= 0


@pytest.mark.slow
def test_reload_brings_news_and_keeps_the_place(page, open_monitor, tmp_path):
    with MonitorWriter(tmp_path / "run", class_names=["cat", "dog"]) as monitor:
        for step in range(1, 4):
            monitor.predictions("validation", [0, 1, 1], [0, 1, 0], step=step)
        with tensorboard(tmp_path) as server:
            server.wait_for_runs(1)
            frame = open_monitor(server, "classes")
            slider = frame.get_by_role("slider", name="Step shown")
            expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^step 3\b"))
            slider.focus()
            slider.press("Home")
            expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^step 1\b"))
            monitor.predictions("validation", [0, 1, 1], [0, 1, 1], step=4)
            page.wait_for_timeout(2500)  # the server's own reload interval is a second
            page.locator(".reload-button").click()  # TensorBoard's own: it has no name
            expect(frame.get_by_text("4 steps")).to_be_visible()
            expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^step 1\b"))


def test_an_empty_logdir_says_what_to_paste(page, open_monitor, tmp_path):
    (tmp_path / "empty").mkdir()
    with tensorboard(tmp_path / "empty") as server:
        frame = open_monitor(server)
        expect(frame.get_by_text("MonitorWriter").first).to_be_visible()
        expect(frame.get_by_text(str(tmp_path / "empty")).first).to_be_visible()
        code = frame.get_by_role("region", name="Plain Python example")
        assert code.evaluate("(e) => e.scrollWidth - e.clientWidth") <= 0
        expect(frame.get_by_role("button", name=re.compile("copy", re.I)).first).to_be_visible()


@pytest.mark.slow
def test_a_damaged_run_is_named_and_its_neighbours_are_shown(page, open_monitor, tmp_path):
    with MonitorWriter(tmp_path / "good", class_names=["cat", "dog"]) as monitor:
        monitor.predictions("validation", [0, 1, 1], [0, 1, 0], step=1)
    writer = EventFileWriter(str(tmp_path / "damaged"))
    poisoned = summary.confusion_pb("validation", [[3, 1], [0, 4]])
    poisoned.value[0].metadata.plugin_data.content = b"\xff\xff\xff\xff"
    writer.add_event(Event(step=1, wall_time=1.0, summary=poisoned))
    writer.close()
    with tensorboard(tmp_path) as server:
        server.wait_for_runs(2)
        frame = open_monitor(server)
        expect(frame.get_by_role("row").filter(has_text="good")).to_be_visible()
        expect(
            frame.get_by_text(re.compile("could not be read|unreadable|damaged")).first
        ).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("flags", [("--load_fast=false",), ("--path_prefix=/team/tb",)])
def test_the_tab_works_with_the_other_loader_and_below_a_prefix(
    page, open_monitor, made_logs, flags
):
    with tensorboard(made_logs, *flags) as server:
        server.wait_for_runs(5)
        frame = open_monitor(server)
        expect(frame.get_by_role("row").filter(has_text=RUN)).to_be_visible()
        frame.get_by_role("tab", name="Classes").click()
        expect(frame.get_by_role("grid", name=re.compile("Confusion matrix"))).to_be_visible()
        frame.get_by_role("tab", name="Fit").click()
        expect(frame.get_by_role("complementary", name="Verdict")).to_be_visible()
