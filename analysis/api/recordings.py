"""Recordings: listed, uploaded, played, analysed."""

# No postponed annotations here: the paginator's wrapper could not resolve them.

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from ninja import File, Form, Header, Query, Router, Schema, Status
from ninja.decorators import decorate_view
from ninja.files import UploadedFile
from ninja.pagination import paginate
from pydantic import AfterValidator, AwareDatetime, Field

from analysis.api.auth import Request
from analysis.api.pages import Page
from analysis.api.problems import Problem
from analysis.api.repeats import Repeatable, fingerprint
from analysis.api.schemas import AnalyseIn, JobOut, ProblemOut, RecordingOut, UploadedOut
from analysis.api.states import state_of
from analysis.api.uploads import limited, require_sound
from analysis.audio import OPENAPI, serve
from analysis.audit import PLAYED, record_access, record_visit
from analysis.manager import TaskManager
from analysis.models import AnalysisJob, Exercise, Patient, PracticeRecording

router = Router(tags=["recordings"])
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
Row = TypeVar("Row", bound=Model)
AHEAD = timedelta(days=1)  # a phone's clock may be wrong, but not by more than its zone


def _plausible(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= timezone.now() + AHEAD:
        raise ValueError("not a time at which this was recorded")
    return moment.astimezone(UTC)  # as it is told when it is asked for again


Moment = Annotated[AwareDatetime, AfterValidator(_plausible)]
Key = Annotated[
    str,
    Field(
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="Made by the client, one for each upload, such as a UUID: the upload can be sent again under it.",
    ),
]
Kept = tuple[PracticeRecording, AnalysisJob | None]


class Narrowed(Schema):
    """Only one patient's, or one exercise's."""

    patient: UUID | None = None
    exercise: UUID | None = None


class Upload(Schema):
    """The fields beside the file."""

    patient: UUID
    exercise: UUID
    recorded_at: Moment | None = None
    analyse: bool = True


@router.get("/recordings", response=list[RecordingOut])
@paginate(Page)
def recordings(request: Request, narrowed: Query[Narrowed]) -> QuerySet[PracticeRecording]:
    """The newest first."""
    asked = {name: value for name, value in narrowed.dict().items() if value is not None}
    return _with_jobs(request).filter(**asked).order_by("-recorded_at", "pk")


@router.post(
    "/recordings",
    response={201: UploadedOut, 404: ProblemOut, 409: ProblemOut, 413: ProblemOut, 422: ProblemOut},
)
@decorate_view(limited)
def upload(
    request: Request, response: HttpResponse, audio: File[UploadedFile], fields: Form[Upload],
    idempotency_key: Annotated[Key | None, Header(alias="Idempotency-Key")] = None,
) -> Status[dict[str, Any]]:  # fmt: skip
    """Keep a recording, and have it analysed.

    The file is decoded before it counts: what is no sound, too long or too large is refused at once. After an
    upload that was cut off or refused there is neither a row nor a file.

    With an `Idempotency-Key`, an upload whose answer was lost can be sent again: for a day, the same file and fields
    under the same key of the same account are answered with the first one's recording and job, and
    `Idempotency-Replayed: true`; anything else under it is 409 `key_used_otherwise`.
    """
    patient = _field("patient", Patient.objects.visible_to(request.auth), fields.patient)
    exercise = _field("exercise", Exercise.objects.visible_to(request.auth), fields.exercise)
    times: dict[str, Any] = {"recorded_at": fields.recorded_at} if fields.recorded_at else {}
    wanted = {"patient": patient, "exercise": exercise, "analyse": fields.analyse, **times}
    if idempotency_key is None:
        kept, job = _keep(request.auth, audio, wanted)
    else:
        sent = Repeatable(request.auth, idempotency_key, fingerprint(audio, fields.dict()))
        kept, job, again = _keep_once(sent, audio, wanted)
        if again:
            response["Idempotency-Replayed"] = "true"
    response["Location"] = reverse("api-v1:recording", args=[kept.pk])
    said = {"recording": kept, "job": job and state_of(request.auth, job.pk)}
    return Status(201, said)


def _keep(user: User, audio: UploadedFile, wanted: dict[str, Any], **more: Any) -> Kept:
    require_sound(audio)
    return TaskManager(user).upload(audio, **wanted, **more)


def _keep_once(sent: Repeatable, audio: UploadedFile, wanted: dict[str, Any]) -> tuple[*Kept, bool]:
    """The recording, its job, and whether they were there before."""
    first = sent.first()
    if first is None:
        try:
            return (*_keep(sent.user, audio, wanted, note=sent.note), False)
        except IntegrityError:
            first = sent.first()  # the same, sent at the same time, was quicker
            if first is None:
                raise
    return first.recording, first.job, True


@router.get("/recordings/{recording_id}", response={200: RecordingOut, 404: ProblemOut}, url_name="recording")
def recording(request: Request, recording_id: UUID) -> PracticeRecording:
    """One recording."""
    return _with_jobs(request).get(pk=recording_id)


@router.post(
    "/recordings/{recording_id}/analyses",
    response={200: JobOut, 202: JobOut, 404: ProblemOut, 422: ProblemOut},
)
def analyse(request: Request, recording_id: UUID, wanted: AnalyseIn | None = None) -> Status[dict[str, Any]]:
    """Ask for an analysis: 202 for a new one, 200 for one that is already queued or running."""
    active = set(AnalysisJob.objects.active().filter(recording=recording_id).values_list("pk", flat=True))
    job = TaskManager(request.auth).submit(recording_id, wanted.parameters if wanted else None)
    return Status(200 if job.pk in active else 202, state_of(request.auth, job.pk))


@router.get("/recordings/{recording_id}/audio", openapi_extra=OPENAPI)
def play(request: Request, recording_id: UUID) -> HttpResponseBase:
    """The file, or the range of bytes that was asked for."""
    found = PracticeRecording.objects.visible_to(request.auth).select_related("patient").get(pk=recording_id)
    return _played(request, found, found.audio)


@router.get("/exercises/{exercise_id}/example", openapi_extra=OPENAPI)
def play_example(request: Request, exercise_id: UUID) -> HttpResponseBase:
    """The example's file, or the range of bytes that was asked for."""
    found = Exercise.objects.visible_to(request.auth).get(pk=exercise_id)
    return _played(request, found, found.example)


# Apart, since one operation with two methods would publish its id twice.
for _path, _view in (
    ("/recordings/{recording_id}/audio", play),
    ("/exercises/{exercise_id}/example", play_example),
):
    router.api_operation(["HEAD"], _path, include_in_schema=False)(_view)


def _played(request: Request, instance: Model, file: Any) -> HttpResponseBase:
    """A player asks for one file in many pieces, some for its first bytes twice: together one playing."""
    served = serve(request, file)
    if request.method == "GET":
        note = record_access if served.whole else record_visit
        note(request.auth, instance, PLAYED)
    return served.response


def _with_jobs(request: Request) -> QuerySet[PracticeRecording]:
    newest = Prefetch("jobs", AnalysisJob.objects.order_by("-created_at"))
    return PracticeRecording.objects.visible_to(request.auth).prefetch_related(newest)


def _field(name: str, rows: QuerySet[Row], key: UUID) -> Row:
    try:
        return rows.get(pk=key)
    except ObjectDoesNotExist as error:
        problem = Problem("not_found")
        field = {"field": name, "code": "not_found", "message": problem.body["title"]}
        raise Problem("not_found", errors=[field]) from error
