"""Access tokens of the API: made here, shown once, revoked here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from analysis.admin.scope import OwnAdmin, user_of
from analysis.audit import record_action
from analysis.models import AccessToken


@admin.register(AccessToken)
class AccessTokenAdmin(OwnAdmin):
    """A person makes tokens for themselves only: nobody can speak in another one's name."""

    list_display = ["name", "prefix", "user", "validity", "created_at", "last_used_at", "expires_at"]
    list_select_related = ["user"]
    search_fields = ["name", "prefix"]
    fields = ["name", "expires_at"]
    actions = ["revoke"]

    def has_change_permission(self, request: HttpRequest, obj: AccessToken | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AccessToken | None = None) -> bool:
        return False  # a revoked one stays, to tell who could do what until when

    def save_model(self, request: HttpRequest, obj: AccessToken, form: ModelForm[Any], change: bool) -> None:
        made, secret = AccessToken.issue(user_of(request), obj.name, obj.expires_at)
        obj.pk, obj.user, obj.prefix = made.pk, made.user, made.prefix
        # Held for the answer to this request alone: it goes into no cookie, session or log.
        request.vb_secret = secret  # type: ignore[attr-defined]

    def response_add(
        self, request: HttpRequest, obj: AccessToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        context = self.admin_site.each_context(request) | {
            "title": _("The new access token"),
            "opts": self.opts,
            "token": obj,
            "secret": request.vb_secret,  # type: ignore[attr-defined]
        }
        response = TemplateResponse(request, "analysis/token_shown.html", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    @admin.action(description=gettext_lazy("Revoke the selected access tokens"), permissions=["add"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[AccessToken]) -> None:
        revoked = [token for token in queryset if token.revoke()]
        for token in revoked:
            record_action(user_of(request), token, "revoke")
        count = len(revoked)
        said = ngettext("%(count)d token is revoked.", "%(count)d tokens are revoked.", count)
        messages.success(request, said % {"count": count} if count else _("There is nothing to revoke."))

    @display(
        description=gettext_lazy("state"),
        label={"valid": "success", "revoked": "danger", "expired": "warning"},
    )
    def validity(self, token: AccessToken) -> tuple[str, str]:
        if token.is_valid:
            return "valid", _("valid")
        return ("revoked", _("revoked")) if token.revoked_at else ("expired", _("expired"))
