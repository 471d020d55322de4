"""Codes into sentences, in the language of the reader.

`analysis.acoustics` says what it found as codes and figures, so that one result can be read in either language.
A test holds these tables against the codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Texts = dict[str, str | Promise]

# What is wrong with a file, and what to do about it. The keys follow <role>_<code>.
UNUSABLE_TEXTS: Texts = {
    "recording_empty_file": _("The recording is an empty file. Please upload it again."),
    "recording_too_large": _("The recording's file is larger than allowed. Please record a shorter one."),
    "recording_unreadable": _(
        "This file is not sound, or it is damaged. Please record again or choose another file."
    ),
    "recording_no_audio": _("This file has no sound track. Please record with the microphone on."),
    "recording_too_long": _("The recording is longer than allowed. Please record only the exercise."),
    "recording_too_many_channels": _(
        "The recording has more channels than allowed. Please record in mono or stereo."
    ),
    "recording_too_short": _("The recording is too short to be analysed. Please record the whole exercise."),
    "recording_silent": _(
        "There is no speech in this recording. Please check the microphone and record again."
    ),
    "recording_missing": _("The recording's file is no longer in the storage. Please upload it again."),
    "recording_changed": _(
        "The recording's file is not the one that was uploaded. Please tell an administrator, and upload it again."
    ),
    "example_empty_file": _("The exercise's example is an empty file. Please record the example again."),
    "example_too_large": _("The example's file is larger than allowed. Please record a shorter example."),
    "example_unreadable": _(
        "The exercise's example is not sound, or it is damaged. Please record the example again."
    ),
    "example_no_audio": _("The exercise's example has no sound track. Please record the example again."),
    "example_too_long": _("The exercise's example is longer than allowed. Please record a shorter example."),
    "example_too_many_channels": _(
        "The exercise's example has more channels than allowed. Please record it in mono."
    ),
    "example_too_short": _("The exercise's example is too short. Please record the example again."),
    "example_silent": _("There is no speech in the exercise's example. Please record the example again."),
    "example_missing": _("The example's file is no longer in the storage. Please record the example again."),
    "invalid_parameters": _("The analysis was asked for with parameters that are not known: %(reason)s"),
    "invalid_exercise": _(
        "The exercise is not complete or not valid (%(parameter)s). Please correct the exercise."
    ),
}

FLAG_TEXTS: Texts = {
    "clipping": _("The recording is overloaded (clipping): record further from the microphone."),
    "noise": _("There is much noise behind the speech: record in a quieter place."),
    "low_level": _("The speech is very soft: record closer to the microphone."),
    "mostly_silent": _("Most of the recording is silence."),
    "short_speech": _("There is too little speech to score."),
    "narrow_band": _("Telephone quality: fricatives such as s and sh cannot be judged well."),
    "dead_channel": _("One channel holds nothing; the other one was used."),
    "truncated": _("Part of the file is missing or damaged; the rest was analysed."),
    "another_sentence": _("This is not the sentence of the example."),
}

EVIDENCE_TEXTS: Texts = {
    "segments": _("sounds"),
    "worst_place": _("worst place"),
    "phone_error": _("other sounds recognised"),
    "phone_distance": _("sounds hard to recognise"),
    "worst_phones": _("worst place recognised"),
    "extra_nuclei": _("extra syllables"),
    "slow": _("slow"),
    "pauses": _("pauses"),
    "hold": _("prolonged sounds"),
    "interval_deviation": _("uneven syllables"),
    "tempo_deviation": _("uneven tempo"),
    "phone_tempo": _("uneven tempo of the sounds"),
    "level_mismatch": _("loudness falls elsewhere"),
    "contour_mismatch": _("pitch moves differently"),
    "range_loss": _("flat pitch"),
}

SUGGESTION_TEXTS: Texts = {
    "record_again": _("Record again: the quality of this recording limits what can be said."),
    "say_the_sentence": _("Listen to the example, and record this sentence."),
    "shorten_pauses": _(
        "Shorten the pauses inside the sentence: %(pauses)s, the longest %(longest_seconds)s s."
    ),
    "speak_faster": _(
        "Try a little faster: %(speech_seconds)s s of speech, the example has %(example_seconds)s s."
    ),
    "avoid_prolonging": _("Do not hold single sounds: the longest lasted %(longest_seconds)s s."),
    "avoid_repeating": _(
        "Say each syllable once: %(syllables)s were heard, the example has %(example_syllables)s."
    ),
    "practise_sounds": _("Practise the sounds of the sentence slowly with the example."),
    "practise_place": _("Practise the part from %(start_seconds)s to %(end_seconds)s s of the example."),
    "practise_syllables": _("Practise these syllables: %(syllables)s."),
    "practise_tones": _("Practise the tones of: %(syllables)s."),
    "even_rhythm": _("Keep the rhythm of the example: clap along with each syllable."),
    "match_stress": _("Put loud and soft where the example has them."),
    "follow_melody": _("Follow the melody of the example."),
    "widen_pitch": _(
        "Let the pitch move more: %(range_semitones)s semitones, the example has %(example_range_semitones)s."
    ),
    "keep_it_up": _("Well done: keep practising like this."),
}

SCORE_TEXTS: Texts = {
    "overall": _("overall score"),
    "pronunciation": _("pronunciation accuracy"),
    "fluency": _("fluency"),
    "rhythm": _("rhythm"),
    "pitch": _("pitch"),
}

SYLLABLE_TEXTS: Texts = {
    "segment_off": _("sounds differ from the example"),
    "initial_off": _("the initial differs"),
    "final_off": _("the final differs"),
    "tone_off": _("tone differs from the example"),
    "too_long": _("longer than the example"),
    "too_short": _("shorter than the example"),
    "missing": _("not heard"),
}

TONE_TEXTS: Texts = {
    "1": _("first tone"),
    "2": _("second tone"),
    "3": _("third tone"),
    "4": _("fourth tone"),
    "5": _("neutral tone"),
}

# By whether the tone is held against an example's or against the text's.
HEARD_TEXTS: Texts = {
    "example": _("example: %(expected)s; heard: %(heard)s"),
    "text": _("expected: %(expected)s; heard: %(heard)s"),
}

CAVEAT_TEXTS: Texts = {
    "same_sentence_unchecked": _("Whether the same sentence was said could not be checked."),
    "calibrated_elsewhere": _(
        "The scores were fitted to English read by Mandarin speakers, not to patients."
    ),
    "pitch_by_design": _("The pitch score is a design: no raters' figures stand behind it."),
    "places_estimated": _("The places of the syllables were estimated, not marked by a person."),
    "tones_unproven": _("Tones in running speech are shown for listening, not as a verdict."),
    "doubtful_recording": _("The recording's quality makes these scores doubtful."),
    "doubtful_example": _("The example's quality makes these scores doubtful."),
}

ABSENCE_TEXTS: Texts = {
    "no_example": _("there is no example to compare with"),
    "no_text": _("the exercise has no text in its language's script"),
    "no_voicing": _("there is too little voiced sound"),
    "no_pauses": _("there is no pause"),
    "too_few_syllables": _("there are too few syllables"),
    "not_for_this_exercise": _("does not belong to this kind of exercise"),
    "not_for_this_language": _("is given for Mandarin only"),
    "unfit_recording": _("the recording is not fit for it"),
    "unfit_example": _("the example is not fit for it"),
    "another_sentence": _("another sentence was said"),
    "no_connected_speech": _("needs a recorded sentence of the same voice"),
    "places_uncertain": _("the places of the syllables are not certain enough"),
    "running_speech": _("needs an example, or syllables said one by one"),
    "not_measurable": _("has no value here"),
}

MEASURE_TEXTS: Texts = {
    "snr": _("signal-to-noise ratio"),
    "clipped_share": _("clipped samples"),
    "speech_level": _("level of the speech"),
    "bandwidth": _("bandwidth"),
    "f0_median": _("fundamental frequency, median"),
    "f0_p05": _("fundamental frequency, 5th percentile"),
    "f0_p95": _("fundamental frequency, 95th percentile"),
    "f0_sd": _("fundamental frequency, standard deviation"),
    "f0_range": _("fundamental frequency, 5th to 95th percentile"),
    "jitter_local": _("jitter (local)"),
    "jitter_rap": _("jitter (RAP)"),
    "jitter_ppq5": _("jitter (PPQ5)"),
    "shimmer_local": _("shimmer (local)"),
    "shimmer_local_db": _("shimmer (local, dB)"),
    "shimmer_apq11": _("shimmer (APQ11)"),
    "hnr": _("harmonics-to-noise ratio"),
    "cpps": _("cepstral peak prominence (CPPS), whole recording"),
    "cpps_utterance": _("cepstral peak prominence (CPPS), voice only"),
    "avqi": _("Acoustic Voice Quality Index (AVQI)"),
    "f1_median": _("first formant, median"),
    "f2_median": _("second formant, median"),
    "intensity_mean": _("intensity, mean (not calibrated)"),
    "intensity_sd": _("intensity, standard deviation"),
    "intensity_range": _("intensity, range"),
    "speech_time": _("speech time without pauses"),
    "pause_count": _("pauses"),
    "pause_ratio": _("share of pauses"),
    "pause_mean": _("pause, mean"),
    "pause_longest": _("pause, longest"),
    "syllable_nuclei": _("syllable nuclei"),
    "speech_rate": _("speech rate"),
    "articulation_rate": _("articulation rate"),
    "npvi": _("nPVI of syllable lengths"),
    "maximum_phonation_time": _("maximum phonation time"),
    "ddk_rate": _("syllable repetition rate"),
    "ddk_interval_cov": _("syllable repetition, variation of intervals"),
}

GROUP_TEXTS: Texts = {
    "adults": _("adults"),
    "men": _("men"),
    "women": _("women"),
    "children": _("children"),
}

# By whether there is a lower and an upper limit.
NORM_TEXTS: Texts = {
    "range": _("%(group)s %(low)s to %(high)s (%(source)s)"),
    "least": _("%(group)s at least %(low)s (%(source)s)"),
    "most": _("%(group)s at most %(high)s (%(source)s)"),
    "unchecked": _("recalled, not yet checked against its source"),
}

POSITION_TEXTS: Texts = {
    "below": _("below the reference range"),
    "within": _("within the reference range"),
    "above": _("above the reference range"),
}

UNIT_TEXTS: Texts = {
    "count": "",
    "share": "%",
    "index": "",
    "st": _("semitones"),
    "syllables/s": _("syllables/s"),
    "s": _("s"),
}

STEP_TEXTS: Texts = {
    "decode": _("reading the file"),
    "quality": _("checking the quality"),
    "pitch": _("following the pitch"),
    "voice": _("measuring the voice"),
    "timing": _("measuring pauses and rates"),
    "alignment": _("comparing with the example"),
    "phones": _("recognising the sounds"),
    "syllables": _("comparing syllables"),
    "scores": _("making the scores"),
}


def heard_tone(syllable: Mapping[str, Any]) -> str:
    """Which tone was heard in place of which; empty where none was named, or where it is the right one."""
    heard, example = syllable.get("heard_tone"), syllable.get("example_heard_tone")
    expected = example or syllable.get("tone")
    if heard is None or expected is None or heard == expected:
        return ""
    figures = {
        "expected": sentence(TONE_TEXTS, str(expected)),
        "heard": sentence(TONE_TEXTS, str(heard)),
    }
    return sentence(HEARD_TEXTS, "text" if example is None else "example", figures)


def syllable_findings(syllable: Mapping[str, Any]) -> list[str]:
    """What was off, and beside a tone that was off which one was heard."""
    found = [sentence(SYLLABLE_TEXTS, code) for code in syllable["findings"]]
    said = heard_tone(syllable) if "tone_off" in syllable["findings"] else ""
    return [*found, said] if said else found


def figure(value: float, unit: str) -> str:
    """A value as it is read: three figures, from a hundred on whole ones; a share in hundredths."""
    shown = 100 * value if unit == "share" else value
    return f"{shown:.0f}" if abs(shown) >= 100 else f"{shown:.3g}"


def norm(found: Mapping[str, Any], unit: str = "") -> str:
    """The reference range of a measure in words: for whom, from where, and whether that was looked up."""
    kind = (
        "range" if None not in (found["low"], found["high"]) else "most" if found["low"] is None else "least"
    )
    figures = {name: figure(found[name], unit) for name in ("low", "high") if found[name] is not None}
    figures |= {"group": sentence(GROUP_TEXTS, found["group"]), "source": found["source"]}
    said = sentence(NORM_TEXTS, kind, figures)
    return said if found["checked"] else f"{said}; {sentence(NORM_TEXTS, 'unchecked')}"


def sentence(texts: Texts, code: str, figures: Mapping[str, Any] | None = None) -> str:
    """The sentence for a code, with its figures; the code itself where no table knows it."""
    text = str(texts.get(code, code))
    try:
        return text % (figures or {})
    except (KeyError, TypeError, ValueError):  # a result of another version may carry other figures
        return text
