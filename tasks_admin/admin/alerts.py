"""Alerts, their rules, and who silenced them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.core.validators import MaxValueValidator
from django.db.models import Field, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display

from tasks_admin.admin.readonly import ReadOnlyAdmin
from tasks_admin.alerts.registry import CONDITIONS
from tasks_admin.alerts.wording import path_of, title_of
from tasks_admin.models import Alert, AlertDelivery, AlertRule, Silence

# s: nobody is to wait longer than a week for an alert.
LONGEST_HOLD = 7 * 86_400
SEVERITY_COLOURS = {"warning": "warning", "critical": "danger"}


class StateFilter(admin.SimpleListFilter):
    """Those that were raised, unless asked for what has not lasted yet."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", _("open")), ("pending", _("not for long enough yet")), ("resolved", _("resolved"))]

    def queryset(self, request: HttpRequest, rows: QuerySet[Alert]) -> QuerySet[Alert]:
        match self.value():
            case "open":
                return rows.filter(opened_at__isnull=False, resolved_at=None)
            case "pending":
                return rows.filter(opened_at=None)
            case "resolved":
                return rows.filter(resolved_at__isnull=False)
        return rows.exclude(opened_at=None)


class Deliveries(TabularInline):
    """Who was told, and when."""

    model = AlertDelivery
    fields = readonly_fields = ["event", "channel", "attempts", "delivered_at", "next_at", "error"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """What is wrong: it is acknowledged or silenced here; it resolves itself."""

    list_display = [
        "severity_label",
        "message_text",
        "state_label",
        "since",
        "acknowledged_by",
        "resolved_at",
    ]
    list_display_links = ["message_text"]
    list_filter = [StateFilter, "severity", "code"]
    search_fields = ["code", "subject"]
    date_hierarchy = "since"
    list_select_related = ["acknowledged_by"]
    fields = [
        "message_text", "where", "state_label", "severity_label", "code", "subject", "value", "threshold", "since",
        "opened_at", "seen_at", "acknowledged_at", "acknowledged_by", "resolved_at",
    ]  # fmt: skip
    readonly_fields = ["message_text", "where", "state_label", "severity_label"]
    inlines = [Deliveries]
    actions = ["acknowledge", "silence_for_an_hour", "silence_for_eight_hours", "silence_for_a_day"]

    # Nobody edits a row; who may change alerts may act on them.
    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tasks_admin.change_alert")

    @display(description=gettext_lazy("message"))
    def message_text(self, alert: Alert) -> str:
        return alert.message

    @display(description=gettext_lazy("where to look"))
    def where(self, alert: Alert) -> str:
        return format_html('<a href="{}">{}</a>', path_of(alert), title_of(alert.code))

    @display(description=gettext_lazy("severity"), ordering="severity", label=SEVERITY_COLOURS)
    def severity_label(self, alert: Alert) -> tuple[str, str]:
        return alert.severity, alert.get_severity_display()

    @display(
        description=gettext_lazy("state"),
        label={"open": "danger", "acknowledged": "warning", "resolved": "success", "pending": "info"},
    )
    def state_label(self, alert: Alert) -> tuple[str, str]:
        if alert.resolved_at:
            return "resolved", _("resolved")
        if alert.opened_at is None:
            return "pending", _("not for long enough yet")
        return ("acknowledged", _("acknowledged")) if alert.acknowledged_at else ("open", _("open"))

    @admin.action(description=gettext_lazy("Acknowledge the selected alerts"), permissions=["act"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        done = 0
        for alert in queryset.filter(resolved_at=None, acknowledged_at=None):
            # One of two who do this at once.
            rows = Alert.objects.filter(pk=alert.pk, acknowledged_at=None)
            if rows.update(acknowledged_at=timezone.now(), acknowledged_by=request.user):
                self.log_change(request, alert, [{"changed": {"fields": ["acknowledged"]}}])
                done += 1
        messages.success(
            request, ngettext("%d alert is acknowledged.", "%d alerts are acknowledged.", done) % done
        )

    @admin.action(description=gettext_lazy("Silence for an hour"), permissions=["act"])
    def silence_for_an_hour(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        self._silence(request, queryset, 1)

    @admin.action(description=gettext_lazy("Silence for eight hours"), permissions=["act"])
    def silence_for_eight_hours(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        self._silence(request, queryset, 8)

    @admin.action(description=gettext_lazy("Silence for a day"), permissions=["act"])
    def silence_for_a_day(self, request: HttpRequest, queryset: QuerySet[Alert]) -> None:
        self._silence(request, queryset, 24)

    def _silence(self, request: HttpRequest, queryset: QuerySet[Alert], hours: int) -> None:
        until = timezone.now() + timedelta(hours=hours)
        for alert in queryset:
            Silence.objects.update_or_create(
                code=alert.code,
                subject=alert.subject,
                defaults={"until": until, "created_by_id": request.user.pk},
            )
            self.log_change(request, alert, f"silenced until {until.isoformat()}")
        count = len(queryset)
        messages.success(
            request,
            ngettext(
                "Nobody is told of %d alert until then.", "Nobody is told of %d alerts until then.", count
            )
            % count,
        )


@admin.register(AlertRule)
class AlertRuleAdmin(ModelAdmin):
    """Thresholds and hold times. What can be watched is given; a rule that nobody wants is switched off."""

    list_display = ["title", "enabled", "severity", "threshold", "hold_seconds"]
    fields = ["title", "enabled", "severity", "threshold", "hold_seconds"]
    readonly_fields = ["title"]
    list_filter = ["enabled", "severity"]

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field and db_field.name == "hold_seconds":
            field.validators.append(MaxValueValidator(LONGEST_HOLD))
        return field

    @display(description=AlertRule._meta.get_field("code").verbose_name, ordering="code")
    def title(self, rule: AlertRule) -> str:
        known = CONDITIONS.get(rule.code)
        return f"{title_of(rule.code)} ({rule.code})" if known else rule.code

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Silence)
class SilenceAdmin(ModelAdmin):
    """Made by an alert's action; deleted when people are to be told again."""

    list_display = ["code", "subject", "until", "created_by"]
    list_select_related = ["created_by"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
