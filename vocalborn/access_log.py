"""One line a request, when its answer is through: by this and not by the server, whose own line has the query."""

from __future__ import annotations

import logging
import time
from typing import Any
from urllib.parse import quote

from tasks_admin import trail

LONGEST_PATH = 500
HEADER = trail.HEADER.lower().encode()

log = logging.getLogger("vocalborn.access")


class AccessLog:
    """Around an ASGI application. A stream counts until it ends; without a ``status`` the client left before it."""

    def __init__(self, application: Any) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        began, answer = time.monotonic(), dict[str, Any]()

        async def sent(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answer.update(message)
            await send(message)

        try:
            await self.application(scope, receive, sent)
        finally:
            _tell(scope, answer, time.monotonic() - began)


def _tell(scope: dict[str, Any], answer: dict[str, Any], seconds: float) -> None:
    # Quoted: as it came from outside, it could end the line and begin another.
    method, path, status = scope["method"], quote(scope["path"])[:LONGEST_PATH], answer.get("status")
    # Set here: what was known while Django answered was known in tasks of its own.
    ids = [value.decode() for name, value in answer.get("headers", ()) if name.lower() == HEADER]
    trail.add(request_id=ids[0] if ids else None)
    known = {"method": method, "path": path, "status": status, "seconds": round(seconds, 4)}
    log.info("%s %s %s %.3f s", method, path, status or "-", seconds, extra=known)
