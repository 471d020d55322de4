"""`manage.py analyze`: analyse one file, or all that a manifest names, without database or queue."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from analysis import acoustics, manifest, pairs
from analysis.console import end_as_by_ctrl_c, print_analysis
from analysis.wording import STEP_TEXTS, UNUSABLE_TEXTS, sentence

err = Console(stderr=True, highlight=False)
_INTERRUPTED = 130  # what a shell says of a command that was ended by Ctrl-C
_TOLD = 50  # times a plain line tells how far it is, at most


class Command(BaseCommand):
    help = _("Analyse one recording, alone or against an example, or all of a manifest. Nothing is stored.")
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("recording", nargs="?", help=_("an audio file: webm, m4a, mp3, ogg, flac or wav"))
        parser.add_argument("--example", help=_("the therapist's recording of the same exercise"))
        parser.add_argument(
            "--exercise", choices=acoustics.EXERCISES, default="sentence", help=_("kind of exercise")
        )
        parser.add_argument("--text", default="", help=_("what was to be said"))
        parser.add_argument(
            "--language", choices=acoustics.LANGUAGES, default="zh", help=_("language of the text")
        )
        parser.add_argument("--json", action="store_true", help=_("print the whole result as JSON"))
        parser.add_argument(
            "--manifest",
            type=Path,
            help=_("a CSV file with the column recording, and example, text, language, exercise, marks, sex, "
                   "age or birth_year where needed; paths are relative to it"),
        )  # fmt: skip
        parser.add_argument("--jsonl", help=_("where to write one JSON line a row of the manifest; - prints"))
        parser.add_argument(
            "--processes", type=int, help=_("how many at once, of a manifest; by default one a core")
        )
        parser.add_argument(
            "--no-progress-bar", action="store_true", help=_("no progress bar on standard error")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["recording"]) == bool(options["manifest"]):
            raise CommandError(_("Give either a recording or --manifest."), returncode=2)
        if bool(options["manifest"]) != bool(options["jsonl"]):
            raise CommandError(_("--manifest and --jsonl belong together."), returncode=2)
        try:
            if options["manifest"]:
                _all(options)
            else:
                _one(options)
        except acoustics.UnusableRecording as error:
            text = sentence(UNUSABLE_TEXTS, f"{error.role}_{error.code}", error.figures)
            raise CommandError(f"{text} [{error}]", returncode=2) from error
        except manifest.InvalidManifest as error:
            raise CommandError(str(error), returncode=2) from error
        except OSError as error:
            raise CommandError(_("Cannot read %(file)s: %(why)s") % {"file": error.filename, "why": error.strerror},
                               returncode=2) from error  # fmt: skip


def _one(options: dict[str, Any]) -> None:
    analysis = _analysed(options)
    if options["json"]:
        sys.stdout.write(json.dumps(analysis.to_dict(), ensure_ascii=False, indent=2) + "\n")
    else:
        print_analysis(analysis)


def _analysed(options: dict[str, Any]) -> acoustics.Analysis:
    columns = (BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TextColumn("{task.description}"))
    with Progress(*columns, console=err, transient=True, disable=options["no_progress_bar"]) as bar:
        line = bar.add_task("", total=100)

        def show(step: str, percent: int) -> None:
            bar.update(line, completed=percent, description=sentence(STEP_TEXTS, step))

        return acoustics.analyze(
            options["recording"],
            options["example"],
            exercise=options["exercise"],
            text=options["text"],
            language=options["language"],
            on_step=show,
            limits=_limits(),
        )


def _limits() -> acoustics.Limits:
    return acoustics.Limits(max_bytes=settings.AUDIO_MAX_BYTES, max_seconds=settings.AUDIO_MAX_SECONDS)


def _all(options: dict[str, Any]) -> None:
    """Each line is written as soon as it and those before it are there: what is done stays, whatever comes."""
    given = {name: options[name] or "" for name in ("example", "text", "language", "exercise")}
    if given["example"]:
        given["example"] = str(Path(given["example"]).absolute())
    rows = manifest.read(options["manifest"], given)
    done = failed = 0
    end_as_by_ctrl_c()
    try:
        with ExitStack() as files:
            out = _opened(files, options["jsonl"])
            found = pairs.lines(rows, _limits(), options["processes"])
            for line in _shown(found, len(rows), quiet=options["no_progress_bar"]):
                out.write(json.dumps(line, ensure_ascii=False) + "\n")
                out.flush()
                done, failed = done + 1, failed + ("error" in line)
    except KeyboardInterrupt:
        err.print(_("Interrupted. What is done is written: %(done)d of %(all)d rows.")
                  % {"done": done, "all": len(rows)})  # fmt: skip
        sys.exit(_INTERRUPTED)
    err.print(_("%(done)d rows: %(analysed)d analysed, %(failed)d not")
              % {"done": done, "analysed": done - failed, "failed": failed})  # fmt: skip


def _opened(files: ExitStack, name: str) -> IO[str]:
    return sys.stdout if name == "-" else files.enter_context(Path(name).open("w", encoding="utf-8"))


def _shown(lines: Iterator[pairs.Line], count: int, *, quiet: bool) -> Iterator[pairs.Line]:
    """The same lines, and how many there are already: as a bar on a terminal, as a line now and then elsewhere."""
    bars = err.is_terminal and not quiet
    columns = (BarColumn(), TextColumn("{task.completed}/{task.total}"), TextColumn("{task.description}"))
    failed = 0
    with Progress(*columns, console=err, transient=True, disable=not bars) as bar:
        shown = bar.add_task("", total=count)
        for done, line in enumerate(lines, start=1):
            yield line
            failed += "error" in line
            said = _("%(failed)d not analysed") % {"failed": failed} if failed else ""
            bar.update(shown, completed=done, description=said)
            if not bars and not quiet and done % max(1, count // _TOLD) == 0:
                err.print(_("%(done)d of %(all)d recordings analysed") % {"done": done, "all": count})
