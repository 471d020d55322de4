"""What machines ask of the site: is it alive, is it ready, and what are the figures?"""

from __future__ import annotations

import secrets
import threading
import time

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import exposition

from tasks_admin import health, metrics

# Whoever asks more often, and anybody may, is told what was found last.
KEPT_SECONDS = 2.0

_kept: tuple[float, list[health.Finding]] = (float("-inf"), [])
_one_at_a_time = threading.Lock()


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers, whatever else is away."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 where everything that a request may need is there, else 503, with the names of what is not.

    ``?exclude=broker&exclude=result_backend`` leaves some out: without Redis the site works and jobs wait.
    """
    left_out = set(request.GET.getlist("exclude"))
    wrong = [finding.name for finding in _findings() if not finding.ok and finding.name not in left_out]
    return JsonResponse({"ready": not wrong, "failing": wrong}, status=503 if wrong else 200)


@never_cache
@require_safe
def prometheus(request: HttpRequest) -> HttpResponse:
    """The figures, for who has the token. Without one in the settings there is no such page."""
    token: str = settings.TASKS_ADMIN.get("METRICS_TOKEN", "")
    if not token:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not secrets.compare_digest(given.encode(), f"Bearer {token}".encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    encode, content_type = exposition.choose_encoder(request.headers.get("Accept", ""))
    return HttpResponse(encode(metrics.registry()), content_type=content_type)


def _findings() -> list[health.Finding]:
    global _kept  # noqa: PLW0603 - for all of the process's requests
    with _one_at_a_time:
        if time.monotonic() - _kept[0] > KEPT_SECONDS:
            _kept = (time.monotonic(), health.examine(health.READY))
        return _kept[1]
