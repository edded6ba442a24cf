"""Takes the docs' pictures anew, from the demo's logs, in a real TensorBoard and Chromium.

    demo/run --no-serve
    .venv-tests/bin/python docs/pictures/take.py

$CHROMIUM names the browser. Needs what tests/run installs.
"""

import os
import pathlib
import shutil
import sys

from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from tensorboard_server import tensorboard  # noqa: E402

PICTURES = {
    "overview": "",
    "classes": "&p.tb_monitor.run=digits%2Ftoo-large&p.tb_monitor.series=validation",
    "fit": "&p.tb_monitor.run=digits%2Ftoo-large",
}


def main() -> None:
    """Writes `<page>_light.png` and `<page>_dark.png` beside this file."""
    here = pathlib.Path(__file__).parent
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with tensorboard(ROOT / "demo" / "logs") as server, sync_playwright() as playwright:
        server.wait_for_runs(5)
        browser = playwright.chromium.launch(
            executable_path=chromium,
            chromium_sandbox=False,
            args=["--disable-gpu", "--force-color-profile=srgb"],
        )
        for theme in ("light", "dark"):
            for name, state in PICTURES.items():
                page = browser.new_page(viewport={"width": 1440, "height": 1060})
                query = "?darkMode=true" if theme == "dark" else ""
                page.goto(f"{server.url}{query}#tb_monitor&p.tb_monitor.page={name}{state}")
                frame = page.frame_locator("iframe[src*='name=tb_monitor']")
                frame.locator("main section").first.wait_for()
                page.wait_for_timeout(2000)
                page.screenshot(path=here / f"{name}_{theme}.png")
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
