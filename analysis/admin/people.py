"""Accounts, groups and the audit log, as the rest of the admin looks."""

from __future__ import annotations

from typing import Any

import django_otp.plugins.otp_static.admin
import django_otp.plugins.otp_totp.admin  # noqa: F401 - they register what is taken back here
from auditlog.admin import LogEntryAdmin as BaseLogEntryAdmin
from auditlog.models import LogEntry
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from analysis.admin.scope import user_of
from vocalborn import second_factor

# A device's own page would show its key: a person sets their second factor up, an administrator only takes it away.
for _model in (User, Group, LogEntry, TOTPDevice, StaticDevice):
    admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(BaseUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    actions = ["forget_second_factor"]

    @admin.action(
        description=gettext_lazy("Remove the second factor of the selected accounts"), permissions=["change"]
    )
    def forget_second_factor(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for user in queryset:
            second_factor.forget(user, by=user_of(request))
        said = ngettext(
            "The second factor of %(count)d account is removed.",
            "The second factors of %(count)d accounts are removed.",
            len(queryset),
        )
        messages.success(request, said % {"count": len(queryset)})


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, ModelAdmin):
    pass


@admin.register(LogEntry)
class LogEntryAdmin(BaseLogEntryAdmin, ModelAdmin):
    pass
