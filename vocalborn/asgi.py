"""The ASGI application, for uvicorn."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocalborn.settings")
_django = get_asgi_application()

from vocalborn.access_log import AccessLog  # noqa: E402 - asks for settings

application = AccessLog(_django)
