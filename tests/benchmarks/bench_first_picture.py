"""How long after the Monitor tab opens the first useful picture stands: the rows of Overview.

    python tests/benchmarks/bench_first_picture.py LOGDIR [--repeats 9]

A real TensorBoard (warm: asked once before) and a real Chromium with an empty cache each
time. Measured inside the tab's frame, from the start of its navigation to the frame after
which the first row, the first matrix or the first curve is drawn. $CHROMIUM names the browser.
"""

import argparse
import os
import pathlib
import shutil
import statistics
import sys

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))
from tensorboard_server import tensorboard

# Runs in each frame before its scripts; only the tab's own frame ever has such elements.
_WATCH = """
const drawn = () => document.querySelector(%r);
const observer = new MutationObserver(() => {
  if (!drawn() || window.firstPicture) return;
  requestAnimationFrame(() => setTimeout(() => { window.firstPicture ??= performance.now(); }));
});
observer.observe(document, {childList: true, subtree: true, attributes: true});
"""

PICTURES = {
    "overview": "main tbody tr",
    "classes": "main [role=grid] [role=gridcell][aria-label]",
    "fit": "main [role=complementary], main aside",
}


def main() -> None:
    """Prints a line per page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("logdir")
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tensorboard(arguments.logdir) as server, sync_playwright() as playwright:
        runs = server.wait_for_runs(1)
        server.plugin("overview")
        browser = playwright.chromium.launch(
            executable_path=chromium, chromium_sandbox=False, args=["--disable-gpu"]
        )
        print(f"{len(runs)} runs, Chromium {browser.version}, median of {arguments.repeats} (max)")
        for name, selector in PICTURES.items():
            times_ms = [first_picture(browser, server.url, name, selector)
                        for _ in range(arguments.repeats)]  # fmt: skip
            median_ms = statistics.median(times_ms)
            print(f"{name:9} {median_ms:6.0f} ms  ({max(times_ms):.0f} ms)")
        browser.close()


def first_picture(browser, url: str, name: str, selector: str) -> float:
    """Opens TensorBoard on another tab, then ours; returns milliseconds."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.add_init_script(_WATCH % selector)
    page.goto(f"{url}#scalars&p.tb_monitor.page={name}")
    page.get_by_role("tab", name="Monitor").click()
    frame = page.wait_for_selector("iframe[src*='name=tb_monitor']").content_frame()
    frame.wait_for_url("**name=tb_monitor**")
    frame.wait_for_function("!!window.firstPicture", timeout=30_000)
    found = frame.evaluate("window.firstPicture")
    context.close()
    return found


if __name__ == "__main__":
    main()
