"""Exercises and uploads in a real browser: a microphone, a mouse on the marks, dropped files, bars that move."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.contrib.auth.models import User

from analysis.acoustics import decode
from analysis.demo.people import SPEECH
from analysis.models import AnalysisJob, Exercise, Patient, PracticeRecording
from tests.acceptance import browser
from tests.acoustics.files import wav
from tests.conftest import Worker, wait_for

pytestmark = browser.marks
TEXT = "今天我們去公園散步"


class TestWithAMicrophone:
    @pytest.fixture
    def flags(self, tmp_path: Path) -> list[str]:
        """Somebody says the sentence over and over."""
        speech = decode(SPEECH / "park-example.webm").samples
        said = tmp_path / "said.wav"
        said.write_bytes(wav([np.tile(speech, 3)]).getvalue())
        return [
            "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-audio-capture={said}",
        ]  # fmt: skip

    def test_an_example_is_recorded_heard_and_marked(self, page: Any, alice: User) -> None:
        browser.log_in(page, "alice")
        page.goto("/admin/analysis/exercise/add/")
        page.fill("input[name=text]", TEXT)
        page.click(".vb-record")
        page.wait_for_selector("[data-recording]")
        levels = "document.querySelector('.vb-level').value"
        wait_for(lambda: page.evaluate(levels) > -30, 10)
        page.wait_for_timeout(3900)
        page.click(".vb-record")
        page.wait_for_selector(".vb-recorder audio:not([hidden])")
        heard = """async () => {
            const audio = document.querySelector(".vb-recorder audio");
            audio.muted = true;
            await audio.play();
            return audio.duration;
        }"""
        assert 3.5 < page.evaluate(heard) < 6
        page.click("[name=_continue]")  # without a title: nothing is sent, or the recording would be lost
        assert page.evaluate("document.querySelector('[name=example]').files[0].name") == "example.wav"
        page.fill("input[name=title]", "park")
        page.click("[name=_continue]")
        page.wait_for_url("**/change/")
        exercise = Exercise.objects.get()
        with exercise.example.open("rb") as file:
            kept = decode(file)
        assert (kept.source.rate, kept.source.channels) == (48000, 1)
        assert np.abs(kept.samples).max() > 0.05
        page.click("a[href$='#vb-marks']")
        page.wait_for_selector("#vb-syllables button")
        assert page.locator("#vb-syllables button").count() == len(TEXT)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("NotAllowedError", "was not allowed"), ("NotFoundError", "No microphone was found"),
        ("NotReadableError", "in use by another program"), ("Error", "The recording failed"),
    ],
)  # fmt: skip
def test_a_microphone_that_is_not_to_be_had_is_said(
    page: Any, site: str, alice: User, name: str, said: str
) -> None:
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": site}])
    browser.log_in(page, "alice")
    page.goto("/admin/analysis/exercise/add/")
    page.evaluate(
        """(name) => {
            navigator.mediaDevices.getUserMedia = async (asked) => {
                window.asked = asked.audio;
                throw name === "Error" ? new Error("?") : new DOMException("no", name);
            };
        }""",
        name,
    )
    page.focus(".vb-record")
    page.keyboard.press("Enter")
    page.wait_for_selector(".vb-recorder .vb-trouble:not([hidden])")
    assert said in page.inner_text(".vb-recorder .vb-trouble")
    assert page.evaluate("window.asked") == dict.fromkeys(
        ["echoCancellation", "noiseSuppression", "autoGainControl"], False
    )


def shown(page: Any) -> list[list[float]]:
    """The marks as the strip tells them."""
    labels = page.locator("#vb-syllables small").all_inner_texts()
    return [[float(part) for part in label.split("–")] for label in labels]


def test_marks_are_dragged_moved_by_keys_heard_kept_and_reset(
    page: Any, alice: User, exercise: Exercise
) -> None:
    browser.log_in(page, "alice")
    page.goto(f"/admin/analysis/exercise/{exercise.pk}/change/#vb-marks")
    regions = (
        "document.querySelector('#vb-wave > div')?.shadowRoot?.querySelectorAll('[part~=region]').length"
    )
    wait_for(lambda: page.evaluate(regions) == len(TEXT), 20, lambda: page.evaluate(regions))
    found = shown(page)
    handle = page.locator("#vb-wave [part~=region-handle-right]").nth(2).bounding_box()
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 12, y, steps=6)
    page.mouse.up()
    dragged = shown(page)
    assert dragged[2][1] > found[2][1]
    assert dragged[3][0] == pytest.approx(max(dragged[2][1], found[3][0]))  # what touched moved along
    assert [*dragged[:2], *dragged[4:]] == [*found[:2], *found[4:]]
    page.focus("[data-mark='5']")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowLeft")
    moved = shown(page)
    assert moved[5] == pytest.approx([dragged[5][0] + 0.02, dragged[5][1] - 0.01])
    page.keyboard.press("Enter")
    playing = "document.querySelector('#vb-example').currentTime"
    wait_for(
        lambda: page.locator("[data-now]").count() == 0 and page.evaluate(playing) >= moved[5][1] - 0.02, 10
    )
    assert page.evaluate(playing) < moved[5][1] + 0.2
    page.click("#vb-keep")
    page.wait_for_selector("#vb-kept:not(:empty)")
    exercise.refresh_from_db()
    assert [[round(each, 2) for each in mark] for mark in exercise.marks or []] == moved
    page.click("#vb-reset")
    assert shown(page) == found
    page.click("#vb-keep")
    page.wait_for_selector("#vb-state[data-state=set]")
    exercise.refresh_from_db()
    assert exercise.marks
    assert [[round(each, 2) for each in mark] for mark in exercise.marks] == found


def test_places_never_overlap(page: Any, alice: User) -> None:
    browser.log_in(page, "alice")
    script = """async () => {
        const { edge, shift, spread } = await import("/static/analysis/exercise/places.js");
        const marks = [[0, 1], [1, 2], [2.5, 3]];
        return JSON.stringify([
            edge(marks, 0, "end", 1.5, true, 4), edge(marks, 0, "end", 1.5, false, 4),
            edge(marks, 1, "end", 9, true, 4),
            edge(marks, 2, "start", 0, true, 4), edge(marks, 1, "start", 9, true, 4), shift(marks, 2, 9, true, 4),
            shift(marks, 1, -0.5, true, 4), shift(marks, 1, 0.75, true, 4), spread(2, 3), marks,
        ]);
    }"""
    told = json.loads(page.evaluate(script))
    assert told == [
        [[0, 1.5], [1.5, 2], [2.5, 3]], [[0, 1], [1, 2], [2.5, 3]], [[0, 1], [1, 2.5], [2.5, 3]],
        [[0, 1], [1, 2], [2, 3]], [[0, 1.97], [1.97, 2], [2.5, 3]], [[0, 1], [1, 2], [3.5, 4]],
        [[0, 0.5], [0.5, 1.5], [2.5, 3]], [[0, 1.5], [1.5, 2.5], [2.5, 3]], [[0, 1.5], [1.5, 3]],
        [[0, 1], [1, 2], [2.5, 3]],
    ]  # fmt: skip


def test_a_files_name_says_whose_it_is(page: Any, alice: User) -> None:
    browser.log_in(page, "alice")
    script = """async () => {
        const { matching } = await import("/static/analysis/upload/match.js");
        const people = ["P1", "P10", "A-1", "王"].map((match) => ({ id: match, match }));
        const titles = ["公園", "公園散步", "milk"].map((match) => ({ id: match, match }));
        const names = ["P1 park.wav", "0301_p10.wav", "P100.wav", "a-1.mp3", "A-1 P1.wav", "錄音王.m4a", "P1P1.wav"];
        return [
            ...names.map((name) => matching(name, people)),
            ...["P1 公園 散步.wav", "公園-3.wav", "milky.wav", "Milk.webm"].map((name) => matching(name, titles)),
            matching("x.wav", [{ id: "only", match: "P1" }]),
        ];
    }"""
    assert page.evaluate(script) == [
        "P1", "P10", "", "A-1", "", "王", "", "公園散步", "公園", "", "milk", "only",
    ]  # fmt: skip


DROP = """(files) => {
    const carried = new DataTransfer();
    for (const { name, base64 } of files) {
        const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
        carried.items.add(new File([bytes], name, { lastModified: Date.UTC(2026, 2, 1) }));
    }
    const event = new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true });
    document.getElementById("vb-drop-box").dispatchEvent(event);
}"""


def dropped(**files: bytes) -> list[dict[str, str]]:
    from base64 import b64encode

    return [{"name": name, "base64": b64encode(content).decode()} for name, content in files.items()]


def test_three_files_are_dropped_and_the_bad_one_stops_no_other(
    worker: Worker, page: Any, amy: Patient, exercise: Exercise, alice: User
) -> None:
    second = Patient.objects.create(code="A-2", name="Ann")
    second.therapists.add(alice)
    browser.log_in(page, "alice")
    page.goto(f"/admin/analysis/exercise/upload/?exercise={exercise.pk}")
    assert page.inner_text("[data-count=awaiting]") == "0"
    good = [(SPEECH / name).read_bytes() for name in ("park-faithful.webm", "park-faithful-man.webm")]
    page.evaluate(
        DROP, dropped(**{"A-1 park.webm": good[0], "A-1 bad.wav": b"no sound" * 99, "who.webm": good[1]})
    )
    states = "[...document.querySelectorAll('#vb-drop-table tbody tr')].map((row) => row.dataset.state)"
    assert page.evaluate(states) == ["ready", "ready", "incomplete"]
    page.locator("#vb-drop-table tbody tr").nth(2).locator("select").first.select_option(label="A-2 Ann")
    page.focus("#vb-drop-send")
    page.keyboard.press("Enter")
    wait_for(lambda: page.evaluate(states) == ["done", "refused", "done"], 30, lambda: page.evaluate(states))
    assert {each.patient.code for each in PracticeRecording.objects.select_related("patient")} == {
        "A-1",
        "A-2",
    }
    assert {each.recorded_at.year for each in PracticeRecording.objects.all()} == {2026}
    # The analyses that were begun, and the count beside the results, move by themselves.
    wait_for(lambda: page.locator("#vb-drop [data-state=succeeded]").count() == 2, 60)
    wait_for(lambda: page.inner_text("[data-count=awaiting]") == "2", 20)


def test_a_list_moves_without_loading_it_again(
    worker: Worker, page: Any, recording: PracticeRecording, alice: User
) -> None:
    from analysis.manager import TaskManager

    browser.log_in(page, "alice")
    page.goto("/admin/analysis/practicerecording/")
    page.evaluate("window.same = true")
    assert page.inner_text(f"[data-score='{recording.pk}']") == "–"
    TaskManager(alice).submit(recording.pk)  # elsewhere; the list has no active job to follow yet
    page.evaluate("document.dispatchEvent(new Event('vb:jobs'))")
    badge = f"[data-recording='{recording.pk}']"
    wait_for(lambda: page.locator(badge).get_attribute("data-state") == "succeeded", 60)
    score = AnalysisJob.objects.get().result.overall_score
    assert page.inner_text(f"[data-score='{recording.pk}']") == f"{score:.0f}"
    wait_for(lambda: page.inner_text("[data-count=awaiting]") == "1", 20)
    assert page.evaluate("window.same")


def test_a_jobs_page_follows_the_stream(worker: Worker, page: Any, amy: Patient, exercise: Exercise) -> None:
    from django.core.files.base import ContentFile

    from analysis.files import receive

    speech = np.tile(decode(SPEECH / "park-faithful.webm").samples, 33)
    receive(ContentFile(wav([speech]).getvalue(), name="long.wav"), patient=amy, exercise=exercise)
    streams: list[str] = []
    page.on("request", lambda asked: streams.append(asked.url) if asked.url.endswith("/events") else None)
    browser.log_in(page, "alice")
    page.goto("/admin/analysis/practicerecording/")
    page.click("#result_list tbody th a")
    page.click("#vb-analyse")
    seen = browser.watch(page)
    assert len([value for value in seen if 0 < value < 100]) > 1, f"the bar did not move: {seen}"
    assert len(set(streams)) == 1


@pytest.mark.parametrize("language", ["en", "zh-hant"])
@pytest.mark.parametrize("address", ["{}/change/#vb-marks", "add/", "upload/"])
def test_nothing_is_wider_than_a_phone(
    page: Any, site: str, alice: User, amy: Patient, exercise: Exercise, language: str, address: str
) -> None:
    page.context.add_cookies([{"name": "django_language", "value": language, "url": site}])
    page.set_viewport_size({"width": 390, "height": 800})
    browser.log_in(page, "alice")
    page.goto(f"/admin/analysis/exercise/{address.format(exercise.pk)}")
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
