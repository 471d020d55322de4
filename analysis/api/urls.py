"""The API's addresses; every other one below them answers with problem details too."""

from __future__ import annotations

from django.urls import URLPattern, re_path

from analysis.api import api, handlers

patterns, app_name, namespace = api.urls
for _pattern in patterns:
    if isinstance(_pattern, URLPattern):
        _pattern.callback = handlers.with_problems(_pattern.callback)
urls = ([*patterns, re_path("", handlers.nothing)], app_name, namespace)
