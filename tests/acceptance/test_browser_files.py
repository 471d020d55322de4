"""A file that the server would refuse is refused in the browser, before it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from analysis.admin.sound_input import SoundInput
from tests.acceptance import browser
from tests.conftest import ROOT

pytestmark = browser.marks
SCRIPT = ROOT / "analysis/static/analysis/sound_file.js"
TEXT = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"no sound"}
NOTHING = {"name": "empty.webm", "mimeType": "audio/webm", "buffer": b""}
LARGE = {"name": "large.wav", "mimeType": "audio/wav", "buffer": b"0" * 2**20}
RECORDED = {"name": "said.webm", "mimeType": "video/webm", "buffer": b"some bytes"}
UNKNOWN = {"name": "said.amr", "mimeType": "", "buffer": b"some bytes"}


@pytest.fixture
def form(settings: Any) -> Iterator[Any]:
    """The field alone, in a page of its own: it needs no site."""
    from playwright.sync_api import sync_playwright

    settings.AUDIO_MAX_BYTES = 2**20 - 1
    field = SoundInput().render("audio", None, {"id": "id_audio"})
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=browser.BROWSER, args=browser.FLAGS)
        page = chromium.new_page()
        page.set_content(f"<form action='about:srcdoc'>{field}<button>save</button></form>")
        page.add_script_tag(path=SCRIPT, type="module")
        page.wait_for_selector("#id_audio-trouble", state="attached")
        yield page
        chromium.close()


def test_a_file_is_looked_at_before_it_is_sent(form: Any) -> None:
    sent = "document.forms[0].dispatchEvent(new Event('submit', {cancelable: true}))"
    refused = ((TEXT, "not a sound file"), (NOTHING, "is empty"), (LARGE, "larger than 0 MB"))
    for file, words in (*refused, (RECORDED, ""), (TEXT, "not a sound file"), (UNKNOWN, "")):
        form.set_input_files("#id_audio", file)
        said = form.inner_text("#id_audio-trouble")
        assert words in said if words else said == "", file["name"]
        assert form.get_attribute("#id_audio", "aria-invalid") == ("true" if words else "false")
        assert form.evaluate(sent) is not bool(words)
    form.set_input_files("#id_audio", TEXT)
    form.set_input_files("#id_audio", [])
    assert form.inner_text("#id_audio-trouble") == ""


@pytest.mark.parametrize("name", ["exercise", "practicerecording"])
def test_the_forms_have_the_field(client: Client, alice: User, name: str) -> None:
    client.force_login(alice)
    page = client.get(reverse(f"admin:analysis_{name}_add")).content.decode()
    assert "data-most-bytes" in page
    assert "analysis/sound_file" in page
