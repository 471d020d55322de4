"""The admin in a real browser. Any console error, any request to an outside host, fails the test."""

from __future__ import annotations

import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from analysis.acoustics import decode
from analysis.demo.people import SPEECH
from analysis.files import receive
from analysis.models import Exercise, Patient
from tests.acoustics.files import wav
from tests.conftest import ROOT, Worker, free_port, group, wait_for

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine: apt-get install chromium"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # the browser driver's own pipes
]

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip


@pytest.fixture
def site(transactional_db: None, environment: dict[str, str]) -> Iterator[str]:
    """The site under uvicorn, on the tests' database.

    One for each test: emptying the tables between them gives content types new ids, which a site remembers.
    """
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "vocalborn.asgi:application", "--port", str(port)]
    server = subprocess.Popen([*command, "--log-level", "warning"], cwd=ROOT, env=environment)
    address = f"http://127.0.0.1:{port}"
    wait_for(lambda: answers(f"{address}/admin/login/"), 60)
    yield address
    server.terminate()
    server.wait(20)


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own loopback
            return True
    except OSError:
        return False


@pytest.fixture
def page(site: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A page of a new browser, in Taiwan."""
    from playwright.sync_api import sync_playwright

    # The driver runs an event loop in this thread, and Django refuses its database beside one.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    troubles: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=BROWSER, args=FLAGS)
        context = browser.new_context(locale="zh-TW", timezone_id="Asia/Taipei", base_url=site)
        page = context.new_page()
        page.on(
            "console",
            lambda said: troubles.append(f"{page.url}: {said.text}") if said.type == "error" else None,
        )
        page.on("pageerror", lambda error: troubles.append(f"{page.url}: {error}"))
        page.on("request", lambda asked: troubles.append(asked.url) if _outside(asked.url, site) else None)
        yield page
        browser.close()
    assert troubles == []


def _outside(url: str, site: str) -> bool:
    return not url.startswith((site, "data:", "blob:"))


def log_in(page: Any, name: str) -> None:
    page.goto("/admin/login/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", name)
    page.click("button[type=submit]")
    page.wait_for_url("**/admin/")


def test_a_therapist_analyses_again_and_reads_the_result(
    worker: Worker, page: Any, amy: Patient, exercise: Exercise
) -> None:
    # Two minutes of speech: long enough to watch.
    speech = np.tile(decode(SPEECH / "park-faithful.webm").samples, 33)
    receive(ContentFile(wav([speech]).getvalue(), name="long.wav"), patient=amy, exercise=exercise)
    log_in(page, "alice")
    page.click("a[href$='/analysis/practicerecording/']")
    page.click("#result_list tbody th a")
    page.click("#vb-analyse")
    seen = watch(page)
    assert [value for value in seen if 0 < value < 100], f"the bar did not move: {seen}"
    assert seen == sorted(seen)
    page.click(".vb-result")
    page.wait_for_selector(".vb-report")
    assert page.locator(".vb-score b").count() == 5
    assert page.locator(".vb-strip [data-say]").count() == len(exercise.text)
    assert "Hz" in page.inner_text(".vb-chief")


def watch(page: Any) -> list[int]:
    """The values of the bar until the result can be read."""
    from playwright.sync_api import Error

    seen: list[int] = []

    def result_is_there() -> bool:
        if page.locator(".vb-result").count():
            return True
        try:  # in one step: between two the result may take the bar's place
            bars = page.locator("[data-job] .vb-bar").evaluate_all(
                "bars => bars.map((bar) => bar.value ?? 0)"
            )
        except Error:  # the page is just being loaded again, with the result
            return False
        seen.extend(int(value) for value in bars if int(value) not in seen[-1:])
        page.wait_for_timeout(60)
        return False

    wait_for(result_is_there, 60, lambda: seen)
    return seen


def test_the_recordings_audio_plays_and_seeks(worker: Worker, page: Any, recording: Any) -> None:
    log_in(page, "alice")
    page.goto(f"/admin/analysis/practicerecording/{recording.pk}/change/")
    seconds = page.evaluate(
        """async () => {
            const audio = document.querySelector("audio");
            audio.muted = true;
            await audio.play();
            audio.currentTime = 1.5;
            await new Promise((resolve) => audio.addEventListener("seeked", resolve, { once: true }));
            return audio.currentTime;
        }"""
    )
    assert seconds >= 1.5


def test_an_administrator_changes_a_schedule_and_runs_it_now(worker: Worker, page: Any) -> None:
    from django_celery_beat.models import IntervalSchedule, PeriodicTask
    from django_celery_results.models import TaskResult

    adam = User.objects.create_user("adam", password="adam", is_staff=True)
    adam.groups.add(group("administrators"))
    every, _ = IntervalSchedule.objects.get_or_create(every=5, period="minutes")
    row = PeriodicTask.objects.create(name="check", task="tasks_admin.tasks.health_check", interval=every)
    log_in(page, "adam")
    page.goto(f"/admin/django_celery_beat/periodictask/{row.pk}/change/")
    page.fill("input[name=name]", "check often")
    page.click("[name=_save]")
    page.wait_for_selector("#result_list")
    assert "check often" in page.inner_text("#result_list")
    page.check("#result_list .action-select")
    page.select_option("select[name=action]", "run_now")
    page.click("button[name=index]")
    page.wait_for_load_state()
    wait_for(
        lambda: TaskResult.objects.filter(periodic_task_name="check often", status="SUCCESS").exists(), 30
    )


def test_an_administrator_watches_the_task_system(
    worker: Worker, page: Any, site: str, recording: Any
) -> None:
    from analysis.tasks import analyze_audio_task
    from tasks_admin.models import Purge, WorkerBeat

    adam = User.objects.create_user("adam", password="adam", is_staff=True)
    adam.groups.add(group("administrators"))
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    log_in(page, "adam")
    page.click("a[href$='/admin/tasks/overview/']")
    job = analyze_audio_task.apply_async(args=[str(recording.pk)], queue="ai_analysis")
    page.click("text=Ask the workers now")
    page.wait_for_selector("text=Who answered")
    job.get(timeout=60)
    # What happens meanwhile comes into the page by itself.
    WorkerBeat.objects.update(host="another-host")
    page.wait_for_selector("text=another-host", timeout=30_000)
    assert page.locator("text=Who answered").count() == 1
    page.wait_for_selector("text=Throughput and times")
    page.goto("/admin/tasks/jobs/?state=succeeded")
    page.click(f"text={job.id}")
    page.wait_for_selector("text=Attempts")
    page.goto("/admin/tasks/queues/?queue=health")
    page.fill("#ta-typed", "health")
    page.click("text=Throw the messages away")
    page.wait_for_selector("text=were thrown away")
    assert Purge.objects.get().purged_by == adam
