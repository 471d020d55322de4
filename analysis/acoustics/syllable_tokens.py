"""Recorded syllables to fit on, heard as an analysis hears them, and the fit of the sounds' model to them."""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analysis.acoustics.arrays import Floats, Indices
from analysis.acoustics.decoding import decode
from analysis.acoustics.errors import UnusableRecording
from analysis.acoustics.melody import Melody, follow_melody
from analysis.acoustics.pitch import track_pitch
from analysis.acoustics.request import Mark
from analysis.acoustics.sound import Sound
from analysis.acoustics.sounds import (
    Ground,
    PartModel,
    SoundModel,
    Sounds,
    final_vector,
    hear_sounds,
    initial_vector,
    mel_cepstra,
    span_of,
    spliced,
    unit,
)
from analysis.acoustics.spectrum import HOP, spectrum
from analysis.acoustics.speech import find_speech
from analysis.acoustics.syllable_fitting import (
    FINAL_DIRECTIONS,
    INITIAL_DIRECTIONS,
    fit_frames,
    fit_part,
)
from analysis.acoustics.text import zhuyin_of, zhuyin_parts
from analysis.acoustics.tones import tone_vectors
from analysis.acoustics.utterance import Utterance, utterance

DATA = "audio-cmn (Yue Tan; Chen Wang), CC BY-SA: 438 characters by one speaker, 651 syllables by another"
_WARPS = (0.9, 1.0, 1.1)  # each voice also as a longer and as a shorter vocal tract: two speakers are few
_NOISE_BELOW = 20.0  # dB; each recording also with white noise, lest silence become an initial's mark
_BACKGROUND = 50  # syllables


@dataclass(frozen=True, eq=False)
class Token:
    """One recorded syllable, as the models want it: plain, and with white noise.

    `character` is what was to be said by the voice that stands for the patient; empty for the other.
    """

    character: str
    base: str
    tone: int
    patient: bool
    heard: tuple[Utterance, Utterance]
    melodies: tuple[Melody, Melody]
    mark: Mark
    tones: list[Floats]

    @property
    def parts(self) -> tuple[str, str]:
        """Initial and final in 注音."""
        return zhuyin_parts(zhuyin_of(self.base, 1))


def read_tokens(folder: Path) -> Iterator[Token]:
    """Every recording of the folder, heard. One that is no use is left out, and told on stderr."""
    # In this process: Praat's pitch objects, which a token holds, go through no pipe.
    return map(_token, _read(folder))


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """One file of the folder, decoded: plain, and with white noise."""

    character: str
    base: str
    tone: int
    patient: bool
    sounds: tuple[Sound, Sound]


def _read(folder: Path) -> Iterator[_Read]:
    with (folder / "pairs.csv").open(encoding="utf-8-sig", newline="") as lines:
        rows = [
            (row["character"], row["base"], row["tone"], folder / "word" / row["word_file"])
            for row in csv.DictReader(lines)
        ]
    rows += [("", path.stem[:-1], path.stem[-1], path) for path in sorted((folder / "syllable").glob("*.*"))]
    draw = np.random.default_rng(0)
    for character, base, tone, path in rows:
        try:
            plain = decode(path)
        except (UnusableRecording, OSError) as error:
            print(f"left out: {path.name}: {error}", file=sys.stderr)
            continue
        power = float((plain.samples.astype(np.float64) ** 2).mean()) / 10 ** (_NOISE_BELOW / 10)
        noisy = Sound.of(plain.samples + draw.normal(0, np.sqrt(power), len(plain.samples)))
        yield _Read(character, base, int(tone), path.parent.name == "word", (plain, noisy))


def _token(read: _Read) -> Token:
    plain, noisy = (listen(sound) for sound in read.sounds)
    melodies = tuple(follow_melody(each.sound, len(each.spectrum)) for each in (plain, noisy))
    mark = Mark(plain.speech.start * HOP, plain.speech.stop * HOP)
    return Token(
        read.character,
        read.base,
        read.tone,
        read.patient,
        (plain, noisy),
        (melodies[0], melodies[1]),
        mark,
        tone_vectors(plain, melodies[0], mark.start, mark.end),
    )


def listen(sound: Sound) -> Utterance:
    """One recording as every step of an analysis sees it."""
    seen = spectrum(sound.samples)
    return utterance(sound, seen, find_speech(seen), track_pitch(sound, len(seen)))


def tone_vectors_of(tokens: Sequence[Token]) -> tuple[Floats, Indices]:
    """Vectors (n, 8) and tones (n,) to fit on; heights about the speaker's centre, not the syllable's."""
    centres = {
        voice: np.median([token.melodies[0].centre for token in tokens if token.patient is voice])
        for voice in {token.patient for token in tokens}
    }
    vectors, tones = [], []
    for token in tokens:
        for vector in token.tones:
            height = vector[0] + token.melodies[0].centre - centres[token.patient]
            vectors.append(np.append(height, vector[1:]))
            tones.append(token.tone)
    return np.array(vectors), np.array(tones)


def fit_sounds(tokens: Sequence[Token]) -> SoundModel:
    """All of `SoundModel` from these tokens; its background is drawn from them with a fixed seed."""
    spoken = [mel_cepstra(token.heard[0])[0][token.heard[0].speech.active] for token in tokens]
    ground = Ground(np.concatenate(spoken).mean(axis=0), np.concatenate(spoken).std(axis=0))
    plain = [_framed(hear_sounds(token.heard[0], token.melodies[0], ground), token.mark) for token in tokens]
    syllables: dict[str, list[Floats]] = defaultdict(list)
    for token, (sounds, first, stop) in zip(tokens, plain, strict=True):
        syllables[token.base].append(sounds.cepstra[first:stop])
    frames = fit_frames(syllables)
    chosen = np.random.default_rng(1).permutation(len(tokens))[:_BACKGROUND]
    cohort = [unit(frames(spliced(plain[at][0].cepstra[plain[at][1] : plain[at][2]]))) for at in chosen]
    stops = np.cumsum([len(each) for each in cohort])
    spans = np.stack([np.append(0, stops[:-1]), stops], axis=1)
    initial, final = _parts(tokens, plain, ground)
    return SoundModel(ground, frames, np.concatenate(cohort), spans, initial, final)


def _framed(sounds: Sounds, mark: Mark) -> tuple[Sounds, int, int]:
    return sounds, *span_of(sounds, mark)


def _parts(
    tokens: Sequence[Token], plain: Sequence[tuple[Sounds, int, int]], ground: Ground
) -> tuple[PartModel, PartModel]:
    """Initials and finals, in every guise."""
    guises = [
        (
            token,
            framed
            if warp == 1.0
            else _framed(hear_sounds(token.heard[0], token.melodies[0], ground, warp), token.mark),
        )
        for token, framed in zip(tokens, plain, strict=True)
        for warp in _WARPS
    ]
    guises += [
        (token, _framed(hear_sounds(token.heard[1], token.melodies[1], ground), token.mark))
        for token in tokens
    ]
    labels = [token.parts for token, _ in guises]
    initials = np.array([initial_vector(*framed) for _, framed in guises])
    finals = np.array([final_vector(*framed) for _, framed in guises])
    return (
        fit_part(initials, [initial for initial, _ in labels], INITIAL_DIRECTIONS),
        fit_part(finals, [final for _, final in labels], FINAL_DIRECTIONS),
    )


def as_arrays(model: SoundModel) -> dict[str, Any]:
    """The model as `sounds.npz` keeps it: half precision for the background, single for the rest."""
    parts = {
        "ground_mean": model.ground.mean,
        "ground_spread": model.ground.spread,
        "frames_origin": model.frames.origin,
        "frames_directions": model.frames.directions,
    }
    for name, part in (("initial", model.initial), ("final", model.final)):
        parts[f"{name}_origin"] = part.projection.origin
        parts[f"{name}_directions"] = part.projection.directions
        parts[f"{name}_between"] = part.between
    kept: dict[str, Any] = {name: value.astype(np.float32) for name, value in parts.items()}
    return kept | {
        "background": model.background.astype(np.float16),
        "background_spans": model.background_spans.astype(np.int32),
    }
