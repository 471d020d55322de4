"""`--help` in both languages, and lines that fit the terminal."""

from __future__ import annotations

import argparse

import pytest
from django.core.management import CommandError
from django.utils import translation
from rich.cells import cell_len

from tasks_admin.commands import ACTIONS
from tasks_admin.commands.parser import broken, names, positive, seconds
from tasks_admin.management.commands.tasks import Command


def help_of(action: str, language: str) -> str:
    with translation.override(language):
        parser = Command().create_parser("manage.py", "tasks")
        rooms = next(each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
        found: str = rooms.choices[action].format_help()
    return found


@pytest.mark.parametrize("action", ACTIONS)
def test_help_is_in_one_language(action: str) -> None:
    chinese, english = help_of(action, "zh-hant"), help_of(action, "en")
    assert english.isascii()
    for word in ("usage:", "options", "exit codes", "show this help"):
        assert word in english
        assert word not in chinese
    for code in "0123":
        assert f"\n  {code}  " in chinese


def test_what_argparse_refuses_is_said_in_the_language_too() -> None:
    with translation.override("zh-hant"), pytest.raises(CommandError) as refused:
        Command().create_parser("manage.py", "tasks").parse_args(["worker", "--pool", "rubber"])
    assert "rubber" in str(refused.value)
    assert "invalid choice" not in str(refused.value)


def test_lines_break_by_columns() -> None:
    text = "顯示佇列、worker 與工作；無法運作時以代碼 1 結束，並說明是哪一個沒有回應。"
    lines = broken(text, 20)
    assert len(lines) > 2
    assert all(cell_len(line) <= 22 for line in lines), "a closing mark may stand out"
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert not any(line[0] in "，。、；" for line in lines)
    assert broken("the cat sat on the mat", 10) == ["the cat", "sat on the", "mat"]
    assert broken("", 10) == []


def test_arguments() -> None:
    assert names("a, b,,") == ["a", "b"]
    assert positive("3") == 3
    assert seconds("0.5") == 0.5
    for text in ("0", "-1", "x", "²", "1.5"):
        with pytest.raises(argparse.ArgumentTypeError):
            positive(text)
    for text in ("0", "-1", "x", "nan", "inf"):
        with pytest.raises(argparse.ArgumentTypeError):
            seconds(text)
