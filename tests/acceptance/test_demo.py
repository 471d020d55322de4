"""`make demo`'s command: it shows results, serves the admin with the login it printed, and leaves nothing behind."""

from __future__ import annotations

import http.cookiejar
import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.conftest import ROOT, wait_for

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("demo"), pytest.mark.timeout(240)]


def test_the_demonstration_serves_until_ctrl_c(bare: dict[str, str], tmp_path: Path) -> None:
    said = tmp_path / "said"
    with said.open("wb") as output:
        demo = subprocess.Popen(
            [sys.executable, "manage.py", "demo"], cwd=ROOT, env=bare, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),  # noqa: PLW1509 - as a background job
        )  # fmt: skip
    try:
        wait_for(lambda: "Ctrl-C" in said.read_text() or demo.poll() is not None, 180, said.read_text)
        assert demo.poll() is None, said.read_text()
        url = re.search(r"http://127\.0\.0\.1:\d+/admin/", said.read_text())
        password = (tmp_path / "demo.json").read_text().split('"')[3]
        assert url is not None
        assert password in said.read_text()
        assert any(tells_of_the_rest(line) for line in said.read_text().splitlines()), said.read_text()
        assert "DEMO-P1" in admin_page(url[0] + "analysis/patient/", "lin", password)
        assert "DEMO-P5" in admin_page(url[0] + "analysis/patient/", "lin", password)
        assert "DEMO-P3" not in admin_page(url[0] + "analysis/patient/", "lin", password)
        os.kill(demo.pid, signal.SIGINT)
        assert demo.wait(60) == 0, said.read_text()
    finally:
        demo.kill()
        demo.wait()
    assert not left_over(tmp_path)


def tells_of_the_rest(line: str) -> bool:
    """In whichever language: 25 more, of which 20 were analysed, 3 failed, 1 was flagged and 1 cancelled."""
    return {"25", "20", "3", "1"} <= set(re.findall(r"\d+", line))


def admin_page(url: str, name: str, password: str) -> str:
    """A page of the admin, logged in as a browser does it."""
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    login = re.sub(r"/admin/.*", "/admin/login/", url)
    browser.open(login).close()
    token = next(cookie.value or "" for cookie in jar if cookie.name == "csrftoken")
    form = {"username": name, "password": password, "csrfmiddlewaretoken": token}
    browser.open(login, urllib.parse.urlencode(form).encode()).close()
    with browser.open(url) as page:
        found: str = page.read().decode()
    return found


def left_over(folder: Path) -> list[str]:
    """Processes that work in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:  # it has ended meanwhile
            continue
        if str(folder) in arguments:
            found.append(arguments)
    return found
