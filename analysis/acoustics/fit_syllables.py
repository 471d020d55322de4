"""Fit what is said about single syllables: ``python -m analysis.acoustics.fit_syllables FOLDER [--out FOLDER]``.

FOLDER holds `pairs.csv` (character, base, tone, word_file), `word/` with those files by one speaker, and
`syllable/` with the same syllables in each tone by another, such as ``ma3.mp3``: audio-cmn (Yue Tan; Chen Wang),
CC BY-SA. Writes `tones.json`, `sounds.npz`, `sounds.json` and `likeness.json` with the held-out figures in them.
Takes about ten minutes on one core.

Held out means: syllables whose base (initial and final) was not fitted on. For tones the patient's voice, that of
`word/`, was not either; the models that are shipped then know both voices.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from analysis.acoustics.sentence_trials import likeness_maps
from analysis.acoustics.syllable_fitting import fit_tones
from analysis.acoustics.syllable_tokens import DATA, as_arrays, fit_sounds, read_tokens, tone_vectors_of
from analysis.acoustics.syllable_trials import SoundTrial, tones_alone


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Fit the models of single syllables.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    chosen = parser.parse_args(arguments)
    tokens = list(read_tokens(chosen.folder))
    print(f"{len(tokens)} syllables heard", file=sys.stderr)
    origin = {"fitted": date.today().isoformat(), "data": DATA}
    vectors, tones = tone_vectors_of(tokens)
    models = {"alone": fit_tones(vectors[:, 1:], tones), "in_speech": fit_tones(vectors, tones)}
    _write(chosen.out / "tones.json", origin | {"found": tones_alone(tokens)} | models)
    np.savez_compressed(chosen.out / "sounds.npz", **as_arrays(fit_sounds(tokens)))
    maps = likeness_maps(tokens)
    _write(chosen.out / "likeness.json", origin | maps)
    found = SoundTrial.run(tokens).figures(maps["segment"]["weights"])
    _write(chosen.out / "sounds.json", origin | {"found": found})


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(
        path.name,
        json.dumps({k: v for k, v in content.items() if k not in ("alone", "in_speech")}, ensure_ascii=False),
        flush=True,
    )


if __name__ == "__main__":
    main()
