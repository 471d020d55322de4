"""How well measures and scores agree with what is known of recordings. Prints one JSON line per figure.

    python -m bench.accuracy --data FOLDER [--limit 40]

FOLDER is one of two kinds, and which is seen from what lies in it:

* `scores.csv` (utterance, speaker, accuracy, fluency, prosodic, total, text), `audio/` and `example/`: recordings
  that people have rated;
* `pairs.csv` (character, base, tone, word_file), `word/` and `syllable/`: single syllables of two speakers.

What is fitted is fitted on other speakers (or other syllables) than it is taken on; figures of the repository's own
models say so. `reach` is the figure to reach, `ci95` a confidence interval by bootstrap over whole speakers or, where
there are two only, over syllables. A file that is no use is named on standard error and counted as `left_out`.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from analysis.acoustics import LANGUAGES
from analysis.acoustics.rated import rated_rows, read
from analysis.acoustics.syllable_tokens import read_tokens
from bench.accuracy import changed, rated, spoken, stand_in, syllables
from bench.accuracy.figure import Figure

_RATED = ("scores.csv", "audio", "example")
_SYLLABLES = ("pairs.csv", "word", "syllable")
_PATIENTS_OF = 4  # one stand-in patient for so many changed recordings


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="bench.accuracy", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--name", help="the data's name, in each line; by default the folder's")
    parser.add_argument("--limit", type=int, default=40, help="how many recordings are changed (0: none)")
    parser.add_argument("--language", choices=LANGUAGES, default="en", help="of the rated recordings' text")
    parser.add_argument("--evidences", type=Path, help="a CSV file: written if it is not there, else read")
    given = parser.parse_args(arguments)
    kind = _kind(given.data)
    if kind is _RATED:
        total, found = _of_rated(given)
    else:
        total, found = _of_syllables(given)
    name = given.name or given.data.resolve().name
    for figure in found:
        line = figure.line() | {"data": name} | total
        print(json.dumps(line, ensure_ascii=False), flush=True)


def _kind(folder: Path) -> tuple[str, ...]:
    """Which of the two it is.

    Raises
    ------
    SystemExit
        It is neither: what lies there, and what is missing for each.
    """
    for kind in (_RATED, _SYLLABLES):
        if all((folder / part).exists() for part in kind):
            return kind
    if not folder.is_dir():
        sys.exit(f"{folder} is no folder")
    missing = [
        f"{', '.join(part for part in kind if not (folder / part).exists())} of {', '.join(kind)}"
        for kind in (_RATED, _SYLLABLES)
    ]
    sys.exit(
        f"{folder} holds neither rated recordings (lacks {missing[0]}) nor syllables (lacks {missing[1]})"
    )


def _of_rated(given: argparse.Namespace) -> tuple[dict[str, int], Iterator[Figure]]:
    total = len(rated_rows(given.data))
    known = read(given.data, given.evidences)
    used = len(known.speakers)
    cases = spoken.rated_cases(given.data, given.limit, given.language)
    found = chain(rated.figures(known, given.language), changed.figures(cases) if cases else ())
    return {"recordings": used, "left_out": total - used}, found


def _of_syllables(given: argparse.Namespace) -> tuple[dict[str, int], Iterator[Figure]]:
    with (given.data / "pairs.csv").open(encoding="utf-8-sig", newline="") as file:
        total = sum(1 for _ in csv.DictReader(file)) + len(list((given.data / "syllable").glob("*.*")))
    tokens = list(read_tokens(given.data))
    if not any(each.patient for each in tokens) or all(each.patient for each in tokens):
        sys.exit(f"{given.data}: one of the two voices has no recording that can be used")
    cases = list(spoken.joined_cases(tokens, given.limit))
    found = chain(
        syllables.figures(tokens),
        changed.figures(cases) if cases else (),
        stand_in.figures(tokens, max(1, given.limit // _PATIENTS_OF)) if given.limit else (),
    )
    return {"recordings": len(tokens), "left_out": total - len(tokens)}, found


if __name__ == "__main__":
    main()
