"""`manage.py analyze`: analyse one file, without database or queue."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from analysis import acoustics
from analysis.console import print_analysis
from analysis.wording import STEP_TEXTS, UNUSABLE_TEXTS, sentence


class Command(BaseCommand):
    help = _("Analyse one recording, alone or against an example. Nothing is stored.")
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("recording", help=_("an audio file: webm, m4a, mp3, ogg, flac or wav"))
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
            "--no-progress-bar", action="store_true", help=_("no progress bar on standard error")
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            analysis = self._analyse(options)
        except acoustics.UnusableRecording as error:
            text = sentence(UNUSABLE_TEXTS, f"{error.role}_{error.code}", error.figures)
            raise CommandError(f"{text} [{error}]", returncode=2) from error
        except OSError as error:
            raise CommandError(_("Cannot read %(file)s: %(why)s") % {"file": error.filename, "why": error.strerror},
                               returncode=2) from error  # fmt: skip
        if options["json"]:
            sys.stdout.write(json.dumps(analysis.to_dict(), ensure_ascii=False, indent=2) + "\n")
        else:
            print_analysis(analysis)

    def _analyse(self, options: dict[str, Any]) -> acoustics.Analysis:
        columns = (BarColumn(), TextColumn("{task.percentage:>3.0f}%"), TextColumn("{task.description}"))
        console = Console(stderr=True)
        with Progress(*columns, console=console, transient=True, disable=options["no_progress_bar"]) as bar:
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
                limits=acoustics.Limits(
                    max_bytes=settings.AUDIO_MAX_BYTES, max_seconds=settings.AUDIO_MAX_SECONDS
                ),
            )
