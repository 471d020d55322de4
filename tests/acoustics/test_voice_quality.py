"""The AVQI against its authors' procedure, run by Praat."""

from __future__ import annotations

import io

import numpy as np
import pytest
from parselmouth.praat import run

from analysis import acoustics
from analysis.acoustics import Sound, Speaker, VoiceQuality, analyze, avqi
from analysis.acoustics.pitch import praat_sound
from tests.acoustics.voices import RATE, held_vowel, say, sound, with_noise

# The steps of AVQI v03.01 (Barsties & Maryn 2015) one by one, as slowly as Praat does them.
STEPS = r"""
speech = selected ("Sound", 1)
vowel = selected ("Sound", 2)
selectObject: speech
clean = Filter (stop Hann band): 0, 34, 0.1
rate = Get sampling frequency
step = Get sampling period
selectObject: vowel
held = Filter (stop Hann band): 0, 34, 0.1
voiced = Create Sound: "voiced", 0, 0.001, rate, "0"
selectObject: clean
grid = To TextGrid (silences): 50, 0.003, -25, 0.1, 0.1, "silence", "sounding"
plusObject: clean
Extract intervals where: 1, "no", "does not contain", "silence"
loud = Concatenate
end = Get end time
power = Get power in air
begin = 0
finish = 0.03
while finish < end - 0.03
    selectObject: loud
    window = Extract part: begin, finish, "rectangular", 1, "no"
    windowPower = Get power in air
    if windowPower > 0.3 * power
        @crossings
        if perSecond <> undefined and perSecond < 3000
            selectObject: voiced, window
            longer = Concatenate
            removeObject: voiced
            voiced = longer
        endif
    endif
    removeObject: window
    begin = begin + 0.03
    finish = begin + 0.03
endwhile
procedure crossings
    first = Get nearest zero crossing: 1, 0.0025
    last = first
    at = first + step
    next = Get nearest zero crossing: 1, at
    count = 0
    while last < 0.0275 and last <> undefined
        while next = last
            at = at + step
            next = Get nearest zero crossing: 1, at
        endwhile
        seconds = next - first
        count = count + 1
        last = next
    endwhile
    perSecond = count / seconds
endproc
selectObject: held
length = Get total duration
if length > 3
    held = Extract part: length - 3, length, "rectangular", 1, "no"
else
    held = Copy: "held"
endif
selectObject: voiced, held
whole = Concatenate
cepstrogram = To PowerCepstrogram: 60, 0.002, 5000, 50
cpps = Get CPPS: "no", 0.01, 0.001, 60, 330, 0.05, "Parabolic", 0.001, 0, "Straight", "Robust"
selectObject: whole
ltas = To Ltas: 1
slope = Get slope: 0, 1000, 1000, 10000, "energy"
trend = Compute trend line: 1, 10000
tilt = Get slope: 0, 1000, 1000, 10000, "energy"
selectObject: whole
pulses = To PointProcess (periodic, cc): 50, 400
plusObject: whole
shimmer = Get shimmer (local): 0, 0, 0.0001, 0.02, 1.3, 1.6
shimmerDb = Get shimmer (local_dB): 0, 0, 0.0001, 0.02, 1.3, 1.6
selectObject: whole
pitch = To Pitch (cc): 0, 75, 15, "no", 0.03, 0.45, 0.01, 0.35, 0.14, 600
plusObject: whole
periods = To PointProcess (cc)
selectObject: whole, pitch, periods
report$ = Voice report: 0, 0, 75, 600, 1.3, 1.6, 0.03, 0.45
hnr = extractNumber (report$, "Mean harmonics-to-noise ratio: ")
shimmer = 100 * shimmer
index = (4.152 - 0.177*cpps - 0.006*hnr - 0.037*shimmer + 0.941*shimmerDb + 0.01*slope + 0.093*tilt) * 2.8902
writeInfoLine: cpps, " ", hnr, " ", shimmer, " ", shimmerDb, " ", slope, " ", tilt, " ", index
"""


def praats(speech: Sound, vowel: Sound) -> list[float]:
    said = run([praat_sound(speech), praat_sound(vowel)], STEPS, capture_output=True)[-1]
    return [float(word) for word in said.split()]


def figures(found: VoiceQuality) -> list[float]:
    return [found.cpps, found.hnr, found.shimmer, found.shimmer_db, found.slope, found.tilt, found.index]


SPEECH = {
    "clear": say(),
    "hoarse": with_noise(say(hertz=120.0, seed=2), 12),
    "halting": say(pauses={2: 0.5, 5: 0.3}, seed=3),
}
VOWELS = {
    "long": held_vowel(4.0, jitter=0.01, shimmer=0.05),
    "short": held_vowel(1.5, 210.0, shimmer=0.02),
}


@pytest.mark.parametrize("speech", SPEECH)
@pytest.mark.parametrize("vowel", VOWELS)
def test_it_is_the_authors_procedure(speech: str, vowel: str) -> None:
    spoken, held = sound(SPEECH[speech]), sound(with_noise(VOWELS[vowel], 25))

    found = avqi(spoken, held)

    assert found is not None
    assert figures(found) == pytest.approx(praats(spoken, held), rel=0.001, abs=0.002)


def test_a_hoarser_voice_scores_higher() -> None:
    indices = []
    for snr_db, shimmer in ((40, 0.02), (20, 0.06), (10, 0.12)):
        found = avqi(
            sound(with_noise(say(), snr_db)), sound(with_noise(held_vowel(3.0, shimmer=shimmer), snr_db))
        )
        assert found is not None
        indices.append(found.index)

    assert indices == sorted(indices)


def test_speech_without_voice_has_none() -> None:
    noise = np.random.default_rng(0).normal(size=2 * RATE)

    assert avqi(sound(noise), sound(held_vowel())) is None


def test_a_vowel_with_a_sentence_of_the_same_voice_has_one() -> None:
    vowel = np.concatenate([np.zeros(RATE), with_noise(held_vowel(4.0), 30), np.zeros(RATE)])

    analysis = analyze(
        sound(vowel), exercise="sustained_vowel", speech=sound(say()), speaker=Speaker("female", 30)
    )
    index = next(each for each in analysis.measures if each.name == "avqi")

    plain = avqi(sound(say()), sound(with_noise(held_vowel(4.0), 30)))
    assert plain is not None
    assert index.value == pytest.approx(plain.index, abs=0.2)
    assert index.norm is not None
    assert index.norm.high == 2.43


def test_without_a_sentence_it_says_what_it_needs() -> None:
    vowel = sound(held_vowel())

    assert analyze(vowel, exercise="sustained_vowel").absent["avqi"] == "no_connected_speech"


def test_a_sentence_that_cannot_be_read_costs_the_index_only() -> None:
    analysis = analyze(sound(held_vowel()), exercise="sustained_vowel", speech=io.BytesIO(b"not sound"))

    assert analysis.absent["avqi"] == "no_connected_speech"
    assert any(each.name == "jitter_local" for each in analysis.measures)


def test_a_sentence_itself_has_none(take: Sound) -> None:
    assert analyze(take, speech=take).absent["avqi"] == "not_for_this_exercise"


def test_it_is_a_function_of_the_package() -> None:
    analyze(sound(held_vowel()), exercise="sustained_vowel", speech=sound(say()))

    assert callable(acoustics.avqi)  # no submodule may take its name
