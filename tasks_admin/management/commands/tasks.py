"""`manage.py tasks`: run and watch the task system."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import InterfaceError, OperationalError
from django.utils.translation import gettext as _

from tasks_admin.commands import ACTIONS
from tasks_admin.commands.output import AWAY
from tasks_admin.commands.parser import Formatter, add_actions, speak, translate


class Command(BaseCommand):
    help = _("Run and watch the task system.")
    # They load every page of the site, and who asks how things stand should not wait for that.
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        speak()
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        translate(parser)
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.formatter_class = Formatter
        add_actions(parser, ACTIONS)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = ACTIONS[options["action"]].run(options)
        except (OperationalError, InterfaceError) as error:
            said = _("The database does not answer: %(error)s") % {"error": error}
            raise CommandError(said, returncode=AWAY) from error
        if code:
            sys.exit(code)
