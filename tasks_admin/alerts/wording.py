"""An alert's sentences, from its code and figures, in the language in force."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext as _

from tasks_admin.alerts.registry import CONDITIONS, admin_index
from tasks_admin.models import Alert


def title_of(code: str) -> str:
    """A few words. The code itself for one that no app defines any more."""
    known = CONDITIONS.get(code)
    return str(known.title) if known else code


def message_of(alert: Alert) -> str:
    """What is wrong, or that it no longer is."""
    known = CONDITIONS.get(alert.code)
    if known is None:
        return alert.code
    text = str(known.resolved if alert.resolved_at else known.text)
    figures = alert.details() | {"value": _plain(alert.value), "threshold": _plain(alert.threshold)}
    try:
        return text % figures
    except (KeyError, TypeError, ValueError):  # a row edited by hand: the sentence without its figures
        return text


def heading_of(alert: Alert) -> str:
    """One line for a mail's subject."""
    state = _("resolved") if alert.resolved_at else str(alert.get_severity_display())
    about = f" ({alert.subject})" if alert.subject else ""
    return f"{state}: {title_of(alert.code)}{about}"


def path_of(alert: Alert) -> str:
    """Where one would look, in the admin."""
    known = CONDITIONS.get(alert.code)
    return known.link(alert.subject) if known else admin_index()


def url_of(alert: Alert) -> str:
    """The same with the site's address, where the project gives one."""
    return str(settings.TASKS_ADMIN.get("SITE_URL", "")).rstrip("/") + path_of(alert)


def _plain(value: float) -> str:
    return f"{value:.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
