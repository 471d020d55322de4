"""What an action of `manage.py tasks` is."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

Options = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    """One sub-command.

    Attributes
    ----------
    help : str
        One sentence, in the language of the reader.
    run : callable
        Of the parsed options; returns the exit code.
    codes : dict
        What 0 and 1 mean here, where it is more than "done" and "not done".
    json : bool
        Whether `--json` makes it speak to scripts.
    """

    name: str
    help: str | Promise
    run: Callable[[Options], int]
    arguments: Callable[[ArgumentParser], None] = lambda parser: None
    codes: dict[int, str | Promise] = field(default_factory=dict)
    json: bool = True
