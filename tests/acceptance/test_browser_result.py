"""A therapist's way through results, in a real browser: listen, judge, sign, go on."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile

from analysis import acoustics
from analysis.demo.people import SPEECH
from analysis.models import AnalysisResult, Exercise, Patient, Review
from tests.acceptance import browser
from tests.analysis.conftest import found, turtle
from tests.conftest import record, wait_for

pytestmark = browser.marks
TEXT = "哥哥騎車去看烏龜"
__all__ = ["turtle"]


@pytest.fixture
def turtles(
    alice: User, amy: Patient, transactional_db: None, turtle: acoustics.Analysis
) -> list[AnalysisResult]:
    """Two recordings of Amy's that nobody has reviewed, the newest last."""
    exercise = Exercise(title="turtle", text=TEXT, created_by=alice)
    content = ContentFile((SPEECH / "turtle-example.webm").read_bytes())
    exercise.example.save("turtle.webm", content, save=False)
    exercise.save()
    columns = AnalysisResult.columns(turtle)
    return [found(record(amy, exercise, "turtle-flat-pitch.webm"), **columns) for _ in range(2)]


def opened(page: Any, result: AnalysisResult) -> None:
    browser.log_in(page, "alice")
    page.goto(f"/admin/analysis/analysisresult/{result.pk}/change/")
    page.wait_for_selector("#vb-pitch canvas")


def heard(page: Any, track: str) -> float:
    return float(page.evaluate(f"document.querySelector('[data-track={track}] audio').currentTime"))


def playing(page: Any) -> str:
    return str(page.evaluate("document.querySelector('.vb-listen').dataset.playing ?? ''"))


def test_listen_judge_sign_and_go_on(page: Any, turtles: list[AnalysisResult]) -> None:
    older, newer = turtles
    browser.log_in(page, "alice")
    page.goto("/admin/analysis/analysisresult/awaiting/")
    page.wait_for_url(f"**/{newer.pk}/change/")
    third = newer.syllables[2]
    page.click("[data-say='2']")
    wait_for(lambda: playing(page) == "" and heard(page, "recording") > 0, 15)
    # Each was played from the syllable's start to its end, and hardly further.
    for track, end in (("example", third["example_end"]), ("recording", third["end"])):
        assert end <= heard(page, track) < end + 0.2, track
    page.check("input[name=verdict_2][value=agree]", force=True)
    page.check("input[name=verdict_5][value=disagree]", force=True)
    page.fill("#vb-note", "下週再錄一次")
    page.click("button[value=sign_next]")
    page.wait_for_url(f"**/{older.pk}/change/")
    review = Review.objects.get()
    assert (review.result, review.signed_name) == (newer, "alice")
    assert (review.verdicts, review.note) == ({"2": "agree", "5": "disagree"}, "下週再錄一次")


def test_the_keyboard_plays_both_in_turn_at_half_speed(page: Any, turtles: list[AnalysisResult]) -> None:
    opened(page, turtles[0])
    page.keyboard.press("ArrowRight")
    assert playing(page) == "both"
    assert page.locator("[data-selected]").get_attribute("data-syllable") == "0"
    page.keyboard.press("ArrowLeft")
    assert page.locator("[data-selected]").get_attribute("data-syllable") == str(len(TEXT) - 1)
    page.keyboard.press("Escape")
    assert page.locator("[data-selected]").count() == 0
    page.keyboard.press("h")
    page.keyboard.press("3")
    wait_for(lambda: heard(page, "example") > 0.2, 15)
    speeds = (
        "[...document.querySelectorAll('audio')].map((audio) => [audio.playbackRate, audio.preservesPitch])"
    )
    assert page.evaluate(speeds)[0] == [0.5, True]
    assert playing(page) == "turns"
    page.keyboard.press(" ")
    assert playing(page) == ""
    page.keyboard.press("n")
    page.wait_for_url(f"**/{turtles[1].pk}/change/")
    page.focus("#vb-note")
    page.keyboard.type("123 h")  # what is written is text
    assert playing(page) == ""
    assert page.input_value("#vb-note") == "123 h"
    page.once("dialog", lambda dialog: dialog.accept())  # leaving what is not saved


def test_waveforms_unfold_and_the_note_is_copied(page: Any, site: str, turtles: list[AnalysisResult]) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
    opened(page, turtles[0])
    page.click("#vb-copy")
    page.wait_for_selector("#vb-copied:not(:empty)")
    assert "A-1" in page.evaluate("navigator.clipboard.readText()")
    page.click("#vb-waveforms summary")
    regions = "[...document.querySelectorAll('[data-wave]')].map((box) => box.firstElementChild?.shadowRoot?"
    regions += ".querySelectorAll('[part~=region]').length ?? 0)"
    wait_for(lambda: page.evaluate(regions) == [len(TEXT)] * 2, 20, lambda: page.evaluate(regions))
    page.locator("[data-wave=recording] [part~=region]").nth(2).click()
    assert page.locator("[data-selected]").get_attribute("data-syllable") == "2"
    wait_for(lambda: playing(page) == "" and heard(page, "recording") > 0, 15)


def test_the_print_page_is_one_sheet(page: Any, turtles: list[AnalysisResult]) -> None:
    browser.log_in(page, "alice")
    page.goto(f"/admin/analysis/analysisresult/{turtles[0].pk}/print/")
    assert page.locator(".strip li").count() == len(TEXT)
    assert page.locator("svg.pitch polyline").count() == 2 * len(TEXT)
    sheet = page.pdf(prefer_css_page_size=True)
    assert sheet.count(b"/Type /Page\n") == 1


@pytest.mark.parametrize("language", ["en", "zh-hant"])
def test_nothing_is_wider_than_a_phone(
    page: Any, site: str, turtles: list[AnalysisResult], language: str
) -> None:
    page.context.add_cookies([{"name": "django_language", "value": language, "url": site}])
    page.set_viewport_size({"width": 390, "height": 800})
    opened(page, turtles[0])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
