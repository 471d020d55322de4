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

# Name of the picture, who looks, and the page; `first` is the first row of the list that the page shows.
PAGES = {
    "recordings": ("lin", "analysis/practicerecording/", False),
    "result": ("lin", "analysis/analysisresult/?q=P2&o=2", True),
    "jobs": ("administrator", "analysis/analysisjob/", False),
    "schedules": ("administrator", "django_celery_beat/periodictask/", False),
}
LANGUAGES = {"zh-TW": "zh-hant", "en": "en"}


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
            for name, (who, address, first) in PAGES.items():
                context = chromium.new_context(
                    locale=locale, timezone_id="Asia/Taipei", viewport={"width": 1280, "height": 860},
                    base_url=f"http://127.0.0.1:{PORT}",
                )  # fmt: skip
                page = context.new_page()
                log_in(page, who, password)
                page.goto(f"/admin/{address}")
                if first:
                    page.click("#result_list tbody th a")
                page.wait_for_load_state("networkidle")
                page.screenshot(path=FOLDER / f"{name}-{code}.png")
                context.close()
        chromium.close()


def log_in(page: Any, name: str, password: str) -> None:
    """Through the login page, as a person does it."""
    page.goto("/admin/login/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")


if __name__ == "__main__":
    sys.exit(main())
