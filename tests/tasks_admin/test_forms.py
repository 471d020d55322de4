"""What the forms of schedules and alert rules refuse, and that they say what to do."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.forms import modelform_factory
from django.test import RequestFactory
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule

from tasks_admin.models import AlertRule

pytestmark = pytest.mark.django_db

CRONTAB = {
    "minute": "1", "hour": "2", "day_of_month": "*", "month_of_year": "*", "day_of_week": "*",
    "timezone": "Asia/Taipei",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _pages() -> None:
    reverse("admin:index")  # by which the admin's pages are loaded


def errors(model: Any, data: dict[str, str]) -> dict[str, list[str]]:
    form = admin.site._registry[model].get_form(RequestFactory().get("/"), None, change=True)(data)
    return {name: [str(each) for each in found] for name, found in form.errors.items()}


@pytest.mark.parametrize(
    ("name", "value", "numbers"),
    [
        ("minute", "61", "0 to 59"), ("minute", "soon", "0 to 59"), ("hour", "*/0", "0 to 23"),
        ("hour", "5-", "0 to 23"), ("day_of_month", "0", "1 to 31"), ("month_of_year", "13", "1 to 12"),
        ("day_of_week", "8", "0 to 6"), ("minute", "1;2", "0 to 59"),
    ],
)  # fmt: skip
def test_a_crontab_that_cannot_be_read(name: str, value: str, numbers: str) -> None:
    found = errors(CrontabSchedule, CRONTAB | {name: value})
    assert found.keys() == {name}
    (said,) = found[name]
    assert said.startswith(f"Write numbers from {numbers}")


@pytest.mark.parametrize("change", [{}, {"minute": "*/15", "hour": "8-18", "day_of_week": "mon-fri"}])
def test_a_crontab_that_can_be_read(change: dict[str, str]) -> None:
    assert errors(CrontabSchedule, CRONTAB | change) == {}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"threshold": "-1"}, "greater than or equal to 0"),
        ({"threshold": "nan"}, "Enter a number"),
        ({"threshold": "inf"}, "Enter a number"),
        ({"threshold": "many"}, "Enter a number"),
        ({"hold_seconds": "-5"}, "greater than or equal to 0"),
        ({"hold_seconds": "1.5"}, "whole number"),
        ({"hold_seconds": "99999999999999"}, "less than or equal to 604800"),  # no timedelta holds that
        ({"severity": "loud"}, "valid choice"),
    ],
    ids=str,
)
def test_a_rule_that_makes_no_sense(change: dict[str, str], said: str) -> None:
    ((name, (message,)),) = errors(
        AlertRule, {"severity": "warning", "threshold": "1", "hold_seconds": "5", **change}
    ).items()
    assert name in change
    assert said in message


@pytest.mark.parametrize(
    ("every", "said"), [("0", "or equal to 1"), ("-1", "or equal to 1"), ("1.5", "whole number")]
)
def test_an_interval_that_is_none(every: str, said: str) -> None:
    form = modelform_factory(IntervalSchedule, fields=["every", "period"])({"every": every, "period": "days"})
    assert said in form.errors["every"][0]
