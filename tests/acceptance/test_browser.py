"""The admin in a real browser, as an administrator and a therapist first meet it."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from analysis.acoustics import decode
from analysis.demo.people import SPEECH
from analysis.files import receive
from analysis.models import Exercise, Patient
from tests.acceptance import browser
from tests.acoustics.files import wav
from tests.conftest import Worker, group, wait_for

pytestmark = browser.marks


def log_in(page: Any, name: str) -> None:
    """By the form, as people do."""
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
    seen = browser.watch(page)
    assert [value for value in seen if 0 < value < 100], f"the bar did not move: {seen}"
    assert seen == sorted(seen)
    page.click(".vb-result")
    page.wait_for_selector(".vb-report")
    assert page.locator(".vb-score b").count() == 5
    assert page.locator(".vb-strip [data-say]").count() == len(exercise.text)
    assert "Hz" in page.inner_text(".vb-chief")


def test_the_recordings_audio_plays_and_seeks(worker: Worker, page: Any, recording: Any) -> None:
    browser.log_in(page, "alice")
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
    browser.log_in(page, "adam")
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
