"""An authenticator app beside the password: the login's second question, setting it up, and recovery codes.

The password alone never makes a session where the account has a device: the login asks both at once.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, cast

import qrcode
import qrcode.image.svg
from auditlog.models import LogEntry
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login, user_has_device
from django_otp.forms import OTPAuthenticationFormMixin
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.forms import AuthenticationForm
from unfold.widgets import UnfoldAdminTextInputWidget

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

RECOVERY_CODES = 10
DIGITS = 6


def is_required(user: User | AnonymousUser) -> bool:
    """Whether the account must have a second factor, by SECOND_FACTOR_GROUPS."""
    wanted = settings.SECOND_FACTOR_GROUPS
    return "*" in wanted or (bool(wanted) and user.groups.filter(name__in=wanted).exists())


def _token_field(**options: Any) -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "inputmode": "text", "spellcheck": "false"}
    return forms.CharField(
        label=gettext_lazy("Code"), max_length=20, widget=UnfoldAdminTextInputWidget(attributes), **options
    )


class LoginForm(OTPAuthenticationFormMixin, AuthenticationForm):
    """Asks for a code where the account has a second factor; else it is the admin's own form."""

    otp_token = _token_field(required=False)
    otp_error_messages = OTPAuthenticationFormMixin.otp_error_messages | {
        "token_required": gettext_lazy(
            "Enter the code that your authenticator app shows, or a recovery code."
        ),
        "invalid_token": gettext_lazy("This code is not right, or was used before. Wait for the next one."),
    }
    asks_for_code = False

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean()
        user = self.get_user()
        if user is not None and user_has_device(user):
            self.clean_otp(user)
        return cleaned

    def _chosen_device(self, user: User) -> TOTPDevice | StaticDevice | None:
        """By the look of the code: trying each device would count as a failure against the others."""
        return device_for(user, self.cleaned_data.get("otp_token", ""))

    def _update_form(self, _user: User) -> None:
        self.asks_for_code = True
        self.fields["password"].widget.render_value = True  # the page is never kept in a cache


def device_for(user: User, token: str) -> TOTPDevice | StaticDevice | None:
    """The device that such a code belongs to; locked, so that one code opens one session."""
    model = TOTPDevice if len(token.strip()) == DIGITS else StaticDevice
    return cast(
        "TOTPDevice | StaticDevice | None",
        model.objects.devices_for_user(user, confirmed=True).select_for_update().first(),
    )


class CodeForm(forms.Form):
    """A code, checked against one device of one person."""

    token = _token_field()

    def __init__(self, device: TOTPDevice | None, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.device = device

    def clean_token(self) -> str:
        token = str(self.cleaned_data["token"]).strip()
        with transaction.atomic():  # a failure is counted, so nothing may be rolled back
            good = self.device is not None and self.device.verify_token(token)
        if not good:
            raise forms.ValidationError(LoginForm.otp_error_messages["invalid_token"])
        return token


@sensitive_post_parameters("token")
@never_cache
def second_factor(request: HttpRequest) -> HttpResponse:
    """Set the second factor up, or look after it. Mounted behind the admin's own check of who is there."""
    user = cast("User", request.user)
    device = TOTPDevice.objects.devices_for_user(user, confirmed=True).first()
    if device is None:
        return _enrol(request, user)
    return _look_after(request, user, device)


def _enrol(request: HttpRequest, user: User) -> HttpResponse:
    device, _made = TOTPDevice.objects.get_or_create(
        user=user, confirmed=False, defaults={"name": user.get_username()}
    )
    form = CodeForm(device, request.POST or None)
    if request.method == "POST" and form.is_valid():
        device.confirmed = True
        device.save()
        login(request, device)
        _note(user, user, "second factor set up")
        return _page(request, codes=_new_codes(user))
    return _page(request, form=form, picture=picture(device.config_url), key=_readable(device.bin_key))


def _look_after(request: HttpRequest, user: User, device: TOTPDevice) -> HttpResponse:
    form = CodeForm(device, request.POST or None)
    if request.method == "POST" and form.is_valid():
        if "remove" in request.POST:
            forget(user, by=user)
            messages.success(request, _("The second factor is removed."))
            return redirect("second_factor")
        _note(user, user, "recovery codes made")
        return _page(request, codes=_new_codes(user))
    left = StaticToken.objects.filter(device__user=user).count()
    return _page(request, form=form, is_set=True, left=left, is_required=is_required(user))


def forget(user: User, *, by: User) -> None:
    """Take the second factor and its recovery codes away."""
    for model in (TOTPDevice, StaticDevice):
        model.objects.filter(user=user).delete()
    _note(by, user, "second factor removed")


def _new_codes(user: User) -> list[str]:
    """Recovery codes in place of the earlier ones. They are shown this once."""
    with transaction.atomic():
        device, _made = StaticDevice.objects.get_or_create(user=user, defaults={"name": "recovery"})
        device.token_set.all().delete()
        codes = [StaticToken.random_token() for _each in range(RECOVERY_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=device, token=code) for code in codes)
    return codes


def picture(address: str) -> SafeString:
    """The address as a QR code, an SVG within the page: the key goes to nobody else."""
    image = qrcode.make(address, image_factory=qrcode.image.svg.SvgPathImage, box_size=8)
    drawn = BytesIO()
    image.save(drawn)
    return SafeString(drawn.getvalue().decode().partition("?>")[2])


def _readable(key: bytes) -> str:
    """The key for somebody who types it, in groups of four."""
    from base64 import b32encode

    text = b32encode(key).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def _note(by: User, user: User, what: str) -> None:
    LogEntry.objects.log_create(
        user, action=LogEntry.Action.UPDATE, actor=by, force_log=True, additional_data={"access": what}
    )


def _page(request: HttpRequest, **found: Any) -> HttpResponse:
    context = admin.site.each_context(request) | {"title": _("Second factor")} | found
    response = TemplateResponse(request, "admin/second_factor.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response
