"""When a schedule is due, in words."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import translation
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask

from tasks_admin.crontab_words import crontab_in_words, in_words


def crontab(text: str, zone: str = "Asia/Taipei") -> CrontabSchedule:
    minute, hour, day, month, week = text.split()
    return CrontabSchedule(
        minute=minute, hour=hour, day_of_month=day, month_of_year=month, day_of_week=week, timezone=zone
    )


@pytest.mark.parametrize(
    ("text", "chinese"),
    [
        ("* * * * *", "每分鐘"),
        ("*/5 * * * *", "每 5 分鐘"),
        ("0 * * * *", "每小時的第 0 分"),
        ("0,30 * * * *", "每小時的第 0、30 分"),
        ("15 */2 * * *", "每 2 小時的第 15 分"),
        ("30 3 * * *", "每天 03:30"),
        ("0 8,20 * * *", "每天 08:00、20:00"),
        ("5 4 * * 0", "每週日 04:05"),
        ("5 4 * * 7", "每週日 04:05"),
        ("0 9 * * 1-5", "每週一、二、三、四、五 09:00"),
        ("*/10 * * * 1,3", "每週一、三，每 10 分鐘"),
        ("0 6 1 * *", "每月 1 日 06:00"),
        ("0 6 1,15 * *", "每月 1、15 日 06:00"),
        ("0 6 1 1 *", "每年 1 月 1 日 06:00"),
        ("0 6 * 7 *", "每年 7 月每天 06:00"),
        ("0 0 29 2 *", "每年 2 月 29 日 00:00"),
        # Not among the usual: as it stands, and not half of it in words.
        ("0 6 1 * 1", "0 6 1 * 1"),
        ("*/7 3 * * *", "*/7 3 * * *"),
        ("0-30/10 * * * *", "0-30/10 * * * *"),
        ("0 9 * * mon-fri", "0 9 * * mon-fri"),
        ("* 3 * * *", "* 3 * * *"),
    ],
)
def test_a_crontab_in_chinese(text: str, chinese: str) -> None:
    with translation.override("zh-hant"):
        assert crontab_in_words(crontab(text)) == chinese


def test_a_crontab_in_english_is_beats() -> None:
    assert crontab_in_words(crontab("30 3 * * *")) == "At 03:30 AM"
    assert crontab_in_words(crontab("*/5 * * * *")) == "Every 5 minutes"


@pytest.mark.parametrize(("language", "said"), [("en", "At 03:30 AM (UTC)"), ("zh-hant", "每天 03:30 (UTC)")])
def test_another_zone_is_named(language: str, said: str) -> None:
    with translation.override(language):
        assert crontab_in_words(crontab("30 3 * * *", "UTC")) == said


@pytest.mark.parametrize(("language", "said"), [("en", "every 5 minutes"), ("zh-hant", "每 5 分鐘")])
def test_an_interval(db: Any, language: str, said: str) -> None:
    row = PeriodicTask(interval=IntervalSchedule.objects.create(every=5, period="minutes"))
    with translation.override(language):
        assert in_words(row).replace("5", " 5 ").split() == said.replace("5", " 5 ").split()


def test_one_moment_and_none_at_all(db: Any) -> None:
    moment = ClockedSchedule.objects.create(clocked_time=datetime(2026, 11, 24, 16, 30, tzinfo=UTC))
    with translation.override("zh-hant"):
        assert in_words(PeriodicTask(clocked=moment)) == "2026年11月25日 00:30"
        assert in_words(PeriodicTask()) == ""
