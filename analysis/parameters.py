"""What may be asked of an analysis beside its recording."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from analysis.acoustics import MODEL_VERSION

KNOWN = ("model_version",)


class InvalidParameters(ValueError):
    """The parameters name something that the analysis doesn't have; the message says what there is."""


def validated(params: Mapping[str, Any] | None) -> dict[str, Any]:
    """The parameters in full: unknown ones are refused, absent ones take the value in force.

    Raises
    ------
    InvalidParameters
        For another type, an unknown name, or a ``model_version`` that is not the current one.
    """
    if params is not None and not isinstance(params, Mapping):
        raise InvalidParameters(_("The parameters must be an object of names and values."))
    given = dict(params or {})
    unknown = sorted(str(name) for name in given if name not in KNOWN)
    if unknown:
        raise InvalidParameters(
            _("Unknown parameters: %(unknown)s. Known: %(known)s.")
            % {"unknown": ", ".join(unknown), "known": ", ".join(KNOWN)}
        )
    version = given.get("model_version") or MODEL_VERSION
    if version != MODEL_VERSION:
        raise InvalidParameters(
            _("Model version %(asked)s is not available: the current one is %(current)s.")
            % {"asked": version, "current": MODEL_VERSION}
        )
    return {"model_version": MODEL_VERSION}


def key(params: Mapping[str, Any]) -> str:
    """The same for the same parameters, whatever their order: what makes two jobs one piece of work."""
    return hashlib.sha256(json.dumps(params, sort_keys=True).encode()).hexdigest()[:32]
