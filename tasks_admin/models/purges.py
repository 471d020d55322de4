"""Who threw away what was waiting."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Purge(models.Model):
    """One queue was emptied: a queue has no row of its own that an audit log could point to.

    Written before the first message is taken away, and again when the last is gone.
    """

    queue = models.CharField(_("queue"), max_length=60)
    again = models.BooleanField(_("jobs queued again"), default=False)
    messages = models.PositiveIntegerField(_("messages"), default=0)
    jobs = models.PositiveIntegerField(_("jobs"), default=0)
    purged_at = models.DateTimeField(_("purged"), auto_now_add=True)
    purged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by")
    )

    class Meta:
        verbose_name = _("purge")
        verbose_name_plural = _("purges")
        ordering = ["-purged_at"]
        default_permissions = ()
        permissions = [("purge_queue", _("Can purge a queue"))]

    def __str__(self) -> str:
        return f"{self.queue} {self.purged_at:%Y-%m-%d %H:%M}"
