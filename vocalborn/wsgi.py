"""The WSGI application. Progress streams need ASGI; everything else works here too."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocalborn.settings")
application = get_wsgi_application()
