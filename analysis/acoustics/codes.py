"""Every code a result can carry. Another layer turns each into a sentence; nothing here is prose.

A code that is not listed here cannot occur: the dataclasses that carry one check it when they are made.
"""

from __future__ import annotations

MODEL_VERSION = "vb-2026.12"

EXERCISES = ("sentence", "sustained_vowel", "syllable_repetition")
LANGUAGES = ("zh", "en")

SUB_SCORES = ("pronunciation", "fluency", "rhythm", "pitch")
SCORES = ("overall", *SUB_SCORES)

# The recording is at fault and no retry helps.
UNUSABLE_CODES = (
    "empty_file",  # no byte at all
    "too_large",  # more bytes than the limit
    "unreadable",  # not sound, or damaged so that nothing decodes
    "no_audio",  # a container without a sound track, such as a silent video
    "too_long",  # more seconds than the limit
    "too_many_channels",  # more channels than the limit
    "too_short",  # under 0.3 s of sound
    "silent",  # nothing but silence or steady noise: no speech in it
)

# What makes a recording unfit (no scores) or doubtful (scores, with a warning).
FLAG_CODES = (
    "clipping",  # samples stand at full scale
    "noise",  # the quiet moments are too loud beside the speech
    "low_level",  # the speech itself is very soft
    "mostly_silent",  # speech fills a small share of the recording
    "short_speech",  # too little speech to score
    "narrow_band",  # telephone band: nothing above about 4 kHz
    "dead_channel",  # one channel of a stereo recording holds nothing; the live one was used
    "truncated",  # part of the file is missing or damaged; the rest was decoded
    "another_sentence",  # what was said is not the sentence of the example
)

# What a sub-score lost points for.
EVIDENCE_CODES = (
    "segments",  # the sounds differ along the whole sentence
    "worst_place",  # the sounds differ most in one place of 0.3 s
    "phone_error",  # a recogniser hears phones that it does not hear in the example
    "phone_distance",  # what it hears lies apart along the whole sentence
    "worst_phones",  # what it hears lies apart most in one place of 0.3 s
    "extra_nuclei",  # more syllables than the example: repeats, insertions
    "slow",  # more speech time than the example, pauses not counted
    "pauses",  # more silence inside the sentence than the example
    "hold",  # a voiced standstill longer than any of the example's
    "interval_deviation",  # the intervals between syllables are unlike the example's
    "tempo_deviation",  # the tempo wanders where the example's does not
    "phone_tempo",  # the same, along the phones that a recogniser hears
    "level_mismatch",  # loud and soft fall elsewhere than in the example
    "contour_mismatch",  # the pitch does not move with the example's
    "range_loss",  # the pitch range is narrower than the example's
)

SUGGESTION_CODES = (
    "record_again",  # figures: flag
    "say_the_sentence",  # no figures: something else was said
    "shorten_pauses",  # figures: pauses, longest_seconds
    "speak_faster",  # figures: speech_seconds, example_seconds
    "avoid_prolonging",  # figures: longest_seconds
    "avoid_repeating",  # figures: syllables, example_syllables
    "practise_sounds",  # no figures: the sounds as a whole
    "practise_place",  # figures: start_seconds, end_seconds (in the example)
    "practise_syllables",  # figures: syllables (up to five characters, joined by spaces)
    "practise_tones",  # figures: syllables (likewise)
    "even_rhythm",  # no figures
    "match_stress",  # no figures: loud and soft as in the example
    "follow_melody",  # no figures: the pitch as in the example
    "widen_pitch",  # figures: range_semitones, example_range_semitones
    "keep_it_up",  # figures: overall
)

# Sub-scores that want work, in the order of the result's `improvement_areas`: lowest first.
AREA_CODES = SUB_SCORES

SYLLABLE_FINDINGS = (
    "segment_off",  # other sounds than the example's
    "initial_off",  # beside segment_off: the initial alone stands out
    "final_off",  # beside segment_off: the final alone stands out
    "tone_off",  # another tone than the example's or, without an example, than the text's
    "too_long",  # against the recording's own tempo
    "too_short",
    "missing",  # other sounds, and next to no time for them
)

CAVEAT_CODES = (
    "same_sentence_unchecked",  # this platform has no phone recogniser: another sentence is not refused
    "calibrated_elsewhere",  # the curves were fitted on English read by Mandarin speakers
    "pitch_by_design",  # raters ignored pitch: its curves and weight are a design, not evidence
    "places_estimated",  # the syllables' places on the example were found, not marked by a person
    "tones_unproven",  # per-syllable tone is proven for isolated syllables, not for running speech
    "doubtful_recording",  # the recording has a doubtful flag
    "doubtful_example",  # the example has one
)

# Why a measure, a score or the list of syllables is absent.
ABSENCE_CODES = (
    "no_example",  # there is nothing to compare with
    "no_text",  # the exercise has no text in this language's script
    "no_voicing",  # too little voiced sound
    "no_pauses",  # a mean of nothing
    "too_few_syllables",  # the figure needs more syllables than there are
    "not_for_this_exercise",  # the measure or score does not belong to this exercise
    "not_for_this_language",  # sounds, tones and nPVI of syllables are given for Mandarin only
    "unfit_recording",  # a flag made the recording unfit
    "unfit_example",  # a flag made the example unfit
    "another_sentence",  # what was said is not the sentence of the example
    "no_connected_speech",  # the AVQI needs a sentence of the same voice beside the vowel
    "places_uncertain",  # the recording has not as many syllable nuclei as the text has syllables
    "running_speech",  # without an example, tones are told only where syllables are said one by one
    "not_measurable",  # the formula has no value here, e.g. the level never moves
)
