"""When a schedule is due, in words of the reader's language.

English is cron_descriptor's, by django-celery-beat. It has no Traditional Chinese, so the usual crontabs are put into
words here; any other keeps its bare expression.
"""

from __future__ import annotations

import re

from django.utils import formats, timezone, translation
from django_celery_beat.models import CrontabSchedule, PeriodicTask

_DAYS = "日一二三四五六日"
_ANY = "*"


def in_words(row: PeriodicTask) -> str:
    """When the row's schedule is due; empty where it has none."""
    if row.crontab_id:
        return crontab_in_words(row.crontab)
    if row.clocked_id:
        local = timezone.localtime(row.clocked.clocked_time)
        return f"{formats.date_format(local)} {local:%H:%M}"
    return str(row.scheduler or "")


def crontab_in_words(crontab: CrontabSchedule) -> str:
    """The crontab in the language in force, with its zone where that is not the installation's."""
    zone = str(crontab.timezone)
    foreign = zone != str(timezone.get_default_timezone())
    if (translation.get_language() or "").startswith("zh"):
        said = chinese(crontab) or _bare(crontab)
    else:
        said = str(crontab.human_readable).removesuffix(f" {zone}")
    return f"{said} ({zone})" if foreign else said


def _bare(crontab: CrontabSchedule) -> str:
    return " ".join(
        (crontab.minute, crontab.hour, crontab.day_of_month, crontab.month_of_year, crontab.day_of_week)
    )


def chinese(crontab: CrontabSchedule) -> str | None:
    """The usual crontabs in Traditional Chinese, or None for one that is not among them.

    Every n minutes or hours, hourly, daily, on days of the week or the month, in months; at one time or several.
    """
    days = _days(crontab)
    times = _times(crontab.minute, crontab.hour)
    if days is None or times is None:
        return None
    if times.startswith("每"):
        return times if days == "每天" else f"{days}，{times}"
    return f"{days} {times}"


def _times(minute: str, hour: str) -> str | None:
    if step := _step(minute):
        return f"每 {step} 分鐘" if hour == _ANY else None
    if minute == _ANY:
        return "每分鐘" if hour == _ANY else None
    minutes = _numbers(minute)
    if minutes is None:
        return None
    return _hours(minutes, hour)


def _hours(minutes: list[int], hour: str) -> str | None:
    at = "、".join(str(each) for each in minutes)
    if hour == _ANY:
        return f"每小時的第 {at} 分"
    if step := _step(hour):
        return f"每 {step} 小時的第 {at} 分"
    hours = _numbers(hour)
    if hours is None:
        return None
    return "、".join(f"{each:02}:{minute:02}" for each in hours for minute in minutes)


def _days(crontab: CrontabSchedule) -> str | None:
    month = _months(crontab.month_of_year)
    if month is None:
        return None
    if crontab.day_of_month == _ANY and crontab.day_of_week == _ANY:
        return f"{month}每天"
    if crontab.day_of_month == _ANY:
        week = _numbers(crontab.day_of_week)
        return f"{month}每週{'、'.join(_DAYS[day] for day in week)}" if week else None
    dates = _numbers(crontab.day_of_month)
    if dates is None or crontab.day_of_week != _ANY:
        return None
    return f"{month or '每月'} {'、'.join(map(str, dates))} 日"


def _months(text: str) -> str | None:
    if text == _ANY:
        return ""
    months = _numbers(text)
    return f"每年 {'、'.join(map(str, months))} 月" if months else None


def _step(text: str) -> int | None:
    found = re.fullmatch(r"\*/(\d+)", text)
    return int(found[1]) if found else None


def _numbers(text: str) -> list[int] | None:
    """A number or several, or a range; None for anything else."""
    numbers: list[int] = []
    for part in text.replace(" ", "").split(","):
        found = re.fullmatch(r"(\d+)(?:-(\d+))?", part)
        if not found:
            return None
        numbers += range(int(found[1]), int(found[2] or found[1]) + 1)
    return numbers
