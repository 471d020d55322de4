"""How `manage.py tasks --help` is put together, in the language of the reader."""

from __future__ import annotations

import argparse
import re
import textwrap
from typing import Any

from django.utils.translation import gettext, gettext_noop, ngettext
from django.utils.translation import gettext as _
from rich.cells import cell_len

from tasks_admin.commands.action import Action
from tasks_admin.commands.output import AWAY, DONE, NOT_DONE, REFUSED

# argparse and Django have these words in English only. Here the catalogue finds them.
THEIR_WORDS = [
    gettext_noop("usage: "),
    gettext_noop("options"),
    gettext_noop("positional arguments"),
    gettext_noop("show this help message and exit"),
    gettext_noop("%(prog)s: error: %(message)s\n"),
    gettext_noop("argument %(argument_name)s: %(message)s"),
    gettext_noop("the following arguments are required: %s"),
    gettext_noop("one of the arguments %s is required"),
    gettext_noop("not allowed with argument %s"),
    gettext_noop("unrecognized arguments: %s"),
    gettext_noop("expected one argument"),
    gettext_noop("expected at least one argument"),
    gettext_noop("invalid choice: %(value)r (choose from %(choices)s)"),
    gettext_noop("invalid %(type)s value: %(value)r"),
    gettext_noop("ambiguous option: %(option)s could match %(matches)s"),
    gettext_noop("Show program's version number and exit."),
    gettext_noop(
        "Verbosity level; 0=minimal output, 1=normal output, 2=verbose output, 3=very verbose output"
    ),
    gettext_noop(
        'The Python path to a settings module, e.g. "myproject.settings.main". If this isn\'t provided, the '
        "DJANGO_SETTINGS_MODULE environment variable will be used."
    ),
    gettext_noop(
        'A directory to add to the Python path, e.g. "/home/djangoprojects/myproject".',
    ),
    gettext_noop("Display a full stack trace on CommandError exceptions."),
    gettext_noop("Don't colorize the command output."),
    gettext_noop("Force colorization of the command output."),
    gettext_noop("Skip system checks."),
]


def speak() -> None:
    """Let argparse ask Django's catalogues. It asks gettext's own, by the environment, and ships none."""
    vars(argparse).update(_=_said, ngettext=ngettext)


def _said(text: str | None) -> str | None:
    """argparse asks for the words of what was not given, too."""
    return gettext(text) if text else text


def translate(parser: argparse.ArgumentParser) -> None:
    """Give Django's own options their words."""
    for option in parser._actions:
        if option.help and option.help is not argparse.SUPPRESS:
            option.help = gettext(option.help)


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Breaks lines by the columns they take: a Chinese character takes two, and may end a line."""

    def _split_lines(self, text: str, width: int) -> list[str]:
        return broken(text, width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = (piece for line in text.splitlines() for piece in broken(line, width) or [""])
        return textwrap.indent("\n".join(lines), indent)


# No line begins with a closing mark.
_PIECES = re.compile(r"\s+|(?:[\u2e80-\uffef]|[!-~\u00a0-\u2e7f]+)[，。、；：！？）」…]*")


def broken(text: str, width: int) -> list[str]:
    """The text in lines of at most ``width`` columns, as far as its words allow."""
    lines = [""]
    for piece in _PIECES.findall(text):
        if lines[-1].strip() and cell_len(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece if lines[-1] or not piece.isspace() or len(lines) == 1 else ""
    return [line.rstrip() for line in lines if line.strip()]


def add_actions(parser: argparse.ArgumentParser, actions: dict[str, Action]) -> None:
    """A sub-parser for each action, with its exit codes below."""
    rooms = parser.add_subparsers(dest="action", required=True, metavar=_("ACTION"), title=_("actions"))
    for action in actions.values():
        said = str(action.help)
        room = rooms.add_parser(
            action.name, help=said, description=f"{said[:1].upper()}{said[1:]}", epilog=_codes(action),
            formatter_class=Formatter,
        )  # fmt: skip
        action.arguments(room)
        if action.json:
            room.add_argument("--json", action="store_true", help=_("print JSON, for scripts"))


def _codes(action: Action) -> str:
    meanings: dict[int, Any] = {
        DONE: _("done"),
        NOT_DONE: _("not done"),
        REFUSED: _("wrong arguments, or refused; standard error says why"),
        AWAY: _("Redis or the database does not answer"),
    } | action.codes
    return "\n".join([_("exit codes:"), *(f"  {code}  {meaning}" for code, meaning in meanings.items())])


def positive(text: str) -> int:
    """An argument that is a whole number above zero."""
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(_("%(text)s is not a whole number above zero") % {"text": text})
    return int(text)


def seconds(text: str) -> float:
    """An argument that is a number of seconds above zero."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number < 86_400:
        raise argparse.ArgumentTypeError(_("%(text)s is no number of seconds") % {"text": text})
    return number


def names(text: str) -> list[str]:
    """An argument that is a list, separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]
