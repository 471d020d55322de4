"""Pictures of the chief pages, for the documents: `make screenshots`.

Runs the demonstration in a folder of its own and photographs it in headless Chromium, in both languages. For
developers: needs Chromium and a font with Chinese characters.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "docs" / "screenshots"
READY_SECONDS = 240.0
PORT = 8765
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-sync",
    "--no-first-run",
]

LANGUAGES = {"zh-TW": "zh-hant", "en": "en"}
WIDTH, HEIGHT = 1280, 860
QUALITY = 0.8  # of WebP: text stays sharp, at a third of a PNG's size


@dataclass(frozen=True, slots=True)
class View:
    """A picture: who looks at which page.

    With ``first`` it is the page of the list's first row. ``opened`` are folded parts, and ``ready`` tells that what
    scripts draw is there; the picture has it in its middle.
    """

    who: str
    page: str
    first: bool = False
    opened: str = ""
    ready: str = ""


VIEWS = {
    "today": View("lin", ""),
    "recordings": View("lin", "analysis/practicerecording/"),
    "result": View("lin", "analysis/analysisresult/?q=P2&o=10", first=True),
    "patient": View("lin", "analysis/patient/?q=P1", first=True),
    "exercise": View("lin", "analysis/exercise/?q=烏龜", True, "#vb-marks summary", "#vb-syllables button"),
    "jobs": View("administrator", "analysis/analysisjob/"),
    "schedules": View("administrator", "django_celery_beat/periodictask/"),
}


def main() -> int:
    """Make every picture. Exit code 1, with a message, where something is missing."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("no Chromium found: apt-get install chromium", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as data:
        demo = start(Path(data))
        try:
            password = json.loads((Path(data) / "demo.json").read_text())["password"]
            photograph(browser, password)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(60)
    return 0


def start(data: Path) -> subprocess.Popen[bytes]:
    """The demonstration, once it serves."""
    said = data / "said"
    with said.open("wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--port", str(PORT)],
            cwd=ROOT, env=os.environ | {"DATA_DIR": str(data)}, stdout=output, stderr=output,
        )  # fmt: skip
    deadline = time.monotonic() + READY_SECONDS
    while b"Ctrl-C" not in said.read_bytes():
        if demo.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the demonstration does not serve:\n{said.read_text()[-2000:]}")
        time.sleep(0.5)
    return demo


def photograph(browser: str, password: str) -> None:
    """Every page in every language."""
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser, args=FLAGS)
        for locale, code in LANGUAGES.items():
            for name, view in VIEWS.items():
                context = chromium.new_context(
                    locale=locale, timezone_id="Asia/Taipei", viewport={"width": WIDTH, "height": HEIGHT},
                    base_url=f"http://127.0.0.1:{PORT}",
                )  # fmt: skip
                page = context.new_page()
                log_in(page, view.who, password)
                go(page, view)
                (FOLDER / f"{name}-{code}.webp").write_bytes(as_webp(context, page.screenshot()))
                context.close()
        chromium.close()


def go(page: Any, view: View) -> None:
    """To the page, until all of it is drawn."""
    page.goto(f"/admin/{view.page}")
    if view.first:
        page.click("#result_list tbody th a")
    page.wait_for_load_state("networkidle")
    if view.opened:
        page.click(view.opened)
    if view.ready:
        page.wait_for_selector(view.ready)
        page.locator(view.ready).first.evaluate("(part) => part.scrollIntoView({ block: 'center' })")
        page.wait_for_timeout(500)  # the waveform comes after the marks


def as_webp(context: Any, png: bytes) -> bytes:
    """The same picture, smaller; by the browser, so that no library is needed for it."""
    page = context.new_page()
    drawn = page.evaluate(
        """async ([png, quality]) => {
            const picture = await createImageBitmap(await (await fetch(png)).blob());
            const canvas = document.createElement("canvas");
            canvas.width = picture.width;
            canvas.height = picture.height;
            canvas.getContext("2d").drawImage(picture, 0, 0);
            return canvas.toDataURL("image/webp", quality);
        }""",
        [f"data:image/png;base64,{b64encode(png).decode()}", QUALITY],
    )
    page.close()
    return b64decode(drawn.partition(",")[2])


def log_in(page: Any, name: str, password: str) -> None:
    """Through the login page, as a person does it."""
    page.goto("/admin/login/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")


if __name__ == "__main__":
    sys.exit(main())
