"""Audio files and their rows: a file is whole before its row is there, and goes when its row does.

Content is written beside its place under a name of its own, brought to the disk, and only then moved to its place,
in the transaction that saves the row. So a crash leaves at most a file that no row names, which `analysis.orphans`
finds; never a row with half a file. (Django's own move from a temporary folder drops the end of a file without a
word where the disk is full.)
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from tempfile import NamedTemporaryFile
from typing import IO, Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.files import File
from django.core.files.storage import Storage
from django.db import transaction
from django.db.models.fields.files import FieldFile
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils.translation import gettext as _

from analysis.models import Exercise, Patient, PracticeRecording

INCOMING, PART = "incoming-", ".part"

log = logging.getLogger(__name__)


class RefusedFile(ValueError):
    """The file is not taken; the message says why."""


class Incoming(File):  # type: ignore[type-arg]  # Django's is generic to type checkers only
    """A whole file, on the disk beside the place where it will be kept; the storage moves it there in one step.

    Attributes
    ----------
    size : int
        Bytes written.
    sha256 : str
        Of the bytes written.
    """

    def __init__(self, file: IO[bytes], name: str, size: int, sha256: str) -> None:
        super().__init__(file, name)
        self.size, self.sha256 = size, sha256
        self._path = file.name

    def temporary_file_path(self) -> str:
        """Asked for by Django's storage, which then renames instead of copying."""
        return self._path


# --- uploads


def receive(
    file: File[bytes],
    *,
    patient: Patient,
    exercise: Exercise,
    by: AbstractBaseUser | None = None,
    **fields: Any,
) -> PracticeRecording:
    """Keep an uploaded recording: the file whole together with its row, or neither. Raises as :func:`receiving`."""
    with receiving(file, patient=patient, exercise=exercise, by=by, **fields) as recording:
        return recording


@contextmanager
def receiving(
    file: File[bytes],
    *,
    patient: Patient,
    exercise: Exercise,
    by: AbstractBaseUser | None = None,
    **fields: Any,
) -> Iterator[PracticeRecording]:
    """One transaction for a recording's row, its file and what the block does with them: all of it or nothing.

    Where the caller has a transaction of its own and rolls it back later, the file stays without a row.

    Raises
    ------
    RefusedFile
        For an empty file, or one larger than AUDIO_MAX_BYTES.
    OSError
        Where the file cannot be written.
    """
    recording = PracticeRecording(patient=patient, exercise=exercise, uploaded_by=by, **fields)  # type: ignore[misc]
    # Written before the transaction begins: SQLite has one writer at a time, and a slow disk would be it.
    with incoming(recording.audio, file) as arrived:
        recording.size, recording.sha256 = arrived.size, arrived.sha256
        with transaction.atomic(), kept(recording.audio, arrived):
            recording.save(force_insert=True)
            yield recording


@contextmanager
def incoming(field_file: FieldFile, content: File[bytes]) -> Iterator[Incoming]:
    """The content beside the place of the field's file, whole and on the disk.

    It is gone after the block, unless it was moved to its place by :func:`kept`. Raises as :func:`receiving`.
    """
    folder = _folder(field_file)
    with NamedTemporaryFile("w+b", dir=folder, prefix=INCOMING, suffix=PART, delete=False) as file:
        try:
            size, sha256 = measure(content, file)
            file.flush()
            # A row that outlives a power cut must not name a file that does not.
            os.fsync(file.fileno())
            yield Incoming(file, content.name or "", size, sha256)
        finally:
            Path(file.name).unlink(missing_ok=True)


@contextmanager
def kept(field_file: FieldFile, arrived: Incoming) -> Iterator[None]:
    """The file in its place, and taken back if the block raises: to be used within the row's transaction.

    An error of the commit itself takes nothing back: a connection that is lost then may have been lost too late.
    """
    field_file.save(arrived.name or "", arrived, save=False)
    try:
        _to_the_disk(Path(field_file.path).parent)
        yield
    except BaseException:  # an interrupted upload leaves nothing either
        _take_back(field_file.storage, str(field_file.name))
        raise


@contextmanager
def stored(field_file: FieldFile) -> Iterator[Incoming]:
    """Put the file that was assigned to the field in its place, as :func:`incoming` and :func:`kept` do."""
    with incoming(field_file, field_file.file) as arrived, kept(field_file, arrived):
        yield arrived


def measure(file: File[bytes], copy: IO[bytes] | None = None) -> tuple[int, str]:
    """Size in bytes and SHA-256, read in pieces that are also written to ``copy``; raises :class:`RefusedFile`."""
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    for piece in file.chunks():
        size += len(piece)
        if size > settings.AUDIO_MAX_BYTES:
            raise RefusedFile(
                _("The file is larger than %(limit)d MB.") % {"limit": settings.AUDIO_MAX_BYTES // 2**20}
            )
        digest.update(piece)
        if copy is not None:
            copy.write(piece)
    if not size:
        raise RefusedFile(_("The file is empty."))
    file.seek(0)
    return size, digest.hexdigest()


def _folder(field_file: FieldFile) -> Path:
    """Where the field's file will be kept; made, with the storage's modes, where it is not there yet."""
    name = PurePath(field_file.field.generate_filename(field_file.instance, "x")).parent
    folder = Path(field_file.storage.path(str(name)))
    mode = getattr(field_file.storage, "directory_permissions_mode", None) or 0o777
    for each in (*reversed(folder.parents), folder):
        if not each.exists():
            each.mkdir(mode, exist_ok=True)
    return folder


def _to_the_disk(folder: Path) -> None:
    """A file's name is kept by its folder."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some network file systems keep names by themselves
            raise
    finally:
        os.close(opened)


def _take_back(storage: Storage, name: str) -> None:
    try:
        storage.delete(name)
    except OSError as error:  # the upload's own error says more
        log.warning("file %s: left without a row: %s", name, type(error).__name__)


# --- as it was received?


def is_as_received(file: File[bytes], recording: PracticeRecording) -> bool:
    """Whether the opened file is still the one that was uploaded. It is left at its start."""
    return file.size == recording.size and sha256_of(file) == recording.sha256


def sha256_of(file: File[bytes]) -> str:
    """Of an opened file, which is left at its start."""
    digest = hashlib.sha256()
    file.seek(0)
    for piece in file.chunks():
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


# --- removing


def named(names: Collection[str]) -> set[str]:
    """Those of these files that some row names."""
    recordings = PracticeRecording.objects.filter(audio__in=names).values_list("audio", flat=True)
    examples = Exercise.objects.filter(example__in=names).values_list("example", flat=True)
    return {str(name) for rows in (recordings, examples) for name in rows}


def discard(file: FieldFile) -> None:
    """Remove the file when the transaction is committed, unless a row names it then."""
    storage, name = file.storage, str(file.name)

    def remove() -> None:
        if not named([name]):
            storage.delete(name)

    transaction.on_commit(remove, robust=True)


@receiver(post_delete, sender=PracticeRecording)
@receiver(post_delete, sender=Exercise)
def remove_file(instance: Any, **_: Any) -> None:
    """A patient's voice does not outlive their row."""
    file = instance.audio if isinstance(instance, PracticeRecording) else instance.example
    if file:
        discard(file)
