"""Takes docs/images/report.png: the top of a report in the browser, small enough for a repository.

    python scripts/report_picture.py demo-output/demo [frame]

The result must be of media that may be published, such as that of `fer-batch demo`.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

TARGET = Path(__file__).parents[1] / "docs" / "images" / "report.png"
MOST_BYTES = 300_000


def main(result: Path, frame: int) -> None:
    chromium = shutil.which("chromium")
    with sync_playwright() as driver:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=chromium, args=flags)
        page = browser.new_page(viewport={"width": 1280, "height": 1330}, color_scheme="light")
        page.goto((result / "report.html").resolve().as_uri() + f"#frame={frame}")
        page.wait_for_selector("html[data-ready]")
        page.wait_for_timeout(1000)
        page.click("#captions")
        page.wait_for_timeout(500)
        shot = page.screenshot()
        browser.close()
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(256, kmeans=2).save(TARGET, optimize=True)
    size = TARGET.stat().st_size
    assert size < MOST_BYTES, f"{TARGET} has {size} bytes"
    print(TARGET, size)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 196)
