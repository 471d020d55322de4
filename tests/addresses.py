"""Every address of the site, from its own resolver: a new page is among them unasked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver

Rows = Mapping[type[Model], Sequence[Any]]
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
# What a parameter of the API stands for.
API_PARAMETERS = {"recording_id": "practicerecording", "exercise_id": "exercise", "job_id": "analysisjob"}
# The index of an app, and what no page is behind.
BY_HAND = ("^(?P<app_label>", "(?P<url>.*)$", "r/<path:content_type_id>")


def every_address(rows: Rows) -> list[str]:
    """Each pattern of the site, once for each of the rows that it can show."""
    found = [address for route in _routes(get_resolver()) for address in _filled(route, rows)]
    labels = {model._meta.app_label for model in admin.site._registry}
    found += [f"/admin/{label}/" for label in sorted(labels)]
    return sorted(set(found + list(_autocompletes())))


def _routes(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            if not any(part in route for part in BY_HAND):
                yield route
        else:
            yield from _routes(pattern, route)


def _filled(route: str, rows: Rows) -> Iterator[str]:
    parameters = PARAMETER.findall(route)
    if not parameters:
        yield route
        return
    assert len(parameters) == 1, f"{route}: tell tests/addresses.py what its parameters stand for"
    for key in rows[_model(route, parameters[0], rows)]:
        yield PARAMETER.sub(str(key), route)


def _model(route: str, parameter: str, rows: Rows) -> type[Model]:
    name = API_PARAMETERS.get(parameter) or "/".join(route.split("/")[2:4])
    for model in rows:
        if name in (model._meta.model_name, f"{model._meta.app_label}/{model._meta.model_name}"):
            return model
    raise AssertionError(f"{route}: give tests/addresses.py a row of it")


def _autocompletes() -> Iterator[str]:
    """What each foreign key and each many-to-many field would offer to who asks for it."""
    for model in admin.site._registry:
        for field in model._meta.get_fields():
            if field.is_relation and not field.auto_created and field.related_model in admin.site._registry:
                label, name = model._meta.app_label, model._meta.model_name
                yield f"/admin/autocomplete/?app_label={label}&model_name={name}&field_name={field.name}"
