"""The HTTP API at /api/v1/: what a client application needs, for whoever may see the recording."""

from __future__ import annotations

from django.contrib.admin.views.decorators import staff_member_required
from ninja import NinjaAPI, Swagger
from ninja.openapi.docs import ABS_TPL_PATH

from analysis.api import handlers, jobs, people, recordings
from analysis.api.auth import Bearer, Session


class LocalSwagger(Swagger):
    """The page with its scripts from here: ninja is no installed app (see settings), so it would ask a CDN."""

    template_cdn = str(ABS_TPL_PATH / "swagger.html")


api = NinjaAPI(
    title="VocalBorn",
    version="1",
    description=(
        "Upload a practice recording, have it analysed, follow the progress, read the result. Errors are problem "
        "details (application/problem+json): tell them apart by `code`. What is not yours to see is 404."
    ),
    urls_namespace="api-v1",
    auth=[Bearer(), Session()],
    # Without the validator's address the page asks nobody outside.
    docs=LocalSwagger(settings={"persistAuthorization": False, "validatorUrl": None}),
    docs_decorator=staff_member_required,
)
handlers.install(api)
for _module in (people, recordings, jobs):
    api.add_router("", _module.router)
