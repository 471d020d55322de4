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
    """The parameters that were asked for; unknown ones are refused.

    What was not asked for is not written down: a job that waits while a new version is installed runs with it,
    and its result tells which version that was.

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
    version = given.get("model_version")
    if version and version != MODEL_VERSION:
        raise InvalidParameters(
            _("Model version %(asked)s is not available: the current one is %(current)s.")
            % {"asked": version, "current": MODEL_VERSION}
        )
    return {"model_version": version} if version else {}


def key(params: Mapping[str, Any]) -> str:
    """The same for the same work, whatever the order, and whether what is in force was asked for or not."""
    in_force = {"model_version": MODEL_VERSION} | dict(params)
    return hashlib.sha256(json.dumps(in_force, sort_keys=True).encode()).hexdigest()[:32]
