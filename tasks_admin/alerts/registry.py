"""What can be watched."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise

from tasks_admin.models import Severity

if TYPE_CHECKING:
    from tasks_admin.alerts.sight import Sight

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Finding:
    """What was measured of one subject: raised where the value lies above the rule's threshold."""

    value: float
    subject: str = ""
    figures: dict[str, Any] = field(default_factory=dict)


Measure = Callable[["Sight"], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Condition:
    """One alert.

    Attributes
    ----------
    code : str
        Its name in the tables.
    measure : callable
        Gives a :class:`Finding` for each subject. What it raises of ``REDIS_AWAY`` means that nobody can tell now:
        nothing is opened by it, and nothing resolved.
    title, text, resolved : str
        For people; they may name ``%(subject)s``, ``%(value)s``, ``%(threshold)s`` and the finding's figures.
    link : callable
        From the subject to the path of the page in the admin where one would look.
    severity, threshold, hold
        Of the rule that an installation starts with; ``hold`` in seconds.
    """

    code: str
    measure: Measure
    title: Text
    text: Text
    resolved: Text
    link: Callable[[str], str]
    threshold: float = 0
    hold: int = 0
    severity: Severity = Severity.WARNING


CONDITIONS: dict[str, Condition] = {}


def condition(code: str, **about: Any) -> Callable[[Measure], Measure]:
    """Register the decorated function as what measures ``code``; ``about`` as in :class:`Condition`.

    Raises
    ------
    ValueError
        For a code that is taken.
    """

    def register(measure: Measure) -> Measure:
        if code in CONDITIONS:
            raise ValueError(f"there is an alert {code} already")
        CONDITIONS[code] = Condition(code, measure, **about)
        return measure

    return register


def changelist(model: str, /, **filters: str) -> str:
    """The path of a model's filtered list in the admin; the admin's own where it has none."""
    return page(f"admin:{model.lower().replace('.', '_')}_changelist", **filters)


def page(name: str, /, **filters: str) -> str:
    """The path of a page by its name; the admin's own where the project has no such page."""
    try:
        path = reverse(name)
    except NoReverseMatch:
        return admin_index()
    return f"{path}?{urlencode(filters)}" if filters else path


def admin_index() -> str:
    """The path of the admin; empty for a project without one."""
    try:
        return reverse("admin:index")
    except NoReverseMatch:
        return ""
