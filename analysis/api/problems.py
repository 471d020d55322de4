"""Errors as problem details (RFC 9457): a code for programs that never changes, a sentence for people.

A client tells the errors apart by ``code``. The codes are the keys of `PROBLEMS`, and ``recording_<code>`` of
`analysis.wording.UNUSABLE_TEXTS` for an upload that is refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from analysis.wording import UNUSABLE_TEXTS, sentence

MEDIA_TYPE = "application/problem+json"

PROBLEMS: dict[str, tuple[HTTPStatus, str | Promise]] = {
    "bad_request": (HTTPStatus.BAD_REQUEST, _("The request cannot be read.")),
    "upload_cut_off": (
        HTTPStatus.BAD_REQUEST,
        _("The upload ended before the file did. Please send it again."),
    ),
    "unauthenticated": (HTTPStatus.UNAUTHORIZED, _("Please log in, or send a valid access token.")),
    "forbidden": (HTTPStatus.FORBIDDEN, _("Your account may not do this.")),
    "csrf_failed": (
        HTTPStatus.FORBIDDEN,
        _(
            "The request does not prove that it comes from this site: the X-CSRFToken header is missing or old."
        ),
    ),
    "key_used_otherwise": (
        HTTPStatus.CONFLICT,
        _("Something else was sent under this Idempotency-Key. Please make a new key for each upload."),
    ),
    "not_found": (HTTPStatus.NOT_FOUND, _("There is nothing here that you may see.")),
    "method_not_allowed": (HTTPStatus.METHOD_NOT_ALLOWED, _("This address does not take that method.")),
    "stream_needs_asgi": (
        HTTPStatus.NOT_ACCEPTABLE,
        _("This server cannot stream. Please ask for the state of the job every second or so."),
    ),
    "not_ready": (HTTPStatus.CONFLICT, _("The analysis has not ended yet.")),
    "failed": (HTTPStatus.CONFLICT, _("The analysis failed.")),
    "cancelled": (HTTPStatus.CONFLICT, _("The analysis was cancelled.")),
    "already_ended": (HTTPStatus.CONFLICT, _("The analysis has already ended: there is nothing to cancel.")),
    "nothing_to_retry": (HTTPStatus.CONFLICT, _("The analysis succeeded: there is nothing to retry.")),
    "range_not_satisfiable": (
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        _("The file is shorter than the range that was asked for."),
    ),
    "invalid_parameters": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _("The analysis does not know these parameters."),
    ),
    "validation_failed": (
        HTTPStatus.UNPROCESSABLE_ENTITY,
        _("Some of what was sent is missing or not valid."),
    ),
    "recording_too_large": (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, UNUSABLE_TEXTS["recording_too_large"]),
}
CODES = frozenset(PROBLEMS) | {code for code in UNUSABLE_TEXTS if code.startswith("recording_")}


class Problem(Exception):
    """Ends a request with problem details.

    Parameters
    ----------
    code : str
        One of `CODES`.
    detail : str, optional
        What is to be said of this case; the code's own sentence where there is nothing more.
    errors : sequence of mapping
        The fields that are at fault: ``field``, ``code``, ``message``.
    headers : mapping, optional
        Headers that belong to the answer.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        if code not in CODES:
            raise ValueError(f"unknown code {code!r}")
        super().__init__(code)
        self.code, self.detail = code, detail
        self.errors = [dict(error) for error in errors]
        self.headers = dict(headers or {})

    @property
    def body(self) -> dict[str, Any]:
        """The document, in the language in force."""
        status, text = kind(self.code)
        return {
            "type": f"urn:vocalborn:problem:{self.code}",
            "title": text,
            "status": int(status),
            "detail": self.detail or text,
            "code": self.code,
            "errors": self.errors,
        }

    def response(self) -> HttpResponse:
        """The answer."""
        body = self.body
        content = json.dumps(body, ensure_ascii=False)
        return HttpResponse(content, status=body["status"], content_type=MEDIA_TYPE, headers=self.headers)


def kind(code: str) -> tuple[HTTPStatus, str]:
    """A code's status, and its sentence in the language in force."""
    if code in PROBLEMS:
        status, text = PROBLEMS[code]
        return status, str(text)
    return HTTPStatus.UNPROCESSABLE_ENTITY, sentence(UNUSABLE_TEXTS, code)
