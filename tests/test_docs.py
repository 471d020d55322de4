"""The documents name every setting and command."""

from __future__ import annotations

import re

import pytest

from tasks_admin.commands import ACTIONS
from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
SETTINGS = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "vocalborn" / "settings.py").read_text()))


def test_settings_are_found() -> None:
    assert {"DEBUG", "REDIS_URL", "CELERY_LOG_LEVEL", "TASK_HISTORY_DAYS"} <= SETTINGS


@pytest.mark.parametrize("name", sorted(SETTINGS))
def test_a_setting_is_explained(name: str) -> None:
    assert re.search(rf"^{name}=", EXAMPLE, re.MULTILINE), f"{name} is not in .env.example"
    assert f"| `{name}` |" in README, f"{name} is not in README.md"


def test_no_setting_is_explained_that_is_not_there() -> None:
    assert set(re.findall(r"^([A-Z_]+)=", EXAMPLE, re.MULTILINE)) == SETTINGS


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_a_sub_command_of_tasks_is_listed(action: str) -> None:
    assert f"`manage.py tasks {action}`" in README


def test_commands_and_make_targets_are_listed() -> None:
    for app in ("analysis", "tasks_admin"):
        for command in (ROOT / app / "management" / "commands").glob("[a-z]*.py"):
            assert f"manage.py {command.stem}" in README
    for target in re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE):
        assert f"make {target}" in README, f"make {target} is not in README.md"


def test_no_file_names_a_package_registry() -> None:
    hosts = re.compile("|".join(["pypi" + r"\.org", "python" + r"hosted\.org", "npm" + r"js\.(org|com)"]))
    for path in (ROOT / "requirements.txt", ROOT / "requirements-dev.txt", ROOT / "Makefile"):
        assert not hosts.search(path.read_text()), path
